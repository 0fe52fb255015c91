"""Outages at any moment of discovery and of a first run: the catalog is whole or there is none, and all rows come.

An outage of 1 to 20 seconds is fifty times shorter here, as are the pauses between the tries of a request.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pytest
from tests.tap_runs import Json, QuickTap, Run, discover, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import RetryPolicy, SuiteTalkError

TABLES = ["customer", "currency", "customrecord_site_visit"]
STREAMS = [*TABLES, "record_customrecord_site_visit"]
EFFECTS = ("status", "unavailable", "bad_gateway", "drop_before", "drop_after", "cut_body", "malformed_json", "html")
FASTER = 50
RUNS = 10
Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def _pauses_are_as_much_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = RetryPolicy()
    monkeypatch.setattr(
        QuickTap,
        "retry",
        RetryPolicy(usual.attempts, usual.first_wait / FASTER, longest_wait=usual.longest_wait / FASTER),
    )


@pytest.fixture(scope="module")
def calm(_running_account: Emulator) -> tuple[Json, dict[str, dict[Any, Json]], float, float]:
    """The catalog and the rows without an outage, and how many seconds each took."""
    config = {**_running_account.connection, "tables": TABLES, "request_timeout": 120}
    catalog, discovering = timed(lambda: discover(config))
    run, reading = timed(lambda: read(config, selected(catalog, *STREAMS)))
    assert run.error is None
    return catalog, rows_of(run), discovering, reading


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    begun = time.monotonic()
    return work(), time.monotonic() - begun


def rows_of(run: Run) -> dict[str, dict[Any, Json]]:
    """Return each stream's rows by key."""
    return {stream: {row["id"]: row for row in run.records(stream)} for stream in STREAMS}


@contextmanager
def outage(account: Emulator, chance: random.Random, longest: float) -> Iterator[str]:
    """Let nothing be answered as it should for 1 to 20 seconds, made shorter, from some moment on."""
    fault = Fault(effect=chance.choice(EFFECTS), begins_at="", lasts=chance.uniform(1, 20) / FASTER)
    begins = chance.uniform(0, longest)
    timer = threading.Timer(begins, account.faults.add, [fault])
    timer.start()
    try:
        yield f"{fault.effect} for {fault.lasts:.2f} s after {begins:.2f} s"
    finally:
        timer.cancel()
        timer.join()
        account.faults.clear()


def check(account: Emulator, config: Json, calm: Any, seed: int) -> None:
    """Discover with an outage, read with another one, and go on with what is left until all has come."""
    catalog, rows, discovering, reading = calm
    chance = random.Random(seed)
    settings = {**config, "tables": TABLES, "catalog_cache_seconds": 600, "refresh_catalog": False}
    with outage(account, chance, discovering) as what, suppress(SuiteTalkError):  # then nothing is kept of it
        assert discover(settings) == catalog, what
    assert discover(settings) == catalog, what

    given = {"config": settings, "catalog": selected(catalog, *STREAMS)}
    with outage(account, chance, reading) as what:
        run = read(**given)
    came = rows_of(run)
    for _ in range(RUNS):
        if run.error is None:
            break
        run = read(**given, state=run.state)
        for stream, more in rows_of(run).items():
            came[stream] |= more
    assert run.error is None, what
    assert came == rows, what


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_after_an_outage_every_row_and_column_comes(account: Emulator, config: Json, calm: Any, seed: int) -> None:
    check(account, config, calm, seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(100, 200))
def test_after_many_outages_every_row_and_column_comes(account: Emulator, config: Json, calm: Any, seed: int) -> None:
    check(account, config, calm, seed)
