"""Accounts that show no rows where more columns than so many are asked for at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.tap_runs import Json, discover, entry, read, selected

from netsuite_emulator import Churn, Emulator

STREAMS = ("customer", "transaction", "transactionaccountingline", "accounttype")


def rows_of(finished_records: list[Json]) -> list[str]:
    return sorted(
        str(sorted((name, value) for name, value in row.items() if name != "_sdc_set_read_at"))
        for row in finished_records
    )


@pytest.mark.slow
@pytest.mark.parametrize("cap", [100, 37, 7])
def test_rows_come_whole_from_an_account_that_shows_few_columns(
    netsuite_emulator_factory: Callable[..., Emulator], cap: int
) -> None:
    emulator = netsuite_emulator_factory(scale=0.05, time_zone="UTC")
    config = {**emulator.connection, "tables": list(STREAMS), "lookback_seconds": 0}
    catalog = discover(config)
    whole = read(config, selected(catalog, *STREAMS))
    capped = netsuite_emulator_factory(scale=0.05, time_zone="UTC", column_cap=cap)
    config = {**capped.connection, "tables": list(STREAMS), "lookback_seconds": 0}
    found = discover(config)
    for stream in STREAMS:
        assert entry(found, stream)["schema"] == entry(catalog, stream)["schema"]
    first = read(config, selected(found, *STREAMS))
    assert first.error is None
    for stream in STREAMS:
        assert rows_of(first.records(stream)) == rows_of(whole.records(stream))

    nothing = read(config, selected(found, *STREAMS), first.state)
    assert nothing.error is None
    capped.execute(
        "UPDATE customer SET companyname = 'New', lastmodifieddate = timezone('UTC', now()) WHERE id % 5 = 0"
    )
    second = read(config, selected(found, *STREAMS), nothing.state)
    assert second.error is None
    changed = {key for (key,) in capped.execute("SELECT id FROM customer WHERE id % 5 = 0")}
    assert changed <= {row["id"] for row in second.records("customer") if row["companyname"] == "New"}


@pytest.mark.slow
def test_rows_that_change_between_two_parts_are_read_again(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(scale=0.1, column_cap=40)
    config = {**emulator.connection, "tables": ["customer"], "max_concurrency": 1}
    catalog = selected(discover(config), "customer")
    churn = Churn(table="customer", every=1, inserts=1, updates=5, deletes=1, column="companyname", times=12)
    emulator.churning.start(churn)
    first = read(config, catalog)
    emulator.churning.stop()
    assert first.error is None
    second = read(config, catalog, first.state)
    came = {row["id"]: row for run in (first, second) for row in run.records("customer")}
    there = dict(emulator.execute("SELECT id, companyname FROM customer"))
    assert {key: came[key]["companyname"] for key in there} == there
