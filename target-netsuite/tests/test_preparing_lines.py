"""Lines are brought together with those that are there as their rule says, and a second time changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from suitetalk import FieldShape
from target_netsuite.intents import Difference, LineMode, LineRule
from target_netsuite.mapping.catalog import TypeFields
from target_netsuite.preparing.lines import LinePlan, plan_lines

_LINE_FIELDS = [
    FieldShape("item.line", "integer"),
    FieldShape("item.item", "reference"),
    FieldShape("item.quantity", "number"),
    FieldShape("item.description", "text"),
    FieldShape("item.lineUniqueKey", "integer", read_only=True),
    FieldShape("item.inventoryDetail", "subrecord"),
    FieldShape("item.inventoryDetail.inventoryAssignment", "sublist", keys=("internalId",)),
]
KEYED = TypeFields([FieldShape("item", "sublist", keys=("line",)), *_LINE_FIELDS])
KEYLESS = TypeFields([FieldShape("item", "sublist"), *_LINE_FIELDS])

Lines = list[dict[str, Any]]


class Sublist:
    """NetSuite's rules for writing the lines of a sublist, in few words [section_1545295601]."""

    def __init__(self, lines: Lines, *, keyed: bool) -> None:
        self.keyed = keyed
        self.lines: Lines = []
        for line in lines:
            self._add(line)

    def patch(self, lines: Sequence[Mapping[str, Any]], *, replace: bool) -> None:
        numbers = [line.get("line") for line in self.lines] if self.keyed else []
        if replace:
            sent = {line.get("line") for line in lines} if self.keyed else set()
            self.lines = [line for line in self.lines if self.keyed and line["line"] in sent]
        for line in lines:
            if line.get("line") in numbers:
                self.lines[[there["line"] for there in self.lines].index(line["line"])].update(line)
            else:
                self._add(line)

    def _add(self, line: Mapping[str, Any]) -> None:
        number = 1 + max((there["line"] for there in self.lines), default=0) if self.keyed else None
        self.lines.append({**line, **({"line": number} if self.keyed else {})})


def planned(sublist: Sublist, rule: LineRule, incoming: Lines) -> LinePlan:
    return plan_lines("item", rule, sublist.lines, incoming, KEYED if sublist.keyed else KEYLESS)


def apply(sublist: Sublist, plan: LinePlan) -> None:
    if plan.differences:
        sublist.patch(plan.lines, replace=plan.replace)


