"""The shape of an account as a role sees it: record types, tables, custom fields, records and lists, without data.

An emulator of that shape is what a team's pipelines, mappings and queries can be tested on. The form is that of the
facts, which stand in the same file. What has been found is written down as it comes, so that an interrupted snapshot
goes on where it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from suitetalk.client import NetSuite
from suitetalk.doctor.facts import FORMAT, VERSION
from suitetalk.errors import STATEMENT_REFUSALS
from suitetalk.metadata import FieldShape, fields_of
from suitetalk.record_tables import table_of

__all__ = ["snapshot"]

_AT_ONCE = 16  # threads; the governor decides how many requests are in flight
_TOGETHER = 50  # columns of one statement: more than 100 may answer no rows [section 14.2]
_SAMPLE = 1000
_CUSTOM = ("custbody", "custcol", "custentity", "custevent", "custitem", "custrecord", "cseg")
_RECORD, _LIST = "customrecord_", "customlist_"
_LARGE = ("transaction", "systemnote", "deletedrecord")
_UNKNOWN = re.compile(r"(?:Unknown identifier|Field) '([^']+)'")
_KINDS = {"text": "text", "integer": "integer", "number": "number", "boolean": "boolean", "date": "date"}
_KINDS |= {"date-time": "date-time", "reference": "reference", "multi-select": "multi-select", "enum": "choice"}
_PARTS = ("sublist", "subrecord")
_KINDS |= dict(zip(_PARTS, _PARTS, strict=True))
_KNOWN_KINDS = {"decimal": "number", "choice": "text", "list of ids": "multi-select"}
_LEADING = ("reference", "multi-select")


def snapshot(
    netsuite: NetSuite,
    facts: Callable[[], Mapping[str, Any]],
    progress: Path,
    *,
    counts: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return the shape of an account together with its facts.

    Args:
        netsuite: the account; it is only read.
        facts: finds the facts.
        progress: a file for what has been found, which an interrupted snapshot leaves behind and the next one takes
            up; it is removed in the end.
        counts: whether the number of each table's rows is part of the shape.
        tell: takes a word about what is looked at.

    Raises:
        SuiteTalkError: the login is refused, or NetSuite does not answer.
    """
    found = _Found(progress)
    known_facts = found.or_ask("facts", lambda: dict(facts()))
    names = found.or_ask("types", netsuite.metadata.record_types)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        try:
            types = dict(
                threads.map(lambda name: (name, found.or_ask(f"type {name}", lambda: _type(netsuite, name))), names)
            )
            tell(f"{len(types)} record types")
            tables = sorted({*_known()["tables"], *map(table_of, names)})
            columns = _hints(types)

            def table(name: str) -> tuple[str, Any]:
                return name, found.or_ask(
                    f"table {name}", lambda: _table(netsuite, name, columns.get(name, {}), counts)
                )

            described = {name: one for name, one in threads.map(table, tables) if one is not None}
            for name, one in described.items():
                if one.pop("unseen", False):
                    tell(f"{name}: SELECT * shows none of its rows, so columns that no record type names are missing")
            tell(f"{len(described)} tables")
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    shape = _shape(types, described)
    progress.unlink(missing_ok=True)
    return {"format": FORMAT, "version": VERSION, "facts": known_facts, "shape": shape}


