"""The shape of an account, written down in a file: what it has besides the sample company, and what it has not.

A person writes the small form, in YAML: custom fields, records, lists and segments, lengths and mandatory fields,
missing permissions. `suitetalk snapshot` writes the whole form of an account in JSON, which also says what there is:
whatever else the sample company has is then not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from netsuite_emulator.company.description import Column, Company, RecordType, Sublist, Table, load_tables
from netsuite_emulator.options import SettingsError, unknown_name

__all__ = [
    "KINDS",
    "RECORD_COLUMNS",
    "Shape",
    "column_of",
    "column_statements",
    "line_statements",
    "list_table",
    "read_account",
    "read_shape",
    "record_table",
    "row_statements",
]

FORMAT, VERSION = "netsuite-account", 1
_SECTIONS = {
    *("lists", "segments", "records", "fields", "hidden", "hidden_columns", "view_only"),
    *("only", "counts", "features"),  # of the whole form
}
KINDS = {
    "text": "text",
    "long text": "long",
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
    "date": "date",
    "date-time": "datetime",
    "reference": "reference",
    "multi-select": "multiselect",
    "choice": "choice",
}
_PARTS = ("sublist", "subrecord")
_WORDS = ("kind", "to", "max", "required", "read_only", "choices", "field")
_FIELDS = "each field and its kind, such as custrecord_serial: text"
_RECORDS = "fields, label and rows"
# What custom records and lists have besides their own fields [SQL-columns].
_RECORD = (
    ("id", "id", "", "id", ""),
    ("recordid", "integer", "", None, ""),
    ("name", "text", "", "name", ""),
    ("externalid", "text", "", "externalId", ""),
    ("scriptid", "text", "", "scriptId", "readonly"),
    ("isinactive", "flag", "", "isInactive", ""),
    ("owner", "reference", "employee", "owner", ""),
    ("created", "datetime", "", "created", "readonly"),
    ("lastmodified", "datetime", "", "lastModified", "readonly"),
    ("lastmodifiedby", "reference", "employee", None, ""),
)
RECORD_COLUMNS = tuple(part[0] for part in _RECORD)
_WRITTEN = ("text", "integer", "choice")  # parts of subrecords that are generated
_LIST = ("id", "recordid", "name", "externalid", "scriptid", "isinactive")
_ROWS = 20
_LEADING = ("reference", "multiselect")
_TARGETS = 1000
"""Rows of a table that references lead to."""
_WITH_LINES = 100
"""Records of a type that get lines."""


@dataclass(frozen=True)
class Shape:
    """What a file says.

    Attributes:
        records: custom record types: their tables.
        lists: the values of custom lists and segments, by table.
        fields: columns by table; those that the sample company has are changed, the others added.
        rows: how many rows a custom record type gets, where the file says so.
        labels: names of record types for people.
        hidden: record types and tables that the role may not see.
        hidden_columns: columns that it may not see, as table.column.
        view_only: record types that it may not write.
        types: all record types there are, each with its table and its fields, those of subrecords and sublists in
            them; None for those of the sample company and the file.
        tables: all tables there are, with columns and keys; None likewise.
    """

    records: dict[str, Table] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fields: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    hidden_columns: frozenset[str] = frozenset()
    view_only: frozenset[str] = frozenset()
    types: dict[str, Mapping[str, Any]] | None = None
    tables: dict[str, Mapping[str, Any]] | None = None

    def added_tables(self) -> dict[str, Table]:
        """The tables that a file by hand adds to those of the sample company."""
        added = {**{name: list_table(name) for name in self.lists}, **self.records}
        return {name: table for name, table in added.items() if name not in load_tables()}

    def added_types(self) -> list[RecordType]:
        """The record types that a file by hand adds."""
        return [self._custom_type(name) for name in self.added_tables()]

    def _custom_type(self, name: str) -> RecordType:
        return RecordType(
            name, name, label=self.labels.get(name) or name.partition("_")[2].replace("_", " ").capitalize()
        )

    def with_fields(self, table: Table) -> Table:
        """A table with the columns that a file by hand adds or changes."""
        changed = {column.name: column for column in self.fields.get(table.name, ())}
        columns = [_merged(column, changed.pop(column.name, None)) for column in table.columns]
        for name, column in changed.items():
            if not column.kind:
                raise SettingsError(
                    f"The field {table.name}.{name} is not there yet, so it needs a kind, such as text."
                )
        columns += changed.values()
        return replace(table, columns=tuple(columns))


def read_account(path: Path) -> dict[str, Any]:
    """Read a file of an account, JSON or YAML.

    Raises:
        SettingsError: it cannot be read, or is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file {path} cannot be read: {getattr(error, 'strerror', error)}.") from None
    account = _parsed(path, text)
    if not isinstance(account, dict):
        raise SettingsError(f"The file {path} is not that of an account: it holds no names with values.")
    if "format" not in account and account.keys() <= _SECTIONS:  # the small form, by hand
        return {"format": FORMAT, "version": VERSION, "facts": {}, "shape": account}
    if account.get("format") != FORMAT or not isinstance(account.get("facts", {}), dict):
        raise SettingsError(
            f"The file {path} is not that of an account: give one that `suitetalk doctor --facts` or "
            "`suitetalk snapshot` wrote, or write one with fields, records and lists."
        )
    if account.get("version") != VERSION:
        raise SettingsError(f"The file {path} is of version {account.get('version')}; this emulator reads {VERSION}.")
    return {"facts": {}, "shape": None, **account}


