"""What `--state` takes, and what it does not take for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.tap_runs import Json, QuickTap, discover, read, selected

from suitetalk import ConfigurationError


def test_a_whole_state_message_is_taken_for_its_state(config: Json, catalog: Json) -> None:
    chosen = selected(catalog, "customer")
    first = read(config, chosen)
    again = read(config, chosen, {"type": "STATE", "value": first.state})
    assert len(again.records("customer")) < len(first.records("customer"))


@pytest.mark.parametrize(
    "state",
    [{"customer": "2024-01-01"}, {"bookmarks": []}, {"bookmarks": {"customer": 5}}, {"type": "RECORD"}, [1, 2], [], 7],
)
def test_what_is_no_state_is_refused_instead_of_reading_everything_again(
    config: Json, catalog: Json, state: Any
) -> None:
    with pytest.raises(ConfigurationError, match="--state"):
        QuickTap(config=config, catalog=selected(catalog, "customer"), state=state)


def test_a_bookmark_in_the_future_is_refused_instead_of_finding_nothing_for_ever(config: Json, catalog: Json) -> None:
    future = {"replication_key": "lastmodifieddate", "replication_key_value": "2099-01-01T00:00:00Z"}
    run = read(config, selected(catalog, "customer", "transaction"), {"bookmarks": {"customer": future}})
    assert "customer" in str(run.error)
    assert "2099-01-01T00:00:00Z is later than NetSuite's clock" in str(run.error)
    assert run.records("customer") == []
    assert run.records("transaction")
    assert run.state["bookmarks"]["customer"].get("replication_key_value") in ("2099-01-01T00:00:00Z", None)


def test_so_is_one_of_a_query_that_is_read_a_page_at_a_time(config: Json) -> None:
    query = "SELECT 'c' || id AS code, lastmodifieddate FROM customer"
    mine = {"name": "mine", "query": query, "primary_keys": ["code"], "replication_key": "lastmodifieddate"}
    given = {**config, "tables": ["currency"], "queries": [mine]}
    chosen = selected(discover(given), "mine")
    state = read(given, chosen).state
    state["bookmarks"]["mine"]["replication_key_value"] = "2099-01-01T00:00:00Z"

    run = read(given, chosen, state)

    assert "2099-01-01T00:00:00Z is later than NetSuite's clock" in str(run.error)
    assert run.records("mine") == []
