"""Intents become writes that are known in full, or are settled by what is in NetSuite already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.preparing_account import PreparingAccount, customers, intent, only, outcomes

from netsuite_emulator import Emulator, Fault, Role
from suitetalk import ConcurrencyLimitError
from target_netsuite.intents import Operation, Outcome, Reference, Settled, Write

QUERY = "POST /query/v1/suiteql"


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[PreparingAccount]:
    with PreparingAccount(netsuite_emulator_factory(one_world=False)) as account:
        yield account


def test_500_upserts_take_one_look_up(account: PreparingAccount) -> None:
    ids = customers(account, "c0", "c1")

    prepared = account.prepare(*(intent("upsert", "customer", f"c{n}", {"companyName": f"C {n}"}) for n in range(500)))

    assert outcomes(prepared) == ["send updated"] * 2 + ["send created"] * 498
    assert account.asked() == [QUERY]
    first = prepared[0]
    assert isinstance(first, Write)
    assert (first.operation, first.internal_id, first.external_id) == (Operation.UPSERT, ids["c0"], "c0")


def test_2500_deletes_take_three_look_ups(account: PreparingAccount) -> None:
    ids = customers(account, "here")

    prepared = account.prepare(
        intent("delete", "customer", "here"), *(intent("delete", "customer", f"gone-{n}") for n in range(2499))
    )

    assert outcomes(prepared) == ["send deleted"] + ["already_gone"] * 2499
    assert account.asked() == [QUERY] * 3
    assert prepared[0].internal_id == ids["here"]


def test_deletes_by_internal_id_are_looked_up_for_a_dry_run_only(account: PreparingAccount) -> None:
    ids = customers(account, "here")
    deletes = [intent("delete", "customer", internal_id=number) for number in (ids["here"], "99999999")]

    assert outcomes(account.prepare(*deletes)) == ["send deleted"] * 2
    assert account.asked() == []
    assert outcomes(account.prepare(*deletes, compare=True)) == ["send deleted", "already_gone"]
    assert account.asked() == [QUERY]


def test_creates_ask_in_one_look_up_whether_their_external_ids_are_taken(account: PreparingAccount) -> None:
    customers(account, "old")
    prepared = account.prepare(
        intent("create", "customer", "new", {"companyName": "New"}),
        intent("create", "customer", "newer"),
    )

    assert outcomes(prepared) == ["send created", "send created"]
    assert account.asked() == [QUERY]
    assert outcomes(account.prepare(intent("create", "customer"))) == ["send created"]
    assert account.asked() == []
    assert isinstance(prepared[0], Write)
    assert prepared[0].body == {"companyName": "New", "externalId": "new"}


def test_a_create_that_has_been_done_already_is_left_alone_and_any_other_is_refused(account: PreparingAccount) -> None:
    ids = customers(account, "old", email="old@example.com")
    prepared = account.prepare(
        intent("create", "customer", "old", {"companyName": "old", "email": "old@example.com", "comments": None})
    )
    assert prepared == [Settled(prepared[0].intent, Outcome.UNCHANGED, ids["old"])]

    (other,) = account.prepare(intent("create", "customer", "old", {"companyName": "Old", "email": "new@example.com"}))
    assert isinstance(other, Settled)
    assert other.refusal is not None
    assert other.refusal.code == "EXTERNAL_ID_EXISTS"
    assert "companyName, email" in other.refusal.message
    assert (other.internal_id, ids["old"] in other.refusal.advice) == (ids["old"], True)


def test_references_anywhere_become_ids(account: PreparingAccount) -> None:
    ids = customers(account, "O-1")
    (item,) = account.ids("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")
    (name,) = account.ids(f"SELECT itemid FROM item WHERE id = {item}")
    meant = Reference("inventoryItem", "itemId", name)
    body = {
        "entity": Reference("customer", "externalId", "O-1"),
        "custbody_regions": {"items": [Reference("customer", "externalId", "O-1")]},
        "item": {"items": [{"item": meant, "quantity": 1}, {"item": meant, "quantity": 2}]},
    }

    write = only(account.prepare(intent("create", "salesOrder", "SO-1", body)))

    assert write.body["entity"] == write.body["custbody_regions"]["items"][0] == {"id": ids["O-1"]}
    assert [line["item"] for line in write.body["item"]["items"]] == [{"id": item}] * 2
    assert account.asked() == [QUERY] * 3  # one a type: of the order itself, the customer, the item


def test_a_reference_that_leads_nowhere_refuses_its_record_alone(account: PreparingAccount) -> None:
    customers(account, "there", "other", email="both@example.com")

    def order(by: str, value: str) -> Any:
        return intent("create", "salesOrder", body={"item": {"items": [{"x": Reference("customer", by, value)}]}})

    prepared = account.prepare(
        order("externalId", "there"), order("externalId", "O'Gone"), order("email", "both@example.com")
    )

    assert outcomes(prepared) == ["send created", "REFERENCE_NOT_FOUND", "REFERENCE_AMBIGUOUS"]
    for one in prepared[1:]:
        assert isinstance(one, Settled)
        assert one.refusal
        assert (one.refusal.stage, one.refusal.path) == ("invalid", "item.items[0].x")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("update", ["send updated", "RECORD_NOT_FOUND", "RECORD_AMBIGUOUS"]),
        ("upsert", ["send updated", "send created", "RECORD_AMBIGUOUS"]),
        ("delete", ["send deleted", "already_gone", "RECORD_AMBIGUOUS"]),
        ("inactivate", ["send inactivated", "already_gone", "RECORD_AMBIGUOUS"]),
    ],
)
def test_records_are_matched_by_a_field(account: PreparingAccount, operation: str, expected: list[str]) -> None:
    ids = customers(account, "one", "two", email="both@example.com")
    account.emulator.execute("UPDATE customer SET email = 'o''ne@example.com' WHERE externalid = 'one'")
    customers(account, "three", email="both@example.com")
    body = {} if operation in ("delete", "inactivate") else {"phone": "1"}

    prepared = account.prepare(
        *(
            intent(operation, "customer", body=body, match=("email", email))
            for email in ("o'ne@example.com", "none@example.com", "both@example.com")
        )
    )

    assert outcomes(prepared) == expected
    assert prepared[0].internal_id == ids["one"]
    if operation == "upsert":
        assert isinstance(prepared[1], Write)
        assert prepared[1].body == {"phone": "1", "email": "none@example.com"}, "it is found by it the next time"


def test_inactivating(account: PreparingAccount) -> None:
    customers(account, "active")
    customers(account, "inactive", isInactive=True)
    wanted = [intent("inactivate", "customer", name) for name in ("active", "inactive", "none")]

    prepared = account.run(*wanted)

    assert outcomes(prepared) == ["send inactivated", "unchanged", "already_gone"]
    assert isinstance(prepared[0], Write)
    assert (prepared[0].operation, prepared[0].body) == (Operation.UPDATE, {"isInactive": True})
    assert outcomes(account.prepare(*wanted)) == ["unchanged", "unchanged", "already_gone"]
    assert outcomes(account.prepare(wanted[0], again=True)) == ["inactivated"]
    (order,) = account.ids("SELECT min(id) FROM transaction WHERE recordtype = 'salesorder'")
    assert outcomes(account.prepare(intent("inactivate", "salesOrder", internal_id=order))) == ["NOT_INACTIVATABLE"]


def test_what_was_sent_and_not_answered_is_settled_by_what_is_there(account: PreparingAccount) -> None:
    ids = customers(account, "made", "changed", "put")
    lost = [
        intent("create", "customer", "made", {"companyName": "made"}),
        intent("create", "customer", "not-made", {"companyName": "not made"}),
        intent("update", "customer", "changed", {"companyName": "changed"}),
        intent("update", "customer", "changed", {"companyName": "other"}),
        intent("upsert", "customer", "put", {"companyName": "put"}),
        intent("delete", "customer", "deleted"),
        intent("delete", "customer", internal_id="99999999"),
        intent("delete", "customer", "put"),
    ]

    prepared = account.prepare(*lost, compare=False, again=True)

    assert outcomes(prepared) == [
        "created", "send created", "updated", "send updated", "upserted", "deleted", "deleted", "send deleted",
    ]  # fmt: skip
    assert [one.internal_id for one in prepared[:3:2]] == [ids["made"], ids["changed"]]


def test_a_role_without_suiteql_sends_without_looking(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    with PreparingAccount(netsuite_emulator_factory(one_world=False, role=Role(analytics=False))) as account:
        ids = customers(account, "one")
        body = {"companyName": "one"}

        prepared = account.prepare(
            intent("upsert", "customer", "one", body),
            intent("update", "customer", "one", body),
            intent("delete", "customer", "one"),
            intent("inactivate", "customer", "one"),
            intent("upsert", "customer", "not in a path", body),
        )

        assert outcomes(prepared)[:4] == ["send upserted", "send updated", "send deleted", "send inactivated"]
        assert outcomes(prepared)[4] == "LOOKUP_NOT_PERMITTED"
        compared = account.prepare(
            intent("upsert", "customer", "one", body), intent("upsert", "customer", "two", body), compare=True
        )
        assert outcomes(compared) == ["unchanged", "send created"]
        assert compared[0].internal_id == ids["one"]


def test_an_external_id_that_no_path_can_hold(account: PreparingAccount) -> None:
    ids = customers(account, "RED|PO|1337")
    wanted = [intent("upsert", "customer", name, {"companyName": "x"}) for name in ("RED|PO|1337", "a b")]

    prepared = account.prepare(*wanted)

    assert [one.operation for one in prepared if isinstance(one, Write)] == [Operation.UPDATE, Operation.CREATE]
    assert prepared[0].internal_id == ids["RED|PO|1337"]
    assert isinstance(prepared[1], Write)
    assert prepared[1].body == {"companyName": "x", "externalId": "a b"}


def test_nothing_is_said_of_records_while_netsuite_cannot_be_asked(account: PreparingAccount) -> None:
    account.emulator.faults.add(Fault(effect="too_many_requests", path="suiteql"))

    for operation in ("upsert", "delete"):
        with pytest.raises(ConcurrencyLimitError):
            account.prepare(intent(operation, "customer", "one"))


def test_bursts_of_429_change_nothing(account: PreparingAccount) -> None:
    customers(account, *(f"c{n}" for n in range(5)))
    account.emulator.faults.add(Fault(effect="too_many_requests", probability=0.4, seed=3))
    wanted = [intent("upsert", "customer", f"c{n}", {"companyName": f"c{n}"}) for n in range(1200)]

    prepared = account.prepare(*wanted, compare=True)

    assert outcomes(prepared) == ["unchanged"] * 5 + ["send created"] * 1195


def test_several_threads_prepare_at_once(account: PreparingAccount) -> None:
    customers(account, *(f"c{n}" for n in range(8)))
    chunks = [[intent("upsert", "customer", f"c{n}", {"companyName": f"c{n}", "url": None})] for n in range(8)]

    with ThreadPoolExecutor(8) as threads:
        prepared = list(threads.map(lambda chunk: account.prepare(*chunk, compare=True), chunks))

    assert [outcomes(one) for one in prepared] == [["unchanged"]] * 8


def test_an_intent_that_names_no_record(account: PreparingAccount) -> None:
    assert outcomes(account.prepare(intent("update", "customer"))) == ["RECORD_NOT_NAMED"]
    assert account.prepare() == []


def test_a_type_that_the_catalog_does_not_tell_of(account: PreparingAccount) -> None:
    account._shapes["customer"] = None
    customers(account, "one", email="a@example.com", creditLimit=5)
    wanted = intent("update", "customer", "one", {"email": "a@example.com", "creditLimit": 5, "isInactive": False})

    assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]
    assert outcomes(account.run(intent("inactivate", "customer", "one"))) == ["send inactivated"]
    assert Outcome.UNCHANGED.value in outcomes(account.prepare(intent("inactivate", "customer", "one")))
