"""Records of the user's own, as `suitetalk get`, lists and record streams write them, put into the company.

They may come in any order: first each gets a row with its id, then its fields. What they refer to and nobody brings
gets a row with the name that the reference says. A record that the company has under the same id is replaced.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column, Company, RecordType, Sublist, Table
from netsuite_emulator.company.record_types import STATUSES
from netsuite_emulator.company.views import ENTITY_TYPES, VIEWS
from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.options import SettingsError, unknown_name
from netsuite_emulator.records.bodies import BodyReader, Changes, Validation
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.records.sublists import SublistWriter
from netsuite_emulator.records.transaction_lines import TransactionLines
from netsuite_emulator.records.writing import column_defaults, owned_rows, stamps
from netsuite_emulator.storage.storage import Storage

__all__ = ["load_records"]

_STREAM = "record_"
_MESSAGES = ("SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")  # of Singer, beside RECORD
_LINK = re.compile(r"/record/v1/([^/?]+)/([^/?]+)(?:\?.*)?$")
_FILE_NAME = re.compile(rf"(?:{_STREAM})?(\w+?)(?:[-.].*)?", re.IGNORECASE)
_MOST_NOTES = 20


@dataclass(frozen=True)
class _Given:
    """A record of a file.

    Attributes:
        place: where it stands, for messages.
        kind: its type.
        identifier: its id.
        body: what the file says of it.
        is_whole: whether a field that it lacks is empty, since NetSuite wrote the record and not a person.
    """

    place: str
    kind: RecordType
    identifier: int
    body: dict[str, Any]
    is_whole: bool


def load_records(
    company: Company, storage: Storage, calendar: AccountCalendar, files: Sequence[tuple[str, Path]]
) -> list[str]:
    """Put the records of some files into the company.

    Args:
        company: its description.
        storage: its rows.
        calendar: the account's clock.
        files: each with the record type of records that do not say theirs, which may be empty.

    Returns:
        What was left out, such as fields that the account does not have.

    Raises:
        SettingsError: a file cannot be read, or a record in it cannot be taken.
    """
    given = [one for kind, path in files for one in _records(company, kind, path)]
    store = RecordStore(company, storage)
    left_out: Counter[str] = Counter()
    with storage.writing():
        for one in given:
            _clear(store, one)
    with storage.reading():  # a key that is removed can come back once that is done
        pass
    with storage.writing():
        for one in given:
            insert(store, one.kind.table, {one.kind.key: one.identifier, **dict(one.kind.constants)})
        for one in given:
            try:
                left_out.update(_fill(store, calendar, one))
            except NetSuiteError as error:
                raise SettingsError(f"{one.place} cannot be loaded: {error.detail}") from None
    return [f"{count} times {what}" for what, count in left_out.most_common(_MOST_NOTES)]


def _records(company: Company, kind: str, path: Path) -> Iterator[_Given]:
    named = _FILE_NAME.fullmatch(path.stem)
    usual = kind.lower() or (named[1].lower() if named and named[1].lower() in company.record_types else "")
    for place, value in _values(path):
        record, name = _record(value, place)
        if record is None or record.get("_sdc_deleted_at"):
            continue
        found_name, found_id = _link_of(record)
        name = (name or found_name or usual).lower()
        if not name:
            raise SettingsError(f"{place} does not say which record type it is: write --records TYPE={path}.")
        if name not in company.record_types:
            raise unknown_name(f"record type in {place}", name, company.record_types)
        identifier = str(record.get("id") or found_id)
        if not re.fullmatch(r"-?\d{1,18}", identifier):
            raise SettingsError(f"{place} has no id that is a number, so it cannot be loaded.")
        is_whole = "links" in record or record is not value
        yield _Given(place, company.record_types[name], int(identifier), record, is_whole)


def _values(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the JSON values of a file, one a line or over several lines, single or in arrays and pages."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file {path} cannot be read: {getattr(error, 'strerror', error)}.") from None
    decoder, offset = json.JSONDecoder(), 0
    while match := re.compile(r"\s*(?=\S)").match(text, offset):
        place = f"{path}, line {text.count(chr(10), 0, match.end()) + 1},"
        try:
            value, offset = decoder.raw_decode(text, match.end())
        except ValueError as error:
            raise SettingsError(f"{place} is not JSON: {error}.") from None
        items = value.get("items") if isinstance(value, dict) and "id" not in value else value
        for one in items if isinstance(items, list) else [value]:
            yield place, one


def _record(value: Any, place: str) -> tuple[dict[str, Any] | None, str]:
    """The record in a value, None where it is another message, and its type where a Singer stream says it."""
    if not isinstance(value, dict):
        raise SettingsError(f"{place} is not a record: it must be an object.")
    if value.get("type") in _MESSAGES and ("stream" in value or "value" in value):
        return None, ""
    if value.get("type") != "RECORD" or not isinstance(value.get("record"), dict):
        return value, ""
    stream = str(value.get("stream"))
    if not stream.startswith(_STREAM):
        raise SettingsError(
            f"{place} is of the stream {stream}, whose rows are not whole records: give those of {_STREAM}… streams."
        )
    return value["record"], stream.removeprefix(_STREAM)


def _link_of(record: Mapping[str, Any]) -> tuple[str, str]:
    links = record.get("links")
    for link in links if isinstance(links, list) else ():
        found = _LINK.search(str(link.get("href"))) if isinstance(link, dict) and link.get("rel") == "self" else None
        if found:
            return found[1], found[2]
    return "", ""


def _clear(store: RecordStore, one: _Given) -> None:
    """Remove what has the id of a record."""
    tables = store.company.tables
    table = tables[one.kind.table]
    for other in (each for each in tables.values() if each.space == table.space and each.name not in VIEWS):
        for owned, column in (
            owned_rows(store.company, other.name) if store.keys(other, {other.key[0]: one.identifier}) else ()
        ):
            store.storage.remove(tables[owned], column, one.identifier)
        store.storage.remove(other, other.key[0], one.identifier)


def _fill(store: RecordStore, calendar: AccountCalendar, one: _Given) -> list[str]:
    """Write a record's fields and parts; return what of it is left out."""
    kind, now = one.kind, calendar.now()
    table = store.company.tables[kind.table]
    reader = _Reader(store, calendar, kind)
    changes = reader.read(one.body, store.company.fields(kind), kind.sublists, sign=-kind.sign)
    values = {kind.key: one.identifier, **dict(kind.constants), **changes.columns}
    usual = {**stamps(table, now, created=True), **column_defaults(kind, table, values, store, now)}
    said = {column.name for column in store.company.fields(kind)} if one.is_whole else set()
    values = {**{name: value for name, value in usual.items() if name not in said}, **values}
    values = {name: value for name, value in values.items() if table.column(name) and name != kind.key}
    update(store, table.name, values, one.identifier)
    header = {**values, "id": one.identifier}
    lines = TransactionLines(store, kind, header, now, is_new=True) if table.name == "transaction" else None
    parts = SublistWriter(store, calendar, reader.validation, lines, reader)
    columns = {column.name: column for column in store.company.fields(kind)}
    for name, body in changes.subrecords.items():
        parts.write_subrecord(table, columns[name], one.identifier, body, is_new=True)
    for sublist in kind.sublists:
        if sublist.name in changes.sublists:
            parts.write(kind, sublist, one.identifier, changes.sublists[sublist.name], is_new=True, replace=False)
    if lines is not None:
        lines.settle()
        update(store, table.name, changes.columns, one.identifier)  # totals are those of the record
    names = (re.sub(r"\.items\[\d+\]", "", warning) for warning in reader.validation.warnings)
    return [f"{kind.name}, {name[0].lower()}{name[1:]}" for name in names]


