"""`make bench` in small: every part runs to its end and says what there is to say. How fast it was proves nothing here.

What airbyte-source-netsuite does is measured by `make bench` alone, since it has to come from a package index; here it
is left out by name, and what happens when it cannot be had is tested.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.account import Request, TableSize
from benchmarks.company import COLUMN_OF_PAGES
from benchmarks.failure import NotInstalledError
from benchmarks.readers import airbyte
from benchmarks.rows_read import RowsRead, count_rows
from benchmarks.slot_time import busy_share

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"customer": TableSize(rows=4, highest_id=9)}

Line = dict[str, str]


def bench(*arguments: str) -> tuple[str, list[Line]]:
    """Run a part and return its output and the lines of its first table."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, tables(done.stdout)[0]


def tables(output: str) -> list[list[Line]]:
    """Return the lines of each table, by their heads."""
    return [lines_of(*block.splitlines()) for block in output.strip().split("\n\n")]


def lines_of(_title: str, heads: str, rule: str, *lines: str) -> list[Line]:
    columns = [match.span() for match in re.finditer("-+", rule)]
    names = [heads[slice(*column)].strip() for column in columns]
    return [dict(zip(names, (line[slice(*column)].strip() for column in columns), strict=True)) for line in lines]


@pytest.mark.slow
def test_peers_are_compared_on_the_same_rows() -> None:
    output, lines = bench("peers", "--rows=2500", "--records=20", "--latency=0.01", "--without-airbyte")

    compared = [(line["reader"], line["what"], line["rows"], line["lost rows"]) for line in lines if line["rows"]]
    assert compared[:2] == [
        ("singer-sdk REST stream", "customrecord_big", "2,500", "0"),
        ("tap-netsuite", "customrecord_big", "2,500", "0"),
    ]
    assert [line[1:] for line in compared[-2:]] == [
        ("customer, as records", "20", "0"),
        ("customer, by SuiteQL", "20", "0"),
    ]
    assert int(lines[0]["requests"]) == 3
    assert re.search(r"airbyte-source-netsuite +not measured: left out by --without-airbyte", output)


@pytest.mark.slow
def test_slots_are_measured_with_one_table_and_with_many() -> None:
    output, lines = bench("slots", "--rows=3000", "--tables=3", "--table-rows=1200", "--latency=0.1", "--slots=3")

    assert [(line["rows"], line["lost rows"], line["ideal s"]) for line in lines] == [
        ("3,000", "0", "0.10"),
        ("3,600", "0", "0.20"),
    ]
    assert all(0 < float(line["busy %"]) <= 100 for line in lines)
    assert all(float(line["s a page"]) >= 0.1 for line in lines)
    assert_profile(*tables(output)[1:3], pages=3, excess=3 * float(lines[0]["seconds"]) - 3 * 0.1)
    assert_profile(*tables(output)[3:5], pages=6, excess=3 * float(lines[1]["seconds"]) - 6 * 0.1)


@pytest.mark.slow
def test_writes_are_compared_one_by_one_and_by_the_hundred() -> None:
    sizes = ("--records=250", "--series-records=5", "--parallel-records=20", "--latency=0.01", "--job-seconds=0")
    output, lines = bench(
        "writes", *sizes, "--mixed-records=20", "--queue-records=120", "--queue-seconds=0.1", "--queue-length=0"
    )

    assert [(line["target-netsuite"], line["what"], line["records"], line["lost"]) for line in lines] == [
        ("start-up, few records", "upserts", "100", "0"),
        ("one after the other", "upserts", "5", "0"),
        ("side by side", "upserts", "20", "0"),
        ("batches, a tenth of them", "upserts", "25", "0"),
        ("batches", "upserts", "250", "0"),
        ("batches", "creates", "250", "0"),
        ("the same once more", "skip_unchanged", "250", "0"),
        ("customers, orders with lines", "mixed", "20", "0"),
    ]
    requests = [int(line["requests"]) for line in lines]
    assert requests[2] > 20
    assert requests[4] < 60
    queues = tables(output)[1]
    assert [(line["job"], line["write_mode"], line["records"], line["lost"]) for line in queues] == [
        ("0.1 s", "batch", "120", "0"),
        ("0.1 s", "auto", "120", "0"),
    ]


def assert_profile(parts: list[Line], kinds: list[Line], *, pages: int, excess: float) -> None:
    assert sum(float(part["slot s"]) for part in parts) == pytest.approx(excess, abs=0.1)
    assert sum(float(part["share %"]) for part in parts) == pytest.approx(100, abs=0.1)
    requests = {kind["kind"]: int(kind["requests"]) for kind in kinds}
    assert (requests["pages"], requests["logins"]) == (pages, 1)


