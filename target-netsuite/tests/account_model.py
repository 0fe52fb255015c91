"""Streams of four kinds of records, and a model of what becomes of an account when they are applied one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.target_runs import Run, record, schema

from netsuite_emulator import Emulator

Row = dict[str, Any]
Given = dict[str, Any]
"""A record of the input: columns, with `op` for its operation and, where it is known, `ns` for the internal id."""

REFUSED = "refused"
_MAY_COME_RIGHT = "may come right"
WRITTEN = frozenset({"created", "updated", "deleted", "inactivated"})

_LINES = "lines"


@dataclass(frozen=True)
class Kind:
    """A stream: its columns as fields, which of them refer to which stream, and what a record must have."""

    record_type: str
    fields: Mapping[str, str]
    references: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    has_lines: bool = False
    can_be_inactive: bool = True
    is_findable: bool = True

    def settings(self, prefix: str, **more: Any) -> dict[str, Any]:
        """Return the settings of the stream; external ids begin with the prefix."""
        template = f"{prefix}-{{id}}"
        references = {
            self.fields[column]: {
                "record_type": KINDS[stream].record_type,
                "by": "external_id",
                "template": f"{prefix}-{{value}}",
            }
            for column, stream in self.references.items()
        }
        named = {"external_id": template, "id_field": "ns", "operation": "upsert", "operation_column": "op"}
        return {
            "record_type": self.record_type,
            "fields": dict(self.fields),
            "references": references,
            **(named if self.is_findable else {"operation": "create"}),
            **more,
        }


KINDS = {
    "people": Kind(
        "customer",
        {"name": "companyName", "mail": "email", "note": "comments", "boss": "parent"},
        {"boss": "people"},
        ("name",),
    ),
    "papers": Kind(
        "customrecord_warranty",
        {"name": "name", "who": "custrecord_customer", "amount": "custrecord_amount"},
        {"who": "people"},
        ("name",),
    ),
    "orders": Kind(
        "salesOrder",
        {"who": "entity", "note": "memo"},
        {"who": "people"},
        ("who",),
        has_lines=True,
        can_be_inactive=False,
    ),
    "visits": Kind(
        "customrecord_site_visit",
        {"name": "name", "who": "custrecord_visit_customer", "rating": "custrecord_visit_rating"},
        {"who": "people"},
        is_findable=False,
    ),
}


@dataclass(frozen=True)
class Lines:
    """How the lines of orders are brought together with those that are there."""

    mode: str
    by_item: bool = True

    def setting(self) -> dict[str, Any]:
        """Return the setting `sublists`."""
        keys = {"keys": ["item"]} if self.by_item else {}
        return {"item": {"column": _LINES, "fields": {"sku": "item", "n": "quantity"}, "mode": self.mode, **keys}}

    def joined(self, there: list[tuple[str, int]], wanted: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return the lines that are there afterwards; an item is in one line at most where lines go by item."""
        if self.mode == "replace":
            return sorted(wanted)
        if not self.by_item:
            return sorted((Counter(there) | Counter(wanted)).elements())
        first, then = (there, wanted) if self.mode == "merge" else (wanted, there)
        return sorted({**dict(first), **dict(then)}.items())


