"""What is there already is compared with what is wanted: in bulk, and where that shows too little by documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.preparing_account import PreparingAccount, customers, intent, only, outcomes

from netsuite_emulator import Emulator
from suitetalk import FieldShape
from target_netsuite.intents import Difference, Write
from target_netsuite.preparing.present import shows

QUERY = "POST /query/v1/suiteql"


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[PreparingAccount]:
    with PreparingAccount(netsuite_emulator_factory(one_world=False)) as account:
        yield account


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


def test_what_suiteql_does_not_show_is_said_to_cost_a_request_once(
    account: PreparingAccount, caplog: pytest.LogCaptureFixture
) -> None:
    address = {"items": [{"addressBookAddress": {"city": "Oslo"}}]}
    wanted = [
        intent("upsert", "customer", f"c{n}", {"companyName": f"N {n}", "addressBook": address}) for n in range(2)
    ]
    account.run(*wanted, compare=True)

    with caplog.at_level("INFO"):
        for _ in range(2):
            account.prepare(*wanted, compare=True)

    assert caplog.text.count("costs one more request (GET) for each of them") == 1
    assert "does not show addressBook;" in caplog.text


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


@pytest.mark.few(2)
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


@pytest.mark.parametrize(("chosen", "same"), [("4 4 1", True), ("1 4", True), ("4", False), ("1 4 5", False)])
def test_choices_are_the_same_in_any_order_and_however_often_they_are_named(chosen: str, same: bool) -> None:  # noqa: FBT001 - given by name
    wanted = {"items": [{"id": number} for number in chosen.split()]}
    assert shows("multi-select", "1, 4", wanted, None) is same
