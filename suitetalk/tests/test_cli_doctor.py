"""The doctor: what it finds in accounts that are well and in accounts that are not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.cli_runs import QuickShell, Shell, environment_of

from netsuite_emulator import Emulator, Fault, Role
from suitetalk.doctor import examine
from suitetalk.doctor.login import clock, judged
from suitetalk.values import date_formats

MakeEmulator = Callable[..., Emulator]


def shell_of(emulator: Emulator, folder: Path) -> Shell:
    return QuickShell(folder, environment_of(emulator.connection, folder))


def report(shell: Shell, *arguments: str, code: int = 0, **environment: str) -> dict[str, dict[str, str]]:
    run = shell.run("doctor", "--json", *arguments, **environment)
    assert run.code == code, run.out + run.err
    return {finding["check"]: finding for finding in run.json()}


def test_an_account_that_is_well(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> None:
    emulator = netsuite_emulator_factory(language="de-DE", date_format="DD.MM.YYYY", time_zone="Europe/Berlin")
    shell = shell_of(emulator, tmp_path)
    before = [request.method for request in emulator.requests]

    findings = report(shell, "customer", "transactionline")

    assert before == []
    assert {finding["outcome"] for finding in findings.values()} == {"ok"}
    assert "de-DE" in findings["language"]["text"]
    assert "DD.MM.YYYY" in findings["date format"]["text"]
    assert "Europe/" in findings["time zone"]["text"]
    assert "5 requests" in findings["concurrency"]["text"]
    assert {(one.method, one.path.rsplit("/", 1)[-1]) for one in emulator.requests if one.method != "GET"} <= {
        ("POST", "suiteql"),
        ("POST", "token"),
        ("PATCH", _looked_at(emulator)),  # the form to edit it, which saves nothing
    }


def _looked_at(emulator: Emulator) -> str:
    return next(one.path.rsplit("/", 1)[-1] for one in emulator.requests if one.method == "PATCH")


def test_whether_records_may_be_changed(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> None:
    emulator = netsuite_emulator_factory(role=Role(view_only=frozenset({"vendor"})))
    changed = "SELECT max(lastmodifieddate) FROM customer"
    before = emulator.execute(changed)

    findings = report(shell_of(emulator, tmp_path), "customer", "vendor")

    assert findings["customer"]["text"].endswith("the role may change them.")
    assert "may not change them" in findings["vendor"]["text"]
    assert emulator.execute(changed) == before


def test_whether_records_may_be_created_where_there_are_none(
    netsuite_emulator_factory: MakeEmulator, tmp_path: Path
) -> None:
    emulator = netsuite_emulator_factory(role=Role(view_only=frozenset({"department"})))
    for table in ("department", "location"):
        emulator.execute(f"DELETE FROM {table}")

    findings = report(shell_of(emulator, tmp_path), "department", "location")

    assert findings["department"]["text"].endswith("may not create one, which needs the permission at level Create.")
    assert findings["location"]["text"].endswith("sees no record; the role may create one.")
    assert emulator.execute("SELECT count(*) FROM location") == [(0,)]


def test_readable_empty_and_not_permitted(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> None:
    emulator = netsuite_emulator_factory(hidden_record_types=frozenset({"vendor"}))
    emulator.execute("DELETE FROM department")

    findings = report(shell_of(emulator, tmp_path), "customer", "vendor", "department", "nonsense", "a b", code=5)

    assert findings["customer"]["outcome"] == "ok"
    assert findings["customer"]["text"].startswith("readable")
    assert findings["department"]["text"].startswith("empty")
    assert findings["vendor"]["text"].startswith("not permitted")
    assert findings["nonsense"]["outcome"] == findings["a b"]["outcome"] == "failed"
    assert findings["vendor"]["remedy"]


def test_the_first_thing_that_is_wrong_decides(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    shell = shell_of(netsuite_emulator, tmp_path)
    missing = QuickShell(tmp_path, environment_of({"account_id": "1"}, tmp_path))

    assert list(report(missing, code=2)) == ["settings"]
    assert list(report(shell, code=1, NETSUITE_BASE_URL="http://127.0.0.1:9")) == ["settings", "address"]
    lines = shell.run("doctor", NETSUITE_BASE_URL="http://127.0.0.1:9").out.splitlines()
    same = list(examine({**netsuite_emulator.connection, "base_url": "http://127.0.0.1:9"}))
    assert [line.split()[:2] for line in lines] == [[finding.outcome.value, finding.check] for finding in same]
    assert " To do: " in lines[-1]
    refused = report(shell, code=3, NETSUITE_CERTIFICATE_ID="another")
    assert list(refused) == ["settings", "address", "clock", "token"]
    assert "certificate_id" in refused["token"]["remedy"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "body", "check", "code"),
    [
        (403, None, "features", 3),
        (400, "Your role lacks the permission for this action.", "features", 3),
        (500, None, "features", 0),
    ],
)
def test_a_rest_service_that_refuses(
    netsuite_emulator: Emulator, tmp_path: Path, status: int, body: str | None, check: str, code: int
) -> None:
    details: Any = body and {"o:errorDetails": [{"detail": body, "o:errorCode": "USER_ERROR"}]}
    netsuite_emulator.faults.add(Fault(effect="status", status=status, body=details, path="/metadata-catalog"))

    findings = report(shell_of(netsuite_emulator, tmp_path), "customer", code=code)

    assert findings["token"]["outcome"] == "ok"
    assert findings[check]["remedy"]


def test_listing_without_the_workbook(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    words = "Your current role does not have permission to perform this action."
    body = {"o:errorDetails": [{"detail": words, "o:errorCode": "USER_ERROR"}]}
    for path in (r"/record/v1/\w+$", "/suiteql"):
        netsuite_emulator.faults.add(Fault(effect="status", status=400, body=body, path=path))

    findings = report(shell_of(netsuite_emulator, tmp_path), "customer", code=5)

    for check in ("listing", "suiteql"):
        assert findings[check]["outcome"] == "failed"
        assert "SuiteAnalytics Workbook" in findings[check]["remedy"]
    assert findings["customer"]["text"].startswith("not permitted")
    assert findings["date format"]["outcome"] == "unknown"


def test_clocks() -> None:
    assert [clock(ahead).outcome.value for ahead in (0.2, -5, 60, -3600)] == ["ok", "ok", "warning", "failed"]


@pytest.mark.parametrize(
    ("pairs", "names"),
    [
        ([("5/28/2010", "2010-05-28")], ["M/D/YYYY"]),
        ([("05/28/2010", "2010-05-28")], ["MM/DD/YYYY"]),
        ([("28-May-2010", "2010-05-28"), ("3-Jan-2010 4:05 pm", "2010-01-03")], ["D-Mon-YYYY"]),
        ([("28 MAY, 2010", "2010-05-28")], ["D MONTH, YYYY"]),
        ([("28/05/10", "2010-05-28"), ("01/02/10", "2010-02-01")], ["DD/MM/YY"]),
        ([("2010-05-28", "2010-05-28")], ["YYYY-MM-DD"]),
        ([("whatever", "2010-05-28")], []),
    ],
)
def test_date_formats(pairs: list[tuple[str, str]], names: list[str]) -> None:
    assert date_formats(pairs)[:1] == names


def test_a_date_that_reads_both_ways_names_both() -> None:
    assert {"M/D/YYYY", "D/M/YYYY"} <= set(date_formats([("3/3/2010", "2010-03-03")]))


def test_ends_are_told(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> None:
    emulator = netsuite_emulator_factory()
    token_based = {**emulator.token_based_connection, "auth_method": "token_based"}
    end = datetime.now(timezone.utc)

    found = [judged("x", "It", end + timedelta(days=days), timedelta(30), "do").outcome.value for days in (-1, 3, 90)]
    assert found == ["failed", "warning", "ok"]
    assert any("2028" in finding.text for finding in examine(token_based, []))
    wrong = list(examine({**token_based, "token_secret": "wrong"}, []))
    assert [finding.check for finding in wrong if finding.outcome.value == "failed"] == ["token"]


def test_without_the_permission_to_see_certificates(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> None:
    emulator = netsuite_emulator_factory(role=Role(manages_certificates=False, administrator=False))

    findings = report(shell_of(emulator, tmp_path), "customer")

    assert findings["certificate"]["outcome"] == findings["concurrency"]["outcome"] == "unknown"
    assert "certificate_path" in findings["certificate"]["remedy"]


def test_a_role_that_may_read_and_not_edit(netsuite_emulator_factory: MakeEmulator, tmp_path: Path) -> None:
    role = Role(view_only=frozenset({"customer"}), reads_in_edit_mode=True, not_listed=frozenset({"vendor"}))

    findings = report(shell_of(netsuite_emulator_factory(role=role), tmp_path), "customer", "vendor", code=5)

    assert findings["customer"]["outcome"] == "warning"
    assert "Edit" in findings["customer"]["remedy"]
    assert findings["vendor"]["text"].startswith("not permitted")
    assert findings["listing"]["outcome"] == "ok"


@pytest.mark.slow
def test_facts_are_shown_and_written_to_a_file(netsuite_emulator: Emulator, tmp_path: Path) -> None:
    run = shell_of(netsuite_emulator, tmp_path).run("doctor", "--facts", "--facts-file", "facts.json")
    assert run.code == 0
    assert re.search(r"^dates are shown as +\['M/D/YYYY'\]$", run.out, re.MULTILINE)
    assert "facts.json holds what was found" in run.err
    written = json.loads((tmp_path / "facts.json").read_text())
    assert (written["format"], written["version"], written["shape"]) == ("netsuite-account", 1, None)
    assert written["facts"]["date_formats"] == ["M/D/YYYY"]
