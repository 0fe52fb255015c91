"""A dry run says what a run would do, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema

from netsuite_emulator import Emulator

Listen = Callable[..., Run]


@pytest.fixture
def streams(prefix: str) -> dict[str, Any]:
    """Customers and what refers to them: children by external id, warranties by name."""
    customer = {"record_type": "customer", "external_id": f"{prefix}-{{id}}"}
    parent = {"record_type": "customer", "by": "external_id", "template": f"{prefix}-{{value}}"}
    warranty = {
        "record_type": "customrecord_warranty",
        "external_id": f"{prefix}-{{id}}",
        "fields": {"name": "name", "owner": "custrecord_customer"},
        "references": {"custrecord_customer": {"record_type": "customer", "by": "companyName"}},
    }
    return {
        "firms": {**customer, "fields": {"name": "companyName"}},
        "branches": {
            **customer,
            "fields": {"name": "companyName", "firm": "parent"},
            "references": {"parent": parent},
        },
        "warranties": warranty,
    }


def test_the_first_load_of_an_empty_account_refers_to_what_it_would_create(
    emulator: Emulator, listen: Listen, streams: dict[str, Any], prefix: str
) -> None:
    messages = [
        schema("firms"),
        record("firms", id=1, name=f"{prefix} O'Brien"),
        schema("branches"),
        record("branches", id=2, name=f"{prefix} North", firm=1),
        record("branches", id=3, name=f"{prefix} South", firm=99),
        schema("warranties"),
        record("warranties", id=1, name="Cup", owner=f"{prefix} O'Brien"),
        record("warranties", id=2, name="Cup", owner=f"{prefix} nobody"),
    ]
    dry = listen(streams, *messages, dry_run=True)
    created, missing = {"created": 1}, {"created": 1, "invalid": 1, "refused": 1}
    assert {
        stream: {name: counts[name] for name in counts if name != "dry_run"} for stream, counts in dry.summary.items()
    } == {
        "firms": created,
        "branches": missing,
        "warranties": missing,
    }
    assert {refused["code"] for refused in dry.refused} == {"REFERENCE_NOT_FOUND"}
    assert emulator.execute(f"SELECT count(*) FROM customer WHERE externalid LIKE '{prefix}%'") == [(0,)]

    real = listen(streams, *messages)
    assert real.summary == {"firms": created, "branches": missing, "warranties": missing}


def test_what_exists_would_be_pointed_to_what_is_new(listen: Listen, streams: dict[str, Any], prefix: str) -> None:
    listen(streams, schema("branches"), record("branches", id=2, name=f"{prefix} North"))
    dry = listen(
        streams,
        schema("firms"),
        record("firms", id=1, name=f"{prefix} New"),
        schema("branches"),
        record("branches", id=2, firm=1),
        dry_run=True,
    )
    assert dry.refused == []
    assert '"path": "parent", "before": null, "after": "(new)"' in dry.log
