"""One description of the company, from which SuiteQL, the record service and the catalog are all derived.

Tables are written down in `tables/*.txt`, record types in `record_types.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from netsuite_emulator.company.choices import CHOICES

__all__ = ["Address", "Column", "Company", "RecordType", "Sublist", "Table", "load_tables", "parse_table"]

_SQL_TYPES = {
    "id": "BIGINT",
    "reference": "BIGINT",
    "address": "BIGINT",
    "integer": "BIGINT",
    "number": "DECIMAL(28,8)",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}
_CUSTOM = ("custbody", "custcol", "custentity", "custevent", "custitem", "custrecord", "cseg")


@dataclass(frozen=True)
class Column:
    """A column of a table, and the field it is in the record service (None where it is not one).

    `kind` is one of id, reference, choice, text, long, flag, integer, number, date, datetime, multiselect, status,
    address, subrecord, sublist; `target` is the table referred to, or the list a choice is from. The values of an
    account's own choice are `values`, any where there are none. An address shows its `parts`, all where none are named;
    subrecords, and the sublists in them, are kept as JSON with their `parts`, lines told apart by `keys`.
    """

    name: str
    kind: str
    target: str
    field: str | None
    marks: frozenset[str]
    values: tuple[str, ...] = ()
    parts: tuple[Column, ...] = ()
    keys: tuple[str, ...] = ()
    new_keys: tuple[str, ...] = ()
    title: str = ""

    @property
    def choices(self) -> Mapping[str, str]:
        """What a choice can be, id and label; empty where that is not known."""
        return dict(zip(self.values, self.values, strict=True)) if self.values else CHOICES.get(self.target, {})

    @property
    def sql_type(self) -> str:
        """The DuckDB type it is stored in; flags are the letters T and F [section_156257790831]."""
        return _SQL_TYPES.get(self.kind, "VARCHAR")

    @property
    def hidden(self) -> bool:
        """True where SuiteQL does not know the column although the record has the field."""
        return "hidden" in self.marks

    def out_of_sight(self) -> Column:
        """The same column for a role that may not see it."""
        return replace(self, field=None, marks=self.marks | {"hidden"})

    def unknown_to_queries(self) -> Column:
        """The same column where SuiteQL does not know it."""
        return replace(self, marks=self.marks | {"hidden"})

    @property
    def longest(self) -> int | None:
        """How many characters a text may have, None where nothing is said of that."""
        return next((int(mark.removeprefix("max=")) for mark in self.marks if mark.startswith("max=")), None)

    @property
    def custom(self) -> bool:
        """True for custom fields, named by their script id [section_1545129726]."""
        return self.name.startswith(_CUSTOM)


@dataclass(frozen=True)
class Table:
    """A table; `display` is the SQL expression of a row's display value, `space` names what shares its ids."""

    name: str
    columns: tuple[Column, ...]
    display: str
    key: tuple[str, ...]
    space: str
    one_world: bool

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return self._by_name.get(name)

    @cached_property
    def sql_types(self) -> dict[str, str]:
        """The DuckDB types of the columns, by name."""
        return {column.name: column.sql_type for column in self.columns}

    @cached_property
    def defaults(self) -> dict[str, str]:
        """What columns hold where a new row does not say, NULL apart."""
        return {column.name: "F" for column in self.columns if column.kind == "flag"}

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def visible(self) -> list[Column]:
        """The columns SuiteQL shows."""
        return [column for column in self.columns if not column.hidden]


@dataclass(frozen=True)
class Address:
    """A subrecord that is kept as a row of `entityaddress`, its `nkey` in `column` of the parent row."""

    field: str
    column: str


@dataclass(frozen=True)
class Sublist:
    """A sublist: the rows of `table` whose `parent` column is the record's id.

    `key` is the REST property that tells rows apart, None where the sublist has no key [chapter_1545142407]. Of a
    transaction's lines, which stand in one table, `with_item` tells whether those of the sublist have an item, None for
    both. In an account of a shape its rows have the properties of `columns`, and new ones are told apart by `new_keys`.
    """

    name: str
    table: str
    parent: str
    key: str | None
    only: tuple[str, ...] = ()
    with_item: bool | None = None
    constants: tuple[tuple[str, str], ...] = ()
    columns: tuple[Column, ...] | None = None
    keys: tuple[str, ...] = ()
    new_keys: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Whether it is one that only a shape has: its rows are told apart by all of `keys`, or by their number."""
        return self.table not in load_tables()

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of `keys`."""
        return tuple(column for key in self.keys for column in self.columns or () if column.field == key)

    @property
    def numbers(self) -> tuple[Column, ...]:
        """Those of them that a new row gets a number in, rather than what it says."""
        return tuple(column for column in self.key_columns if column.sql_type == "BIGINT" and not column.target)

    @property
    def where(self) -> str:
        """What its rows have in common besides the parent, as an SQL condition."""
        if self.table != "transactionline":
            return "true"
        item = {True: " AND item IS NOT NULL", False: " AND item IS NULL", None: ""}[self.with_item]
        return f"mainline = 'F'{item}"

    def holds(self, line: Mapping[str, Any]) -> bool:
        """Whether a line of a transaction is one of its rows."""
        has_item = line.get("item") is not None
        return line["mainline"] == "F" and self.with_item in (None, has_item)