def read_shape(path: Path | None) -> Shape:
    """Read the shape of an account; without a file it is that of the sample company.

    Raises:
        SettingsError: the file cannot be used; the sentence says which part.
    """
    if path is None:
        return Shape()
    shape = read_account(path)["shape"] or {}
    if not isinstance(shape, dict):
        raise SettingsError(f"The shape in {path} must be names with values.")
    for name in shape:
        if name not in _SECTIONS:
            raise unknown_name("part of a shape", str(name), _SECTIONS)
    try:
        return _shape(shape)
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"The shape in {path} cannot be used: {error}.") from None


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    import yaml  # noqa: PLC0415 - JSON does without

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"The file {path} is neither JSON nor YAML: {' '.join(str(error).split())}.") from None


def _shape(shape: Mapping[str, Any]) -> Shape:
    lists = {_list_name(name): _values(name, values) for name, values in (shape.get("lists") or {}).items()}
    fields: dict[str, list[Column]] = {
        str(table).lower(): _columns(str(table), columns) for table, columns in (shape.get("fields") or {}).items()
    }
    for name, segment in (shape.get("segments") or {}).items():
        _mapping(segment, f"The segment {name}", "its values and the tables that have it", ("values", "tables"))
        if not segment.keys() >= {"values", "tables"}:
            raise SettingsError(f"The segment {name} needs both values and tables.")
        lists[f"customrecord_{name}".lower()] = _values(name, segment["values"])
        for table in segment["tables"]:
            column = Column(str(name).lower(), "reference", f"customrecord_{name}".lower(), str(name), frozenset())
            fields.setdefault(str(table).lower(), []).append(column)
    records, rows, labels = {}, {}, {}
    for name, described in (shape.get("records") or {}).items():
        table = str(name).lower()
        if not table.startswith("customrecord_"):
            raise SettingsError(f"The record {name} must have a name that begins with customrecord_.")
        record = _mapping(described or {}, f"The record {name}", _RECORDS, ("fields", "label", "rows"))
        records[table] = record_table(table, _columns(table, record.get("fields") or {}))
        rows[table] = _whole_number(record.get("rows", _ROWS), f"rows of {name}")
        labels[table] = str(record.get("label") or "")
    only = shape.get("only") or {}
    if only and (records or fields):
        raise SettingsError(
            "A shape says in `only` what there is, so records, fields and segments belong there, and not beside it."
        )
    return Shape(
        records=records,
        lists=lists,
        fields={table: tuple(columns) for table, columns in fields.items()},
        rows={**rows, **{str(name).lower(): int(count) for name, count in (shape.get("counts") or {}).items()}},
        labels=labels,
        hidden=_names(shape, "hidden"),
        hidden_columns=_names(shape, "hidden_columns"),
        view_only=_names(shape, "view_only"),
        types=_described(_lowered(only.get("record_types"))),
        tables=_lowered(only.get("tables")),
    )


def _lowered(section: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]] | None:
    return None if section is None else {str(name).lower(): dict(one) for name, one in section.items()}


def _described(types: dict[str, Mapping[str, Any]] | None) -> dict[str, Mapping[str, Any]] | None:
    """The record types, with a mapping for each field, and for each part of a field."""
    if types is None:
        return None
    return {
        name: {"table": str(one.get("table", name)).lower(), "fields": _fields(name, one.get("fields"))}
        for name, one in types.items()
    }


