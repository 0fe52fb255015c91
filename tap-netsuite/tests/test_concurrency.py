"""How many requests a run has in flight: as the account says, as the setting says, and never more than it lets run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.tap_runs import discover, read, selected

from netsuite_emulator import Emulator, Role

_BLOCKED = 429
STREAMS = ("account", "currency", "customer", "item", "term", "transaction", "transactionline", "vendor")


@pytest.mark.slow
def test_a_limit_that_others_share_leaves_one_place_to_them(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(scale=0.3, concurrency_limit=6, latency=0.05)
    catalog = selected(discover({**emulator.connection, "tables": list(STREAMS)}), *STREAMS)
    read(emulator.connection, catalog)  # logs in and learns nothing that is kept
    emulator.clear_requests()
    finished = read(emulator.connection, catalog)
    assert finished.error is None
    assert [request for request in emulator.requests if request.status == _BLOCKED] == []
    assert 1 < emulator.highest_in_flight <= 5


@pytest.mark.slow
def test_the_setting_is_never_exceeded(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(scale=0.3, concurrency_limit=20, latency=0.02)
    config = {**emulator.connection, "tables": list(STREAMS), "max_concurrency": 3}
    catalog = selected(discover(config), *STREAMS)
    emulator.clear_requests()
    assert read(config, catalog).error is None
    assert 1 < emulator.highest_in_flight <= 3


@pytest.mark.slow
def test_where_the_role_may_not_ask_the_limit_is_found(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(scale=0.3, concurrency_limit=2, latency=0.02, role=Role(administrator=False))
    catalog = selected(discover({**emulator.connection, "tables": list(STREAMS)}), *STREAMS)
    finished = read(emulator.connection, catalog)
    assert finished.error is None
    (rows,) = emulator.execute("SELECT count(*) FROM transactionline")[0]
    assert len({record["uniquekey"] for record in finished.records("transactionline")}) == rows
