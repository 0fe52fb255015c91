"""Whatever `streams` maps, each value is in NetSuite afterwards, or the record is refused and the column named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.target_runs import Run, record, schema

from netsuite_emulator import Emulator

Listen = Callable[..., Run]
_FIELDS = {
    "label": "label",
    "addr1": "addressBookAddress.addr1",
    "addr2": "addressBookAddress.addr2",
    "city": "addressBookAddress.city",
    "zip": "addressBookAddress.zip",
    "attention": "addressBookAddress.attention",
}
_HELD = """
    SELECT b.label, a.addr1, a.addr2, a.city, a.zip, a.attention FROM customer c
    JOIN entityaddressbook b ON b.entity = c.id LEFT JOIN entityaddress a ON a.nkey = b.addressbookaddress
    WHERE c.externalid = '{}'
"""
_BODY = """
    SELECT c.companyname, c.phone, c.fax, c.comments, t.name FROM customer c LEFT JOIN term t ON t.id = c.terms
    WHERE c.externalid = '{}'
"""
_SOURCES = {
    "single": "one_{}",
    "values": "each_{}[]",
    "array": "all_{}",
    "objects": "lines[].{}",
    "deep": "deep.more.items[].inside.{}",
}
"""Where the value of a line's field comes from, and how the column is named in `fields`."""

_LINES_FROM = some.sampled_from(["fields", "fields", "fields", "column", "stream"])
_EMPTY = some.sampled_from([None, ""])
_numbers = count()

Cells = dict[str, list[Any]]
"""For each field of a line one cell for each element; of a single value one."""


@dataclass(frozen=True)
class Mapping:
    """How the lines of a customer's address book are filled.

    Attributes:
        lines_from: `fields`, or the `column` or `stream` of `sublists`.
        sources: field of a line -> a key of `_SOURCES`.
        mark: how lines are marked in paths.
        constant: field with a constant, empty for none.
        template: field with a template over the customer's name, or in `sublists` over a column of the line.
    """

    lines_from: str
    sources: dict[str, str]
    mark: str
    constant: str
    template: str

    def streams(self, prefix: str) -> dict[str, Any]:
        """Return the setting `streams`."""
        common: dict[str, Any] = {
            "record_type": "customer",
            "external_id": f"{prefix}-{{id}}",
            "constants": {"fax": "constant"},
            "templates": {"comments": "of {name}"},
            "references": {"terms": {"record_type": "term", "by": "name"}},
        }
        fields = {"name": "companyName", "info.phone": "phone", "pay.name": "terms"}
        if self.lines_from == "fields":
            place = f"addressBook{self.mark}."
            columns = {_SOURCES[source].format(name): place + _FIELDS[name] for name, source in self.sources.items()}
            if self.constant:
                common["constants"][place + _FIELDS[self.constant]] = "constant"
            if self.template:
                common["templates"][place + _FIELDS[self.template]] = "of {name}"
            return {"people": {**common, "fields": {**fields, **columns}}}
        lines: dict[str, Any] = {"fields": {name: _FIELDS[name] for name in self.sources}}
        if self.constant:
            lines["constants"] = {_FIELDS[self.constant]: "constant"}
        if self.template:
            lines["templates"] = {_FIELDS[self.template]: "of {own}"}
        comes_from = {"stream": "rows", "parent_key": {"parent": "id"}}
        comes_from = {"column": "lines"} if self.lines_from == "column" else comes_from
        return {"people": {**common, "fields": fields, "sublists": {"addressBook": {**lines, **comes_from}}}}


@dataclass(frozen=True)
class Given:
    """One customer: cells of lines by field, whether arrays come as JSON text, and a name for terms."""

    cells: Cells
    as_text: bool
    terms: str | None
    number: int = field(default_factory=lambda: next(_numbers))


@some.composite
def _mappings(draw: some.DrawFn) -> Mapping:
    names = draw(some.lists(some.sampled_from(list(_FIELDS)), min_size=1, max_size=len(_FIELDS), unique=True))
    lines_from = draw(_LINES_FROM)
    kinds = some.sampled_from(list(_SOURCES)) if lines_from == "fields" else some.just("objects")
    constant, template = (names.pop() if len(names) > 1 and draw(some.booleans()) else "" for _ in range(2))
    mark = draw(some.sampled_from(["[]", ".items[]"]))
    return Mapping(lines_from, {name: draw(kinds) for name in names}, mark, constant, template)


@some.composite
def _givens(draw: some.DrawFn, mapping: Mapping) -> Given:
    common = draw(some.sampled_from([1, 1, 2, 3, 0]))
    lengths = {source: draw(some.sampled_from([common] * 5 + [2])) for source in _SOURCES}
    cells: Cells = {}
    for name, source in mapping.sources.items():
        length = 1 if source == "single" else lengths[source]
        cells[name] = [draw(_EMPTY) if draw(some.integers(0, 3)) == 0 else f"v{next(_numbers)}" for _ in range(length)]
    return Given(cells, draw(some.booleans()), draw(some.sampled_from([None, "Net 30", "Net 60"])))


