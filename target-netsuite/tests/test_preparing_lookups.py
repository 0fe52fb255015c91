"""Ids are looked up in bulk; nothing but NetSuite's answer says that something does not exist."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.preparing_account import PreparingAccount

from netsuite_emulator import Emulator, Fault, Role
from suitetalk import ConcurrencyLimitError, ServerFaultError
from target_netsuite.intents import Reference
from target_netsuite.preparing.lookups import REFERENCE, KnownIds, refusal_of
from target_netsuite.preparing.tables import Effort

QUERY = "POST /query/v1/suiteql"


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[PreparingAccount]:
    with PreparingAccount(netsuite_emulator_factory(one_world=False)) as account:
        yield account


def by(field: str, *values: str, record_type: str = "customer") -> list[Reference]:
    return [Reference(record_type, field, value) for value in values]


def named(account: PreparingAccount, **companies: str) -> dict[str, str]:
    """Create customers with these external ids and names, and return their internal ids."""
    create = account.netsuite.records.create
    ids = {key: create("customer", {"externalId": key, "companyName": name}) for key, name in companies.items()}
    account.asked()
    return ids


def test_2500_values_take_three_requests(account: PreparingAccount) -> None:
    ids = named(account, first="A", last="B")
    sought = by("externalId", "first", *(f"none-{number}" for number in range(2498)), "last")

    found = account.lookups.find(sought)

    assert (found[sought[0]].id, found[sought[-1]].id) == (ids["first"], ids["last"])
    assert all(answer.is_absent for answer in list(found.values())[1:-1])
    assert account.asked() == [QUERY] * 3


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ['O\'Neill "&" Söhne ?', "a\\b", "x'); --", "100%", "{id}", "007", "東京", "''"])
def test_any_text_is_found_and_spoils_no_other(account: PreparingAccount, name: str) -> None:
    ids = named(account, odd=name, plain="Plain")
    odd, plain, empty = sought = by("companyName", name, "Plain", "")

    found = account.lookups.find(sought)

    assert (found[odd].id, found[plain].id) == (ids["odd"], ids["plain"])
    assert found[empty].is_absent


def test_texts_are_compared_exactly(account: PreparingAccount) -> None:
    named(account, number="7", word="acme")

    found = account.lookups.find(by("companyName", "007", "7.0", "ACME", "acme "))

    assert [answer.is_absent for answer in found.values()] == [True] * 4


def test_two_records_of_one_name_are_named(account: PreparingAccount) -> None:
    ids = named(account, one="Castor", two="Pollux")
    account.emulator.execute("UPDATE customer SET email = 'twin@example.com' WHERE externalid IN ('one', 'two')")
    (sought,) = by("email", "twin@example.com")

    found = account.lookups.find([sought])[sought]
    refusal = refusal_of(sought, found, "entity", REFERENCE)

    assert set(found.ids) == set(ids.values())
    assert (refusal.code, refusal.path, found.id) == ("REFERENCE_AMBIGUOUS", "entity", None)
    assert all(one in refusal.message for one in ids.values())


def test_transactions_are_told_apart_by_their_type(account: PreparingAccount) -> None:
    order, invoice = (
        account.ids(f"SELECT min(id) FROM transaction WHERE recordtype = '{kind}'")[0]
        for kind in ("salesorder", "invoice")
    )
    account.emulator.execute(f"UPDATE transaction SET externalid = 'SAME' WHERE id IN ({order}, {invoice})")

    found = account.lookups.find(
        [Reference(kind, "externalId", "SAME") for kind in ("salesOrder", "invoice", "estimate", "transaction")]
    )

    assert [sorted(answer.ids) for answer in found.values()] == [[order], [invoice], [], sorted([order, invoice])]


def test_kinds_of_items_and_stages_of_customers_share_a_table(account: PreparingAccount) -> None:
    ids = named(account, lead="L")
    (item,) = account.ids("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")
    (name,) = account.ids(f"SELECT itemid FROM item WHERE id = {item}")
    sought = [Reference("inventoryItem", "itemId", name), Reference("lead", "externalId", "lead")]

    assert [answer.id for answer in account.lookups.find(sought).values()] == [item, ids["lead"]]


def test_what_was_found_is_not_asked_again_and_what_was_not_is(account: PreparingAccount) -> None:
    ids = named(account, here="Here")
    here, gone = sought = by("externalId", "here", "gone")
    account.lookups.find(sought)
    account.asked()

    assert account.lookups.find([here])[here].id == ids["here"]
    assert account.asked() == []
    account.lookups.find([gone])
    account.lookups.find((), own={here: Effort.BULK})
    assert account.asked() == [QUERY] * 2


def test_writes_of_the_run_are_known(account: PreparingAccount) -> None:
    (name,) = by("companyName", "Here")
    (key,) = by("externalId", "here")
    ids = named(account, here="Here")
    account.lookups.find([name])
    account.lookups.remember("customer", "here", ids["here"])
    account.asked()

    assert account.lookups.find([key])[key].id == ids["here"]
    assert account.asked() == []
    account.emulator.execute("UPDATE customer SET companyname = 'There' WHERE externalid = 'here'")
    assert account.lookups.find([name])[name].is_absent, "a name may have changed"
    account.emulator.delete("customer", int(ids["here"]))
    account.lookups.forget("customer", "here")
    assert account.lookups.find([key])[key].is_absent


def test_the_ids_kept_are_bounded() -> None:
    known = KnownIds(most=2)
    table = Reference("customer", "externalId", "x")
    from suitetalk.record_tables import record_table  # noqa: PLC0415 - of this test alone

    place = record_table(table.record_type)
    for value in ("a", "b"):
        known.put(place, "externalid", value, value)
    known.get(place, "externalid", "a")
    known.put(place, "externalid", "c", "c")

    assert [known.get(place, "externalid", value) for value in ("a", "b", "c")] == ["a", None, "c"]


def test_internal_ids_need_no_look_up(account: PreparingAccount) -> None:
    (sought,) = by("internalId", "42")

    assert account.lookups.find([sought])[sought].id == "42"
    assert account.asked() == []


def test_a_field_that_suiteql_does_not_know_is_a_refusal(account: PreparingAccount) -> None:
    unknown, known = sought = [*by("favouriteColour", "red"), *by("externalId", "none")]

    found = account.lookups.find(sought)

    refusal = refusal_of(unknown, found[unknown], "entity", REFERENCE)
    assert (refusal.code, found[known].is_absent) == ("UNKNOWN_FIELD", True)
    assert "favouritecolour" in refusal.message
    account.asked()
    account.lookups.find([unknown])
    assert account.asked() == [], "it is asked for once in a run"


def test_a_name_that_is_no_name_is_not_sent(account: PreparingAccount) -> None:
    (sought,) = by("id FROM customer --", "1")

    assert account.lookups.find([sought])[sought].code == "UNKNOWN_FIELD"
    assert account.asked() == []


@pytest.mark.slow
@pytest.mark.parametrize("effect", ["too_many_requests", "bad_gateway", "drop_after", "cut_body"])
def test_faults_are_ridden_out(account: PreparingAccount, effect: str) -> None:
    ids = named(account, here="Here")
    account.emulator.faults.add(Fault(effect=effect, path="suiteql", times=4))
    sought = by("externalId", "here", *(f"none-{number}" for number in range(1500)))

    found = account.lookups.find(sought)

    assert found[sought[0]].id == ids["here"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(effect="too_many_requests", path="suiteql"), ConcurrencyLimitError),
        (Fault(effect="status", status=500, path="suiteql"), ServerFaultError),
    ],
)
def test_a_look_up_that_fails_never_means_that_there_is_none(
    account: PreparingAccount, fault: Fault, error: type[Exception]
) -> None:
    account.emulator.faults.add(fault)

    with pytest.raises(error):
        account.lookups.find(by("externalId", "here"))


def test_a_value_that_netsuite_refuses_is_refused_by_itself(account: PreparingAccount) -> None:
    ((number, limit),) = account.emulator.execute("SELECT id, creditlimit FROM customer WHERE creditlimit > 0 LIMIT 1")
    limit = f"{limit:f}".rstrip("0").rstrip(".")
    sought = by("creditLimit", *(f"{one}.5" for one in range(40)), "much", limit, "more", "\ud800")

    found = list(account.lookups.find(sought).values())

    assert str(number) in found[41].ids
    assert all(answer.is_absent for answer in found[:40])
    for answer in (found[40], found[42], found[43]):
        assert answer.problem
        assert not answer.is_absent


def test_a_column_that_no_text_can_be_compared_with_is_a_refusal(account: PreparingAccount) -> None:
    found = account.lookups.find(by("custentity_birthday", "today", "tomorrow"))

    assert [answer.code for answer in found.values()] == ["UNKNOWN_FIELD"] * 2


def test_a_role_without_suiteql_reads_each_by_external_id(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    with PreparingAccount(netsuite_emulator_factory(one_world=False, role=Role(analytics=False))) as account:
        ids = named(account, here="Here")
        here, gone, name, spaced = sought = [
            *by("externalId", "here", "gone"), *by("companyName", "Here"), *by("externalId", "with a blank"),
        ]  # fmt: skip
        with caplog.at_level(logging.WARNING):
            found = account.lookups.find(sought)

        assert found[here].id == ids["here"]
        assert found[gone].is_absent
        for reference in (name, spaced):
            refusal = refusal_of(reference, found[reference], "entity", REFERENCE)
            assert refusal.code == "LOOKUP_NOT_PERMITTED"
            assert "SuiteAnalytics Workbook" in refusal.advice
        assert "SuiteAnalytics Workbook" in caplog.text
        caplog.clear()
        account.lookups.find([gone])
        assert caplog.text == "", "the warning comes once"
        assert account.lookups.find((), own={gone: Effort.BULK})[gone].is_unasked


def test_a_role_without_suiteql_and_a_type_that_there_is_not(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    with PreparingAccount(netsuite_emulator_factory(one_world=False, role=Role(analytics=False))) as account:
        (sought,) = by("externalId", "x", record_type="custmer")

        assert account.lookups.find([sought])[sought].code == "RECORD_TYPE_NOT_FOUND"


def test_a_column_that_suiteql_does_not_have_is_read_with_q(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = netsuite_emulator_factory(hidden_columns=frozenset({"customer.externalid"}))
    with PreparingAccount(emulator) as account:
        sought = by("externalId", "none", "none at all")

        found = account.lookups.find(sought)

        assert found[sought[0]].is_absent
        assert found[sought[1]].problem, "the filter does not know the field either"
        assert "does not show externalid (" in caplog.text, "no permission would show the column"


@pytest.mark.parametrize("parameters", [True, False])
def test_many_threads_at_once(netsuite_emulator_factory: Callable[..., Emulator], *, parameters: bool) -> None:
    settings = {"one_world": False, "query_parameters": parameters, "date_format": "DD.MM.YYYY"}
    with PreparingAccount(netsuite_emulator_factory(**settings)) as account:
        ids = named(account, **{f"k{number}": f"Name {number}" for number in range(12)})

        def find(key: str) -> str | None:
            sought = by("externalId", key, f"none-{key}")
            return account.lookups.find(sought)[sought[0]].id

        with ThreadPoolExecutor(6) as threads:
            assert list(threads.map(find, ids)) == list(ids.values())