class _Reader(BodyReader):
    """Reads what GET answers, with read-only fields, and makes rows for what is referred to and is not there."""

    def __init__(self, store: RecordStore, calendar: AccountCalendar, kind: RecordType) -> None:
        self.validation = Validation("warning", "warning")
        super().__init__(store, calendar, self.validation)
        self._kind = kind

    def read(
        self, body: Any, columns: Sequence[Column], sublists: Sequence[Sublist], path: str = "", sign: int = 1
    ) -> Changes:
        """The changes a record asks for; parts of which it has the link only are not among them."""
        writable = [replace(column, marks=column.marks - {"readonly"}) for column in columns]
        known = {
            name: value
            for name, value in body.items()
            if not name.startswith("_") and not (isinstance(value, dict) and set(value) <= {"links"})
        }
        return super().read(known, writable, sublists, path, sign)

    def _value(self, column: Column, value: Any, place: str, sign: int) -> Any:
        if column.kind == "status" and value is not None:
            label = value.get("id", value.get("refName")) if isinstance(value, dict) else value
            letters = STATUSES.get(dict(self._kind.constants).get("type", ""), {})
            return next((letter for letter, name in letters.items() if label in (letter, name)), None)
        if column.kind == "text" and isinstance(value, dict) and "id" in value:
            return str(value["id"])
        if column.kind in ("integer", "number") and isinstance(value, str):
            value = _number(value)
        return super()._value(column, value, place, sign)

    def _reference(self, column: Column, value: Any, place: str) -> int:
        """The id that a reference says; what it leads to has the name that it says, and is made where it is missing."""
        value = value if isinstance(value, dict) else {"id": value}
        tables = self._store.company.tables
        if re.fullmatch(r"-?\d{1,18}", str(value.get("id"))) and column.target in tables:
            self._lead_somewhere(tables[column.target], int(value["id"]), value)
        return super()._reference(column, value, place)

    def _lead_somewhere(self, target: Table, identifier: int, value: Mapping[str, Any]) -> None:
        store, name = self._store, value.get("refName")
        kind = store.company.record_types.get(_link_of(value)[0].lower())
        if store.exists(target, identifier):
            table = self._table_of(target, identifier)
            other = kind is not None and kind.table == table.name != "transaction"  # whose type decides what was posted
            values = dict(kind.constants) if kind and other else {}
            if name and store.display(target, identifier) != name:
                values |= named(table, name)
            update(store, table.name, values, identifier)
            return
        if kind is None or kind.table not in (target.name, *(ENTITY_TYPES if target.name == "entity" else ())):
            kind = next(
                iter(store.company.types_of_table("customer" if target.name == "entity" else target.name)), None
            )
        table = target if kind is None else store.company.tables[kind.table]
        row = {**(dict(kind.constants) if kind else {}), **named(table, name or f"{table.name} {identifier}")}
        insert(store, table.name, {**row, table.key[0]: identifier})

    def _table_of(self, target: Table, identifier: int) -> Table:
        """The table that has the row itself, where entities of all kinds are referred to."""
        tables = self._store.company.tables
        kinds = (tables[each] for each in ENTITY_TYPES) if target.name == "entity" else iter((target,))
        return next((each for each in kinds if self._store.exists(each, identifier)), target)


def named(table: Table, name: str) -> dict[str, Any]:
    """The columns that give a row this name to be shown."""
    if table.name == "transaction":
        kind, _, number = name.rpartition(" #")
        return {"typename": kind, "tranid": number} if kind else {}
    if table.name in ("customer", "vendor"):
        values: dict[str, Any] = {"entityid": name, "companyname": None}
    elif table.name == "account":
        values = {"acctnumber": None, "accountsearchdisplaynamecopy": name}
    else:
        values = dict.fromkeys((table.display, "name", "fullname"), name)
    return {each: part for each, part in values.items() if table.column(each)}


def _number(text: str) -> Any:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