class _Found:
    """What has been found so far, kept in a file, a line for each answer."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._answers: dict[str, Any] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
            try:
                self._answers.update(json.loads(line))
            except ValueError:  # the last line of an interrupted one
                continue

    def or_ask(self, name: str, question: Callable[[], Any]) -> Any:
        """Return what is known, or ask and write it down."""
        if name not in self._answers:
            answer = question()
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({name: answer}) + "\n")
            self._answers[name] = answer
        return self._answers[name]


def _type(netsuite: NetSuite, name: str) -> dict[str, Any]:
    """Return the fields of a record type, with those of its sublists and subrecords; none where it shows no schema."""
    try:
        schema = netsuite.metadata.json_schema(name)
    except STATEMENT_REFUSALS:
        return {"table": table_of(name), "fields": None}
    fields: dict[str, Any] = {}
    for one in fields_of(schema):
        *outer, field = one.name.split(".")
        place = fields
        for part in outer:
            place = place[part]["fields"]
        place[field] = _field(one, within=bool(outer))
    custom = [field for field, one in fields.items() if _is_custom(name, field) and one["kind"] in _LEADING]
    for field, target in _targets(netsuite, name).items() if custom else ():
        if field in custom:
            fields[field]["to"] = target
    return {"table": table_of(name), "fields": fields}


def _field(one: FieldShape, *, within: bool) -> dict[str, Any]:
    """Return how the file describes a field, without what does not apply."""
    described: dict[str, Any] = {"kind": _KINDS.get(one.kind, "text"), "title": one.title}
    described |= {"read_only": one.read_only, "filterable": one.filterable and not within}
    described |= {"choices": list(one.choices), "keys": list(one.keys)}
    if one.new_keys != one.keys:
        described["new_keys"] = list(one.new_keys)
    kept = {part: value for part, value in described.items() if value}
    return {**kept, "fields": {}} if one.kind in _PARTS else kept


def _is_custom(record_type: str, field: str) -> bool:
    return record_type.startswith((_RECORD, _LIST)) or field.startswith(_CUSTOM)


def _targets(netsuite: NetSuite, name: str) -> dict[str, str]:
    """Return the tables that references of a type lead to, as the links of a few records say."""
    found: dict[str, str] = {}
    try:
        for listed in netsuite.records.list(name, limit=3).items:
            body = netsuite.records.get(name, str(listed["id"]), expand_sub_resources=False)
            for field, value in body.items():
                for link in value.get("links", ()) if isinstance(value, Mapping) else ():
                    place = re.search(r"/record/v1/([^/]+)/[^/]+$", str(link.get("href")))
                    if place and place[1].lower() != name.lower():
                        found.setdefault(field, table_of(place[1]))
    except (*STATEMENT_REFUSALS, KeyError):
        return found
    return found


def _hints(types: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return by table which columns the fields of its record types may be, and what they hold."""
    hints: dict[str, dict[str, str]] = {}
    for one in types.values():
        for field, described in (one["fields"] or {}).items():
            if described["kind"] not in _PARTS:
                hints.setdefault(one["table"], {}).setdefault(field.lower(), _column_kind(described))
            for inner, part in described.get("fields", {}).items() if one["table"] == "transaction" else ():
                if inner.startswith(_CUSTOM) and part["kind"] not in _PARTS:
                    hints.setdefault("transactionline", {}).setdefault(inner.lower(), _column_kind(part))
    return hints


def _column_kind(described: Mapping[str, Any]) -> str:
    return "text" if described["kind"] == "choice" else str(described["kind"])


def _table(netsuite: NetSuite, table: str, hints: Mapping[str, str], counts: bool) -> dict[str, Any] | None:  # noqa: FBT001 - of this file
    """Return columns and keys of a table, and its rows where they are wanted; None where the role sees none."""
    known, keys = _known_columns(table)
    condition = _newest(netsuite, table, keys) if table.startswith(_LARGE) else ""
    if condition is None:
        return None
    try:
        rows = netsuite.suiteql.page(f"SELECT * FROM {table}{condition}", limit=_SAMPLE).items
    except STATEMENT_REFUSALS as refusal:
        if "Invalid search type" in refusal.detail or ("Record" in refusal.detail and "not found" in refusal.detail):
            return None
        rows = []
    visible = {name: [row[name] for row in rows if name in row] for row in rows for name in row}
    asked = sorted({*known, *hints} - visible.keys())
    parts = [asked[place : place + _TOGETHER] for place in range(0, len(asked), _TOGETHER)]
    accepted = {name for part in parts for name in _accepted(netsuite, table, part)}
    kinds = {name: known.get(name) or hints.get(name) or _kind(visible.get(name, ())) for name in {*visible, *accepted}}
    if not kinds:
        return None
    described: dict[str, Any] = {"columns": dict(sorted(kinds.items())), "keys": [key for key in keys if key in kinds]}
    if not rows and len(kinds) > _TOGETHER and _has_rows(netsuite, table, min(accepted)):
        described["unseen"] = True
    if counts:
        described["rows"] = _count(netsuite, table)
    return described


