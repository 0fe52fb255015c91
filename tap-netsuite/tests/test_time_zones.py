"""Times in UTC, whoever turns them into it."""

from __future__ import annotations

from collections.abc import Callable

from tests.tap_runs import Json, read, selected

from netsuite_emulator import Emulator, Fault


def stamps(emulator: Emulator, catalog: Json, **settings: object) -> set[str]:
    run = read({**emulator.connection, **settings}, selected(catalog, "customer"))
    assert run.error is None
    return {record["lastmodifieddate"] for record in run.records("customer")}


def test_the_zone_that_is_set_counts_even_where_netsuite_would_convert(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json
) -> None:
    emulator = netsuite_emulator_factory(time_zone="America/New_York")
    emulator.execute("UPDATE customer SET lastmodifieddate = TIMESTAMP '2025-07-01 12:00:00'")
    assert stamps(emulator, catalog) == {"2025-07-01T16:00:00Z"}
    assert stamps(emulator, catalog, account_timezone="America/New_York") == {"2025-07-01T16:00:00Z"}
    assert stamps(emulator, catalog, account_timezone="Asia/Tokyo") == {"2025-07-01T03:00:00Z"}


def test_a_clock_that_netsuite_does_not_tell_is_done_without(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json
) -> None:
    emulator = netsuite_emulator_factory()
    emulator.faults.add(Fault(effect="status", path="/system/", status=403))
    assert len(stamps(emulator, catalog)) > 1
