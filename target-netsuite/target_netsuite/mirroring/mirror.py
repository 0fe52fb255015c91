"""Telling what a stream no longer brings, and making deletes of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from suitetalk import ConfigurationError, SuiteQL, quoted
from target_netsuite.errors import MirrorError
from target_netsuite.intents import Intent, Operation
from target_netsuite.mirroring.keys import MirrorKeys
from target_netsuite.mirroring.present import present_ids
from target_netsuite.template import ADDRESSABLE, Template

_WHOLE = 100
_TRANSACTION = "transaction"
_ITEM = "item"


@dataclass(frozen=True)
class MirrorStream:
    """A stream that is to be mirrored; what is wrong in its settings is said when it is made.

    Attributes:
        stream: its name.
        record_type: NetSuite's type.
        table: the SuiteQL table that holds the type.
        template: how external ids are made; a record whose external id was not made so is never touched.
        others: templates of other streams of the same record type; what fits one of these is not touched either.
        operation: delete or inactivate what did not come.
        max_percent: of the records in NetSuite that fit the template, how many may go; with more, none goes.
        transactions: whether transactions may be deleted.
    """

    stream: str
    record_type: str
    table: str
    template: Template
    others: tuple[Template, ...] = ()
    operation: Operation = Operation.DELETE
    max_percent: Decimal = Decimal(10)
    transactions: bool = False

    def __post_init__(self) -> None:
        """Check what cannot be mirrored.

        Raises:
            ConfigurationError: transactions that were not allowed, items, or a template that another stream has too.
        """
        place = f"streams.{self.stream}"
        if self.table == _TRANSACTION and not self.transactions:
            raise ConfigurationError(
                f"{place}.mirror_transactions",
                f"is not true, and {self.record_type} is a transaction, which no mirror deletes unless that is set.",
            )
        if self.table == _ITEM:
            raise ConfigurationError(
                f"{place}.operation",
                f"is mirror, which cannot tell {self.record_type} from other kinds of items; use upsert, and let the "
                "tap send `_sdc_deleted_at`.",
            )
        if self.template.text in (other.text for other in self.others):
            raise ConfigurationError(
                f"{place}.external_id",
                f"is {self.template.text}, which another stream of {self.record_type} has too, so a mirror cannot tell "
                "their records apart; give each its own beginning.",
            )

    @property
    def conditions(self) -> tuple[str, ...]:
        """What tells the records in question from others in the table, their external ids aside."""
        of_type = (f"LOWER(recordtype) = {quoted(self.record_type.lower())}",) if self.table == _TRANSACTION else ()
        return (*of_type, "isinactive = 'F'") if self.operation is Operation.INACTIVATE else of_type

    def has_made(self, external_id: str) -> bool:
        """Tell whether an external id fits this stream's template, and that of no other stream."""
        return _fits(self.template, external_id) and not any(_fits(other, external_id) for other in self.others)


class Mirror:
    """Makes deletes of what did not come; for the end of an input that was read to its end, and of no other.

    Attributes:
        problems: sentences on streams of which nothing is deleted though something may have to be.
    """

    def __init__(self, suiteql: SuiteQL, keys: MirrorKeys, logger: logging.Logger) -> None:
        """Compare what came, `keys`, with what is in NetSuite."""
        self._suiteql = suiteql
        self._keys = keys
        self._logger = logger
        self.problems: list[str] = []

    def intents(self, streams: Iterable[MirrorStream]) -> Iterator[Intent]:
        """Yield a delete, or an inactivation, for each record that did not come.

        Their `number` counts down from -1, since they are no records of the input. Streams that are not part of the
        input are left alone. One whose records have versions is compared with those of the version that was activated.

        Raises:
            NetSuiteError: NetSuite refused to be read; nothing of the stream was yielded.
            ConnectionFailedError: no usable answer; likewise.
        """
        for stream in streams:
            if not self._keys.is_expected(stream.stream):
                continue
            try:
                self._compare(stream)
            except MirrorError as problem:
                self.problems.append(str(problem))
            else:
                for number, ids in enumerate(self._keys.missing(stream.stream), 1):
                    yield _intent(stream, -number, *ids)

    def check(self) -> None:
        """Look back when all intents are settled.

        Raises:
            MirrorError: of some stream nothing was deleted.
        """
        if self.problems:
            raise MirrorError(" ".join(self.problems))

    def _compare(self, stream: MirrorStream) -> None:
        """Leave in the keys what is missing.

        Raises:
            MirrorError: too much is, or it cannot be told.
        """
        name = stream.stream
        why = self._keys.why_unknown(name)
        if why:
            raise MirrorError(f"Nothing of stream `{name}` is deleted as missing: {why}.")
        prefix = stream.template.parts[0][0]
        rows = present_ids(self._suiteql, stream.table, stream.conditions, prefix)
        there, missing = self._keys.compare(name, (ids for ids in rows if stream.has_made(ids[1])))
        if missing * _WHOLE > stream.max_percent * there:
            raise MirrorError(
                f"{missing} of {there} records of {stream.record_type} in NetSuite did not come in stream `{name}`, "
                f"more than `mirror_max_percent` ({stream.max_percent}) allows, so none is deleted; see that the input "
                "is complete, or raise the limit."
            )
        self._logger.info("%d of %d %s did not come in stream `%s`.", missing, there, stream.record_type, name)


def _fits(template: Template, external_id: str) -> bool:
    parts = (re.escape(literal) + (ADDRESSABLE.pattern if column else "") for literal, column in template.parts)
    return re.fullmatch("".join(parts), external_id) is not None


def _intent(stream: MirrorStream, number: int, internal_id: str, external_id: str) -> Intent:
    return Intent(
        stream=stream.stream,
        number=number,
        key={"externalId": external_id},
        operation=stream.operation,
        record_type=stream.record_type,
        internal_id=internal_id,
        external_id=external_id,
    )
