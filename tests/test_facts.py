"""What an account does where the documentation leaves it open: asked of one emulator, and done by another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Fault, Role
from netsuite_emulator.likeness import like
from netsuite_emulator.settings import SettingsError
from suitetalk import ConnectionSettings, LoginRefusedError, NetSuite, RetryPolicy
from suitetalk.doctor.facts import MOST_REQUESTS, UNTRIED, Budget, document, find_facts

Factory = Callable[..., Emulator]
QUICK = RetryPolicy(attempts=2, first_wait=0.001)
ACCOUNTS: dict[str, dict[str, Any]] = {
    "as documented": {},
    "a cap of columns": {"column_cap": 100, "leading_zero": False, "previous_page": "prev"},
    "few columns": {"column_cap": 60, "times_in_filters": True, "single_selected": True},
    "no counts": {"refused_counts": "star", "query_parameters": False, "malformed_ids": "NONEXISTENT_ID"},
    "counts with conditions": {"refused_counts": "unfiltered", "untyped_fields": True, "concurrency_limit": 12},
    "of somewhere else": {
        "time_zone": "Europe/Berlin",
        "date_format": "DD.MM.YYYY",
        "language": "de-DE",
        "deletion_table": "deletedrecordinconnect",
        "multi_select_separator": "; ",
        "datetime_with_time": True,
        "role": Role(administrator=False),
    },
    "no times in UTC, no sets": {
        "refused_statements": (r"SYS_EXTRACT_UTC", r"IN \(SELECT .* OR .*IN \(SELECT "),
        "failing_statements": (r"HAVING", r"ORA_HASH", r"FROM \(SELECT n FROM"),
        "deletion_table": "none",
        "ignores_offset": False,
        "blanks_in_addresses": False,
        "metadata_describes_record": False,
    },
}


def facts_of(emulator: Emulator, budget: Budget | None = None) -> dict[str, Any]:
    settings = ConnectionSettings.from_mapping(emulator.connection)
    with NetSuite(settings, limiter=budget or Budget(), retry=QUICK) as client:
        return document(list(find_facts(client)))


@pytest.mark.slow
@pytest.mark.parametrize("settings", ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_emulator_that_is_like_an_account_has_the_same_facts(
    netsuite_emulator_factory: Factory, tmp_path: Path, settings: dict[str, Any]
) -> None:
    account, budget = netsuite_emulator_factory(**settings), Budget()
    found = facts_of(account, budget)
    assert UNTRIED not in found["facts"].values(), budget.left
    assert len(account.requests) <= MOST_REQUESTS + 1  # and the token's
    assert {one.method for one in account.requests} <= {"GET", "POST"}
    assert {one.path.rpartition("/")[2] for one in account.requests if one.method == "POST"} == {"token", "suiteql"}
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(found))
    chosen, others = like(file)
    assert others == []
    role = {"role": Role(administrator=found["facts"]["concurrency_limit"] is not None)}
    assert facts_of(netsuite_emulator_factory(**chosen, **role)) == found


def test_what_is_asked_beyond_the_budget_is_said_to_be_untried(netsuite_emulator: Emulator) -> None:
    found = facts_of(netsuite_emulator, Budget(20))["facts"]
    assert found["count"] == "works"
    assert found["language"] == UNTRIED


def test_a_login_that_is_refused_ends_it(netsuite_emulator: Emulator) -> None:
    netsuite_emulator.faults.add(Fault(effect="status", path="/token", status=401))
    with pytest.raises(LoginRefusedError):
        facts_of(netsuite_emulator)


def test_the_file_holds_no_data_of_the_account(netsuite_emulator: Emulator) -> None:
    written = json.dumps(facts_of(netsuite_emulator))
    names = netsuite_emulator.execute("SELECT companyname FROM customer UNION SELECT name FROM subsidiary")
    assert not [name for (name,) in names if name and name in written]
    assert netsuite_emulator.account_id not in written


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is neither JSON nor YAML"),
        ("[]", "is not that of an account"),
        ('{"format": "netsuite-account", "version": 2, "facts": {}}', "is of version 2"),
    ],
)
def test_files_that_say_nothing_of_an_account(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "facts.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match=words):
        like(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        like(tmp_path / "nothing.json")
