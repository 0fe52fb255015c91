"""What the SDK gives every tap: about, test, selection, stream maps, flattening."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.singerlib import StateMessage
from tests.tap_runs import Json, Run, command, metadata, read, run, run_process, selected

from netsuite_emulator import Emulator
from tap_netsuite.settings import CONFIG_SCHEMA
from tap_netsuite.sync import WholeLineWriter


def about(form: str) -> str:
    finished = run(["--about", *([f"--format={form}"] if form else [])])
    assert finished.exit_code == 0
    return "\n".join(finished.lines)


def test_about_as_json_needs_no_setting() -> None:
    told = json.loads(about("json"))
    assert told["name"] == "tap-netsuite"
    assert {"catalog", "discover", "state", "about", "stream-maps", "schema-flattening"} <= set(told["capabilities"])
    assert CONFIG_SCHEMA["properties"].keys() <= told["settings"]["properties"].keys()


@pytest.mark.parametrize("form", ["", "markdown"])
def test_about_in_other_forms(form: str) -> None:
    told = about(form)
    assert all(name in told for name in ("account_id", "start_date", "tables", "lookback_seconds"))


def test_version_and_help() -> None:
    assert run_process(["--version"], quick=False).lines == run(["--version", "--version"]).lines  # the SDK's own words
    assert "--discover" in "\n".join(run(["--help"]).lines)


def test_discovery_writes_a_catalog(config: Json, tmp_path: Path) -> None:
    finished = run(command(tmp_path, {**config, "tables": ["currency"]}, "--discover"))
    assert finished.exit_code == 0
    streams = json.loads("\n".join(finished.lines))["streams"]
    assert [stream["tap_stream_id"] for stream in streams] == ["_audit", "currency", "record_currency"]


def test_the_connection_test_reads_a_row_of_each_stream(config: Json, tmp_path: Path) -> None:
    finished = run(command(tmp_path, {**config, "tables": ["currency", "customer"]}, "--test"))
    assert finished.exit_code == 0, finished.log


def test_columns_that_are_not_selected_are_left_out(config: Json, catalog: Json) -> None:
    chosen = selected(catalog, "currency")
    metadata(chosen["streams"][0], "properties", "symbol")["selected"] = False
    finished = read(config, chosen)
    assert "symbol" not in finished.schemas()["currency"]["properties"]
    assert finished.records("currency")
    assert not any("symbol" in record for record in finished.records("currency"))


def test_stream_maps(config: Json, catalog: Json) -> None:
    maps = {"currency": {"label": "name + '!'", "__alias__": "money"}}
    finished = read({**config, "stream_maps": maps}, selected(catalog, "currency"))
    assert all(record["label"] == record["name"] + "!" for record in finished.records("money"))
    assert finished.records("money")


def test_flattening_of_whole_records(config: Json, catalog: Json) -> None:
    flat = {"flattening_enabled": True, "flattening_max_depth": 1}
    finished = read({**config, **flat}, selected(catalog, "record_customrecord_warranty"))
    assert finished.error is None
    assert finished.records("record_customrecord_warranty")
    assert all(
        not isinstance(value, dict)
        for record in finished.records("record_customrecord_warranty")
        for value in record.values()
    )


def test_no_catalog_means_all_that_is_selected_by_default(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory()
    finished: Run = read({**emulator.connection, "tables": ["currency", "customer"]})
    assert finished.error is None
    assert finished.schemas().keys() == {"currency", "customer"}


def test_a_wrong_option_is_the_command_lines_own_error() -> None:
    finished: Any = run_process(["--nonsense"])
    assert finished.exit_code == 2
    assert "Traceback" not in finished.log


class Screen(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("place", "shown"), [(Screen(), "\\u009b\\u202e"), (io.BytesIO(), "\x9b\u202e")])
def test_no_control_character_reaches_a_terminal(
    monkeypatch: pytest.MonkeyPatch, place: io.BytesIO, shown: str
) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(place))

    WholeLineWriter().write_lines('{"a":"\x9b\u202e"}\n'.encode())

    assert place.getvalue().decode() == f'{{"a":"{shown}"}}\n'


def test_the_same_state_is_written_once_but_after_other_lines_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    place = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(place))
    writer = WholeLineWriter()

    for value in ({"a": 1}, {"a": 1}, {"a": 2}):
        writer.write_message(StateMessage(value))
    writer.end_with_state()
    writer.write_lines(b'{"type":"RECORD"}\n')
    writer.end_with_state()

    assert [json.loads(line).get("value") for line in place.getvalue().splitlines()] == [
        {"a": 1},
        {"a": 2},
        None,
        {"a": 2},
    ]
