"""Which writes go together in one request, and what that request is.

A batch holds up to a hundred records of one type and operation [article_0127092747], and says less than a single
request: what it cannot say goes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from suitetalk import BATCH_SIZE, Batch
from suitetalk.records import adds_lines
from target_netsuite.intents import Intent, Operation, Outcome, Write
from target_netsuite.journal.journal import is_unfindable

WriteMode = Literal["auto", "batch", "single"]
Placed = tuple[int, Write]
"""A write and its place in the input."""

_FEWEST = 8  # below, single requests in parallel take fewer requests than a job with its questions
_OPERATIONS: dict[Operation, Literal["create", "update", "upsert", "delete"]] = {
    Operation.CREATE: "create",
    Operation.UPDATE: "update",
    Operation.UPSERT: "upsert",
    Operation.DELETE: "delete",
}


@dataclass(frozen=True)
class Portion:
    """Writes that are sent as one batch.

    Attributes:
        places: of the writes in the input.
        writes: of one record type and one operation.
        batch: what is sent for them.
    """

    places: tuple[int, ...]
    writes: tuple[Write, ...]
    batch: Batch

    @property
    def intents(self) -> list[Intent]:
        """What the writes come from."""
        return [write.intent for write in self.writes]

    @property
    def placed(self) -> list[Placed]:
        """The writes with their places."""
        return list(zip(self.places, self.writes, strict=True))


def divided(writes: Iterable[Placed], mode: WriteMode) -> tuple[list[list[Placed]], list[Placed]]:
    """Return groups of writes to send in batches, and the writes to send one by one.

    Those of a group are of one operation, and either all or none of them are creates without an external id. Such a
    create that nothing tells of later goes in a batch even when it is alone: a batch has an idempotency key, and
    NetSuite takes none from a single request [subsect_164494900632].

    Args:
        writes: of one record type, which takes batches.
        mode: `auto` for batches of groups that are large enough, or what to do wherever it can be done.
    """
    groups: dict[tuple[Operation, bool], list[Placed]] = defaultdict(list)
    single: list[Placed] = []
    for placed in writes:
        write = placed[1]
        if mode == "single" or not _fits_in_a_batch(write):
            single.append(placed)
        else:
            groups[write.operation, is_unfindable(write)].append(placed)
    together: list[list[Placed]] = []
    for (_, unfindable), group in groups.items():
        if mode == "batch" or unfindable or len(group) >= _FEWEST:
            together.append(group)
        else:
            single += group
    return together, single


def in_portions(
    group: Sequence[Placed], headers: Mapping[str, str], *, size: int = BATCH_SIZE, alone: bool = False
) -> list[Portion]:
    """Cut one of the groups that `divided` returned into batches.

    Args:
        group: the writes.
        headers: say how bodies are to be read.
        size: writes of one batch, at most 100.
        alone: send each write as a separate request, in the background.

    Raises:
        SuiteTalkError: a record cannot be sent.
    """
    first = group[0][1]
    size = 1 if alone else size
    portions = []
    for start in range(0, len(group), size):
        places, writes = zip(*group[start : start + size], strict=True)
        items = tuple(map(_item, writes))
        batch = Batch(
            _OPERATIONS[first.operation],
            first.record_type,
            items,
            headers={} if first.operation is Operation.DELETE else headers,
            alone=alone,
        )
        portions.append(Portion(places, writes, batch))
    return portions


def _fits_in_a_batch(write: Write) -> bool:
    """Tell whether a batch can say all of it: it has no documented `replace`, and its lists of ids no quotes.

    Lines of a record that is there go alone; a new record has none that its own could be added to.
    """
    if write.operation is Operation.CREATE:
        return True
    if write.operation is Operation.DELETE:
        return bool(write.internal_id) or not set(write.external_id or "") & set("',|")
    if write.replace or write.intent.replace_selected_fields:
        return False
    return write.outcome is Outcome.CREATED or not adds_lines(write.body, ())


def _item(write: Write) -> dict[str, Any] | str:
    """Return a write as a batch has it [article_0127092747]."""
    if write.operation is Operation.DELETE:
        return write.address
    if write.operation is Operation.CREATE:
        return dict(write.body)
    if write.operation is Operation.UPDATE and write.internal_id:
        return {**write.body, "id": write.internal_id}
    return {**write.body, "externalId": write.external_id}
