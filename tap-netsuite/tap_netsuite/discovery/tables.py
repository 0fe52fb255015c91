"""From a SuiteQL table to the entry of a stream."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from suitetalk.facts import DAY
from suitetalk.record_tables import table_of
from suitetalk.timezone import SQL_TIME_FORMAT
from tap_netsuite.discovery.found import Finding, Status, StreamEntry
from tap_netsuite.discovery.known_tables import KnownTable, is_large, known_tables, usual_columns
from tap_netsuite.probe import BESIDE_STAR, FirstRows, Probe, Together, borne_out_by, first_rows, guessed, probe
from tap_netsuite.record_schema import Field, body_fields, sublist_properties
from tap_netsuite.refusals import FAILURES, Asker, is_too_slow, refused_table
from tap_netsuite.settings import DiscoverySettings
from tap_netsuite.source import DISPLAY_SUFFIX, FEW_COLUMNS, UTC, Column, Kind, Source, converter, json_schema

__all__ = ["CUSTOM_FIELD_PREFIXES", "FOUND_OUT", "KNOWN_TIMES", "StreamEntry", "TableReader", "concerns"]

logger = logging.getLogger(__name__)

Catalog = Mapping[str, Mapping[str, Any] | None]

CUSTOM_FIELD_PREFIXES = ("custbody", "custentity", "custitem", "custrecord", "custevent", "custcol", "cseg")
"""How the names of custom fields and custom segments begin [section_1545129726]."""

KNOWN_TIMES = "times of "
"""How the facts begin that say which columns of a table, whose name follows, hold dates or times."""

_REFUSED = "columns refused of "
FOUND_OUT = (KNOWN_TIMES, _REFUSED)
"""How the facts begin that discovery finds out about tables, whose names follow."""

_LINE_FIELD_PREFIXES = ("custcol", "cseg")
_LINE_SUBLISTS = ("item", "expense", "line")


_NOT_FOUND = "so columns that neither the catalog nor this tap knows are not found"
_NO_SCHEMA = "the schema of its record type cannot be read now, so only columns that this tap knows are read"
_TIMES_AT_ONCE = 10  # columns, for each of which three are asked for
_MIDNIGHT = "00:00:00"
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?\d*\.?\d*(e[-+]?\d+)?", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DIGITS = re.compile(r"\d+")
_LONGEST_TIME = 40  # characters


@dataclass(frozen=True)
class TableReader:
    """Finds out what tables have.

    Attributes:
        asker: where to ask.
        settings: what the values are wanted to look like.
        catalog_of: returns the JSON Schemas of the record types that concern a table, None for those that cannot be
            read; may wait for them.
        together: calls for several parts of a table's columns at once.
    """

    asker: Asker
    settings: DiscoverySettings
    catalog_of: Callable[[str], Catalog]
    together: Together = map

    def read(self, table: str) -> tuple[StreamEntry | None, Finding]:
        """Return the entry of a table, None when it cannot be a stream, and what is said of it."""
        known = known_tables().get(table)
        key = known.keys[0] if known and known.keys else "" if known else "id"
        catalog = self.catalog_of(table)
        refused = self.asker.suiteql.facts.known(_REFUSED + table) or ()
        asked = {name: kind for name, kind in self._wanted(table, catalog).items() if name not in refused}
        try:
            first = first_rows(self.asker, table, key, asked, is_large=is_large(table))
            return self._described(table, catalog, asked.keys(), first)
        except FAILURES as refusal:
            return None, refused_table(table, refusal, is_record_type=table in {name.lower() for name in catalog})

    def _described(
        self, table: str, catalog: Catalog, asked: AbstractSet[str], first: FirstRows
    ) -> tuple[StreamEntry | None, Finding]:
        known = known_tables().get(table)
        is_whole = None not in catalog.values()
        fields = _fields(table, catalog) if is_whole else {}
        visible = {name for row in first.rows for name in row}
        wanted = self._wanted(table, catalog, visible)
        told = fields.keys() | _known_columns(table, known)
        times = self._times(table, {name: wanted[name] for name in (visible - told) & wanted.keys()}, first)
        wanted.update({name: kind for name, kind in times.items() if is_whole and name not in told})
        has_rows = self._has_rows(table) if first.is_empty and len(wanted) > FEW_COLUMNS else False
        is_empty = first.is_empty and not has_rows
        found = self._found(table, wanted, asked, first, keys=() if is_empty else known.keys if known else ("id",))
        if not found.columns:
            return None, Finding(table, Status.FAILED, "SuiteQL accepts none of the columns it should have")
        columns = {column.name for column in found.columns}
        if is_whole:
            self._remember_times(table, found, times)
            self._remember_refused(table, {*(wanted.keys() - columns), *first.unknown})
        keys, lack, is_counted = self._keys(table, found, known)
        as_wanted = tuple(self.settings.as_wanted(column) for column in _with_key_kinds(found, keys))
        entry = StreamEntry(table, _schema(as_wanted, fields), keys, found.stamp.name if found.stamp else None)
        left_out = (_expected(known, fields, wanted) | (set() if is_whole else visible)) - columns
        status = Status.EMPTY if is_empty else Status.READABLE
        is_slow = (first.failure is not None and is_too_slow(first.failure)) or has_rows is None or not is_counted
        note = _note(first) if is_whole else _NO_SCHEMA
        note = "; ".join(filter(None, (note, lack)))
        return entry, Finding(table, status, note, tuple(sorted(left_out)), is_sure=is_whole and not is_slow)

    def _wanted(self, table: str, catalog: Catalog, visible: AbstractSet[str] = frozenset()) -> dict[str, Kind]:
        """Return the columns worth asking for, those of display values among them.

        A type is not guessed that the catalog knows and cannot show now: the next run would have another.
        """
        known = known_tables().get(table)
        is_whole = None not in catalog.values()
        fields = _fields(table, catalog) if is_whole else {}
        guesses = _guesses(table, known, visible, fields)
        if not is_whole:
            guesses = {name: kind for name, kind in guesses.items() if name in _known_columns(table, known)}
        return {**guesses, **self._display_columns(table, known, fields, guesses)}

    def _found(
        self, table: str, wanted: Mapping[str, Kind], asked: AbstractSet[str], first: FirstRows, keys: tuple[str, ...]
    ) -> Probe:
        """Return which of the wanted columns there are: as the first statement says, if it says so of all of them.

        What its rows show besides those that were asked for by name need not be asked for again, unless it is a time,
        which is to come in another form.
        """
        shown = {name for row in first.rows for name in row}
        refused = {*(self.asker.suiteql.facts.known(_REFUSED + table) or ()), *first.unknown} - shown
        left = {name: kind for name, kind in wanted.items() if name not in refused}
        more = {name: kind for name, kind in left.items() if name not in asked}
        is_said = all(name in shown and _PLAIN_NAME.fullmatch(name) and not more[name].is_temporal for name in more)
        if first.found and is_said and (first.rows or not keys):
            columns = [column for column in first.found.columns if column.name in left]
            columns = sorted([*columns, *borne_out_by(first.rows, more)], key=attrgetter("name"))
            stamp = first.found.stamp if first.found.stamp in columns else None
            return replace(first.found, columns=tuple(columns), stamp=stamp)
        found = probe(self.asker, table, left, first.rows, self.together, first.within, keys=keys)
        if first.is_beside_star_refused and found.is_plain:
            self.asker.refused.add(BESIDE_STAR)
        return found

    def _has_rows(self, table: str) -> bool | None:
        """Tell whether a table that shows no rows has some: more columns than an account shows bring none.

        None where NetSuite is too slow to count them now.
        """
        try:
            counted = self.asker.settled(f"SELECT COUNT(*) AS n FROM {table}", limit=1).items
        except FAILURES as failure:
            return None if is_too_slow(failure) else False
        return bool(counted and int(counted[0]["n"]))

    def _times(self, table: str, unknown: Mapping[str, Kind], first: FirstRows) -> dict[str, Kind]:
        """Return which columns hold dates or times, of those that neither the catalog nor this tap knows.

        What an earlier discovery found is not forgotten where the column is empty in the first rows now.
        """
        known = self.asker.suiteql.facts.known(KNOWN_TIMES + table) or {}
        times = {name: Kind(kind) for name, kind in known.items()}
        shown = [
            name
            for name, kind in sorted(unknown.items())
            if Kind.DATE_TIME not in (kind, times.get(name))
            and all(_may_be_time(row[name]) for row in first.rows if row.get(name) is not None)
        ]
        parts = [shown[place : place + _TIMES_AT_ONCE] for place in range(0, len(shown), _TIMES_AT_ONCE)]
        return {
            **times,
            **{name: kind for part in parts for name, kind in self._times_among(table, part, first.within)},
        }

    def _times_among(self, table: str, names: list[str], within: str) -> Iterator[tuple[str, Kind]]:
        """Yield those of the columns that hold dates or times, with what they hold, as NetSuite says of all rows.

        TO_CHAR with the format of a time takes dates and times, and is refused for any other value: to Oracle it is
        then no format of a number.

        Raises:
            SuiteTalkError: one of `FAILURES`: NetSuite does not answer in time.
        """
        ask = self.asker.settled if len(names) == 1 else self.asker.page
        try:
            rows = ask(_statement_of_times(table, names, within), limit=1).items
        except FAILURES:
            if len(names) == 1:
                yield from self._times_of_few(table, names[0], within)
            else:
                for name in names:
                    yield from self._times_among(table, [name], within)
            return
        for number, name in enumerate(names):
            row = rows[0] if rows else {}
            ends = [row.get(f"low{number}"), row.get(f"high{number}")]
            if all(map(_is_time, ends)):
                is_day = str(row.get(f"latest{number}", _MIDNIGHT)) == _MIDNIGHT
                yield name, Kind.DATE if is_day else Kind.DATE_TIME

    def _times_of_few(self, table: str, name: str, within: str) -> Iterator[tuple[str, Kind]]:
        """Yield the column where a page of its values can be shown as times: asking of all rows may be what fails."""
        condition = " AND ".join(filter(None, (within, f"{name} IS NOT NULL")))
        try:
            rows = self.asker.settled(Source(table, (Column(name, Kind.DATE_TIME),)).page(condition)).items
        except FAILURES as failure:
            if is_too_slow(failure):
                raise
            return
        if rows and all(_is_time(row.get(name)) for row in rows):
            yield name, Kind.DATE  # until one has a time of day

    def _remember_times(self, table: str, found: Probe, times: Mapping[str, Kind]) -> None:
        kinds = {column.name: column.kind.value for column in found.columns if column.kind.is_temporal}
        held = {name: kinds[name] for name in times.keys() & kinds.keys()}
        if held:
            self.asker.suiteql.facts.learn(KNOWN_TIMES + table, held)
        elif times:
            self.asker.suiteql.facts.forget(KNOWN_TIMES + table)

    def _remember_refused(self, table: str, refused: AbstractSet[str]) -> None:
        """Spare the discoveries of a day the question for each column that NetSuite refuses."""
        facts = self.asker.suiteql.facts
        if refused - set(facts.known(_REFUSED + table) or ()):
            facts.learn(_REFUSED + table, sorted(refused), lasts=DAY)

    def _keys(self, table: str, found: Probe, known: KnownTable | None) -> tuple[tuple[str, ...], str, bool]:
        """Return the key columns, what is amiss with them, and whether NetSuite was quick enough to tell.

        There are none where they do not tell rows apart, and nothing is amiss where the text is empty. A part of a key
        that is null in some rows is left out of it where NetSuite counts as many different keys without it as rows.
        """
        keys = _keys(found, known)
        usual = known.keys if known else tuple(column.name for column in found.columns if column.name == "id")
        lack = "" if keys else _lacks(found, usual)
        if not lack:
            return keys, "", True
        nulls = _nulls(found, usual)
        whole = tuple(name for name in usual if name not in nulls)
        tells_apart = self._tell_apart(table, found, whole) if nulls and whole else False
        if tells_apart:
            keys = whole
            lack = f"its key is {' and '.join(keys)}, as some rows have no {' and no '.join(nulls)}"
        elif tells_apart is None:
            lack += f"; NetSuite took too long to count whether {' and '.join(whole)} is a key"
        logger.warning("%s: %s", table, lack)
        return keys, lack, tells_apart is not None

    def _tell_apart(self, table: str, found: Probe, keys: tuple[str, ...]) -> bool | None:
        """Tell whether each row has a key of its own, by NetSuite's count; None where it is too slow to count now."""
        columns = {column.name: column for column in found.columns}
        if not columns.keys() >= set(keys):
            return False
        source = Source(table, found.columns, tuple(columns[name] for name in keys))
        try:
            counted = self.asker.settled(source.count_keys(), limit=1).items
        except FAILURES as failure:
            logger.debug("%s: its keys cannot be counted: %s", table, failure)
            return None if is_too_slow(failure) else False
        return bool(counted) and len({int(counted[0].get(name, 0)) for name in ("n", "k", "d")}) == 1

    def _display_columns(
        self, table: str, known: KnownTable | None, fields: Mapping[str, Field], guesses: Mapping[str, Kind]
    ) -> dict[str, Kind]:
        references = known.references if known else usual_columns(table).references
        named = self.settings.named_display_columns(table)
        wanted = {
            name
            for name in {*guesses, *named}
            if self.settings.wants_display_value(
                table, name, has_one=name in references or (name in fields and fields[name].has_display_value)
            )
        }
        return {name + DISPLAY_SUFFIX: Kind.DISPLAY for name in wanted if name + DISPLAY_SUFFIX not in guesses}


