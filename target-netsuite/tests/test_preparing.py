"""Intents become writes that are known in full, or are settled by what is in NetSuite already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.preparing_account import PreparingAccount, intent, outcomes

from netsuite_emulator import Emulator, Fault, Role
from suitetalk import ConcurrencyLimitError, FieldShape
from target_netsuite.intents import Difference, Operation, Outcome, Reference, Settled, Write

QUERY = "POST /query/v1/suiteql"


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[PreparingAccount]:
    with PreparingAccount(netsuite_emulator_factory(one_world=False)) as account:
        yield account


def customers(account: PreparingAccount, *names: str, **fields: Any) -> dict[str, str]:
    """Create customers whose external ids are these names, and return their internal ids."""
    create = account.netsuite.records.create
    ids = {name: create("customer", {"externalId": name, "companyName": name, **fields}) for name in names}
    account.asked()
    return ids


def only(prepared: list[Write | Settled]) -> Write:
    (write,) = prepared
    assert isinstance(write, Write)
    return write


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


def test_unchanged_records_are_left_alone(account: PreparingAccount) -> None:
    """All kinds of values that SuiteQL shows, in one request for all records."""
    fields = {
        "companyName": 'Néw "O\'Neill"',
        "comments": "two\nlines",
        "creditLimit": 1234.50,
        "isInactive": False,
        "custentity_vip": True,
        "custentity_birthday": "2001-12-31",
        "terms": {"id": "1"},
        "emailPreference": {"id": "PLAIN_TEXT"},
        "custentity_interests": {"items": [{"id": 9}, {"id": 7}]},
    }
    items = account.ids("SELECT id FROM item ORDER BY id LIMIT 2")
    fields["custentity_interests"] = {"items": [{"id": int(one)} for one in reversed(items)]}
    wanted = [intent("upsert", "customer", f"u{n}", {**fields, "companyName": f"N {n}"}) for n in range(3)]
    assert outcomes(account.run(*wanted, compare=True)) == ["send created"] * 3
    account.asked()

    prepared = account.prepare(*wanted, compare=True)

    assert outcomes(prepared) == ["unchanged"] * 3
    assert all(one.internal_id for one in prepared)
    assert account.asked() == [QUERY] * 2
    changes = {
        "comments": None,
        "creditLimit": 1234.51,
        "custentity_vip": False,
        "custentity_birthday": "2001-12-30",
        "terms": {"id": "2"},
        "emailPreference": {"id": "HTML"},
        "custentity_interests": {"items": [{"id": items[0]}]},
    }
    for name, value in changes.items():
        (write,) = account.prepare(intent("upsert", "customer", "u1", {name: value}), compare=True)
        assert isinstance(write, Write), name
        assert [change.path for change in write.differences] == [name]
        assert write.internal_id


def test_empty_false_and_absent_are_one(account: PreparingAccount) -> None:
    customers(account, "one")
    nothing: dict[str, Any] = {
        "email": None,
        "phone": "",
        "terms": None,
        "custentity_vip": False,
        "custentity_interests": {"items": []},
    }

    assert outcomes(account.prepare(intent("update", "customer", "one", nothing), compare=True)) == ["unchanged"]


def test_what_suiteql_does_not_show_is_read_from_the_document(account: PreparingAccount) -> None:
    address: dict[str, Any] = {
        "addressBookAddress": {"addr1": "1 Main St", "city": "Springfield", "country": {"id": "US"}}
    }
    body = {"companyName": "A", "addressBook": {"items": [address]}}
    wanted = intent("update", "customer", "one", body)
    customers(account, "one")
    assert outcomes(account.run(wanted, compare=True)) == ["send updated"]
    assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]
    address["addressBookAddress"]["city"] = "Shelbyville"

    (write,) = account.prepare(wanted, compare=True)

    assert isinstance(write, Write)
    assert [change.path for change in write.differences] == ["addressBook"]


def test_columns_that_the_role_may_not_see_are_read_from_the_document(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    hidden = frozenset({"customer.fax", "customer.url", "customer.phone"})
    emulator = netsuite_emulator_factory(one_world=False, hidden_columns=hidden)
    with PreparingAccount(emulator) as account:
        shapes = [*(account.shape_of("customer") or ()), *_texts("fax", "url", "phone", "custentity_gone")]
        account._shapes["customer"] = shapes
        customers(account, "one", "two", email="a@example.com")
        same = [intent("update", "customer", name, {"email": "a@example.com", "fax": None}) for name in ("one", "two")]
        other = intent("update", "customer", "one", {"email": "a@example.com", "url": "x", "phone": "y"})

        assert outcomes(account.prepare(*same, compare=True)) == ["unchanged"] * 2
        account.asked()
        assert outcomes(account.prepare(*same, compare=True)) == ["unchanged"] * 2
        assert sorted(account.asked())[2:] == [QUERY] * 2, "a column that is refused is not asked for again"
        (write,) = account.prepare(other, compare=True)
        assert isinstance(write, Write)
        assert [change.path for change in write.differences] == ["url", "phone"]


def _texts(*names: str) -> list[Any]:
    return [FieldShape(name, "text") for name in names]


@pytest.mark.parametrize("date_format", ["DD.MM.YYYY", "YYYY/MM/DD", "DD-Mon-YYYY"])
@pytest.mark.parametrize("zone", [True, False])
def test_dates_and_times_are_compared_in_any_format(
    netsuite_emulator_factory: Callable[..., Emulator], date_format: str, *, zone: bool
) -> None:
    emulator = netsuite_emulator_factory(one_world=False, date_format=date_format, time_zone="Australia/Sydney")
    with PreparingAccount(emulator, zone=zone) as account:
        visit = {"name": "V", "custrecord_visit_start": "2024-05-02T23:31:00Z"}
        warranty = {"name": "W", "custrecord_expires": "2030-02-01"}
        visits = intent("upsert", "customrecord_site_visit", "v1", visit)
        warranties = intent("upsert", "customrecord_warranty", "w1", warranty)
        for wanted in (visits, warranties):
            assert outcomes(account.run(wanted, compare=True)) == ["send created"]
            assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]

        elsewhere = {**visit, "custrecord_visit_start": "2024-05-03T01:31:00+02:00"}
        later = {**visit, "custrecord_visit_start": "2024-05-02T23:32:00Z"}
        assert outcomes(
            account.prepare(
                intent("upsert", "customrecord_site_visit", "v1", elsewhere),
                intent("upsert", "customrecord_site_visit", "v1", later),
                compare=True,
            )
        ) == ["unchanged", "send updated"]


def test_an_hour_that_the_clock_shows_twice_is_read_from_the_document(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    with PreparingAccount(netsuite_emulator_factory(one_world=False, time_zone="Europe/Berlin")) as account:

        def visit(start: str) -> Any:
            body = {"name": "V", "custrecord_visit_start": start}
            return intent("upsert", "customrecord_site_visit", "v1", body)

        account.run(visit("2024-10-27T00:30:00Z"))  # 02:30 in summer time, and an hour later 02:30 again

        assert outcomes(account.prepare(visit("2024-10-27T00:30:00Z"), compare=True)) == ["unchanged"]
        assert outcomes(account.prepare(visit("2024-10-27T01:30:00Z"), compare=True)) == ["send updated"]


def test_an_enumeration_with_other_ids_in_suiteql_is_read_from_the_document(account: PreparingAccount) -> None:
    """The status of a transaction is a letter there and a label in the record [seunsodimu/laguna_partner]."""
    account._shapes["salesOrder"] = [FieldShape("status", "enum"), FieldShape("memo", "text")]
    (order,) = account.ids("SELECT min(id) FROM transaction WHERE recordtype = 'salesorder'")
    status = account.netsuite.records.get("salesOrder", order)["status"]["id"]
    wanted = intent("update", "salesOrder", internal_id=order, body={"status": {"id": status}})

    assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]


@pytest.mark.parametrize("one_world", [True, False])
def test_a_field_of_oneworld_alone(netsuite_emulator_factory: Callable[..., Emulator], *, one_world: bool) -> None:
    """Without OneWorld there is no subsidiary, and NetSuite is left to say so."""
    with PreparingAccount(netsuite_emulator_factory(one_world=one_world)) as account:
        (vendor,) = account.ids("SELECT min(id) FROM vendor")
        body = {"isInactive": False, "subsidiary": {"id": "1"}}
        if one_world:
            account.emulator.execute(f"UPDATE vendor SET subsidiary = 1 WHERE id = {vendor}")

        prepared = account.prepare(intent("update", "vendor", internal_id=vendor, body=body), compare=True)

        assert outcomes(prepared) == ["unchanged" if one_world else "send updated"]


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


def test_differences_are_told_field_by_field(account: PreparingAccount) -> None:
    customers(account, "one", email="old@example.com", creditLimit=5)

    write = only(
        account.prepare(
            intent("update", "customer", "one", {"email": "new@example.com", "creditLimit": 5.0, "phone": "1"}),
            compare=True,
        )
    )

    assert write.differences == (
        Difference("email", "old@example.com", "new@example.com"),
        Difference("phone", None, "1"),
    )
    created = only(account.prepare(intent("upsert", "customer", "two", {"phone": "1", "fax": None}), compare=True))
    assert created.differences == (Difference("phone", None, "1"),)


def test_fields_to_empty_are_compared(account: PreparingAccount) -> None:
    customers(account, "one", phone="1", email="a@example.com")
    more: dict[str, Any] = {"replace": ("phone", "fax"), "replace_selected_fields": True}
    wanted = intent("update", "customer", "one", {"fax": None, "email": "b@example.com"}, **more)

    write = only(account.run(wanted, compare=True))

    assert write.differences == (Difference("phone", "1", None),)
    assert outcomes(account.prepare(wanted, compare=True)) == ["unchanged"]


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
