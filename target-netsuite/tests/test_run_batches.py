"""How few requests a run takes for many records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema

from netsuite_emulator import Emulator

Listen = Callable[..., Run]
Factory = Callable[..., Emulator]


def _paths(emulator: Emulator, part: str) -> list[str]:
    return [one.path for one in emulator.requests if part in one.path]


def test_what_is_created_is_confirmed_in_bulk_although_suiteql_does_not_show_all_its_fields(
    netsuite_emulator_factory: Factory, listen: Listen, prefix: str
) -> None:
    emulator = netsuite_emulator_factory(one_world=True)
    streams: dict[str, Any] = {
        "people": {
            "record_type": "customer",
            "external_id": f"{prefix}-{{id}}",
            "fields": {"name": "companyName"},
            "constants": {"subsidiary": "1"},
            "write_mode": "batch",
        }
    }
    people = [record("people", id=number, name=f"No {number}") for number in range(150)]
    run = listen(streams, schema("people"), *people, **emulator.connection)
    assert (run.error, run.summary) == (None, {"people": {"created": 150}})
    assert len(_paths(emulator, "/customer")) - len(_paths(emulator, "/metadata-catalog/customer")) == 2
    assert _paths(emulator, "/result") == []


@pytest.mark.slow
def test_new_records_with_lines_go_by_the_hundred(emulator: Emulator, listen: Listen, prefix: str) -> None:
    [(customer,)] = emulator.execute("SELECT min(id) FROM customer")
    [(item,)] = emulator.execute("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")
    lines = {"items": [{"item": {"id": str(item)}, "quantity": 2}, {"item": {"id": str(item)}, "quantity": 3}]}
    orders = [record("orders", id=number, entity={"id": str(customer)}, item=lines) for number in range(120)]
    streams = {"orders": {"record_type": "salesOrder", "external_id": f"{prefix}-{{id}}", "write_mode": "batch"}}
    run = listen(streams, schema("orders"), *orders)
    assert (run.error, run.summary) == (None, {"orders": {"created": 120}})
    taken = [one.path for one in emulator.requests if one.method == "PUT" and one.status == 202]
    assert taken == ["/services/rest/record/v1/salesorder"] * 2
    there = emulator.execute(
        "SELECT count(DISTINCT t.id), count(*) FROM transaction t JOIN transactionline l ON l.transaction = t.id "
        f"WHERE t.externalid LIKE '{prefix}-%' AND l.mainline = 'F'"
    )
    assert there == [(120, 240)]


@pytest.mark.slow
@pytest.mark.parametrize(("job_seconds", "way"), [(8.0, "single"), (0.0, "batch")])
def test_the_faster_way_is_chosen(
    netsuite_emulator_factory: Factory, listen: Listen, prefix: str, job_seconds: float, way: str
) -> None:
    emulator = netsuite_emulator_factory(
        one_world=False, job_overhead_seconds=job_seconds, async_processors=1, latency=0.05, concurrency_limit=10
    )
    streams = {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "operation": "upsert"}}
    people = [record("people", id=number, companyName=f"{prefix} {number}") for number in range(600)]
    gone = [record("people", id=number, _sdc_deleted_at="2026-01-01T00:00:00Z") for number in range(200)]
    run = listen(streams, schema("people"), *people, *gone, **emulator.connection, max_concurrency=10)
    assert (run.error, run.summary) == (None, {"people": {"created": 600, "deleted": 200}})
    alone = sum("/customer/" in one.path and one.method in ("PUT", "DELETE") for one in emulator.requests)
    assert alone >= 650 if way == "single" else alone <= 50
