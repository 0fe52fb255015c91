"""Mirrors: deleting the records in NetSuite that no longer come in a stream.

`MirrorKeys` remembers what came, and whether the stream came to its end; `Mirror` compares that with NetSuite at the
end of the input. A record is the mirror's own only if its external id fits the stream's template and no other stream's.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from suitetalk import ConfigurationError, SuiteQL, quoted
from suitetalk.record_tables import table_of
from target_netsuite.errors import MirrorError
from target_netsuite.intents import Intent, Operation
from target_netsuite.settings import Settings, StreamSettings
from target_netsuite.settings.entries import ADDRESSABLE, Template

_TABLES = """
CREATE TABLE came (
  stream TEXT, external_id TEXT, version INTEGER, PRIMARY KEY (stream, external_id, version)
) WITHOUT ROWID;
CREATE TABLE present (id TEXT, external_id TEXT, folded TEXT);
"""

_NO_VERSION = -1
_MISSING = """
FROM present WHERE NOT EXISTS (
  SELECT 1 FROM came WHERE stream = :stream AND came.external_id = present.folded
  AND (:version IS NULL OR version IN (:version, -1))
)
"""

_WHOLE = 100
_TRANSACTION = "transaction"
_ITEM = "item"


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

        Their `number` counts down from -1, since they are not records of the input. Streams that are not part of the
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
            MirrorError: too much is, or it is not known what is.
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
        open_end = "" if stream.trusts_end else self._keys.why_open(name)
        if missing and open_end:
            raise MirrorError(
                f"{missing} of {there} records of {stream.record_type} in NetSuite did not come in stream `{name}`, "
                f"and none is deleted: {open_end}, so the tap may have ended early. Run it again; if it "
                f"never sends them, `streams.{name}.mirror_trusts_end` says that the end of the input will do."
            )
        self._logger.info("%d of %d %s did not come in stream `%s`.", missing, there, stream.record_type, name)


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


def mirror_of(stream: StreamSettings, settings: Settings) -> MirrorStream:
    """Return what is to be mirrored for a stream.

    Raises:
        ConfigurationError: the stream cannot be a mirror.
    """
    others = [
        other.external_id
        for other in settings.streams.values()
        if other is not stream and other.record_type.lower() == stream.record_type.lower() and other.external_id
    ]
    return MirrorStream(
        stream=stream.stream,
        record_type=stream.record_type,
        table=table_of(stream.record_type),
        template=_template(stream),
        others=tuple(others),
        operation=stream.delete_by,
        max_percent=stream.mirror_max_percent,
        transactions=stream.mirror_transactions,
        trusts_end=stream.mirror_trusts_end,
    )


def _template(stream: StreamSettings) -> Template:
    if stream.external_id is None:
        raise ConfigurationError(
            f"streams.{stream.stream}.external_id", "is missing; a mirror needs it to tell its own records, CRM-{id}."
        )
    return stream.external_id


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
        trusts_end: whether the end of the input proves that the stream came to its end.
    """

    stream: str
    record_type: str
    table: str
    template: Template
    others: tuple[Template, ...] = ()
    operation: Operation = Operation.DELETE
    max_percent: Decimal = Decimal(10)
    transactions: bool = False
    trusts_end: bool = False

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


def _fits(template: Template, external_id: str) -> bool:
    parts = (re.escape(literal) + (ADDRESSABLE.pattern if column else "") for literal, column in template.parts)
    return re.fullmatch("".join(parts), external_id) is not None


