"""What a run asks besides its pages, and pages that it asks for before it knows what they must look like."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.tap_runs import Json, discover, read, selected

from netsuite_emulator import Emulator

TABLE = "customrecord_big"
REMARK = "custrecord_remark"  # in statements that ask for rows, and in no others


def catalog_of(emulator: Emulator) -> Json:
    return selected(discover({**emulator.connection, "tables": [TABLE]}), TABLE, "_audit")


@pytest.mark.slow
def test_few_rows_are_read_without_another_question(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(big_tables={TABLE: 2500})
    emulator.execute(f"DELETE FROM {TABLE} WHERE id % 7 = 0")  # gaps that rows could lie in
    [(rows,)] = emulator.execute(f"SELECT count(*) FROM {TABLE}")
    catalog = catalog_of(emulator)
    before = len(emulator.requests)

    run = read(emulator.connection, catalog)

    asked = [request.body for request in emulator.requests[before:] if TABLE in request.body]
    assert run.error is None
    assert len({record["id"] for record in run.records(TABLE)}) == len(run.records(TABLE)) == rows
    assert [REMARK in body for body in asked] == [True] * 3
    [audit] = run.records("_audit")
    assert (audit["rows_counted"], audit["result"]) == (rows, "complete")


@pytest.mark.slow
def test_pages_that_were_asked_for_too_early_are_read_again(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(big_tables={TABLE: 30_000}, latency=0.02, concurrency_limit=2)
    emulator.execute(f"UPDATE {TABLE} SET lastmodified = TIMESTAMP '2025-07-01 12:00:00'")
    catalog = catalog_of(emulator)

    run = read({**emulator.connection, "max_concurrency": 2, "account_timezone": "Asia/Tokyo"}, catalog)

    assert run.error is None
    records = run.records(TABLE)
    assert {record["lastmodified"] for record in records} == {"2025-07-01T03:00:00Z"}  # not as NetSuite converts it
    assert len({record["id"] for record in records}) == len(records) == 30_000
