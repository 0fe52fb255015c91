"""The demo as a person runs it: on a fresh clone, to its end, and interrupted anywhere."""

import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from tests.fresh_copy import NO_HOME, FreshCopy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(1200)]

STREAMS = {
    "account",
    "accountingbook",
    "accountingperiod",
    "accountingperiodfiscalcalendars",
    "accounttype",
    "customer",
    "customrecord_warranty",
    "fiscalcalendar",
    "item",
    "subsidiary",
    "transaction",
    "transactionaccountingline",
    "transactionline",
    "vendor",
}
STAGES = [
    ("==> Installing", 1.0),
    ("Starting a PostgreSQL ...", 0.0),
    ("Starting a NetSuite (the emulator) ...", 0.0),
    ("Installing the plugins into Meltano ...", 2.0),
    ("Loading everything ...", 0.5),
    ("Loading everything ...", 8.0),
]
"""What is under way, and for how many seconds, when Ctrl-C comes."""


STAMPS = {"==> Installing": ".venv/.prepared", "Installing the plugins into Meltano ...": ".demo/meltano/installed"}
"""What has to go for something to be installed."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreshCopy]:
    copy = FreshCopy(tmp_path_factory.mktemp("demo"))
    yield copy
    assert copy.survivors() == []


@pytest.mark.parametrize(("stage", "seconds"), STAGES)
def test_ctrl_c_leaves_nothing_behind(copy: FreshCopy, stage: str, seconds: float) -> None:
    copy.forget(STAMPS.get(stage, "nothing"))
    with copy.running(*copy.make("demo")) as demo:
        demo.wait_for(stage)
        time.sleep(seconds)
        demo.interrupt()
        code = demo.wait()

    assert code in {2, 130, -signal.SIGINT}, demo.output
    assert "\nInterrupted; " in demo.output
    assert "Traceback" not in demo.output
    assert copy.survivors() == []
    assert copy.leftovers() == []


def test_being_terminated_leaves_nothing_behind(copy: FreshCopy) -> None:
    with copy.running(*copy.make("demo")) as demo:
        demo.wait_for("Loading everything ...")
        demo.process.terminate()
        code = demo.wait()

    assert code in {2, -signal.SIGTERM}, demo.output
    assert "\nInterrupted; " in demo.output
    assert copy.survivors() == []
    assert copy.leftovers() == []


def test_the_next_run_clears_up_after_one_that_was_killed(copy: FreshCopy) -> None:
    with copy.running(*copy.make("demo")) as demo:
        demo.wait_for("Loading everything ...")
        os.killpg(demo.process.pid, signal.SIGKILL)
        demo.process.wait()
    (left,) = copy.leftovers()
    assert left.exists()

    with copy.running(*copy.make("demo")) as demo:
        demo.wait_for("Starting a PostgreSQL: done")
        assert not left.exists()
        demo.interrupt()
        demo.wait()

    assert copy.survivors() == []
    assert copy.leftovers() == []


def test_a_second_demo_in_the_same_folder_is_refused(copy: FreshCopy) -> None:
    with copy.running(*copy.make("demo")) as first:
        first.wait_for("Starting a PostgreSQL: done")
        with copy.running(*copy.make("demo")) as second:
            assert second.wait() == 2
        assert "Another demo is running in this folder" in second.output
        assert first.process.poll() is None


def test_one_command_tells_the_whole_story(copy: FreshCopy) -> None:
    with copy.running(*copy.make("demo"), **NO_HOME) as demo:
        assert demo.wait() == 0, demo.output

    lines = {cells[0]: cells[1:] for line in demo.lines if (cells := re.split(r"\s{2,}", line.strip()))[0] in STREAMS}
    assert set(lines) == STREAMS
    for in_netsuite, in_warehouse, _moved, *_written in lines.values():
        assert in_netsuite == in_warehouse != "0"
    for written in ("3 created", "2 updated", "1 deleted"):
        assert written in demo.output.partition("What moved")[2]
    assert 0 < int(lines["customer"][2].replace(",", "")) < int(lines["customer"][0].replace(",", ""))
    rows = [
        re.split(r"\s{2,}", line.strip())[-3:] for line in demo.output.partition("Balance sheet of")[2].splitlines()
    ]
    sums = [cells for cells in rows if cells[0] in {"Assets", "Liabilities", "Equity", "Difference"}]
    assert len(sums) == 16
    for section, in_warehouse, in_netsuite in sums:
        assert in_warehouse == in_netsuite
        assert (in_warehouse == "0.00") == (section == "Difference")
    assert "$ meltano run tap-netsuite target-postgres" in demo.output
    assert "$ meltano run tap-postgres target-netsuite" in demo.output
    assert copy.survivors() == []
    assert copy.leftovers() == []
