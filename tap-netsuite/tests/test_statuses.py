"""What cannot be read is told table by table, by discovery and by a run."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import COMMAND, Json, QuickTap, command, discover, entry, metadata, names, read, run, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import ConfigurationError, ErrorDetail, InvalidRequestError, Page, SuiteQL
from tap_netsuite.deletions.deletions import deletions_of
from tap_netsuite.discovery.found import Discovery, Finding, Status, write_table
from tap_netsuite.refusals import with_features_that_are_on
from tap_netsuite.settings import DeletionSettings
from tap_netsuite.streams.catalog import findings_in


def found(config: Json) -> Discovery:
    return QuickTap(config={"catalog_cache_seconds": 0, **config}).discovery


def findings(config: Json) -> dict[str, Finding]:
    return {finding.name: finding for finding in found(config).findings}


def refusal(words: str, code: str = "INVALID_PARAMETER") -> Json:
    detail = {"detail": f"Invalid search query. Detailed unprocessed description follows. {words}", "o:errorCode": code}
    return {"title": "Bad Request", "status": 400, "o:errorDetails": [detail]}


@pytest.mark.slow
def test_tables_are_readable_empty_hidden_or_belong_to_a_feature_that_is_off(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(one_world=False, hidden_record_types=frozenset({"vendor"}))
    emulator.execute("DELETE FROM customrecord_site_visit")
    told = findings(emulator.connection)
    assert told["customer"].status is Status.READABLE
    assert told["customrecord_site_visit"].status is Status.EMPTY
    assert told["vendor"] == Finding("vendor", Status.NOT_PERMITTED, "the role needs Lists > Vendors")
    assert told["subsidiary"].status is Status.FEATURE_OFF
    assert "OneWorld" in told["subsidiary"].note
    assert told["charge"].status is Status.UNKNOWN
    assert told["record_invoice"].status is Status.IN_CATALOG


def test_a_record_type_among_the_tables_is_told_where_its_records_are(config: Json) -> None:
    with pytest.raises(ConfigurationError, match="records of this type are rows of `transaction`"):
        found({**config, "tables": ["customer", "salesOrder"]})


def test_where_select_star_is_refused_it_is_said_that_columns_may_be_unknown(
    config: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = SuiteQL.page

    def page(suiteql: SuiteQL, statement: str, **options: Any) -> Page:
        if statement.startswith(("SELECT * ", "SELECT customer.*")):
            raise InvalidRequestError("POST /query/v1/suiteql", 400, (ErrorDetail("Invalid search query."),))
        return ask(suiteql, statement, **options)

    monkeypatch.setattr(SuiteQL, "page", page)
    customer = findings({**config, "tables": ["customer"]})["customer"]
    assert customer.status is Status.READABLE
    assert customer.note.startswith("SELECT * is refused")


def test_an_empty_table_is_a_stream_with_its_columns(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory()
    emulator.execute("DELETE FROM customrecord_site_visit")
    catalog = discover({**emulator.connection, "tables": ["customrecord_site_visit"]})
    stream = entry(catalog, "customrecord_site_visit")
    assert {"id", "name", "lastmodified"} <= stream["schema"]["properties"].keys()
    assert stream["replication_key"] == "lastmodified"
    assert metadata(stream)["netsuite.status"] == "empty"


def test_a_feature_is_not_off_while_its_main_table_can_be_read() -> None:
    off = Finding("accountsubsidiarymap", Status.FEATURE_OFF, "OneWorld")
    assert with_features_that_are_on([off]) == [off]
    told = with_features_that_are_on([off, Finding("subsidiary", Status.READABLE)])
    assert told[0] == Finding("accountsubsidiarymap", Status.UNKNOWN)


@pytest.mark.slow
@pytest.mark.parametrize("words", ["You do not have permission to view it.", "Ihre Rolle darf das nicht."])
def test_a_missing_permission_in_other_words(account: Emulator, config: Json, words: str) -> None:
    account.faults.add(
        Fault(effect="status", status=400, statement=r"FROM transaction\b", body=refusal(words, "USER_ERROR"))
    )
    told = findings({**config, "max_concurrency": 1})
    refused = [finding for finding in told.values() if finding.status is Status.NOT_PERMITTED]
    assert [finding.note for finding in refused] == ["the role needs Transactions > Find Transaction"]


@pytest.mark.slow
def test_columns_that_are_refused_are_left_out_with_one_warning_for_each_table(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = netsuite_emulator_factory(one_world=False)
    config = {**emulator.connection, "tables": ["employee", "currency"]}
    with caplog.at_level(logging.WARNING):
        catalog = discover(config)
        assert "subsidiary" not in entry(catalog, "employee")["schema"]["properties"]
        assert read(config, selected(catalog, "employee")).error is None
    told = [record.getMessage() for record in caplog.records]
    (warning,) = [text for text in told if "employee is read without" in text]
    assert warning.startswith("employee is read without")
    assert "subsidiary" in warning


def test_a_column_that_appears_is_picked_up_by_the_next_run(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    settings = {"tables": ["employee"], "catalog_cache_seconds": 0}
    before = discover({**netsuite_emulator_factory(one_world=False).connection, **settings})
    after = discover({**netsuite_emulator_factory(one_world=True).connection, **settings})
    assert "subsidiary" not in entry(before, "employee")["schema"]["properties"]
    assert "subsidiary" in entry(after, "employee")["schema"]["properties"]


def test_the_catalog_says_how_deletions_are_known(catalog: Json) -> None:
    streams = [stream for stream in catalog["streams"] if stream["tap_stream_id"] != "_audit"]
    told = {stream["tap_stream_id"]: metadata(stream)["netsuite.deletions"] for stream in streams}
    assert told["transaction"] == told["customrecord_warranty"] == told["record_invoice"] == "deletion log"
    for stream in ("transactionline", "transactionaccountingline", "currency", "inventorybalance", "deletedrecord"):
        assert told[stream] == "not known"


def test_with_a_store_of_keys_lines_are_known_and_what_is_compared() -> None:
    settings = DeletionSettings(seen_keys=Path("keys.db"), compare_keys=("cust*",))
    assert deletions_of("transactionline", ("uniquekey",), settings, is_logged=True) == "lines of re-read transactions"
    assert deletions_of("customer", ("id",), settings, is_logged=True) == "deletion log, keys compared"
    assert deletions_of("customer", ("id",), settings, is_logged=False) == "keys compared"
    assert deletions_of("currency", ("id",), settings, is_logged=True, is_full=True) == "keys compared"
    assert deletions_of("inventorybalance", (), settings, is_logged=True, is_full=True) == "not known"


def test_whether_there_is_a_log_is_found_out_for_chosen_tables_too(config: Json) -> None:
    stream = entry(discover({**config, "tables": ["customer"]}), "customer")
    assert metadata(stream)["netsuite.deletions"] == "deletion log"


def test_discover_in_a_pipeline_logs_one_line_for_each_table(tmp_path: Path, config: Json) -> None:
    finished = run(command(tmp_path, {**config, "tables": ["customer", "customlist_size"]}, "--discover"))
    assert finished.exit_code == 0
    assert names(json.loads("\n".join(finished.lines))) >= {"customer", "customlist_size"}
    assert "customer: readable" in finished.log
    assert "customlist_size: readable" in finished.log


def test_log_lines_have_their_parts_as_fields(config: Json, caplog: pytest.LogCaptureFixture) -> None:
    catalog = selected(discover({**config, "tables": ["currency"]}), "currency")
    with caplog.at_level(logging.INFO):
        read(config, catalog)
    told = [vars(record) for record in caplog.records if hasattr(record, "netsuite_status")]
    assert [(line["netsuite_table"], line["netsuite_status"]) for line in told] == [("currency", "readable")]


def test_a_person_gets_a_table() -> None:
    output = io.StringIO()
    write_table(
        [
            Finding("customer", Status.READABLE, left_out=("terms", "parent")),
            Finding("vendor", Status.NOT_PERMITTED, "the role needs Lists > Vendors"),
            Finding("record_customer", Status.IN_CATALOG),
        ],
        output,
    )
    assert output.getvalue().splitlines() == [
        "Table     Status         Note",
        "customer  readable       without terms, parent",
        "vendor    not permitted  the role needs Lists > Vendors",
        "1 readable; 1 not permitted; 1 in the metadata catalog",
    ]


def test_a_terminal_shows_the_table_behind_the_log(tmp_path: Path, config: Json) -> None:
    arguments = command(tmp_path, {**config, "tables": ["customer", "currency"]}, "--discover")
    terminal, end = pty.openpty()
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=end):
        os.close(end)
        shown = b"".join(iter(lambda: _shown_on(terminal), b"")).decode()
    os.close(terminal)
    lines = shown.splitlines()
    assert lines[-1].startswith("2 readable; ")
    assert any(line.startswith("customer  readable") for line in lines)
    assert "customer: readable" not in shown


def _shown_on(terminal: int) -> bytes:
    """Read what comes next, nothing when the other end is closed, which Linux calls an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize("catalog", [None, "a path", {}, {"streams": [{"tap_stream_id": "x", "metadata": []}]}])
def test_a_catalog_that_says_nothing_of_statuses(catalog: object) -> None:
    assert findings_in(catalog) == []
