"""Fixtures of the tap's tests: an account that is only read, and its catalog."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import discover

from netsuite_emulator import Emulator, Settings


@pytest.fixture(scope="session")
def _running_account() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05)) as emulator:
        yield emulator


@pytest.fixture
def account(_running_account: Emulator) -> Iterator[Emulator]:
    """A NetSuite that tests read and do not change, without faults; `netsuite_emulator` is one of a test's own."""
    _running_account.clear_requests()
    yield _running_account
    _running_account.faults.clear()


@pytest.fixture
def config(account: Emulator) -> dict[str, Any]:
    """Settings that lead to the account."""
    return {**account.connection, "request_timeout": 120}


@pytest.fixture(scope="session")
def catalog(_running_account: Emulator) -> dict[str, Any]:
    """The catalog of the account."""
    return discover({**_running_account.connection})


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test's runs keep catalogs; no test sees those of another."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """Take back the signal handlers that each tap installs."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