def _fields(place: str, fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if fields is None:
        return None
    return {str(name): _field(f"{place}.{name}", described) for name, described in fields.items()}


def _field(place: str, described: Any) -> dict[str, Any]:
    if isinstance(described, str):
        kind, _, target = described.partition(":")
        described = {"kind": kind, "to": target}
    kind = described["kind"]
    if kind not in (*KINDS, *_PARTS):
        raise unknown_name(f"kind of field in {place}, which is", str(kind), (*KINDS, *_PARTS))
    return {**described, **({"fields": _fields(place, described.get("fields") or {})} if kind in _PARTS else {})}


def _names(section: Mapping[str, Any], name: str) -> frozenset[str]:
    names = section.get(name) or ()
    if isinstance(names, (str, Mapping)):
        raise SettingsError(
            f"`{name}` must be a list of names, such as [{names if isinstance(names, str) else 'vendor'}]."
        )
    return frozenset(str(each).lower() for each in names)


def _list_name(name: object) -> str:
    if not str(name).lower().startswith("customlist_"):
        raise SettingsError(f"The list {name} must have a name that begins with customlist_.")
    return str(name).lower()


def _values(name: object, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not values:
        raise SettingsError(f"The list {name} must be a list of its values.")
    return tuple(map(str, values))


def _columns(table: str, columns: Any) -> list[Column]:
    """The columns that a file by hand names, each with a kind, or with what changes in a column that is there."""
    described = _mapping(columns, f"The fields of {table}", _FIELDS)
    return [_column_by_hand(table, str(name), one) for name, one in described.items()]


def _column_by_hand(table: str, name: str, described: Any) -> Column:
    if not isinstance(described, str):
        _mapping(described, f"The field {table}.{name}", "a kind, such as text, or kind, to, max and required", _WORDS)
    column = column_of(table, name, described)
    if column.kind in _LEADING and not column.target:
        raise SettingsError(
            f"The field {table}.{name} must say where it leads: write reference:customer, or to: customer."
        )
    return column


def _mapping(value: Any, what: str, meant: str, words: Sequence[str] = ()) -> Mapping[str, Any]:
    """The names with values that a part of the file must be, none but `words` where there are any."""
    if not isinstance(value, Mapping):
        raise SettingsError(f"{what} must be names with values: {meant}.")
    for name in value if words else ():
        if name not in words:
            raise SettingsError(f"{what} cannot have '{name}', only {', '.join(words[:-1])} and {words[-1]}.")
    return value


def _whole_number(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SettingsError(f"{what} must be a whole number, not {value!r}.")
    return value


def column_of(table: str, name: str, described: Any) -> Column:
    """A column as the file has it: `text`, `reference:customer`, or a mapping with kind, to, max, required."""
    if isinstance(described, str):
        kind, _, target = described.partition(":")
        described = {"kind": kind, "to": target}
    kind, target = described.get("kind"), str(described.get("to") or "").lower()
    if kind is not None and kind not in KINDS:
        raise unknown_name(f"kind of field in {table}.{name}, which is", str(kind), KINDS)
    marks = {"required"} if described.get("required") else set()
    if "max" in described:
        marks |= {f"max={_whole_number(described['max'], f'max of {table}.{name}')}"}
    marks |= {"readonly"} if described.get("read_only") else set()
    shown = described.get("field", name)
    values = tuple(map(str, described.get("choices", ())))
    return Column(name.lower(), KINDS.get(kind or "", ""), target, shown, frozenset(marks), values)


def _merged(column: Column, changed: Column | None) -> Column:
    if changed is None:
        return column
    kind, target = (changed.kind, changed.target) if changed.kind else (column.kind, column.target)
    return replace(column, kind=kind, target=target or column.target, marks=column.marks | changed.marks)


def record_table(name: str, columns: Sequence[Column]) -> Table:
    own = {column.name: column for column in columns}
    own.update({base: replace(own[base], kind="", target="") for base in RECORD_COLUMNS if base in own})
    base = [_merged(_base(part), own.pop(part[0], None)) for part in _RECORD]
    return Table(name, (*base, *own.values()), "name", ("id",), name, one_world=False)


def list_table(name: str) -> Table:
    columns = tuple(_base(part) for part in _RECORD if part[0] in _LIST)
    return Table(name, columns, "name", ("id",), name, one_world=False)


def _base(part: tuple[str, str, str, str | None, str]) -> Column:
    name, kind, target, shown, mark = part
    return Column(name, kind, target, shown, frozenset({mark} if mark else ()))


def row_statements(shape: Shape, table: Table, rows: Mapping[str, int]) -> Iterator[str]:
    """The statements that give a new table of the shape its rows: a list its values, a record as many as are wanted.

    Args:
        shape: what the file says.
        table: the table, which is empty.
        rows: how many rows by table, for those that are chosen elsewhere.
    """
    values = shape.lists.get(table.name)
    if values:
        listed = ", ".join(f"({number}, {_quoted(value)})" for number, value in enumerate(values, 1))
        names = "id, id AS recordid, name, 'val_' || id AS scriptid"
        yield f'INSERT INTO "{table.name}" BY NAME SELECT {names} FROM (VALUES {listed}) one(id, name)'
        return
    count = rows.get(table.name, shape.rows.get(table.name, _ROWS))
    if not table.name.startswith("customrecord_"):
        key = table.column(table.key[0])
        place = "n + 1" if key is None or key.sql_type == "BIGINT" else "('K' || (n + 1))"
        yield f'INSERT INTO "{table.name}" BY NAME SELECT {place} AS "{table.key[0]}" FROM range({count}) numbers(n)'
        return
    label = (shape.labels.get(table.name) or "Record").replace("'", "''")
    yield (
        f"INSERT INTO \"{table.name}\" BY NAME SELECT n + 1 AS id, n + 1 AS recordid, '{label} ' || (n + 1) AS name, "
        "'val_' || (n + 1) AS scriptid, -5 AS owner, TIMESTAMP '2025-01-01 08:00:00' + to_minutes(n * 7) AS created, "
        f"TIMESTAMP '2025-06-01 08:00:00' + to_minutes(n * 11) AS lastmodified FROM range({count}) numbers(n)"
    )


def line_statements(company: Company, kind: RecordType, sublist: Sublist) -> Iterator[str]:
    """The statements that give the records of a type their lines of a sublist that only a shape has.

    Lines that are told apart by a reference are one a record, so that none leads where another does.
    """
    table, owner = company.tables[sublist.table], company.tables[kind.table]
    lines = 2 if len(sublist.numbers) == len(sublist.keys) else 1
    said = {table.key[0]: "row_number() OVER (ORDER BY r.id, l.i)", sublist.parent: "r.id"}
    for column in sublist.numbers:
        said[column.name] = said[table.key[0]] if column.name in ("id", "internalid") else "l.i"
    named = ", ".join(f'{value} AS "{name}"' for name, value in said.items())
    constants = " AND ".join(f'"{name}" = {_quoted(value)}' for name, value in kind.constants) or "true"
    records = f'SELECT "{kind.key}" AS id FROM main."{owner.name}" WHERE {constants} ORDER BY 1 LIMIT {_WITH_LINES}'
    highest = f'(SELECT coalesce(max("{table.key[0]}"), 0) FROM "{table.name}")'
    named = named.replace("row_number()", f"{highest} + row_number()")
    yield f'INSERT INTO "{table.name}" BY NAME SELECT {named} FROM ({records}) r, range(1, {lines + 1}) l(i)'


def column_statements(company: Company, table: Table, columns: Sequence[Column]) -> Iterator[str]:
    """The statements that fill columns of a table with values that fit: references lead to rows that are there."""
    values = [(column, value) for column in columns if (value := _generated(company, column))]
    targets = {column.target for column, _ in values if column.kind in _LEADING}
    for target in sorted(targets):
        key, name = company.tables[target].key[0], company.tables[target].name
        first = f'SELECT "{key}" AS key FROM main."{name}" ORDER BY 1 LIMIT {_TARGETS}'
        yield f'SET VARIABLE "keys of {name}" = (SELECT list(key) FROM ({first}))'
    if values:
        yield f'UPDATE "{table.name}" SET ' + ", ".join(
            f'"{column.name}" = {_with_gaps(column, value)}' for column, value in values
        )


def _with_gaps(column: Column, value: str) -> str:
    return value if "required" in column.marks else f"CASE WHEN rowid % 7 = 3 THEN NULL ELSE {value} END"


def _generated(company: Company, column: Column) -> str | None:
    """DuckDB's expression for a value of a column; None where there is nothing to generate."""
    if column.kind == "choice":
        listed = ", ".join(map(_quoted, column.values))
        return f"[{listed}][1 + (rowid % {len(column.values)})::INTEGER]" if listed else None
    if column.kind == "subrecord":
        parts = ((part, _generated(company, part)) for part in column.parts if part.kind in _WRITTEN)
        listed = ", ".join(f"{_quoted(str(part.field))}, {value}" for part, value in parts if value)
        return f"json_object({listed})::VARCHAR" if listed else None
    if column.kind in _LEADING:
        target = company.tables.get(column.target)
        if target is None:
            return None
        keys = f"getvariable({_quoted(f'keys of {target.name}')})"
        first, second = (f"{keys}[1 + (rowid * 5 + {more}) % greatest(1, len({keys}))]" for more in (0, 1))
        return first if column.kind == "reference" else f"{first} || ', ' || {second}"
    text = f"'{column.name} ' || (rowid + 1)"
    return {
        "text": text if column.longest is None else f"right({text}, {column.longest})",
        "long": f"{text} || repeat('. Lorem ipsum', 1 + (rowid % 5)::INTEGER)",
        "integer": "(rowid * 37) % 1000",
        "number": "((rowid * 37) % 100000) / 100",
        "flag": "CASE WHEN rowid % 2 = 0 THEN 'T' ELSE 'F' END",
        "date": "DATE '2025-01-01' + ((rowid * 3) % 700)::INTEGER",
        "datetime": "TIMESTAMP '2025-01-01 09:30:00' + to_minutes((rowid * 61) % 700000)",
    }.get(column.kind)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
