"""The record types of an account's shape, and the tables behind them.

What the file says of a record type is laid over what the sample company has: its fields become those columns that hold
the same, and further columns where there are none; its sublists become the sample company's, or tables of their lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from netsuite_emulator.company.description import Column, RecordType, Sublist, Table, load_tables
from netsuite_emulator.company.shape import KINDS, Shape, column_of, list_table, record_table

__all__ = ["shaped_company"]

_KEY, _PARENT = "linekey", "linerecord"
# Kinds of the file, and those of columns that hold the same.
_FITTING = {
    "text": ("text", "long", "id"),
    "integer": ("integer", "id"),
    "number": ("number",),
    "boolean": ("flag",),
    "date": ("date",),
    "date-time": ("datetime",),
    "reference": ("reference",),
    "multi-select": ("multiselect",),
    "choice": ("choice", "status"),
    "subrecord": ("address", "subrecord"),
}
_STORED_LIKE = {"reference": "integer", "choice": "text", "long text": "text"}
# What standard references lead to where neither their name nor the file says it.
_USUAL_TARGETS = {"class": "classification", "terms": "term", "salesrep": "employee", "owner": "employee"}
_USUAL_TARGETS |= {
    "lastmodifiedby": "employee",
    "category": "",
    "revenueaccount": "account",
    "incomeaccount": "account",
}
# How NetSuite names transactions of types that the sample company does not have.
_CODES = {
    "cashsale": "CashSale", "itemfulfillment": "ItemShip", "itemreceipt": "ItemRcpt", "vendorpayment": "VendPymt",
    "check": "Check", "deposit": "Deposit", "opportunity": "Opprtnty", "returnauthorization": "RtnAuth",
    "cashrefund": "CashRfnd", "customerrefund": "CustRfnd", "customerdeposit": "CustDep", "vendorcredit": "VendCred",
    "inventoryadjustment": "InvAdjst", "inventorytransfer": "InvTrnfr", "transferorder": "TrnfrOrd",
    "vendorreturnauthorization": "VendAuth", "workorder": "WorkOrd", "assemblybuild": "Build",
    "expensereport": "ExpRept",
    "kititem": "Kit", "discountitem": "Discount", "descriptionitem": "Description", "subtotalitem": "Subtotal",
    "itemgroup": "Group", "paymentitem": "Payment", "markupitem": "Markup",
}  # fmt: skip
_SHARED = {"transaction": "type", "item": "itemtype"}
"""Tables of several record types, and the column that tells them apart."""


def shaped_company(shape: Shape, sample: Sequence[RecordType]) -> tuple[dict[str, Table], list[RecordType]]:
    """Return all tables and record types of an account whose shape says what there is.

    Args:
        shape: with `types` and `tables`.
        sample: the record types of the sample company.
    """
    drafts = _Drafts(shape, sample)
    kinds = [drafts.record_type(name, one) for name, one in (shape.types or {}).items()]
    return drafts.tables(), kinds


class _Drafts:
    """The tables while record types add columns to them."""

    def __init__(self, shape: Shape, sample: Sequence[RecordType]) -> None:
        self._said: Mapping[str, Mapping[str, Any]] = shape.tables or {}
        self._types = shape.types or {}
        self._sample = {kind.path: kind for kind in sample}
        owners = {one["table"] for one in self._types.values()}
        self._tables = {name: self._base(name) for name in {**load_tables(), **self._said, **dict.fromkeys(owners)}}
        self._columns = {
            name: {column.name: column for column in table.columns} for name, table in self._tables.items()
        }
        self._without_type = self._said.keys() - owners - load_tables().keys()

    def tables(self) -> dict[str, Table]:
        """All tables, each with the columns that the file says besides; SuiteQL shows no others."""
        made = {}
        for name, table in self._tables.items():
            said = self._said.get(name, {}).get("columns", {})
            columns = self._columns[name]
            for each, kind in said.items():
                columns.setdefault(each, column_of(name, each, {"kind": kind, "field": None}))
            shown = (each if each.name in said else each.unknown_to_queries() for each in columns.values())
            made[name] = replace(table, columns=tuple(shown))
        return made

    def record_type(self, name: str, one: Mapping[str, Any]) -> RecordType:
        """A record type as the file has it."""
        kind = self._sample.get(name) or self._new_type(name, one["table"])
        if one["fields"] is None:
            return replace(kind, described=False)
        fields = {field: described for field, described in one["fields"].items() if described["kind"] != "sublist"}
        columns = tuple(self._column(kind.table, field, fields) for field in fields)
        if not any(column.name == kind.key for column in columns):
            columns = (*columns, replace(self._columns[kind.table][kind.key], field=None))
        sublists = [self._sublist(kind, each, part) for each, part in one["fields"].items() if each not in fields]
        return replace(kind, columns=columns, sublists=tuple(sublists), required=kind.required & fields.keys())

    def _new_type(self, name: str, table: str) -> RecordType:
        label, code = name.capitalize(), _CODES.get(name, name)
        constants = [(_SHARED[table], code)] if table in _SHARED else []
        if table == "transaction":
            constants += [("recordtype", name), ("typename", label), ("abbrevtype", code.upper())]
        return RecordType(name, table, tuple(constants), label=label, prefix=code.upper(), sign=-1)

    def _base(self, name: str) -> Table:
        """A table with what it has in any case."""
        if name in load_tables():
            return load_tables()[name]
        if name.startswith("customrecord_"):
            return record_table(name, ())
        if name.startswith("customlist_"):
            return list_table(name)
        said = self._said.get(name, {"columns": {}, "keys": []})
        keys = tuple(said["keys"]) or ("id",)
        columns = {"id": Column("id", "id", "", "id", frozenset())}
        columns |= {
            each: column_of(name, each, {"kind": said["columns"].get(each, "integer"), "field": None})
            for each in keys
            if each != "id"
        }
        shown = next((each for each in ("name", "fullname") if each in said["columns"]), keys[0])
        return Table(name, tuple(columns.values()), f'"{shown}"', keys, name, one_world=False)

    def _column(self, table: str, field: str, fields: Mapping[str, Any], *, within: bool = False) -> Column:
        """The column of a field, one of `fields`; made where there is none that holds the same."""
        described = fields[field]
        columns, fitting = self._columns[table], _FITTING.get(described["kind"], ("text",))
        found = next((each for each in columns.values() if each.field == field and each.kind in fitting), None)
        named = columns.get(field.lower())
        if found is None and named and named.kind in fitting and named.field not in fields:
            found = named
        if found is None:
            found = self._added(table, field, described)
        columns[found.name] = found if found.field else replace(found, field=field)
        marks = found.marks - {"readonly", "filterable", "unfilterable"} | _marks(described, within=within)
        found = replace(found, field=field, marks=marks, title=described.get("title", ""))
        if found.kind == "address":
            parts = described.get("fields", {})
            return replace(
                found, parts=tuple(self._column("entityaddress", part, parts, within=True) for part in parts)
            )
        values = tuple(described.get("choices", ()))
        if found.kind == "choice" and not values:
            return replace(found, target="")
        if found.kind in ("choice", "status") and set(values) != set(found.choices):
            return replace(found, values=values)
        return found

    def _added(self, table: str, field: str, described: Mapping[str, Any]) -> Column:
        """A column that a table gets for a field; SuiteQL knows it where the file says that it holds the same."""
        columns, said = self._columns[table], self._said.get(table, {}).get("columns", {})
        name, number = field.lower(), 1
        kind = _STORED_LIKE.get(described["kind"], described["kind"])
        while name in columns or (name in said and _STORED_LIKE.get(said[name], said[name]) != kind):
            number += 1
            name = f"{field.lower()}_{number}"
        column = replace(self._part(field, described), name=name)
        columns[name] = column
        return column

    def _part(self, field: str, described: Mapping[str, Any]) -> Column:
        """A column as a field is described; subrecords, and the sublists in them, with all their parts."""
        kind = described["kind"]
        target = described.get("to") or field.lower()
        target = target if target in self._tables else _USUAL_TARGETS.get(field.lower(), "")
        return Column(
            field.lower(),
            KINDS.get(kind, kind),
            target if kind in ("reference", "multi-select") else "",
            field,
            _marks(described, within=True),
            values=tuple(described.get("choices", ())),
            parts=tuple(self._part(part, one) for part, one in described.get("fields", {}).items()),
            keys=tuple(described.get("keys", ())),
            new_keys=tuple(described.get("new_keys", described.get("keys", ()))),
            title=described.get("title", ""),
        )

    def _sublist(self, kind: RecordType, name: str, described: Mapping[str, Any]) -> Sublist:
        """A sublist of the sample company with the properties that the file says, or one of a table of lines."""
        usual = [*kind.sublists, *(each for one in self._sample.values() for each in self._of(one, kind.table))]
        found = next((each for each in usual if each.name == name), None) or self._lines(kind, name)
        fields = described["fields"]
        keys = tuple(described.get("keys", ()))
        if found.own:  # a row without a key could not be told apart
            fields = {field: {**one, "required": True} if field in keys else one for field, one in fields.items()}
        return replace(
            found,
            columns=tuple(self._column(found.table, field, fields, within=True) for field in fields),
            keys=keys,
            new_keys=tuple(described.get("new_keys", keys)),
        )

    @staticmethod
    def _of(kind: RecordType, table: str) -> tuple[Sublist, ...]:
        return kind.sublists if kind.table == table else ()

    def _lines(self, kind: RecordType, name: str) -> Sublist:
        """A sublist whose lines are in a table that only they have: the one that SuiteQL shows, where there is one."""
        for table in (f"{kind.table}{name}".lower(), f"{kind.path}{name}".lower(), name.lower()):
            if table not in self._without_type:
                continue
            there = self._said[table]["columns"]
            for parent in (kind.path, kind.table, "entity", "item", "transaction", "record"):
                if parent in there:
                    return self._with_lines(table, parent, kind, name)
        return self._with_lines(f"{kind.path}_{name.lower()}", _PARENT, kind, name)

    def _with_lines(self, table: str, parent: str, kind: RecordType, name: str) -> Sublist:
        if self._tables.get(table) is None or self._tables[table].key != (_KEY,):
            key = Column(_KEY, "integer", "", None, frozenset())
            owner = Column(parent, "reference", kind.table, None, frozenset({"required"}))
            self._tables[table] = Table(table, (key, owner), f'"{_KEY}"', (_KEY,), table, one_world=False)
            self._columns[table] = {key.name: key, owner.name: owner}
        return Sublist(name, table, parent, None)


def _marks(described: Mapping[str, Any], *, within: bool) -> frozenset[str]:
    marks = {"readonly"} if described.get("read_only") else set()
    marks |= {"required"} if described.get("required") else set()
    marks |= {f"max={int(described['max'])}"} if "max" in described else set()
    if not within:
        marks |= {"filterable" if described.get("filterable") else "unfilterable"}
    return frozenset(marks)
