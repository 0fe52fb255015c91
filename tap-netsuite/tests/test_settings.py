"""Settings: what is refused, in which words, and that the command says it in one sentence."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, command, run, run_process, selected

from netsuite_emulator import Emulator
from suitetalk import ConfigurationError
from tap_netsuite.settings import Query, TapSettings
from tap_netsuite.tap import TapNetSuite

CONNECTION = {"account_id": "1234567", "client_id": "a", "certificate_id": "b", "private_key": "c"}


def settings(**given: Any) -> TapSettings:
    return TapSettings.from_mapping({**CONNECTION, **given})


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"start_date": "last week"}, "start_date"),
        ({"start_date": "2024-13-01"}, "start_date"),
        ({"start_date": "2924-01-01"}, "start_date"),
        ({"start_date": "9999-12-31T23:59:59-05:00"}, "start_date"),
        ({"tables": "customer"}, "tables"),
        ({"tables": [1]}, "tables[0]"),
        ({"tables": ["customer; x"]}, "tables[0]"),
        ({"queries": {"name": "a"}}, "queries"),
        ({"queries": ["SELECT 1"]}, "queries[0]"),
        ({"queries": [{"query": "SELECT 1"}]}, "queries[0].name"),
        ({"queries": [{"name": "a b", "query": "SELECT 1"}]}, "queries[0].name"),
        ({"queries": [{"name": "a", "query": "  "}]}, "queries[0].query"),
        ({"queries": [{"name": "a", "query": "SELECT 1", "primary_keys": "id"}]}, "queries[0].primary_keys"),
        ({"queries": [{"name": "a", "query": "SELECT 1", "replication_key": "a b"}]}, "queries[0].replication_key"),
        ({"queries": [{"name": "a", "query": "SELECT 1"}] * 2}, "queries"),
        ({"queries": [{"name": "record_a", "query": "SELECT 1"}]}, "queries"),
        ({"account_timezone": "Pacific"}, "account_timezone"),
        ({"lookback_seconds": -1}, "lookback_seconds"),
        ({"lookback_seconds": "²"}, "lookback_seconds"),
        ({"lookback_seconds": 1.5}, "lookback_seconds"),
        ({"account_id": ""}, "account_id"),
        ({"client_id": None}, "client_id"),
        ({"max_concurrency": 0}, "max_concurrency"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(**given)
    assert caught.value.setting == name
    assert str(caught.value).startswith(f"Setting `{name}` ")


def test_settings_as_they_are_given() -> None:
    given = settings(
        start_date="2024-01-31",
        tables=["Customer", "customer", "ITEM"],
        queries=[{"name": "mine", "query": " SELECT id FROM item; ", "primary_keys": ["ID"], "replication_key": "Id"}],
        lookback_seconds="5",
    )
    assert given.start_date == datetime(2024, 1, 31, tzinfo=timezone.utc)
    assert given.tables == ("customer", "item")
    assert given.queries == (Query("mine", "SELECT id FROM item", ("id",), "id"),)
    assert given.lookback_seconds == 5


def test_empty_settings_are_absent_ones() -> None:
    given = settings(start_date="", tables=None, queries=None, account_timezone="", lookback_seconds="")
    assert (given.start_date, given.tables, given.queries, given.account_timezone) == (None, (), (), None)
    assert given.lookback_seconds == 60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"private_key": None}, "`private_key` is missing"),
        ({"account_id": "1234567/x"}, "`account_id`"),
        ({"account_id": "evil.example@1234567"}, "`account_id`"),
        ({"private_key": "no key"}, "`private_key`"),
        ({"base_url": "http://example.com"}, "`base_url`"),
        ({"start_date": "soon"}, "`start_date` is 'soon'"),
        ({"certificate_id": "another"}, "invalid_client"),
        ({"client_id": "another"}, "invalid_client"),
    ],
)
def test_the_command_says_it_in_one_sentence(
    config: Json, catalog: Json, tmp_path: Path, change: Json, words: str
) -> None:
    given = {name: value for name, value in {**config, **change}.items() if value is not None}
    finished = run(command(tmp_path, given, catalog=selected(catalog, "customer")))
    assert finished.exit_code == 1
    assert finished.sentence.startswith("Error: ")
    assert words in finished.sentence
    assert "Traceback" not in finished.log


@pytest.mark.slow
def test_discovery_says_it_too_and_writes_no_catalog(config: Json, tmp_path: Path) -> None:
    finished = run_process(command(tmp_path, {**config, "certificate_id": "another"}, "--discover"))
    assert finished.exit_code == 1
    assert finished.sentence.startswith("Error: ")
    assert "Traceback" not in finished.log
    assert not finished.lines


def test_settings_from_the_environment(account: Emulator, catalog: Json, tmp_path: Path) -> None:
    variables = {f"TAP_NETSUITE_{name.upper()}": value for name, value in account.connection.items()}
    variables |= {"TAP_NETSUITE_TABLES": json.dumps(["currency"])}
    arguments = command(tmp_path, {}, "--config=ENV", catalog=selected(catalog, "currency"))
    finished = run(arguments, environment={**os.environ, **variables})
    assert finished.exit_code == 0, finished.log
    assert finished.records("currency")


def test_a_stream_that_is_not_there_is_named(config: Json, catalog: Json, tmp_path: Path) -> None:
    unknown = selected(catalog, "currency")
    text = json.dumps(unknown).replace('"currency"', '"currrency"')
    finished = run(command(tmp_path, config, catalog=json.loads(text)))
    assert finished.exit_code == 1
    assert finished.sentence.startswith("Error: Stream currrency: ")
    assert "Invalid search type: currrency" in finished.sentence


@pytest.mark.parametrize("wrong", ["", "{", "[]"])
def test_a_catalog_that_is_none_is_a_sentence(config: Json, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "wrong.json").write_text(wrong)
    finished = run([*command(tmp_path, config), "--catalog", str(tmp_path / "wrong.json")])
    assert finished.exit_code != 0
    assert "Traceback" not in finished.log
    assert "Error: " in finished.sentence


def test_a_misspelt_setting_is_named(config: Json, tmp_path: Path) -> None:
    finished = run(command(tmp_path, {**config, "start_dat": "2024-01-01", "tables": ["currency"]}, "--discover"))
    assert finished.exit_code == 0
    assert "`start_dat`" in finished.log


def test_a_name_that_is_not_a_setting_is_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAP_NETSUITE_TABELS", '["customer"]')
    monkeypatch.setenv("TAP_NETSUITE__SELECT", "[]")
    monkeypatch.setenv("TAP_NETSUITE_EU_TABLES", "[]")

    with pytest.raises(ConfigurationError, match="`account_id` is missing"):
        TapNetSuite(config={"lookback_second": 5, "hard_delete": True})

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    variable = "in the environment variable TAP_NETSUITE_TABELS"
    assert said == [
        "Setting `lookback_second` does not exist; did you mean `lookback_seconds`?",
        "Setting `hard_delete` does not exist and has no effect.",
        f"Setting `tabels` {variable} does not exist; did you mean `TAP_NETSUITE_TABLES`?",
    ]
