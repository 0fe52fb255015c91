"""What discovery found is kept on disk for a while, per login and per choice of settings."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tap_runs import Json, command, discover, names, run

from netsuite_emulator import Emulator, Fault


@pytest.fixture
def kept(config: Json) -> Json:
    """Settings with which two tables are discovered, and kept."""
    return {**config, "tables": ["customer", "currency"], "catalog_cache_seconds": 600}


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def grow_old(home: Path, seconds: float) -> None:
    long_ago = time.time() - seconds
    for path in files(home):
        os.utime(path, (long_ago, long_ago))


def statements(account: Emulator) -> list[str]:
    return [json.loads(one.body)["q"] for one in account.requests if one.path.endswith("/suiteql")]


def refused_columns(home: Path) -> int:
    """Return how many columns are remembered as refused."""
    (kept,) = [json.loads(text) for text in map(Path.read_bytes, files(home)) if b'"facts"' in text]
    return sum(len(names) for fact, (names, _) in kept["facts"].items() if fact.startswith("columns refused of "))


def requests_of(account: Emulator, config: Json) -> int:
    account.clear_requests()
    discover(config)
    return len([request for request in account.requests if "token" not in request.path])


def asked(account: Emulator) -> list[str]:
    """Return what was asked besides whether the login is right."""
    return [request.path for request in account.requests if "token" not in request.path and "Time" not in request.path]


def test_a_second_discovery_asks_nothing_and_says_the_same(account: Emulator, kept: Json, cache_home: Path) -> None:
    first = discover(kept)
    account.clear_requests()
    assert discover(kept) == first
    assert account.requests == []
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(cache_home)} == {0o600}


def test_what_is_too_old_is_asked_for_again(account: Emulator, kept: Json, cache_home: Path) -> None:
    discover(kept)
    grow_old(cache_home, 601)
    assert requests_of(account, kept) > 0
    assert requests_of(account, kept) == 0


def test_refresh_catalog_asks_again_and_keeps_the_new_one(account: Emulator, kept: Json) -> None:
    discover(kept)
    assert requests_of(account, {**kept, "refresh_catalog": True}) > 0
    assert requests_of(account, kept) == 0


def test_nothing_is_kept_with_an_age_of_nought(account: Emulator, kept: Json, cache_home: Path) -> None:
    assert requests_of(account, {**kept, "catalog_cache_seconds": 0}) > 0
    assert files(cache_home) == []


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "changed",
    [
        {"tables": ["customer"]},
        {"booleans": "raw"},
        {"multi_selects": "raw"},
        {"display_values": ["customer.terms"]},
        {"queries": [{"name": "mine", "query": "SELECT id AS id FROM currency"}]},
    ],
)
def test_settings_that_find_something_else_have_a_catalog_of_their_own(
    account: Emulator, kept: Json, changed: Json
) -> None:
    discover(kept)
    assert requests_of(account, {**kept, **changed}) > 0
    assert requests_of(account, {**kept, **changed}) == 0
    assert requests_of(account, kept) == 0


def test_another_account_has_a_catalog_of_its_own(
    kept: Json, netsuite_emulator_factory: Callable[..., Emulator]
) -> None:
    discover(kept)
    other = netsuite_emulator_factory()
    assert requests_of(other, {**kept, **other.connection}) > 0


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"streams": [], "x": 1}', b'{"streams": [{"name": 1}], "findings": []}']
)
def test_a_damaged_file_is_as_good_as_none(account: Emulator, kept: Json, cache_home: Path, damage: bytes) -> None:
    whole = discover(kept)
    for path in files(cache_home):
        path.write_bytes(damage)
    account.clear_requests()
    assert discover(kept) == whole
    assert account.requests != []


@pytest.mark.parametrize("damage", [b"", b"\xff\n\xff", b"0" * 64 + b"\n{}"])
def test_a_damaged_catalog_is_written_again(kept: Json, cache_home: Path, tmp_path: Path, damage: bytes) -> None:
    arguments = command(tmp_path, kept, "--discover")
    first = run(arguments)
    assert len(files(cache_home)) == 3
    for path in files(cache_home):
        if not path.read_bytes().startswith(b"{"):
            path.write_bytes(damage)
    assert run(arguments).lines == first.lines


def test_a_setting_that_finds_nothing_else_asks_for_nothing(account: Emulator, kept: Json, tmp_path: Path) -> None:
    first = run(command(tmp_path, kept, "--discover"))
    account.clear_requests()
    again = run(command(tmp_path, {**kept, "start_date": "2024-01-01"}, "--discover"))
    assert again.lines == first.lines
    assert asked(account) == []


def test_the_command_tells_the_same_statuses_from_the_cache(account: Emulator, kept: Json, tmp_path: Path) -> None:
    runs = [run(command(tmp_path, kept, "--discover")) for _ in range(2)]
    assert [finished.exit_code for finished in runs] == [0, 0]
    assert runs[0].lines == runs[1].lines
    assert names(json.loads("\n".join(runs[1].lines))) >= {"customer", "currency"}
    assert all("currency: readable" in finished.log for finished in runs)
    account.clear_requests()
    assert "The catalog found at 2" in run(command(tmp_path, kept, "--discover")).log
    assert asked(account) == []


def test_a_kept_catalog_hides_no_wrong_login(account: Emulator, kept: Json, tmp_path: Path) -> None:
    run(command(tmp_path, kept, "--discover"))
    account.faults.add(Fault(effect="status", status=401, code="INVALID_LOGIN", path="serverTime"))
    refused = run(command(tmp_path, kept, "--discover"))
    assert refused.exit_code == 1
    assert "INVALID_LOGIN" in refused.sentence
    unreadable = run(command(tmp_path, {**kept, "private_key": "nonsense"}, "--discover"))
    assert "private_key" in unreadable.sentence


def test_a_discovery_asks_one_question_a_table_and_one_for_each_column_that_is_refused(
    account: Emulator, config: Json, cache_home: Path
) -> None:
    config = {**config, "tables": ["netsuite2"], "catalog_cache_seconds": 600}
    catalog = discover(config)
    tables = [name for name in names(catalog) if not name.startswith("record_")]
    first = statements(account)
    assert len(first) == len(set(first)), "none twice"
    assert len(first) <= len(tables) + refused_columns(cache_home) + 1  # whether deletions are logged
    assert len(asked(account)) <= 125

    account.clear_requests()
    grow_old(cache_home, 601)
    assert discover(config) == catalog
    assert len(statements(account)) <= len(tables) + 1
    assert len(asked(account)) <= 2 * len(tables), "the schemas of their record types among them"