def concerns(record_type: str, table: str) -> bool:
    """Tell whether a record type's schema says something of a table's columns."""
    return table_of(record_type) == ("transaction" if table == "transactionline" else table)


def _guesses(
    table: str, known: KnownTable | None, visible: AbstractSet[str], fields: Mapping[str, Field]
) -> dict[str, Kind]:
    """Return the columns worth asking for: what is known, what the catalog has, and what rows show.

    The catalog's fields need not be columns, and a column that is empty in the first rows may be full in later ones.
    Of custom records and lists the usual columns are asked for where there are no rows to show them.
    """
    usual = usual_columns(table).columns
    standard = {*(known.columns if known else ("id",)), *fields, *(() if visible else usual)}
    hints = {name: field.kind for name, field in fields.items()}
    hints.update({"id": Kind.INTEGER} if not known else {})  # a number, although records write it as text [section 3.4]
    hints.update(known.columns if known else usual)
    return {name: guessed(name, hints.get(name)) for name in {*standard, *_custom(fields), *visible}}


def _known_columns(table: str, known: KnownTable | None) -> set[str]:
    return {"id", *(known.columns if known else usual_columns(table).columns)}


def _note(first: FirstRows) -> str:
    if first.failure is None:
        return ""
    what = "takes too long" if is_too_slow(first.failure) else "is refused"
    return f"{first.refused} {what}, {_NOT_FOUND}"