class Model:
    """An account in a few dictionaries."""

    def __init__(self, lines: Lines) -> None:
        """Begin without records; `poisoned` are those over which NetSuite breaks down when they are written."""
        self.poisoned: set[tuple[str, Any]] = set()
        self._lines = lines
        self._numbers = count(-1, -1)
        self.rows: dict[str, dict[int, Row]] = {stream: {} for stream in KINDS}

    def seed(self, stream: str, internal_id: int, key: Any, **columns: Any) -> None:
        """Let a record be there."""
        self.rows[stream][internal_id] = {**_empty(KINDS[stream]), "id": key, **columns}

    def apply(self, records: Iterable[tuple[str, Given]], *, skip_unchanged: bool = False) -> list[str]:
        """Apply records one by one, and return what became of each.

        One that refers to what is not there, and a delete of what others refer to, is tried again at the end, and the
        records about the same one behind it; as long as some of them come right.
        """
        records = list(records)
        outcomes: dict[int, str] = {}
        left, before = list(range(len(records))), len(records) + 1
        while 0 < len(left) < before:
            before, left = len(left), self._apply(records, left, outcomes, skip_unchanged=skip_unchanged)
        for place in left:
            if outcomes.get(place) != _MAY_COME_RIGHT:
                outcomes[place] = self._outcome(*records[place], skip_unchanged=skip_unchanged)
        return [REFUSED if outcomes[place] == _MAY_COME_RIGHT else outcomes[place] for place in range(len(records))]

    def _apply(
        self,
        records: list[tuple[str, Given]],
        places: Sequence[int],
        outcomes: dict[int, str],
        *,
        skip_unchanged: bool,
    ) -> list[int]:
        """Apply the records at some places, and return the places of those that are left for the end."""
        left: list[int] = []
        for place in places:
            stream, given = records[place]
            outcomes.pop(place, None)
            if "id" in given and any((stream, given["id"]) == _name(records[other]) for other in left):
                if not KINDS[stream].can_be_inactive and given.get("op") == "inactivate":
                    outcomes[place] = REFUSED  # that is told at once
                else:
                    left.append(place)
                continue
            outcomes[place] = self._outcome(stream, given, skip_unchanged=skip_unchanged)
            if outcomes[place] == _MAY_COME_RIGHT:
                left.append(place)
        return left

    def _outcome(self, stream: str, given: Given, *, skip_unchanged: bool) -> str:
        """Apply one record; what NetSuite breaks down over is refused, and stays as it is."""
        before = {number: dict(row) for number, row in self.rows[stream].items()}
        outcome = self._applied(stream, given, skip_unchanged=skip_unchanged)
        if (stream, given.get("id")) in self.poisoned and outcome in WRITTEN:
            self.rows[stream] = before
            return REFUSED
        return outcome

    def _applied(self, stream: str, given: Given, *, skip_unchanged: bool) -> str:
        kind = KINDS[stream]
        operation = given.get("op") or ("upsert" if kind.is_findable else "create")
        internal_id = self._found(stream, given, operation)
        if operation == "delete":
            return self._delete(stream, internal_id)
        if operation == "inactivate":
            return self._inactivate(kind, self.rows[stream].get(internal_id or 0))
        wanted = {name: given[name] for name in (*kind.fields, *([_LINES] * kind.has_lines)) if name in given}
        if not self._resolve(kind, wanted):
            return _MAY_COME_RIGHT
        if operation == "create" and internal_id is not None:
            return self._create_again(self.rows[stream][internal_id], wanted)
        if internal_id is None:
            return self._create(stream, given, operation, wanted)
        return self._change(stream, internal_id, wanted, skip_unchanged=skip_unchanged)

    def _create(self, stream: str, given: Given, operation: str, wanted: Row) -> str:
        kind = KINDS[stream]
        is_known = operation == "upsert" and given.get("ns") is not None
        if operation == "update" or is_known or any(wanted.get(name) is None for name in kind.required):
            return REFUSED
        row = {**_empty(kind), "id": given.get("id"), **wanted}
        self.rows[stream][next(self._numbers)] = {**row, _LINES: sorted(row[_LINES] or ())}
        return "created"

    def _create_again(self, row: Row, wanted: Row) -> str:
        said = {name: value for name, value in wanted.items() if value is not None}
        return "unchanged" if self._then(row, said) == row else REFUSED

    def shown(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all records as `shown_in` does."""
        return {
            stream: _sorted(
                (row["id"], row["inactive"], *(self._name(kind, name, row[name]) for name in kind.fields), row[_LINES])
                for row in self.rows[stream].values()
            )
            for stream, kind in KINDS.items()
        }

    def _name(self, kind: Kind, name: str, value: Any) -> Any:
        target = kind.references.get(name)
        return self.rows[target][value]["id"] if target and value is not None else value

    def _found(self, stream: str, given: Given, operation: str) -> int | None:
        if operation != "create" and given.get("ns") is not None:
            return given["ns"] if given["ns"] in self.rows[stream] else None
        return self._by_key(stream, given["id"]) if KINDS[stream].is_findable else None

    def _by_key(self, stream: str, key: Any) -> int | None:
        return next((number for number, row in self.rows[stream].items() if row["id"] == key), None)

    def _resolve(self, kind: Kind, wanted: Row) -> bool:
        """Put internal ids in the place of keys; False when one is not there."""
        for name, stream in kind.references.items():
            if wanted.get(name) is not None:
                wanted[name] = self._by_key(stream, wanted[name])
                if wanted[name] is None:
                    return False
        return True

    def _delete(self, stream: str, internal_id: int | None) -> str:
        if internal_id is None:
            return "already_gone"
        for other, kind in KINDS.items():
            for number, row in self.rows[other].items():
                itself = (other, number) == (stream, internal_id)
                if not itself and any(
                    row[name] == internal_id for name, target in kind.references.items() if target == stream
                ):
                    return _MAY_COME_RIGHT
        del self.rows[stream][internal_id]
        return "deleted"

    @staticmethod
    def _inactivate(kind: Kind, row: Row | None) -> str:
        if not kind.can_be_inactive:
            return REFUSED
        if row is None:
            return "already_gone"
        if row["inactive"]:
            return "unchanged"
        row["inactive"] = True
        return "inactivated"

    def _change(self, stream: str, internal_id: int, wanted: Row, *, skip_unchanged: bool) -> str:
        if any(wanted.get(name, "") is None for name in KINDS[stream].required):
            return REFUSED
        row = self.rows[stream][internal_id]
        then = self.rows[stream][internal_id] = self._then(row, wanted)
        is_left_alone = skip_unchanged or (self._is_about_lines(wanted) and wanted.keys() == {_LINES})
        return "unchanged" if then == row and is_left_alone else "updated"

    def _then(self, row: Row, wanted: Row) -> Row:
        """Return what a row becomes."""
        lines = row[_LINES]
        if self._is_about_lines(wanted):
            lines = self._lines.joined(lines, wanted[_LINES] or [])
        return {**row, **wanted, _LINES: lines}

    def _is_about_lines(self, wanted: Row) -> bool:
        lines = wanted.get(_LINES, ())
        return bool(lines) or (lines != () and self._lines.mode == "replace")


def _name(one: tuple[str, Given]) -> tuple[str, Any]:
    return one[0], one[1].get("id")


def _empty(kind: Kind) -> Row:
    return {"inactive": False, _LINES: [], **dict.fromkeys(kind.fields)}


def _sorted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def shown_in(emulator: Emulator, prefix: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the records of these tests that are in the emulator: key, whether inactive, fields, lines."""
    keys = f"regexp_extract({{}}.externalid, '^{prefix}-(.*)$', 1)"
    own = "{}.externalid LIKE '" + prefix + "-%'"

    def read(columns: str, tables: str, condition: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in emulator.execute(f"SELECT {columns} FROM {tables} WHERE {condition}")]

    people = read(
        f"{keys.format('a')}, a.isinactive, a.companyname, a.email, a.comments, {keys.format('b')}",
        "customer a LEFT JOIN customer b ON b.id = a.parent",
        own.format("a"),
    )
    papers = read(
        f"{keys.format('a')}, a.isinactive, a.name, {keys.format('b')}, a.custrecord_amount",
        "customrecord_warranty a LEFT JOIN customer b ON b.id = a.custrecord_customer",
        own.format("a"),
    )
    orders = read(
        f"{keys.format('a')}, a.id, {keys.format('b')}, a.memo",
        "transaction a LEFT JOIN customer b ON b.id = a.entity",
        own.format("a"),
    )
    visits = read(
        f"NULL, 'F', a.name, {keys.format('b')}, a.custrecord_visit_rating",
        "customrecord_site_visit a LEFT JOIN customer b ON b.id = a.custrecord_visit_customer",
        f"a.name LIKE '{prefix}%'",
    )
    plain = {"people": people, "papers": papers, "visits": visits}
    lines: dict[Any, list[tuple[Any, ...]]] = {order[1]: [] for order in orders}
    for transaction, item, quantity in emulator.execute(
        "SELECT transaction, item, abs(quantity) FROM transactionline WHERE mainline = 'F' AND item IS NOT NULL"
    ):
        if transaction in lines:
            lines[transaction].append((str(item), int(quantity)))
    shown = {
        stream: _sorted(
            (int(key) if key else None, inactive == "T", *map(_plain, values), []) for key, inactive, *values in rows
        )
        for stream, rows in plain.items()
    }
    shown["orders"] = _sorted(
        (int(key), False, _plain(who), note, sorted(lines[number])) for key, number, who, note in orders
    )
    return shown


def _plain(value: Any) -> Any:
    """Return keys and amounts as the whole numbers they are."""
    if value is None or value == "":
        return None
    text = str(value)
    return int(float(text)) if text.replace(".", "", 1).isdigit() else text


def streams_of(prefix: str, lines: Lines, **more: Any) -> dict[str, Any]:
    """Return the setting `streams`."""
    return {
        stream: kind.settings(prefix, **more, **({"sublists": lines.setting()} if kind.has_lines else {}))
        for stream, kind in KINDS.items()
    }


def schemas() -> list[dict[str, Any]]:
    """Return a SCHEMA message for each stream."""
    return [schema(stream, keys=("id",) if kind.is_findable else ()) for stream, kind in KINDS.items()]


def message(stream: str, given: Given) -> dict[str, Any]:
    """Return a RECORD message."""
    lines = given.get(_LINES)
    if lines:
        given = {**given, _LINES: [{"sku": item, "n": quantity} for item, quantity in lines]}
    return record(stream, **given)


def counts_of(outcomes: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Return how often each outcome comes, by stream."""
    counts: dict[str, Counter[str]] = {}
    for stream, outcome in outcomes:
        counts.setdefault(stream, Counter())[outcome] += 1
    return counts


def counts_in(run: Run) -> dict[str, Counter[str]]:
    """Return the same of what a run says in its summary."""
    counts: dict[str, Counter[str]] = {}
    for stream, summary in run.summary.items():
        found = Counter({name: number for name, number in summary.items() if name not in ("invalid", "rejected")})
        found["deleted"] -= found["already_gone"]
        if +found:
            counts[stream] = +found
    return counts
