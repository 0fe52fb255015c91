"""Deletions while a run reads, and runs that are killed: the warehouse ends with what the account has."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tap_runs import Json, TapProcess, command, read, selected
from tests.warehouse import SETS, Warehouse, delete, delete_line, stored, touch

from netsuite_emulator import Emulator, Fault


class Users:
    """People who change transactions, always in the same order for the same seed."""

    def __init__(self, emulator: Emulator, seed: int) -> None:
        self._emulator = emulator
        self._draws = random.Random(seed)

    def work(self, changes: int) -> None:
        for _ in range(changes):
            self._draws.choice([self._delete, self._delete_line, self._delete_line, self._unpost, self._touch])()

    def _transaction(self) -> int:
        ids = sorted(stored(self._emulator, "transaction"))
        return int(self._draws.choice(ids)[0])

    def _delete(self) -> None:
        transaction = self._transaction()
        ((kind,),) = self._emulator.execute(f"SELECT recordtype FROM transaction WHERE id = {transaction}")
        delete(self._emulator, "transaction", transaction, record_type=kind)

    def _delete_line(self) -> None:
        (key,) = self._draws.choice(sorted(stored(self._emulator, "transactionline")))
        delete_line(self._emulator, key)

    def _unpost(self) -> None:
        transaction = self._transaction()
        self._emulator.execute(f"DELETE FROM transactionaccountingline WHERE transaction = {transaction}")
        touch(self._emulator, transaction)

    def _touch(self) -> None:
        touch(self._emulator, self._transaction())


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(time_zone="UTC", scale=0.2)


@pytest.fixture
def config(emulator: Emulator, tmp_path: Path) -> Json:
    store = str(tmp_path / "keys.sqlite3")
    return {**emulator.connection, "account_timezone": "UTC", "lookback_seconds": 2, "seen_keys": store}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_killed_again_and_again_while_lines_and_transactions_go(
    emulator: Emulator, config: Json, catalog: Json, tmp_path: Path, seed: int
) -> None:
    users, draws, warehouse, chosen = Users(emulator, seed), random.Random(seed), Warehouse(), selected(catalog, *SETS)
    for round_ in range(4):
        with TapProcess(command(tmp_path, config, catalog=chosen, state=warehouse.state)) as process:
            lines = [
                process.line() for _ in range(draws.choice([1, 900, 4000]) if round_ < 2 else draws.randint(1, 60))
            ]
            process.send_signal(signal.SIGKILL)
            run = process.finished("".join(lines))
        if run.lines and not run.lines[-1].endswith("}"):
            run.lines.pop()
        warehouse.load_part(run)
        users.work(8)
    for _ in range(2):
        warehouse.load(read(config, chosen, warehouse.state))
        for stream in SETS:
            assert warehouse.keys(stream) == stored(emulator, stream), stream
        users.work(4)


@pytest.mark.slow
def test_deletions_during_the_read_come_with_it_or_with_the_next(
    emulator: Emulator, config: Json, catalog: Json
) -> None:
    emulator.faults.add(Fault(effect="delay", seconds=0.05, path="suiteql"))
    users, warehouse, chosen = Users(emulator, 7), Warehouse(), selected(catalog, *SETS)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            users.work(1)
            stop.wait(0.05)

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        try:
            warehouse.load(read(config, chosen, warehouse.state))
        finally:
            stop.set()
            thread.join()
            stop.clear()
    warehouse.load(read(config, chosen, warehouse.state))
    for stream in SETS:
        assert warehouse.keys(stream) == stored(emulator, stream), stream