def _custom(fields: Mapping[str, Field]) -> set[str]:
    return {name for name in fields if name.startswith(CUSTOM_FIELD_PREFIXES)}


def _expected(known: KnownTable | None, fields: Mapping[str, Field], asked: Mapping[str, Kind]) -> set[str]:
    """Return the columns that ought to be there: many fields of records are computed and no columns."""
    display_values = {name for name, kind in asked.items() if kind is Kind.DISPLAY}
    return {*(known.columns.keys() - known.perhaps if known else ()), *_custom(fields), *display_values}


def _fields(table: str, catalog: Catalog) -> dict[str, Field]:
    """Return what the catalog says of a table's columns; the first type that titles a field has the word on it."""
    fields: dict[str, Field] = {}
    for schema in filter(None, catalog.values()):
        for name, field in _fields_of_type(table, schema).items():
            before = fields.get(name)
            fields[name] = field if before is None or not before.labels else before
    return fields


def _fields_of_type(table: str, schema: Mapping[str, Any]) -> dict[str, Field]:
    if table != "transactionline":
        return body_fields(schema)
    return {
        name: field
        for sublist in _LINE_SUBLISTS
        for name, field in body_fields(sublist_properties(schema, sublist)).items()
        if name.startswith(_LINE_FIELD_PREFIXES)
    }