@pytest.mark.slow
def test_start_up_is_told_apart_from_what_rows_cost() -> None:
    output, pages = bench("cpu", "--rows=3000")

    assert [(line["columns"], line["texts"]) for line in pages] == [
        (columns, texts) for columns in ("20", "93") for texts in ("tidy", "real", "one damaged")
    ]
    start_up, *tables_read = tables(output)[1]
    assert [(line["rows"], line["lost rows"]) for line in (start_up, *tables_read)] == [
        ("10", "0"),
        ("3,000", "0"),
        ("3,000", "0"),
    ]
    for line in tables_read:
        spent = float(line["CPU s"]) - float(start_up["CPU s"])
        assert float(line["us a row"]) == pytest.approx(spent / (3000 - 10) * 1e6, abs=10)
    files = tables(output)[2]
    assert [line["form"] for line in files] == ["RECORD lines", "JSONL.gz", "Parquet"]


@pytest.mark.slow
def test_a_quiet_run_is_measured_from_the_state_of_the_one_before() -> None:
    _output, lines = bench("quiet", "--streams=4", "--latency=0.01", "--runs=2")

    assert [(line["streams"], line["logins"], line["429s"]) for line in lines] == [("4", "1", "0")] * 3
    assert int(lines[-1]["requests"]) <= 4 + 6
    assert all(0 < float(line["first s"]) <= float(line["first row s"]) for line in lines)


@pytest.mark.slow
def test_the_pipe_is_measured_with_a_loader_and_with_several() -> None:
    _output, lines = bench("pipe", "--rows=100", "--without-defaults")

    figures = [line for line in lines if line["rows"]]
    assert [line["tables"] for line in figures] == ["narrow", "narrow", "wide", "wide"]
    assert [line["rows"] for line in figures[:2]] == ["200", "200"]
    assert all(float(line["loader CPU"]) > 0 for line in figures)


@pytest.mark.slow
def test_memory_is_measured_for_each_size() -> None:
    _output, lines = bench("memory", "--rows", "1000", "2000")

    assert [(line["rows"], line["lost rows"]) for line in lines] == [("1,000", "0"), ("2,000", "0")]
    assert all(float(line["peak MB"]) > 10 for line in lines)


@pytest.mark.slow
def test_discovery_is_measured_twice() -> None:
    _output, (first, again) = bench("discovery", "--types=3", "--latency=0.001")

    assert int(first["streams"]) > 3
    assert first["streams"] == again["streams"]
    assert int(first["requests"]) > 0


@pytest.mark.parametrize("form", ["Singer", "Airbyte"])
def test_rows_that_did_not_come_are_lost_and_others_make_no_good_of_it(tmp_path: Path, form: str) -> None:
    rows: list[tuple[str, int | str]] = [("customer", 1), ("customer", "4"), ("customer", 4), ("vendor", 9)]
    output = tmp_path / "output"
    output.write_text(
        "".join(json.dumps(line(form, stream, key)) + "\n" for stream, key in rows) + '{"type":"STATE"}\n'
    )

    assert count_rows(output, form, SIZES) == RowsRead(rows=3, lost=2)


def line(form: str, stream: str, key: int | str) -> dict[str, object]:
    if form == "Singer":
        return {"type": "RECORD", "stream": stream, "record": {"id": key, "data": 1}}
    return {"type": "RECORD", "record": {"stream": stream, "data": {"id": key}, "emitted_at": 1}}


def test_slots_are_busy_while_requests_run_in_them() -> None:
    page, count = f"SELECT {COLUMN_OF_PAGES}", "SELECT COUNT(*)"
    requests = [
        Request(time=0, path="", body=count, status=200, seconds=2),  # half of it before the first page
        Request(time=1, path="", body=page, status=200, seconds=2),
        Request(time=1, path="", body=page, status=429, seconds=9),
        Request(time=5, path="", body=page, status=200, seconds=4),  # the last, of which nothing counts
    ]

    assert busy_share(requests, slots=2) == (1 + 2) / (2 * 4)


@pytest.mark.slow
def test_a_peer_that_cannot_be_installed_is_no_peer_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airbyte, "ENVIRONMENT", tmp_path / "environment")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))

    with pytest.raises(NotInstalledError, match=r"^airbyte-source-netsuite "):
        airbyte.prepared_environment()
