"""A target that is killed at any moment, and started again from the STATE it passed on, loses and repeats nothing."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.account_model import KINDS, Given, Lines, Model, message, schemas, shown_in, streams_of
from tests.target_runs import QUICK_COMMAND, lines, state

from netsuite_emulator import Emulator

_KILLS = 8
_LINES = Lines("append", by_item=False)
_PEOPLE, _ORDERS, _VISITS = 30, 12, 24


class Killed:
    """One input, and a process that reads it from any of its STATEs on."""

    def __init__(self, emulator: Emulator, folder: Path, prefix: str, seed: int) -> None:
        self.emulator = emulator
        self.prefix = prefix
        self._folder = folder
        self._draws = random.Random(seed)
        self._input = self._made([str(row[0]) for row in emulator.execute("SELECT id FROM item ORDER BY id LIMIT 3")])
        self._config = folder / "config.json"
        settings = {
            "streams": streams_of(prefix, _LINES),
            "journal": str(folder / "journal.sqlite"),
            "max_rejects": 0,
        }
        self._config.write_text(json.dumps({**emulator.connection, **settings}))

    def _made(self, items: list[str]) -> list[tuple[str, Given]]:
        """Return records that lead to the same whenever a part of them comes twice; those of one key in their order."""
        name = self.prefix
        people: list[tuple[str, Given]] = [
            ("people", {"id": number, "op": "upsert", "name": f"{name} {number}"}) for number in range(_PEOPLE)
        ]
        changes: list[tuple[str, Given]] = [
            ("people", {"id": number, "op": "update", "note": f"n{number}", "boss": 0}) for number in range(1, 10)
        ]
        removals: list[tuple[str, Given]] = [
            ("people", {"id": number, "op": "delete"}) for number in range(20, _PEOPLE)
        ]
        orders: list[tuple[str, Given]] = [
            ("orders", {"id": order, "who": order % 10, "note": f"o{order}", "lines": [(items[0], 1)]})
            for order in range(_ORDERS)
        ]
        appended: list[tuple[str, Given]] = [
            ("orders", {"id": order, "who": order % 10, "lines": [(items[number], number + 1)]})
            for number in (1, 2)
            for order in range(_ORDERS)
        ]
        visits: list[tuple[str, Given]] = [
            ("visits", {"name": f"{name} {number // 2 * 2}", "who": number // 2 % 10, "rating": 1})
            for number in range(_VISITS)  # each comes twice, and is to be there twice
        ]
        return [*people, *changes, *_mixed(self._draws, orders, appended, visits), *removals]

    def run(self, start: int, *, killed: bool, findable: bool = False) -> tuple[int, int | None]:
        """Run from a place in the input on, and return the place of the last STATE, and the exit code.

        With `findable`, creates without an external id are left out: once a STATE covers them, they may be done again.
        """
        messages = schemas()
        for place, one in enumerate(self._input[start:], start + 1):
            if KINDS[one[0]].is_findable or not findable:
                messages.append(message(*one))
            if place % 6 == 0 or place == len(self._input):
                messages.append(state(place))
        source, states, log = (self._folder / name for name in ("input.jsonl", "states.jsonl", "log.txt"))
        source.write_text(lines(*messages))
        self.emulator.clear_requests()
        with source.open() as stdin, states.open("w") as stdout, log.open("w") as stderr:
            process = subprocess.Popen(
                [*QUICK_COMMAND, "--config", str(self._config)], stdin=stdin, stdout=stdout, stderr=stderr
            )
            if killed:
                self._kill(process)
            code = process.wait(120)
        self._let_requests_end()
        assert code in (0, -signal.SIGKILL), log.read_text()
        return int([str(start), *states.read_text().split()][-1]), code

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """End the process when it has sent so many requests, or while it does what comes after."""
        requests, pause = self._draws.randrange(1, 45), self._draws.random() * 0.1
        while process.poll() is None and len(self.emulator.requests) < requests:
            time.sleep(0.002)
        time.sleep(pause)
        process.kill()

    def _let_requests_end(self) -> None:
        """Wait for requests on their way, which NetSuite carries out whoever asked."""
        while any(one.status == 0 for one in self.emulator.requests):
            time.sleep(0.005)

    def check(self) -> None:
        """Hold the emulator against the model, which applies each record once."""
        model = Model(_LINES)
        model.apply(self._input)
        assert shown_in(self.emulator, self.prefix) == model.shown()

    @property
    def end(self) -> int:
        return len(self._input)


def _mixed(draws: random.Random, *parts: list[tuple[str, Given]]) -> list[tuple[str, Given]]:
    """Return all records, those of each part in their order; the second begins when the first has ended."""
    first, second, third = map(list, parts)
    mixed: list[Any] = []
    waiting = [[*first, *second], third]
    while any(waiting):
        queue = draws.choice([queue for queue in waiting if queue])
        mixed.append(queue.pop(0))
    return mixed


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 5))])
def test_a_target_that_is_killed_again_and_again_does_everything_once(
    netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path, prefix: str, seed: int
) -> None:
    emulator = netsuite_emulator_factory(
        one_world=False, latency=0.01, job_seconds=0.005, async_processors=4, concurrency_limit=10
    )
    killed = Killed(emulator, tmp_path, prefix, seed)
    place, code = 0, None
    for _ in range(_KILLS):
        place, code = killed.run(place, killed=True)
        if place == killed.end:
            break
    while place < killed.end or code != 0:
        place, code = killed.run(place, killed=False)
    killed.check()
    killed.run(0, killed=False, findable=True)
    killed.check()