def _has_rows(netsuite: NetSuite, table: str, column: str) -> bool:
    """Tell whether a table has rows although `*` shows none, as some accounts do for many columns [section 14.2]."""
    try:
        return bool(netsuite.suiteql.page(f"SELECT {column} FROM {table}", limit=1).items)
    except STATEMENT_REFUSALS:
        return False


def _newest(netsuite: NetSuite, table: str, keys: Sequence[str]) -> str | None:
    """Return the condition for the newest rows of a large table, which takes too long as a whole [section 14.2]."""
    try:
        rows = netsuite.suiteql.page(f"SELECT MAX({keys[0]}) AS n FROM {table}", limit=1).items
    except (*STATEMENT_REFUSALS, IndexError):
        return ""
    highest = str(rows[0].get("n", "")) if rows else ""
    return f" WHERE {keys[0]} > {int(highest) - _SAMPLE}" if highest.lstrip("-").isdecimal() else ""


def _accepted(netsuite: NetSuite, table: str, names: Sequence[str]) -> list[str]:
    """Return those of some columns that a statement may have."""
    if not names:
        return []
    try:
        netsuite.suiteql.page(f"SELECT {', '.join(names)} FROM {table}", limit=1)
    except STATEMENT_REFUSALS as refusal:
        unknown = _UNKNOWN.search(refusal.detail)
        fewer = [name for name in names if unknown is None or name != unknown[1].lower()]
        if len(fewer) < len(names):
            return _accepted(netsuite, table, fewer)
        middle = len(names) // 2
        return (
            [*_accepted(netsuite, table, names[:middle]), *_accepted(netsuite, table, names[middle:])] if middle else []
        )
    return list(names)


def _count(netsuite: NetSuite, table: str) -> int | None:
    try:
        rows = netsuite.suiteql.page(f"SELECT COUNT(*) AS n FROM {table}", limit=1).items
        return int(rows[0]["n"])
    except (*STATEMENT_REFUSALS, KeyError, IndexError, ValueError):
        return None


def _kind(values: Sequence[Any]) -> str:
    texts = [str(value) for value in values]
    if texts and all(text in ("T", "F") for text in texts):
        return "boolean"
    if texts and all(re.fullmatch(r"-?\d{1,18}", text) for text in texts):
        return "integer"
    if texts and all(re.fullmatch(r"-?\d*\.?\d+", text) for text in texts):
        return "number"
    return "text"


def _shape(types: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file's part: all there is. The values of lists are data, so others stand for them."""
    features = sorted(feature for feature, names in _known()["features"].items() if names.split()[0] in tables)
    lists = {name: ["One", "Two", "Three"] for name in types if name.startswith(_LIST)}
    described = {name: {part: one[part] for part in ("columns", "keys")} for name, one in tables.items()}
    shape = {"features": features, "lists": lists, "only": {"record_types": dict(types), "tables": described}}
    counts = {name: one["rows"] for name, one in tables.items() if one.get("rows") is not None}
    return {**shape, **({"counts": counts} if counts else {})}


def _known_columns(table: str) -> tuple[dict[str, str], Sequence[str]]:
    """Return what columns a table is known to have, and its keys."""
    known = _known()
    found = known["tables"].get(table) or next(
        (facts for prefix, facts in known["patterns"].items() if table.startswith(prefix)), None
    )
    if found is None:
        return {"id": "integer"}, ("id",)
    return dict(_columns(found["columns"])), found["keys"].split()


def _columns(groups: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for group, names in groups.items():
        kind = group.removesuffix("?")
        for name in names.split():
            yield name, _KNOWN_KINDS.get(kind, kind)


@cache
def _known() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(files("suitetalk").joinpath("known_tables.json").read_text(encoding="utf-8"))
    return known
