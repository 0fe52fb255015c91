"""Up to 100 records of one type in one asynchronous request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal
from urllib.parse import quote

from suitetalk.errors import SuiteTalkError
from suitetalk.submission import new_idempotency_key

BATCH_SIZE = 100
"""Most records of one batch [article_0127092747]."""

Operation = Literal["create", "update", "upsert", "delete", "get"]
BatchRecord = Mapping[str, Any] | str
"""A body for create, update and upsert; an id for delete and get."""

_METHODS: dict[Operation, str] = {
    "create": "POST",
    "update": "PATCH",
    "upsert": "PUT",
    "delete": "DELETE",
    "get": "GET",
}
_KEYS: dict[Operation, tuple[str, ...]] = {"update": ("id", "externalId"), "upsert": ("externalId",)}
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Batch:
    """One batch, which can be submitted again and again under its key and is carried out once.

    Attributes:
        operation: what to do with the records.
        record_type: such as `customer`.
        records: bodies, or ids; at most 100.
        first_index: position of the first one in the whole input, from 0.
        parallel: whether NetSuite may do them all at once; else one after the other, since release 2026.2
            [section_N3950559].
        parameters: query parameters besides `ids`.
        headers: header fields besides those every batch has.
        alone: send a single body as a request of its own in the background, which a type or an account may take that
            takes no batches [chapter_161251386312]; for a create.
        idempotency_key: write it down before the batch is submitted, and a crash costs nothing.
    """

    operation: Operation
    record_type: str
    records: tuple[BatchRecord, ...]
    first_index: int = 0
    parallel: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    idempotency_key: str = field(default_factory=new_idempotency_key)

    def __post_init__(self) -> None:
        """Refuse what NetSuite would refuse as a whole.

        Raises:
            SuiteTalkError: no records or too many, or one that names no record.
        """
        if not self.record_type.strip("."):
            raise SuiteTalkError("A record type is needed, such as customer.")
        if not 1 <= len(self.records) <= BATCH_SIZE:
            raise SuiteTalkError(f"A batch holds from 1 to {BATCH_SIZE} records, not {len(self.records)}.")
        if self.alone and (len(self.records) != 1 or self.operation != "create"):
            raise SuiteTalkError("Only a single record to create can be sent as a request of its own.")
        for place, record in enumerate(self.records, self.first_index):
            self._check(record, f"Record {place} of those to {self.operation}")

    @property
    def writes(self) -> bool:
        """Whether carrying it out changes anything."""
        return self.operation != "get"

    @property
    def method(self) -> str:
        """HTTP method."""
        return _METHODS[self.operation]

    @property
    def path(self) -> str:
        """Path below `/services/rest`."""
        return f"/record/v1/{quote(self.record_type, safe='')}"

    @property
    def body(self) -> Any:
        """Body, None for an operation on ids."""
        if self.alone:
            return self.records[0]
        return None if self._is_of_ids else {"items": list(self.records)}

    @property
    def all_headers(self) -> dict[str, str]:
        """Header fields, but for those of every asynchronous request."""
        preference = {"Prefer": 'batch-processing="parallel"'} if self.parallel else {}
        collection = {} if self._is_of_ids or self.alone else {"Content-Type": _COLLECTION}
        return {**collection, **preference, **self.headers}

    @property
    def all_parameters(self) -> dict[str, str]:
        """Query parameters."""
        ids = {"ids": ",".join(map(_listed, self.records))} if self._is_of_ids else {}
        expand = {"expandRecords": "true"} if self.operation == "get" else {}
        return {**expand, **ids, **self.parameters}

    def known_id(self, place: int) -> str:
        """Return the internal id of a record of the batch as the input names it, empty when it does not."""
        record = self.records[place]
        named = record if isinstance(record, str) else str(record.get("id", ""))
        return "" if named.startswith("eid:") or self.operation == "create" else named

    @property
    def _is_of_ids(self) -> bool:
        return self.operation in {"get", "delete"}

    def _check(self, record: BatchRecord, which: str) -> None:
        if self._is_of_ids:
            if not isinstance(record, str) or not _can_be_listed(record):
                raise SuiteTalkError(f"{which} has to be an id, or `eid:` and an external id, not {record!r}.")
            return
        if not isinstance(record, Mapping):
            raise SuiteTalkError(f"{which} has to be a mapping of fields.")
        keys = _KEYS.get(self.operation, ())
        if keys and not any(record.get(key) for key in keys):
            raise SuiteTalkError(f"{which} names no record; give it {' or '.join(keys)}.")


def in_batches(
    operation: Operation,
    record_type: str,
    records: Iterable[BatchRecord],
    *,
    parallel: bool = False,
    parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Batch]:
    """Cut records into batches of 100, reading no further than the batch that is asked for.

    Raises:
        SuiteTalkError: a record cannot be sent, such as an update that names no record.
    """
    source = iter(records)
    index = 0
    while chunk := tuple(islice(source, BATCH_SIZE)):
        yield Batch(
            operation, record_type, chunk, index, parallel=parallel, parameters=parameters or {}, headers=headers or {}
        )
        index += len(chunk)


def _can_be_listed(record_id: str) -> bool:
    kind, colon, external_id = record_id.partition(":")
    if not colon:
        return bool(_PLAIN_ID.fullmatch(record_id))
    return kind == "eid" and bool(external_id) and not set(external_id) & set("',|")


def _listed(record: BatchRecord) -> str:
    """Return an id as lists of them have it; an external id with other characters stands in quotes."""
    kind, colon, external_id = str(record).partition(":")
    return f"{kind}:'{external_id}'" if colon and not _PLAIN_ID.fullmatch(external_id) else str(record)