class MirrorKeys:
    """Remembers what came, in a file of SQLite's own that is gone with the process; memory stays as it is.

    For the thread that made it only. External ids are compared without regard to case, so that none is taken for
    missing that NetSuite holds in another spelling.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._database = sqlite3.connect("", isolation_level=None)  # a temporary file
        self._database.executescript(f"PRAGMA journal_mode = OFF; {_TABLES} BEGIN;")
        self._expected: set[str] = set()
        self._versioned: set[str] = set()
        self._active: dict[str, int] = {}
        self._spoilt: dict[str, str] = {}
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._unfinished = ""

    def expect(self, stream: str) -> None:
        """Take note that a stream is part of the input, though no record of it may come."""
        self._expected.add(stream)

    def is_expected(self, stream: str) -> bool:
        """Tell whether a stream is part of the input; of what is missing in one that is not, nothing is known."""
        return stream in self._expected

    def came(self, stream: str, external_id: str, version: int | None = None) -> None:
        """Take note of a record of the input, whatever becomes of it; `version` is that of its RECORD message."""
        self._expected.add(stream)
        if version is not None:
            self._versioned.add(stream)
        row = (stream, external_id.lower(), _NO_VERSION if version is None else version)
        self._database.execute("INSERT OR IGNORE INTO came VALUES (?, ?, ?)", row)

    def goes_on(self, stream: str) -> None:
        """Take note that a record of a stream was sent, so that its end is still to come."""
        self._begun.add(stream)
        self._ended.discard(stream)

    def activate(self, stream: str, version: int) -> None:
        """Take note of an ACTIVATE_VERSION; records with another version do not count any more."""
        self._active[stream] = version
        self._ended.add(stream)

    def take_state(self, value: Any) -> None:
        """Take note of a STATE; unless it says that a stream is not finished, all that had records so far are."""
        self._unfinished = unfinished(value)
        if not self._unfinished:
            self._ended |= self._begun

    def spoil(self, stream: str, why: str) -> None:
        """Take note that the external id of a record is unknown, and so what is missing is too."""
        self._spoilt.setdefault(stream, why)

    def why_unknown(self, stream: str) -> str:
        """Return why it is not known what is missing; empty when it is."""
        if stream in self._spoilt:
            return f"the external id of a record could not be made ({self._spoilt[stream]})"
        if stream in self._versioned and stream not in self._active:
            return "its records have versions, and no ACTIVATE_VERSION came"
        return ""

    def why_open(self, stream: str) -> str:
        """Return why the stream may have more records than came; empty when its end is certain."""
        if stream in self._ended:
            return ""
        if stream not in self._begun:
            return "no record of the stream came, and no ACTIVATE_VERSION"
        if self._unfinished:
            return f"the last STATE has {self._unfinished}, which marks a stream as unfinished"
        return "neither an ACTIVATE_VERSION of the stream nor a STATE came after its last record"

    def compare(self, stream: str, present: Iterable[tuple[str, str]]) -> tuple[int, int]:
        """Compare with what is in NetSuite.

        Args:
            stream: the stream.
            present: internal and external ids; those of the last comparison are forgotten.

        Returns:
            How many are in NetSuite, and how many of them did not come.
        """
        self._database.execute("DELETE FROM present")
        rows = ((internal_id, external_id, external_id.lower()) for internal_id, external_id in present)
        self._database.executemany("INSERT INTO present VALUES (?, ?, ?)", rows)
        [(there,)] = self._database.execute("SELECT COUNT(*) FROM present")
        [(missing,)] = self._database.execute(f"SELECT COUNT(*) {_MISSING}", self._asked(stream))
        return there, missing

    def missing(self, stream: str) -> Iterator[tuple[str, str]]:
        """Yield internal and external ids of what was compared last and did not come, in its order."""
        yield from self._database.execute(f"SELECT id, external_id {_MISSING} ORDER BY rowid", self._asked(stream))

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def _asked(self, stream: str) -> dict[str, str | int | None]:
        return {"stream": stream, "version": self._active.get(stream) if stream in self._versioned else None}


_SYNCING, _MARKERS, _READING = "currently_syncing", "progress_markers", "reading"
"""What marks a stream as unfinished: singer-python's taps, those of the SDK, and tap-netsuite."""


def unfinished(state: Any) -> str:
    """Return the member of the value of a STATE that marks some stream as unfinished; empty when none does."""
    if not isinstance(state, Mapping):
        return ""
    if state.get(_SYNCING):
        return f"`{_SYNCING}`"
    bookmarks = state.get("bookmarks", state)
    for stream, bookmark in bookmarks.items() if isinstance(bookmarks, Mapping) else ():
        if isinstance(bookmark, Mapping) and bookmark.get(_READING):
            return f"`{_READING}` of `{stream}`"
        if _has_markers(bookmark):
            return f"`{_MARKERS}` of `{stream}`"
    return ""


def _has_markers(bookmark: Any) -> bool:
    """Tell whether a stream, or one of its partitions, is marked."""
    if isinstance(bookmark, Mapping):
        return bool(bookmark.get(_MARKERS)) or any(map(_has_markers, bookmark.values()))
    return isinstance(bookmark, list) and any(map(_has_markers, bookmark))


def present_ids(suiteql: SuiteQL, table: str, conditions: tuple[str, ...], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield internal and external ids of all rows whose external id begins with a text, and maybe of some more.

    They are read in the order of their ids, so that what others write meanwhile moves no row to another page. In the
    end their number is compared with NetSuite's count from before; believe none of them until then.

    Args:
        suiteql: what runs statements.
        table: such as `customer`.
        conditions: further ones on the rows.
        prefix: what the external ids begin with; letters, digits, `_` and `-`. `_` stands for any letter here.

    Raises:
        MirrorError: NetSuite counts more rows than could be read.
        NetSuiteError: NetSuite refused a statement.
        ConnectionFailedError: no usable answer.
    """
    has_id = f"externalid LIKE {quoted(prefix + '%')}" if prefix else "externalid IS NOT NULL"
    where = " AND ".join((has_id, *conditions))
    [counted] = suiteql.page(f"SELECT COUNT(*) AS rows_there FROM {table} WHERE {where}").items
    last = read = 0
    has_more = True
    while has_more:
        page = suiteql.page(f"SELECT id, externalid FROM {table} WHERE {where} AND id > {last} ORDER BY id")
        yield from ((str(row["id"]), str(row["externalid"])) for row in page.items)
        read += len(page.items)
        has_more = page.has_more and bool(page.items)
        last = int(page.items[-1]["id"]) if page.items else last
    if read < int(counted["rows_there"]):
        raise MirrorError(
            f"NetSuite counts {counted['rows_there']} rows of {table} with such an external id and returned {read}, so "
            "nothing is deleted; run again when nobody else writes there."
        )