_EXAMPLES = _mappings().flatmap(
    lambda one: some.tuples(some.just(one), some.lists(_givens(one), min_size=1, max_size=4))
)


def _columns(mapping: Mapping, given_: Given) -> dict[str, Any]:
    """Return the columns of a record that hold the cells."""
    found: dict[str, Any] = {}
    objects: dict[str, list[dict[str, Any]]] = {}
    for name, cells in given_.cells.items():
        source = mapping.sources[name]
        if source == "single":
            found[f"one_{name}"] = cells[0]
        elif source in ("values", "array"):
            found[f"{'each' if source == 'values' else 'all'}_{name}"] = cells
        else:
            rows = objects.setdefault(source, [{} for _ in cells])
            for row, cell in zip(rows, cells, strict=True):
                (row if source == "objects" else row.setdefault("inside", {}))[name] = cell
    for number, row in enumerate(objects.get("objects", ())):
        row["own"] = f"{given_.number}-{number}" if any(cell not in (None, "") for cell in row.values()) else None
    if given_.as_text:
        found = {name: json.dumps(cells) if isinstance(cells, list) else cells for name, cells in found.items()}
    if "objects" in objects:
        found["lines"] = json.dumps(objects["objects"]) if given_.as_text else objects["objects"]
    if "deep" in objects:
        found["deep"] = {"more": json.dumps(objects["deep"]) if given_.as_text else {"items": objects["deep"]}}
    return found


def _messages(mapping: Mapping, given_: list[Given]) -> Iterator[dict[str, Any]]:
    yield schema("people")
    rows = []
    for one in given_:
        columns = _columns(mapping, one)
        if mapping.lines_from == "stream":
            lines = columns.pop("lines")
            lines = json.loads(lines) if isinstance(lines, str) else lines
            rows += [record("rows", parent=one.number, **line) for line in lines]
        own = {"name": f"N{one.number}", "info": {"phone": f"P{one.number}"}, "pay": {"name": one.terms}}
        yield record("people", id=one.number, **own, **columns)
    if mapping.lines_from == "stream":
        yield schema("rows", keys=())
        yield from rows


def _expected(mapping: Mapping, given_: Given) -> list[dict[str, Any]] | None:
    """Return what the lines have to hold, None when the columns do not fit together."""
    lengths = {
        len(cells)
        for name, cells in given_.cells.items()
        if mapping.sources[name] != "single" or cells[0] not in (None, "")
    }
    if len(lengths) > 1:
        return None
    lines = []
    for number in range(max(lengths, default=0)):
        line = {name: cells[number] for name, cells in given_.cells.items() if number < len(cells)}
        line = {name: cell for name, cell in line.items() if cell not in (None, "")}
        if line:
            by_row = f"of N{given_.number}" if mapping.lines_from == "fields" else f"of {given_.number}-{number}"
            lines.append(
                line
                | ({mapping.constant: "constant"} if mapping.constant else {})
                | ({mapping.template: by_row} if mapping.template else {})
            )
    return lines


def _by_field(row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: cell for name, cell in zip(_FIELDS, row, strict=True) if cell not in (None, "")}


@settings(settings(), max_examples=settings().max_examples // 2, suppress_health_check=list(HealthCheck))
@given(example=_EXAMPLES)
def test_each_mapped_value_is_held_or_its_column_named(
    emulator: Emulator, listen: Listen, example: tuple[Mapping, list[Given]]
) -> None:
    mapping, customers = example
    prefix = f"T{uuid4().hex[:12]}"
    streams = mapping.streams(prefix)
    run = listen(streams, *_messages(mapping, customers), journal="off", max_rejects=len(customers))
    assert run.error is None
    refused = {line["key"]["id"]: line["path"] for line in run.refused}
    columns = {name.partition("[")[0].partition(".")[0] for name in streams["people"]["fields"]}
    for one in customers:
        expected = _expected(mapping, one)
        if expected is None:
            assert refused[one.number].partition(".")[0] in columns
            continue
        assert one.number not in refused, run.refused
        identifier = f"{prefix}-{one.number}"
        (body,) = emulator.execute(_BODY.format(identifier))
        assert body == (f"N{one.number}", f"P{one.number}", "constant", f"of N{one.number}", one.terms)
        held = [_by_field(row) for row in emulator.execute(_HELD.format(identifier))]
        assert sorted(held, key=str) == sorted(
            ({n: line[n] for n in _FIELDS if n in line} for line in expected), key=str
        )