@dataclass(frozen=True)
class RecordType:
    """A record type: the rows of `table` that carry the `constants`.

    In an account of a shape its fields are `columns`. One that is not `described` is listed and has no schema.
    """

    name: str
    table: str
    constants: tuple[tuple[str, str], ...] = ()
    sublists: tuple[Sublist, ...] = ()
    without: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    sign: int = 1
    key: str = "id"
    label: str = ""
    prefix: str = ""
    posting: bool = False
    methods: frozenset[str] = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
    columns: tuple[Column, ...] | None = None
    described: bool = True

    @property
    def path(self) -> str:
        """The type as it stands in links: lower case [seunsodimu/laguna_partner]."""
        return self.name.lower()


@dataclass(frozen=True, eq=False)
class Company:
    """Tables by name and record types by lower-case name.

    `switched_off` names the tables of features that the account does not have, `hidden_column_text` how columns out of
    sight are refused, and `refused_joins` pairs of tables that no query joins.
    """

    tables: dict[str, Table]
    record_types: dict[str, RecordType]
    one_world: bool
    hidden_record_types: frozenset[str] = field(default_factory=frozenset)
    switched_off: frozenset[str] = field(default_factory=frozenset)
    view_only: frozenset[str] = field(default_factory=frozenset)
    hidden_column_text: str = "unknown"
    refused_joins: frozenset[tuple[str, ...]] = field(default_factory=frozenset)

    def table_of_query(self, name: str) -> Table | None:
        """The table of that name that SuiteQL knows, whether or not the role may see it; None where there is none."""
        return None if name in self.switched_off else self.tables.get(name)

    def fields(self, record_type: RecordType) -> list[Column]:
        """The columns that are body fields of a record type."""
        table = self.tables[record_type.table]
        if record_type.columns is not None:
            return _in_sight(record_type.columns, table)
        return [column for column in table.columns if column.field and column.field not in record_type.without]

    def line_fields(self, sublist: Sublist) -> list[Column]:
        """The columns that are properties of a sublist's rows."""
        if sublist.columns is not None:
            return _in_sight(sublist.columns, self.tables[sublist.table])
        columns = [column for column in self.tables[sublist.table].columns if column.field]
        return [column for column in columns if not sublist.only or column.field in sublist.only]

    def types_of_table(self, table: str) -> list[RecordType]:
        """The record types whose rows are in a table."""
        return [record_type for record_type in self.record_types.values() if record_type.table == table]

    def lines_without_table(self) -> list[str]:
        """The sublists that only a shape has and whose lines no table of SuiteQL shows, as type.sublist."""
        kinds = self.record_types.values()
        sublists = [(kind, sublist) for kind in kinds for sublist in kind.sublists if sublist.own]
        return sorted(f"{kind.path}.{one.name}" for kind, one in sublists if self.table_of_query(one.table) is None)

    def sees(self, record_type: RecordType) -> bool:
        """Whether the role may see the record type."""
        return record_type.path not in self.hidden_record_types

    def sees_table(self, table: str) -> bool:
        """Whether the role may query the table: it must see one of its record types, where it has any."""
        types = self.types_of_table(table)
        return table not in self.hidden_record_types and (not types or any(self.sees(kind) for kind in types))


def _in_sight(columns: Sequence[Column], table: Table) -> list[Column]:
    """Those columns that nobody has hidden."""
    stored = ((column, table.column(column.name)) for column in columns)
    return [column for column, kept in stored if kept is not None and kept.field]


def _parse_column(line: str) -> Column:
    name, kind, rest, *marks = line.split()
    kind, _, target = kind.partition(":")
    if kind == "choice" and target not in CHOICES:
        raise ValueError(f"{name}: no such list: {target}")
    return Column(name, kind, target, None if rest == "-" else rest, frozenset(marks))


def parse_table(block: str) -> Table:
    """The table a block of text describes: its name and options in the first line, a column in each other."""
    header, *lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
    name, *options = [part.strip() for part in header.split(": ")]
    named = dict(part.partition(" ")[::2] for part in options)
    columns = tuple(_parse_column(line) for line in lines)
    key = tuple(named.get("key", "id").split())
    return Table(name, columns, named["display"], key, named.get("space", name), "oneworld" in named)


@lru_cache(maxsize=1)
def load_tables() -> dict[str, Table]:
    """Every table, as the text files beside this module describe them."""
    text = "".join(path.read_text("utf-8") + "\n" for path in sorted((Path(__file__).parent / "tables").glob("*.txt")))
    tables = [parse_table(block) for block in ("\n" + text).split("\ntable ")[1:]]
    return {table.name: table for table in tables}
