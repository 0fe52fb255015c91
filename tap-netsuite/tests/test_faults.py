"""Faults that pass change nothing in the output; those that stay end the run with one sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, Run, command, read, run, selected

from netsuite_emulator import Emulator, Fault

STREAMS = ("customer", "transactionline", "currency", "record_customrecord_warranty")
PASSING = [
    Fault(effect="bad_gateway", nth=3),
    Fault(effect="too_many_requests", nth=2, times=3),
    Fault(effect="unavailable", nth=4, seconds=0),
    Fault(effect="status", status=500, nth=3),
    Fault(effect="status", status=504, nth=3),
    Fault(effect="cut_body", nth=5),
    Fault(effect="drop_before", nth=5),
    Fault(effect="drop_after", nth=4),
    Fault(effect="expire_tokens", nth=4),
    Fault(effect="delay", nth=2, seconds=0.2),
]


def rows(finished: Run) -> list[str]:
    """Return the rows of a run in an order, but for the moment that each reading gives its own."""
    read_rows = [record for stream in STREAMS for record in finished.records(stream)]
    return sorted(str(sorted({**row, "_sdc_set_read_at": None}.items(), key=str)) for row in read_rows)


@pytest.fixture(scope="module")
def undisturbed(_running_account: Emulator, catalog: Json) -> list[str]:
    finished = read(_running_account.connection, selected(catalog, *STREAMS))
    assert finished.error is None
    return rows(finished)


@pytest.mark.slow
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.effect}-{fault.status}")
def test_a_fault_that_passes_changes_nothing(
    account: Emulator, config: Json, catalog: Json, undisturbed: list[str], fault: Fault
) -> None:
    account.faults.add(fault)
    finished = read(config, selected(catalog, *STREAMS))
    assert finished.error is None
    assert rows(finished) == undisturbed
    assert any(listed["struck"] for listed in account.faults.listing())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_many_faults_at_random_change_nothing(
    account: Emulator, config: Json, catalog: Json, undisturbed: list[str], seed: int
) -> None:
    for number, effect in enumerate(("bad_gateway", "cut_body", "drop_after", "too_many_requests", "drop_before")):
        account.faults.add(Fault(effect=effect, probability=0.03, seed=seed * 10 + number, path="query|record"))
    finished = read(config, selected(catalog, *STREAMS))
    assert finished.error is None
    assert rows(finished) == undisturbed


def body(status: int, code: str, detail: str) -> Json:
    return {"title": "Error", "status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}


STAYING = [
    (
        Fault(effect="status", status=400, path="suiteql", body=body(400, "INVALID_PARAMETER", "Bad query.")),
        "Bad query",
    ),
    (Fault(effect="status", status=401, path="suiteql", body=body(401, "INVALID_LOGIN", "No entry.")), "No entry"),
    (
        Fault(effect="status", status=403, path="suiteql", body=body(403, "INSUFFICIENT_PERMISSION", "Not yours.")),
        "Not yours",
    ),
    (Fault(effect="status", status=404, path="suiteql", body=body(404, "NONEXISTENT_ID", "Not here.")), "Not here"),
    (Fault(effect="too_many_requests", path="suiteql"), "Concurrent request limit exceeded"),
    (Fault(effect="status", status=500, path="suiteql"), "500 UNEXPECTED_ERROR"),
    (Fault(effect="bad_gateway", path="suiteql"), "502"),
    (Fault(effect="cut_body", path="suiteql"), "the connection was cut"),
    (Fault(effect="malformed_json", path="suiteql"), "not readable JSON"),
    (Fault(effect="status", status=200, path="suiteql", body={"hello": 1}), "not a page of rows"),
    (Fault(effect="wrong_token", path="token"), "without an access_token"),
    (Fault(effect="status", status=400, path="token", body={"error": "invalid_grant"}), "invalid_grant"),
]


@pytest.mark.few(3)
@pytest.mark.parametrize(("fault", "words"), STAYING, ids=lambda part: part if isinstance(part, str) else "")
def test_a_fault_that_stays_is_one_sentence_that_hides_every_secret(
    account: Emulator, config: Json, catalog: Json, tmp_path: Path, fault: Fault, words: str
) -> None:
    account.expire_tokens()
    account.faults.add(fault)
    arguments = command(tmp_path, config, catalog=selected(catalog, "customer"))
    finished = run(arguments, environment={**os.environ, "LOGLEVEL": "DEBUG", "TAP_NETSUITE_LOGLEVEL": "DEBUG"})
    assert finished.exit_code == 1
    assert finished.sentence.startswith("Error: Stream customer: ")
    assert words in finished.sentence
    assert "DEBUG" in finished.log
    assert "Traceback" not in finished.log
    assert_no_secrets(finished.log, config)


def assert_no_secrets(log: str, config: dict[str, Any]) -> None:
    assert config["client_id"] not in log
    assert "eyJ" not in log  # how tokens and assertions begin
    assert not any(line in log for line in config["private_key"].splitlines() if len(line) > 10)
    assert "PRIVATE KEY" not in log
