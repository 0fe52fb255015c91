"""Accounts that show no rows where more columns than so many are asked for at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.stand_in import StandIn, standing_in
from tests.tap_runs import Json, discover, entry, read, selected

from netsuite_emulator import Churn, Emulator
from suitetalk import Page
from tap_netsuite.reading.sequential import rows_by_key
from tap_netsuite.source import Column, Kind, Source

STREAMS = ("customer", "transaction", "transactionaccountingline", "accounttype")


class Capped(StandIn):
    """A table that shows no rows where more columns than `cap` are asked for."""

    cap = 0

    def page(self, statement: str, *, limit: int | None = None, offset: int = 0) -> Page:
        page = super().page(statement, limit=limit, offset=offset)
        selected = re.sub(r"\(.*?\)", "", statement.partition(" FROM ")[0])
        return Page([], 0, has_more=False) if selected.count(",") >= self.cap else page


@given(
    cap=st.one_of(st.integers(3, 12), st.sampled_from([99, 100, 101])),
    more=st.integers(-2, 2),
    times=st.integers(1, 3),
    keys=st.integers(1, 2),
    rows=st.integers(0, 7),
)
@example(cap=99, more=1, times=1, keys=2, rows=3)
@example(cap=100, more=0, times=1, keys=1, rows=3)
@example(cap=101, more=-1, times=1, keys=1, rows=3)
def test_no_row_or_column_is_lost_whatever_the_cap_and_however_close_to_it(
    cap: int, more: int, times: int, keys: int, rows: int
) -> None:
    names = [f"c{number}" for number in range(max(keys, cap * times + more))]
    columns = tuple(Column(name, Kind.INTEGER) for name in names)
    stored = [{name: row if at < keys else 100 * row + at for at, name in enumerate(names)} for row in range(rows)]
    capped = Capped(", ".join(f"{name} INTEGER" for name in names), stored, page_size=3)
    capped.cap = cap
    with standing_in(capped) as table:
        source = Source("t", columns, columns[:keys])
        came = [row for page in rows_by_key(table.suiteql, source) for row in page]
        again = [
            row for page in rows_by_key(table.suiteql, replace(source, columns=columns[: cap + 1])) for row in page
        ]
    assert came == [{name: str(value) for name, value in row.items()} for row in stored]
    assert len(again) == rows


def rows_of(finished_records: list[Json]) -> list[str]:
    return sorted(
        str(sorted((name, value) for name, value in row.items() if name != "_sdc_set_read_at"))
        for row in finished_records
    )


@pytest.mark.slow
@pytest.mark.parametrize("cap", [99, 100, 101, 37, 7])
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
