"""An account that changes while it is read and answers badly, and a tap that is killed: nothing is lost."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import PATIENCE, Json, Run, TapProcess, command, discover, read, selected

from netsuite_emulator import Churn, Emulator, Fault

FAULTS = ("bad_gateway", "cut_body", "drop_after", "too_many_requests", "drop_before", "unavailable")
TABLE = "transaction"


class Warehouse:
    """Takes the output of one run after the other: rows by id, and the last state."""

    def __init__(self) -> None:
        self.rows: dict[int, Json] = {}
        self.state: Json | None = None

    def take(self, finished: Run) -> None:
        for message in finished.messages:
            if message["type"] == "RECORD" and message["stream"] == TABLE:
                self.rows[message["record"]["id"]] = message["record"]
            elif message["type"] == "STATE":
                self.state = message["value"]


def whole_lines(finished: Run) -> Run:
    """Leave out the line that a kill cut off."""
    if finished.lines and not finished.lines[-1].endswith("}"):
        finished.lines.pop()
    return finished


def killed(arguments: list[str], after: int) -> Run:
    with TapProcess(arguments) as process:
        lines = [process.line() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        return whole_lines(process.finished("".join(lines)))


def stored(emulator: Emulator) -> dict[int, tuple[str, str]]:
    """What the account has now: id, memo and the second of the last change, on its clock, which is UTC here."""
    rows = emulator.execute(f"SELECT id, memo, date_trunc('second', lastmodifieddate) FROM {TABLE}")
    return {key: (memo, f"{stamp.isoformat()}Z") for key, memo, stamp in rows}


def loaded(warehouse: Warehouse, keys: Any) -> dict[int, tuple[str, str]]:
    return {key: (row["memo"], row["lastmodifieddate"]) for key, row in warehouse.rows.items() if key in keys}


@pytest.fixture
def moving(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(scale=1, time_zone="UTC", concurrency_limit=7)


def given(emulator: Emulator) -> dict[str, Any]:
    config = {**emulator.connection, "tables": [TABLE]}
    return {"config": config, "catalog": selected(discover(config), TABLE)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_killed_again_and_again_while_everything_moves_and_fails(moving: Emulator, tmp_path: Path, seed: int) -> None:
    draws = random.Random(seed)
    settings = given(moving)
    for number, effect in enumerate(FAULTS):
        moving.faults.add(Fault(effect=effect, probability=0.04, seed=seed * 10 + number, path="query", seconds=0))
    moving.churning.start(Churn(table=TABLE, every=2, inserts=2, updates=3, deletes=1, column="memo", seed=seed))
    warehouse = Warehouse()
    for _ in range(5):
        arguments = command(tmp_path, **settings, state=warehouse.state)
        warehouse.take(killed(arguments, draws.randint(1, 4000)))
        assert moving.wait_until_quiet(PATIENCE)  # what the killed run has asked for takes places of the next one
    warehouse.take(read(**settings, state=warehouse.state))
    moving.churning.stop()
    moving.faults.clear()
    assert moving.wait_until_quiet(PATIENCE)
    final = read(**settings, state=warehouse.state)
    assert final.error is None
    warehouse.take(final)
    truth = stored(moving)
    assert len(moving.churning.changes) > 20
    assert loaded(warehouse, truth) == truth


@pytest.mark.parametrize("scale", [0.3, pytest.param(1, marks=pytest.mark.slow)])
def test_one_run_has_every_row_that_was_there_throughout(
    netsuite_emulator_factory: Callable[..., Emulator], scale: float
) -> None:
    moving = netsuite_emulator_factory(scale=scale, time_zone="UTC", concurrency_limit=7)
    settings = given(moving)
    before = stored(moving)
    moving.churning.start(Churn(table=TABLE, every=1, inserts=2, updates=5, deletes=2, column="memo", seed=5))
    finished = read(**settings)
    moving.churning.stop()
    assert finished.error is None
    stayed = before.keys() & stored(moving).keys()
    assert len(moving.churning.changes) > 20
    assert stayed <= {record["id"] for record in finished.records(TABLE)}
    untouched = stayed - {change.key for change in moving.churning.changes}
    warehouse = Warehouse()
    warehouse.take(finished)
    assert loaded(warehouse, untouched) == {key: before[key] for key in untouched}


@pytest.mark.slow
def test_tokens_that_end_in_the_middle_of_a_run(moving: Emulator) -> None:
    settings = given(moving)
    for number in (3, 17):  # one request may meet both of them
        moving.faults.add(Fault(effect="expire_tokens", nth=number, path="query"))
    finished = read(**settings)
    assert finished.error is None
    assert {record["id"] for record in finished.records(TABLE)} == stored(moving).keys()