def says(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(there.get(name) == value for name, value in wanted.items() if name != "line")


def each_is_there(lines: Lines, wanted: Lines) -> bool:
    """Brute force: some choice of different lines has what each wanted line says."""
    return any(all(map(says, chosen, wanted)) for chosen in permutations(lines, len(wanted)))


_ITEM = some.sampled_from([{"id": "7"}, {"id": "8"}])
_QUANTITY = some.integers(1, 2)
_THERE = some.lists(some.fixed_dictionaries({"item": _ITEM, "quantity": _QUANTITY}), max_size=4)
_WANTED = some.lists(
    some.fixed_dictionaries(
        {"item": _ITEM},
        optional={"quantity": _QUANTITY, "description": some.just("new"), "line": some.integers(1, 4) | some.just(90)},
    ),
    max_size=4,
)
_MODES: list[LineMode] = ["append", "merge", "replace"]
_RULES = some.builds(LineRule, some.sampled_from(_MODES), some.sampled_from([(), ("item",), ("item", "quantity")]))


@given(there=_THERE, wanted=_WANTED, rule=_RULES, keyed=some.booleans())
def test_a_second_time_changes_nothing(there: Lines, wanted: Lines, rule: LineRule, keyed: bool) -> None:  # noqa: FBT001 - given by name
    sublist = Sublist(there, keyed=keyed)
    numbers = [line.get("line") for line in sublist.lines]
    wanted = [
        {name: value for name, value in line.items() if name != "line" or (keyed and value in (90, *numbers))}
        for line in wanted
    ]  # numbers are those of lines that are there, or no record has them

    apply(sublist, planned(sublist, rule, wanted))

    assert planned(sublist, rule, wanted) == LinePlan()


@given(there=_THERE, wanted=_WANTED, rule=_RULES, keyed=some.booleans())
def test_the_lines_become_what_the_mode_says(there: Lines, wanted: Lines, rule: LineRule, keyed: bool) -> None:  # noqa: FBT001 - given by name
    wanted = [{name: line[name] for name in line if name != "line"} for line in wanted]
    sublist = Sublist(there, keyed=keyed)
    before = [dict(line) for line in sublist.lines]

    apply(sublist, planned(sublist, rule, wanted))

    if rule.mode == "append":
        assert sublist.lines[: len(before)] == before, "what was there is as it was"
        if not rule.keys:
            assert each_is_there(sublist.lines, wanted)
            assert all(any(says(line, one) for one in wanted) for line in sublist.lines[len(before) :])
    else:
        assert each_is_there(sublist.lines, wanted)
    if rule.mode == "replace":
        assert len(sublist.lines) == len(wanted)
    if rule.keys == ("item",):
        for item in ({"id": "7"}, {"id": "8"}):
            had, want = (sum(line["item"] == item for line in lines) for lines in (before, wanted))
            has = sum(line["item"] == item for line in sublist.lines)
            assert has == (want if rule.mode == "replace" else max(had, want))


@given(there=_THERE, wanted=_WANTED, keyed=some.booleans())
def test_lines_that_another_brought_are_kept_by_a_merge(there: Lines, wanted: Lines, keyed: bool) -> None:  # noqa: FBT001 - given by name
    wanted = [{**line, "item": {"id": "7"}} for line in wanted]
    sublist = Sublist(there, keyed=keyed)
    others = [dict(line) for line in sublist.lines if line["item"] == {"id": "8"}]

    apply(
        sublist,
        planned(sublist, LineRule("merge", ("item",)), [{k: v for k, v in w.items() if k != "line"} for w in wanted]),
    )

    assert [line for line in sublist.lines if line["item"] == {"id": "8"}] == others


def document(*lines: dict[str, Any]) -> Lines:
    """Return lines as GET shows them [seunsodimu/laguna_partner]."""
    return [
        {
            "links": [{"rel": "self", "href": "…"}],
            "lineUniqueKey": 100 + number,
            **line,
            "item": {"links": [], "id": line["item"], "refName": f"Item {line['item']}"},
        }
        for number, line in enumerate(lines)
    ]


def test_a_changed_line_goes_with_its_number() -> None:
    there = document({"line": 1, "item": "7", "quantity": 5.0}, {"line": 3, "item": "8", "quantity": 6.0})

    plan = plan_lines("item", LineRule("merge", ("line",)), there, [{"line": 3, "quantity": 7}], KEYED)

    assert plan.lines == ({"line": 3, "quantity": 7},)
    assert plan.differences == (Difference("item.items[line=3].quantity", 6.0, 7),)
    assert not plan.replace


def test_lines_of_a_sublist_without_key_are_all_sent_again_as_bodies_have_them() -> None:
    there = document({"item": "7", "quantity": 5.0}, {"item": "8", "quantity": 6.0})

    plan = plan_lines("item", LineRule("merge", ("item",)), there, [{"item": {"id": "8"}, "quantity": 7}], KEYLESS)

    assert plan.lines == ({"item": {"id": "7"}, "quantity": 5.0}, {"item": {"id": "8"}, "quantity": 7})
    assert plan.replace


@pytest.mark.parametrize("shape", [KEYED, KEYLESS])
def test_all_lines_go_when_none_are_wanted(shape: TypeFields) -> None:
    there = document({"line": 1, "item": "7"})

    assert plan_lines("item", LineRule("merge"), there, [], shape) == LinePlan()
    plan = plan_lines("item", LineRule("replace"), there, [], shape)
    assert (plan.lines, plan.replace) == ((), True)
    assert [(change.before["item"], change.after) for change in plan.differences] == [("7", None)]


def test_a_line_that_is_kept_while_others_go_is_sent_with_its_number() -> None:
    there = document({"line": 1, "item": "7"}, {"line": 2, "item": "8"})

    plan = plan_lines("item", LineRule("replace", ("item",)), there, [{"item": {"id": "8"}}], KEYED)

    assert plan.lines == ({"line": 2, "item": {"id": "8"}},)
    assert plan.replace


def test_lines_within_lines_are_not_added_twice() -> None:
    first, second = {"receiptInventoryNumber": "A", "quantity": 2}, {"receiptInventoryNumber": "B", "quantity": 1}
    there = document({"line": 1, "item": "7", "quantity": 2.0})
    there[0]["inventoryDetail"] = {"inventoryAssignment": {"items": [{"internalId": 4, **first}], "totalResults": 1}}

    def wanted(quantity: int, *assignments: dict[str, Any]) -> Lines:
        detail = {"inventoryAssignment": {"items": list(assignments)}}
        return [{"item": {"id": "7"}, "quantity": quantity, "inventoryDetail": detail}]

    rule = LineRule("merge", ("item",))
    assert plan_lines("item", rule, there, wanted(2, first), KEYED) == LinePlan()
    assert plan_lines("item", rule, there, wanted(3, first), KEYED).lines == (
        {"line": 1, "item": {"id": "7"}, "quantity": 3},
    )
    assert plan_lines("item", rule, there, wanted(3, first, second), KEYED).lines == (
        {"line": 1, **wanted(3, second)[0]},
    )


def test_numbers_of_lines_may_be_text() -> None:
    there = document({"line": 3, "item": "8", "quantity": 6.0})

    assert plan_lines("item", LineRule("merge"), there, [{"LINE": "3", "quantity": "6"}], KEYED) == LinePlan()


def test_a_line_whose_number_netsuite_did_not_take_is_known_by_what_it_says() -> None:
    there = document({"line": 1, "item": "7", "quantity": 6.0})

    assert plan_lines("item", LineRule("merge"), there, [{"line": 9, "item": {"id": "7"}}], KEYED) == LinePlan()


def test_a_key_that_is_a_reference_is_never_another() -> None:
    shape = TypeFields([FieldShape("team", "sublist", keys=("employee",)), FieldShape("team.employee", "reference")])
    there: Lines = [{"employee": {"id": "5"}, "contribution": 50}]
    wanted: Lines = [{"employee": {"id": "6"}, "contribution": 50}]

    plan = plan_lines("team", LineRule("append"), there, wanted, shape)

    assert plan.lines == tuple(wanted)
    assert not plan.replace


def test_lines_copied_from_another_record_are_there_whatever_their_numbers() -> None:
    there = document({"line": 1, "item": "7", "quantity": 1}, {"line": 2, "item": "7", "quantity": 2})
    copied = [{"line": 2, "item": {"id": "7"}, "quantity": 1}, {"line": 3, "item": {"id": "7"}, "quantity": 2}]

    for mode in _MODES:
        assert plan_lines("item", LineRule(mode, ("line",)), there, copied, KEYED) == LinePlan()


def test_lines_whose_number_netsuite_does_not_show_are_known_by_what_they_say() -> None:
    there = document({"item": "7", "quantity": 1}, {"item": "8", "quantity": 2})
    wanted: Lines = [{"line": 1, "item": {"id": "7"}, "quantity": 1}]

    assert plan_lines("item", LineRule("merge", ("line",)), there, wanted, KEYED) == LinePlan()
    plan = plan_lines("item", LineRule("replace", ("line",)), there, wanted, KEYED)
    assert plan.replace
    assert [line["item"] for line in plan.lines] == [{"id": "7"}]


def test_a_line_that_stays_keeps_what_its_subrecord_is_not_told() -> None:
    there = {"item": {"id": "5"}, "inventoryDetail": {"quantity": 2, "unit": "box"}}
    sublist = Sublist([there], keyed=False)
    incoming = [{"item": {"id": "5"}, "inventoryDetail": {"QUANTITY": 3}}]
    plan = planned(sublist, LineRule("merge", ("item",)), incoming)
    assert list(plan.lines) == [{"item": {"id": "5"}, "inventoryDetail": {"quantity": 3, "unit": "box"}}]
