"""What a run says: to a person at a terminal, to a log, and to what reads logs."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, command, run, run_process, selected
from tests.terminal import AtATerminal, screen

from netsuite_emulator import Emulator, Fault
from suitetalk import Traffic
from suitetalk.terminal import Pace, in_one_row
from tap_netsuite.account import Account
from tap_netsuite.progress import Facts, Progress, in_a_log, line_parts
from tap_netsuite.settings import TapSettings

TABLE = "customrecord_site_visit"
ROWS = 20_000
TOTALS = re.compile(r"2 of 2 streams, [\d,]+ rows, \d+ requests, \d+ throttled, [\d.]+ seconds, [\d,]+ rows/s")
REFUSED = {"o:errorDetails": [{"detail": "Not yours.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}


@pytest.fixture
def slow_account(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    """An account that takes its time, with a table of twenty pages."""
    emulator = netsuite_emulator_factory(time_zone="UTC", latency=0.3)
    emulator.execute(f"DELETE FROM {TABLE}")
    emulator.execute(
        f"INSERT INTO {TABLE} (id, name, lastmodified) SELECT range, 'visit ' || range, "
        f"TIMESTAMP '2024-01-01 00:00:00' + to_seconds(range) FROM range(1, {ROWS + 1})"
    )
    return emulator


@pytest.fixture
def given(slow_account: Emulator, catalog: Json) -> dict[str, Any]:
    config = {**slow_account.connection, "account_timezone": "UTC"}
    return {"config": config, "catalog": selected(catalog, TABLE, "record_currency")}


def is_far(said: str) -> bool:
    """Tell whether rows are being read."""
    return f"streams | {TABLE} " in said and f" of {ROWS:,} | " in said


@pytest.mark.slow
def test_a_person_sees_how_far_it_is_and_in_the_end_a_table(given: dict[str, Any], tmp_path: Path) -> None:
    with (tmp_path / "records").open("wb") as records, AtATerminal(command(tmp_path, **given), records) as tap:
        tap.read_until(is_far)
        assert re.search(
            rf"\n0/2 streams \| {TABLE} [\d,]+ of {ROWS:,} \| [\d,]+ rows/s \| \d+/\d+ requests \| .* so far\r",
            tap.said,
        )
        assert tap.finished() == 0
    shown = screen(tap.said)
    *_, head, table, record_type, totals, last = shown
    assert head.split() == ["Stream", "Method", "Rows", "Counted", "Result", "Seconds", "Rows/s"]
    assert record_type.split()[0] == "record_currency"
    assert table.split()[:5] == [TABLE, "INCREMENTAL", "20,000", "20,000", "complete"]
    assert TOTALS.fullmatch(totals)
    assert last == ""
    assert not [line for line in shown if "METRIC" in line or " so far" in line or "records read" in line]
    assert "\x1b[32mcomplete" in tap.said
    lines = (tmp_path / "records").read_text().splitlines()
    assert sum(json.loads(line)["type"] == "RECORD" for line in lines) > ROWS


@pytest.mark.slow
def test_errors_stand_whole_above_the_line_and_the_sentence_is_last(
    slow_account: Emulator, given: dict[str, Any], tmp_path: Path
) -> None:
    slow_account.faults.add(Fault(effect="status", status=403, path="/record/v1/currency", body=REFUSED))
    with (
        (tmp_path / "records").open("wb") as records,
        AtATerminal(command(tmp_path, **given), records, environment={"NO_COLOR": "1"}) as tap,
    ):
        assert tap.finished() == 1
    shown = screen(tap.said)
    assert shown[-2].startswith("Error: Stream record_currency: ")
    (error,) = [line for line in shown if "| ERROR " in line]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:", error)
    assert error.endswith(f" | {shown[-2].removeprefix('Error: ')}")
    results = {line.split()[0]: line.split()[4] for line in shown if line.startswith(("record_currency ", f"{TABLE} "))}
    assert results[TABLE] == "complete"
    assert results["record_currency"] in ("failed", "gap")
    assert "\x1b[3" not in tap.said


@pytest.mark.slow
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_clean_terminal(
    given: dict[str, Any], tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    with (tmp_path / "records").open("wb") as records, AtATerminal(command(tmp_path, **given), records) as tap:
        tap.read_until(is_far)
        tap.send_signal(number)
        assert tap.finished() == exit_code
    shown = screen(tap.said)
    *_, head, stream, totals, last = shown
    assert head.startswith("Stream ")
    assert stream.startswith(f"{TABLE} ")
    assert "not finished" in stream
    assert totals.startswith("0 of 2 streams, ")
    assert last == ""
    assert not [line for line in shown if " so far" in line or "Traceback" in line]
    assert all(json.loads(line)["type"] for line in (tmp_path / "records").read_text().splitlines())


@pytest.mark.slow
def test_the_line_fits_a_window_that_becomes_narrow(
    slow_account: Emulator, given: dict[str, Any], tmp_path: Path
) -> None:
    slow_account.faults.add(Fault(effect="delay", seconds=600, path="/record/v1/currency"))  # so that it goes on
    with (tmp_path / "records").open("wb") as records, AtATerminal(command(tmp_path, **given), records) as tap:
        tap.read_until(is_far)
        tap.resize(30)
        tap.read_until(lambda said: said.count("\x1b[A") > 1)  # the first may have been made for the old width
        begun = len(tap.said)
        tap.read_until(lambda said: said.count("\x1b[A") > 1)
        narrow = tap.said[begun:]
        slow_account.faults.clear()
        tap.resize(0)
        assert tap.finished() == 0
    drawn = re.findall(r"\n(\d/2 streams.*?)\r\x1b\[A", narrow)
    assert drawn
    assert all(len(line) < 30 for line in drawn)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("records_too", "environment"),
    [(True, {}), (False, {"TERM": "dumb"})],
    ids=["records go there too", "it cannot erase"],
)
def test_nothing_moves_at_a_terminal_where(
    config: Json, catalog: Json, tmp_path: Path, environment: dict[str, str], *, records_too: bool
) -> None:
    arguments = command(tmp_path, config, catalog=selected(catalog, "currency", "customer"))
    with (
        (tmp_path / "records").open("wb") as records,
        AtATerminal(arguments, None if records_too else records, environment=environment) as tap,
    ):
        assert tap.finished() == 0
    assert "\x1b[J" not in tap.said
    assert "\x1b[A" not in tap.said
    assert TOTALS.search(tap.said)


def test_a_log_level_that_was_asked_for_is_heeded(config: Json, catalog: Json, tmp_path: Path) -> None:
    arguments = command(tmp_path, config, catalog=selected(catalog, "currency", "customer"))
    environment = {"TAP_NETSUITE_LOGLEVEL": "INFO"}
    with (tmp_path / "r").open("wb") as records, AtATerminal(arguments, records, environment=environment) as tap:
        assert tap.finished() == 0
    assert [line for line in screen(tap.said) if re.match(r"20.* \| customer: \d+ records read, NetSuite counts", line)]


def test_a_log_has_lines_for_streams_and_run_and_metrics(config: Json, catalog: Json, tmp_path: Path) -> None:
    log = run(command(tmp_path, config, catalog=selected(catalog, "currency", "customer"))).log
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", log)
    for stream in ("currency", "customer"):
        assert (
            len(re.findall(rf"\| {stream}: \d+ records read, NetSuite counts \d+: complete, after [\d.]+ s", log)) == 1
        )
    assert (
        len(re.findall(r"\| End of the run: 2 of 2 streams, \d+ rows, \d+ requests, 0 throttled, [\d.]+ s", log)) == 1
    )
    for metric in ("record_count", "sync_duration", "http_request_count", "http_request_duration"):
        assert f'"metric":"{metric}"' in log


@pytest.mark.slow
def test_what_reads_logs_finds_the_facts_as_fields(
    netsuite_emulator: Emulator, catalog: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": {"()": "singer_sdk.logging.StructuredFormatter"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "structured", "stream": "ext://sys.stderr"}
        },
        "root": {"level": "INFO", "handlers": ["console"]},
    }
    (tmp_path / "log.yml").write_text(json.dumps(log_config))
    netsuite_emulator.faults.add(Fault(effect="too_many_requests", path="suiteql", nth=2, times=3, seconds=0))
    config = {**netsuite_emulator.connection, "max_concurrency": 4}
    arguments = command(tmp_path, config, catalog=selected(catalog, "currency", "customer"))
    finished = run_process(arguments, environment={**os.environ, "SINGER_SDK_LOG_CONFIG": str(tmp_path / "log.yml")})
    assert finished.exit_code == 0
    said = [json.loads(line) for line in finished.log.splitlines()]
    streams = {line["stream_name"]: line["extra"] for line in said if "netsuite_result" in line["extra"]}
    assert streams.keys() == {"currency", "customer"}
    (rows,) = netsuite_emulator.execute("SELECT count(*) FROM customer")[0]
    customer = streams["customer"]
    assert customer["netsuite_rows_emitted"] == customer["netsuite_rows_counted"] == rows
    assert customer["netsuite_result"] == "complete"
    (end,) = [line for line in said if line["message"].startswith("End of the run: ")]
    sent = [request for request in netsuite_emulator.requests if "/oauth2/" not in request.path]
    assert end["extra"]["netsuite_requests"] == len(sent)
    assert end["extra"]["netsuite_throttled"] == 3
    assert end["extra"]["netsuite_streams_done"] == 2
    assert end["extra"]["netsuite_rows"] == sum(stream["netsuite_rows_emitted"] for stream in streams.values())
    assert end["extra"]["netsuite_seconds"] > 0
    metrics = [line["metric_info"] for line in said if "metric_info" in line]
    counts = {
        metric["tags"]["http_status_code"]: metric["value"]
        for metric in metrics
        if metric["metric"] == "http_request_count"
    }
    assert counts[429] == 3
    assert sum(counts.values()) == len(sent)


def test_a_log_is_told_how_far_it_is_in_between(config: Json, caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(Account(TapSettings.from_mapping(config), "test"), ["customer", "currency"])
    caplog.set_level(logging.INFO)
    with in_a_log(progress, interval=0.01):
        while "Progress: 0 of 2 streams, 0 rows, 0 requests, 0 throttled" not in caplog.text:
            time.sleep(0.01)
    assert caplog.messages[-1].startswith("End of the run: 0 of 2 streams")


def test_a_rate_is_that_of_late() -> None:
    pace = Pace()
    pace.take(5, 100)
    assert (pace.rate, pace.span) == (20, 5)
    for second in range(6, 41):
        pace.take(second, 100 + 1000 * (second - 5))
    assert pace.rate == 1000
    assert 10 <= pace.span <= 11


def facts(**known: Any) -> Facts:
    usual: dict[str, Any] = {
        "streams": 12,
        "streams_done": 3,
        "stream": "transaction",
        "stream_rows": 45_000,
        "stream_left": 75_000,
        "rows": 1_204_000,
        "seconds": 144,
        "in_flight": 12,
        "limit": 15,
        "traffic": Traffic({200: 1300, 429: 2}, {200: 1000.0, 429: 0.1}),
        "rate": 7500,
        "seconds_left": 10,
    }
    return Facts(**{**usual, **known})


def in_one_line(facts: Facts, columns: int) -> str:
    return in_one_row(line_parts(facts), columns)


def test_the_line_says_as_much_as_there_is_room_for() -> None:
    assert in_one_line(facts(), 200) == (
        "3/12 streams | transaction 45,000 of 120,000 | 7,500 rows/s | 0:10 left of this stream | 12/15 requests | "
        "throttled 2x | 1,204,000 rows in all | 2:24 so far"
    )
    assert in_one_line(facts(), 76) == "3/12 streams | transaction 45,000 of 120,000 | 7,500 rows/s | throttled 2x"
    assert in_one_line(facts(), 5) == "3/12 streams"


def test_no_time_is_guessed() -> None:
    assert "left" not in in_one_line(facts(seconds_left=None), 200)
    assert " transaction 45,000 | " in in_one_line(facts(stream_left=None, seconds_left=None), 200)
    assert " 0:10 left | " in in_one_line(facts(streams_done=11), 200)
