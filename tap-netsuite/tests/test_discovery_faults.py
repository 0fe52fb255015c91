"""A fault that passes never changes a catalog, and one table that cannot be looked at does not end discovery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, QuickTap, discover, entry, metadata, names, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import SuiteTalkError
from tap_netsuite.discovery.found import Discovery, Finding, Status
from tap_netsuite.refusals import CannotTellError

TABLES = ["customer", "currency", "employee"]


@pytest.fixture
def few(config: Json) -> Json:
    """Settings with which three tables are discovered, and kept."""
    return {**config, "tables": TABLES, "catalog_cache_seconds": 600}


@pytest.fixture(scope="module")
def whole(_running_account: Emulator) -> Json:
    return discover({**_running_account.connection, "tables": TABLES})


def found(config: Json) -> Discovery:
    return QuickTap(config={"catalog_cache_seconds": 0, **config}).discovery


def findings(config: Json) -> dict[str, Finding]:
    return {finding.name: finding for finding in found(config).findings}


PASSING = [
    Fault(effect="status", path="metadata-catalog/customer$", times=3),
    Fault(effect="status", status=403, path="metadata-catalog/customer$", times=1),
    Fault(effect="status", status=403, path="metadata-catalog$", times=1),
    Fault(effect="cut_body", path="metadata-catalog/customer$", times=1),
    Fault(effect="malformed_json", path="metadata-catalog/customer$", times=1),
    Fault(effect="status", statement="FROM customer", times=3),
    Fault(effect="unsupported", statement="FROM customer", times=1),
    Fault(effect="unsupported", statement=r"customer\.\*.* FROM customer", times=1),
    Fault(effect="status", status=400, code="USER_ERROR", statement="FROM customer", times=1),
    Fault(effect="status", statement="FROM deletedrecord", times=3),
    Fault(effect="status", path="suiteql", nth=1, times=6),
    Fault(effect="unsupported", path="suiteql", nth=4, times=2),
]


@pytest.mark.few(3)
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.effect}-{fault.path}{fault.statement}")
def test_a_fault_that_passes_leaves_no_trace_in_a_catalog(
    account: Emulator, few: Json, whole: Json, fault: Fault
) -> None:
    account.faults.add(fault)
    assert discover({**few, "max_concurrency": 1}) == whole
    assert any(listed["struck"] for listed in account.faults.listing())


def each_outage() -> Iterator[Any]:
    """Each kind of outage from each place on; each of both once in a short time, all of them in a longer one."""
    places = ("SELECT customer\\.\\*", "lastmodifieddate >=", "metadata-catalog/customer")
    for number, effect in enumerate(("status", "unavailable", "unsupported")):
        for place, begins_at in enumerate(places):
            yield pytest.param(effect, begins_at, marks=() if place == number else pytest.mark.slow)


@pytest.mark.parametrize(("effect", "begins_at"), [*each_outage()])
def test_an_outage_ends_in_a_whole_catalog_or_in_none(
    account: Emulator, few: Json, whole: Json, cache_home: Path, effect: str, begins_at: str
) -> None:
    account.faults.add(Fault(effect=effect, begins_at=begins_at, lasts=0.5))
    try:
        assert discover(few) == whole
    except SuiteTalkError:
        assert not [path for path in cache_home.rglob("*.json") if path.is_file()]
    account.faults.clear()
    assert discover(few) == whole


def test_when_nothing_succeeds_it_is_said_that_there_is_no_catalog(account: Emulator, few: Json) -> None:
    account.faults.add(Fault(effect="status", begins_at="lastmodifieddate >=", lasts=600))
    with pytest.raises(CannotTellError, match=r"Discovery ended without a catalog.* NetSuite does not answer now"):
        discover(few)


def test_a_type_without_its_schema_is_not_guessed_nor_kept(account: Emulator, few: Json, whole: Json) -> None:
    account.faults.add(Fault(effect="status", path="metadata-catalog/customer$"))
    catalog = discover(few)
    before, now = (entry(each, "customer")["schema"]["properties"] for each in (whole, catalog))
    assert "companyname" in now
    assert not any(name.startswith("custentity") for name in now)
    assert all(before[name]["type"] == schema["type"] for name, schema in now.items())
    told = findings(few)["customer"]
    assert "the schema of its record type cannot be read" in told.note
    assert any(name.startswith("custentity") for name in told.left_out)
    account.faults.clear()
    assert discover(few) == whole


def test_a_column_refused_with_500_each_time_is_found_by_halving(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(failing_statements=(r"\bfax\b.*FROM customer", r"\bcustentity_vip\b.*FROM"))
    catalog = discover({**emulator.connection, "tables": ["customer"]})
    told = findings({**emulator.connection, "tables": ["customer"]})["customer"]
    assert told.left_out == ("custentity_vip", "fax")
    assert {"email", "lastmodifieddate"} <= entry(catalog, "customer")["schema"]["properties"].keys()
    assert entry(catalog, "customer")["replication_key"] == "lastmodifieddate"


def test_a_statement_refused_with_500_is_asked_again_after_another_and_not_waited_for(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(failing_statements=(r"\bfax\b.*FROM customer",))
    discover({**emulator.connection, "tables": ["customer"]})
    refused = Counter(str(request.body) for request in emulator.requests if request.status == 500)
    assert len(refused) > 1
    assert all(times <= 2 for statement, times in refused.items() if "SELECT fax FROM" not in statement), refused


@pytest.mark.parametrize("effect", ["unsupported", "status", "timeout"])
def test_where_star_is_not_taken_beside_other_columns_each_is_asked_for_separately(
    account: Emulator, few: Json, whole: Json, effect: str
) -> None:
    account.faults.add(Fault(effect=effect, statement=r"\.\*, "))
    assert discover({**few, "max_concurrency": 1}) == whole
    mixed = [str(request.body) for request in account.requests if ".*, " in str(request.body)]
    assert len(mixed) >= 1
    if effect != "timeout":
        assert len({text.partition("FROM")[2] for text in mixed}) < len(TABLES), "once it is known, it is not tried"


def test_the_note_of_a_table_names_what_is_refused(account: Emulator, config: Json) -> None:
    account.faults.add(Fault(effect="unsupported", statement=r"MAX\(id\).* FROM transaction"))
    note = findings({**config, "tables": ["transaction"]})["transaction"].note
    assert note == "MAX(id) is refused, so columns that neither the catalog nor this tap knows are not found"


@pytest.mark.parametrize("text", ["removed", "not_exposed", "internal"])
def test_a_column_is_left_out_that_is_refused_in_other_words(
    netsuite_emulator_factory: Callable[..., Emulator], text: str
) -> None:
    emulator = netsuite_emulator_factory(hidden_columns=frozenset({"customer.terms"}), hidden_column_text=text)
    told = findings({**emulator.connection, "tables": ["customer"]})["customer"]
    assert (told.status, told.left_out) == (Status.READABLE, ("terms",))


def test_no_large_table_is_asked_for_without_a_condition(account: Emulator, config: Json) -> None:
    tables = ["transaction", "transactionline", "transactionaccountingline", "systemnote"]
    discover({**config, "tables": tables})
    statements = [str(request.body) for request in account.requests if "suiteql" in request.path]
    wide = [text for text in statements if " FROM transaction" in text and "WHERE" not in text and "MAX(" not in text]
    assert wide == []


@pytest.mark.slow
def test_a_table_that_takes_too_long_does_not_keep_the_others_back(account: Emulator, few: Json) -> None:
    account.faults.add(Fault(effect="delay", seconds=1.5, statement="FROM customer"))
    few = {**few, "probe_timeout": 1}
    assert names(discover(few)) >= {"currency", "employee"}
    assert findings(few)["customer"].status is Status.FAILED
    finished = read(few)
    assert finished.records("currency")
    assert "Stream customer: cannot be read: no answer while it was looked at" in str(finished.error)
    account.faults.clear()
    assert "customer" in names(discover(few)), "nothing was kept"


def test_where_only_select_star_takes_too_long_the_rows_with_the_highest_keys_are_looked_at(
    account: Emulator, few: Json, whole: Json
) -> None:
    account.faults.add(Fault(effect="timeout", statement=r"\*.* FROM customer(?! WHERE id >)"))
    assert discover(few) == whole


@pytest.mark.slow
def test_transactions_come_by_their_own_stamp_where_only_the_combined_statement_is_refused(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = netsuite_emulator_factory(scale=0.05, refused_statements=(r" IN \(SELECT .* IN \(SELECT ",))
    config = {**emulator.connection, "tables": ["transaction", "transactionline"]}
    finished = read(config, selected(discover(config), "transaction", "transactionline"))
    assert finished.error is None
    for table in ("transaction", "transactionline"):
        assert len(finished.records(table)) == emulator.execute(f"SELECT count(*) FROM {table}")[0][0]
        assert f"{table}: NetSuite does not let its rows be asked for by changes" in caplog.text


def test_a_time_at_the_edge_of_the_calendar_is_a_time(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory()
    emulator.execute("UPDATE customer SET datecreated = TIMESTAMP '9999-12-31 23:59:59' WHERE id = 1212")
    config = {**emulator.connection, "tables": ["customer"]}
    finished = read(config, selected(discover(config), "customer"))
    assert finished.error is None
    (row,) = [record for record in finished.records("customer") if record["id"] == 1212]
    assert row["datecreated"] == "9999-12-31T23:59:59Z"


def without_books(emulator: Emulator) -> Emulator:
    """Leave lines of one book, some of which do not say which; that is a part of their key."""
    emulator.execute("DELETE FROM transactionaccountingline WHERE accountingbook > 1")
    emulator.execute(
        "UPDATE transactionaccountingline SET accountingbook = NULL WHERE transaction = "
        "(SELECT MAX(transaction) FROM transactionaccountingline)"
    )
    return emulator


def test_a_key_that_has_nulls_is_said_and_goes_on_without_that_part_while_it_is_unique(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = without_books(netsuite_emulator_factory(scale=0.05))
    config = {**emulator.connection, "tables": ["transactionaccountingline"]}
    stream = entry(discover(config), "transactionaccountingline")
    assert stream["key_properties"] == ["transaction", "transactionline"]
    said = "its key is transaction and transactionline, as some rows have no accountingbook"
    assert metadata(stream)["netsuite.note"] == said
    assert f"transactionaccountingline: {said}" in [
        record.getMessage() for record in caplog.records if record.levelname == "WARNING"
    ]

    emulator.execute(
        "INSERT INTO transactionaccountingline BY NAME SELECT * REPLACE (2 AS accountingbook) "
        "FROM transactionaccountingline WHERE accountingbook IS NULL"
    )
    told = findings(config)["transactionaccountingline"]
    assert told.note == "it is read without a key, as some rows have no accountingbook"
    assert f"transactionaccountingline: {told.note}" in caplog.text
    assert told.is_sure


def test_a_key_that_took_too_long_to_count_is_not_given_up_for_later_runs(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = without_books(netsuite_emulator_factory(scale=0.05))
    config = {**emulator.connection, "tables": ["transactionaccountingline"], "catalog_cache_seconds": 3600}
    emulator.faults.add(Fault(effect="timeout", statement=r"COUNT\(DISTINCT"))
    told = findings(config)["transactionaccountingline"]
    assert told.note.endswith("NetSuite took too long to count whether transaction and transactionline is a key")
    emulator.faults.clear()
    assert entry(discover(config), "transactionaccountingline")["key_properties"] == ["transaction", "transactionline"]


def test_a_run_without_a_selected_stream_warns(config: Json, few: Json, caplog: pytest.LogCaptureFixture) -> None:
    catalog = selected(discover(few), "currency")
    metadata(catalog["streams"][0])["selected"] = False
    read(config, catalog)
    assert "No stream is selected, so nothing is read" in caplog.text