def _schema(columns: tuple[Column, ...], fields: Mapping[str, Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            column.name: {
                **json_schema(column.kind),
                **(fields[column.name].labels if column.name in fields else {}),
            }
            for column in columns
        },
    }


def _keys(found: Probe, known: KnownTable | None) -> tuple[str, ...]:
    """Return the key columns, none when they are not all there or do not tell the sample's rows apart."""
    names = {column.name for column in found.columns}
    candidates = [known.keys] if known and known.keys else []
    if known and known.keys == ("uniquekey",):
        candidates.append(("transaction", "id"))
    if not known:
        candidates.append(("id",))
    for keys in candidates:
        values = [tuple(row.get(name) for name in keys) for row in found.sample]
        if names.issuperset(keys) and len(set(values)) == len(values) and not any(None in value for value in values):
            return keys
    return ()


def _nulls(found: Probe, keys: tuple[str, ...]) -> list[str]:
    names = {column.name for column in found.columns}
    return [name for name in keys if name in names and any(row.get(name) is None for row in found.sample)]


def _lacks(found: Probe, keys: tuple[str, ...]) -> str:
    """Return why a table does not have the key it should have, empty where it should have none."""
    if not keys:
        return ""
    missing = [name for name in keys if name not in {column.name for column in found.columns}]
    if missing:
        return f"it is read without a key, as it has no column {' and no '.join(missing)}"
    nulls = _nulls(found, keys)
    if nulls:
        return f"it is read without a key, as some rows have no {' and no '.join(nulls)}"
    return f"it is read without a key, as several rows have the same {' and '.join(keys)}"


