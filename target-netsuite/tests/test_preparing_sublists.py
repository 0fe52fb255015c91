"""Lines of records in NetSuite: written by rule, and left alone the second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.preparing_account import PreparingAccount, intent, outcomes

from netsuite_emulator import Emulator, Fault, Role
from target_netsuite.intents import Intent, LineRule, Operation, Reference, Settled, Write

APPEND, MERGE, REPLACE = (LineRule(mode, ("item",)) for mode in ("append", "merge", "replace"))


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[PreparingAccount]:
    with PreparingAccount(netsuite_emulator_factory(one_world=False)) as account:
        yield account


def lines(*wanted: tuple[str, float]) -> dict[str, Any]:
    return {"items": [{"item": {"id": item}, "quantity": quantity} for item, quantity in wanted]}


class Orders:
    """A sales order that is there, with two lines."""

    def __init__(self, account: PreparingAccount) -> None:
        self.account = account
        self.items = account.ids("SELECT id FROM item WHERE itemtype = 'InvtPart' ORDER BY id LIMIT 3")
        self.customer = account.ids("SELECT min(id) FROM customer")[0]
        self.first = lines((self.items[0], 1), (self.items[1], 2))
        body = {"externalId": "SO-1", "entity": {"id": self.customer}, "item": self.first}
        self.id = account.netsuite.records.create("salesOrder", body)
        account.asked()

    def wanted(self, rule: LineRule, *wanted: tuple[int, float], operation: str = "upsert", **fields: Any) -> Intent:
        item = lines(*((self.items[place], quantity) for place, quantity in wanted))
        return intent(operation, "salesOrder", "SO-1", {"item": item, **fields}, lines={"item": rule})

    def quantities(self) -> list[tuple[str, int]]:
        document = self.account.netsuite.records.get("salesOrder", self.id, expand=["item"])
        return [(line["item"]["id"], int(line["quantity"])) for line in document["item"]["items"]]


@pytest.fixture
def orders(account: PreparingAccount) -> Orders:
    return Orders(account)


@pytest.mark.few(2)
@pytest.mark.parametrize("compare", [True, False])
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (APPEND, [(0, 1), (1, 2), (2, 3)]),
        (MERGE, [(0, 1), (1, 7), (2, 3)]),
        (REPLACE, [(1, 7), (2, 3)]),
    ],
)
def test_the_same_lines_twice(
    account: PreparingAccount, orders: Orders, rule: LineRule, expected: list[tuple[int, int]], *, compare: bool
) -> None:
    wanted = orders.wanted(rule, (1, 7), (2, 3))

    first = account.run(wanted, compare=compare)

    assert outcomes(first) == ["send updated"]
    assert isinstance(first[0], Write)
    assert (first[0].operation, first[0].internal_id) == (Operation.UPDATE, orders.id)
    assert orders.quantities() == [(orders.items[place], quantity) for place, quantity in expected]
    assert outcomes(account.run(wanted, compare=compare)) == ["unchanged"]
    assert orders.quantities() == [(orders.items[place], quantity) for place, quantity in expected]


def test_only_lines_that_change_are_sent(account: PreparingAccount, orders: Orders) -> None:
    (write,) = account.prepare(orders.wanted(MERGE, (0, 1), (1, 7), memo="new"), compare=True)

    assert isinstance(write, Write)
    assert write.body == {
        "memo": "new",
        "item": {"items": [{"line": 2, "item": {"id": orders.items[1]}, "quantity": 7}]},
    }
    assert write.replace == ()
    assert [change.path for change in write.differences] == ["memo", "item.items[line=2].quantity"]


def test_lines_that_are_as_they_should_be_are_not_sent_with_the_fields(
    account: PreparingAccount, orders: Orders
) -> None:
    (write,) = account.prepare(orders.wanted(REPLACE, (0, 1), (1, 2), memo="new"))

    assert isinstance(write, Write)
    assert write.body == {"memo": "new"}


def test_lines_of_a_new_record_are_sent_as_they_are(account: PreparingAccount, orders: Orders) -> None:
    new = intent("upsert", "salesOrder", "SO-2", {"item": orders.first}, lines={"item": REPLACE})

    (write,) = account.prepare(new, compare=True)

    assert isinstance(write, Write)
    assert (write.body, write.replace, outcomes([write])) == ({"item": orders.first}, (), ["send created"])


@pytest.mark.slow
def test_lines_by_reference(account: PreparingAccount, orders: Orders) -> None:
    (name,) = account.ids(f"SELECT itemid FROM item WHERE id = {orders.items[0]}")
    item = Reference("inventoryItem", "itemId", name)
    body = {"item": {"items": [{"item": item, "quantity": 1}]}}

    prepared = account.prepare(intent("update", "salesOrder", "SO-1", body, lines={"item": MERGE}))

    assert outcomes(prepared) == ["unchanged"]


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "left"), [(APPEND, 2), (MERGE, 2), (REPLACE, 0)])
@pytest.mark.parametrize("nothing", [None, {"items": []}])
def test_no_lines(account: PreparingAccount, orders: Orders, rule: LineRule, left: int, nothing: Any) -> None:
    wanted = intent("update", "salesOrder", "SO-1", {"item": nothing}, lines={"item": rule})

    account.run(wanted)

    assert len(orders.quantities()) == left
    assert outcomes(account.run(wanted)) == ["unchanged"]


def test_lines_that_were_added_while_the_answer_was_lost(account: PreparingAccount, orders: Orders) -> None:
    wanted = orders.wanted(APPEND, (2, 3), operation="update")
    account.run(wanted)

    assert outcomes(account.prepare(wanted, again=True)) == ["updated"]


@pytest.mark.parametrize("rule", [LineRule(mode) for mode in ("append", "merge", "replace")])
def test_addresses_which_are_subrecords_of_lines(account: PreparingAccount, rule: LineRule) -> None:
    address: dict[str, Any] = {
        "label": "Home",
        "addressBookAddress": {"addr1": "1 Main St", "city": "Springfield", "country": {"id": "US"}},
    }
    body = {"addressBook": {"items": [address]}}
    number = account.netsuite.records.create("customer", {"externalId": "A", "companyName": "A", **body})
    wanted = intent("upsert", "customer", "A", body, lines={"addressBook": rule})
    assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]
    moved = {**address, "addressBookAddress": {**address["addressBookAddress"], "city": "Shelbyville"}}
    by_label = LineRule(rule.mode, ("label",))
    wanted = intent("upsert", "customer", "A", {"addressBook": {"items": [moved]}}, lines={"addressBook": by_label})

    account.run(wanted)

    document = account.netsuite.records.get("customer", number, expand_sub_resources=True)
    cities = [line["addressBookAddress"]["city"] for line in document["addressBook"]["items"]]
    assert cities == ["Springfield" if rule.mode == "append" else "Shelbyville"]
    assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]


@pytest.mark.parametrize(("mode", "expected"), [("append", [60, 20]), ("merge", [40, 20]), ("replace", [40])])
def test_a_sublist_without_a_key(account: PreparingAccount, mode: Any, expected: list[int]) -> None:
    people = account.ids("SELECT id FROM employee ORDER BY id LIMIT 3")
    team = [{"employee": {"id": people[0]}, "contribution": 60}, {"employee": {"id": people[1]}, "contribution": 20}]
    body = {"externalId": "A", "companyName": "A", "salesTeam": {"items": team}}
    number = account.netsuite.records.create("customer", body)
    changed = {"salesTeam": {"items": [{"employee": {"id": people[0]}, "contribution": 40}]}}
    wanted = intent("update", "customer", "A", changed, lines={"salesTeam": LineRule(mode, ("employee",))})

    account.run(wanted)

    document = account.netsuite.records.get("customer", number, expand=["salesTeam"])
    assert [int(line["contribution"]) for line in document["salesTeam"]["items"]] == expected
    assert outcomes(account.run(wanted)) == ["unchanged"]


def test_a_record_that_cannot_be_read_is_refused_with_netsuites_words(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    with PreparingAccount(netsuite_emulator_factory(one_world=False)) as account:
        (order,) = account.ids("SELECT min(id) FROM transaction WHERE recordtype = 'salesorder'")
    locked = netsuite_emulator_factory(one_world=False, locked_records=frozenset({f"salesorder/{order}"}))
    with PreparingAccount(locked) as account:
        wanted = intent("update", "salesOrder", internal_id=order, body={"item": lines()}, lines={"item": MERGE})
        gone = intent("update", "salesOrder", internal_id="99999999", body={"item": lines()}, lines={"item": MERGE})

        settled, missing = account.prepare(wanted, gone)

        assert isinstance(settled, Settled)
        assert settled.refusal
        assert (settled.refusal.stage, settled.refusal.status, settled.refusal.path) == ("rejected", 400, "item")
        assert outcomes([settled, missing]) == ["USER_ERROR", "NONEXISTENT_ID"]
        assert outcomes(account.prepare(gone, compare=True)) == ["NONEXISTENT_ID"]


def test_a_role_without_suiteql_has_its_lines_planned_too(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    with PreparingAccount(netsuite_emulator_factory(one_world=False, role=Role(analytics=False))) as account:
        orders = Orders(account)
        wanted = orders.wanted(REPLACE, (1, 7))

        assert outcomes(account.run(wanted)) == ["send updated"]
        assert orders.quantities() == [(orders.items[1], 7)]
        assert outcomes(account.run(wanted, compare=True)) == ["unchanged"]


@pytest.mark.slow
def test_documents_are_read_side_by_side_through_faults(account: PreparingAccount, orders: Orders) -> None:
    ids = account.ids("SELECT id FROM transaction WHERE recordtype = 'salesorder' ORDER BY id LIMIT 30")
    for effect in ("too_many_requests", "drop_after", "bad_gateway"):
        account.emulator.faults.add(Fault(effect=effect, method="GET", probability=0.1, seed=5))
    wanted = [
        intent("update", "salesOrder", internal_id=one, body={"item": {"items": []}}, lines={"item": APPEND})
        for one in ids
    ]

    assert outcomes(account.prepare(*wanted)) == ["unchanged"] * 30
