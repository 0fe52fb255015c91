"""How few requests a run takes for many records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
        }
    }
    people = [record("people", id=number, name=f"No {number}") for number in range(150)]
    run = listen(streams, schema("people"), *people, **emulator.connection)
    assert (run.error, run.summary) == (None, {"people": {"created": 150}})
    assert len(_paths(emulator, "/customer")) - len(_paths(emulator, "/metadata-catalog/customer")) == 2
    assert _paths(emulator, "/result") == []