def _may_be_time(value: Any) -> bool:
    """Tell whether NetSuite may show a date or time so, in whatever format a user has chosen.

    A time of day without a date is a text: no format of a date-time has it.
    """
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return False
    return (
        len(_DIGITS.findall(value)) > 1 and not _NUMBER.fullmatch(value) and not _TIME_OF_DAY.fullmatch(value.strip())
    )


def _is_time(value: Any) -> bool:
    """Tell whether a value is a time in the format that was asked for."""
    try:
        converter(Kind.DATE_TIME, UTC)(value)
    except ValueError:
        return False
    return True


def _statement_of_times(table: str, names: Iterable[str], within: str) -> str:
    selected = ", ".join(
        f"MIN(TO_CHAR({name}, '{SQL_TIME_FORMAT}')) AS low{number}, "
        f"MAX(TO_CHAR({name}, '{SQL_TIME_FORMAT}')) AS high{number}, "
        f"MAX(TO_CHAR({name}, 'HH24:MI:SS')) AS latest{number}"
        for number, name in enumerate(names)
    )
    return f"SELECT {selected} FROM {table}" + (f" WHERE {within}" if within else "")


def _with_key_kinds(found: Probe, keys: tuple[str, ...]) -> tuple[Column, ...]:
    """Keys that look like numbers but are not whole ones are compared as text."""
    return tuple(
        replace(column, kind=Kind.TEXT) if column.name in keys and column.kind is Kind.DECIMAL else column
        for column in found.columns
    )
