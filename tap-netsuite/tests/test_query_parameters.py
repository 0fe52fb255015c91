"""Values for the placeholders of queries: bound or in the text, never told, and part of what a state is of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.tap_runs import Json, discover, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import ConfigurationError

QUERY = (
    "SELECT t.id, t.tranid, t.lastmodifieddate AS changed -- of whom?\n"
    "FROM transaction t WHERE t.trandate >= TO_DATE(?, 'YYYY-MM-DD') AND t.id > ? AND t.posting = ? AND 'a?' <> ? ;"
)
VALUES = ["2023-01-01", 1100, True, "it's"]
STORED = "SELECT id, tranid FROM transaction WHERE trandate >= DATE '2023-01-01' AND id > 1100 AND posting = 'T'"


def given(emulator: Emulator, parameters: list[Any] | None = None, **more: Any) -> Json:
    own = {"name": "mine", "query": QUERY, "parameters": VALUES if parameters is None else parameters, **more}
    return {**emulator.connection, "tables": ["currency"], "queries": [own]}


def bodies(emulator: Emulator) -> list[Json]:
    bodies: list[Json] = [
        json.loads(request.body) for request in emulator.requests if request.path.endswith("/suiteql")
    ]
    return [body for body in bodies if "tranid" in body["q"]]


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("keys", "binds"),
    [
        ({"primary_keys": ["id"]}, True),
        ({}, False),
        pytest.param({"primary_keys": ["tranid"]}, True, marks=pytest.mark.slow),
        pytest.param({"primary_keys": ["id"]}, False, marks=pytest.mark.slow),
        pytest.param({}, True, marks=pytest.mark.slow),
        ({"primary_keys": ["tranid"]}, False),
    ],
)
def test_rows_are_those_that_the_values_choose(
    netsuite_emulator_factory: Callable[..., Emulator], *, binds: bool, keys: Json
) -> None:
    emulator = netsuite_emulator_factory(scale=1, query_parameters=binds)
    config = given(emulator, **keys)
    catalog = selected(discover(config), "mine")
    emulator.clear_requests()
    finished = read(config, catalog)
    assert finished.error is None
    stored = emulator.execute(STORED)
    assert len(stored) > 1000
    assert sorted((row["id"], row["tranid"]) for row in finished.records("mine")) == sorted(stored)
    first, *others = bodies(emulator)
    assert first["params"] == ["2023-01-01", "1100", "T", "it's"]  # the first tells whether the account binds
    assert others
    assert all(("params" in body) is binds for body in others[5:])


@pytest.mark.slow
def test_a_state_is_of_the_values_too(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture
) -> None:
    emulator = netsuite_emulator_factory(scale=1)
    config = given(emulator, primary_keys=["id"], replication_key="changed")
    catalog = selected(discover(config), "mine")
    first = read(config, catalog)
    again = read(config, catalog, first.state)
    assert 0 < len(again.records("mine")) < len(first.records("mine"))
    other = given(emulator, ["2022-01-01", *VALUES[1:]], primary_keys=["id"], replication_key="changed")
    finished = read(other, catalog, first.state)
    assert finished.error is None
    assert len(finished.records("mine")) > len(first.records("mine"))
    assert "mine is a different query from the one in the state" in caplog.text
    assert "2022-01-01" not in str(finished.state)


@pytest.mark.slow
def test_a_state_of_a_number_is_of_the_values_too(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory()
    config = given(emulator, primary_keys=["id"], replication_key="id")
    catalog = selected(discover(config), "mine")
    first = read(config, catalog)
    assert len(read(config, catalog, first.state).records("mine")) == 1
    other = given(emulator, [*VALUES[:2], False, VALUES[3]], primary_keys=["id"], replication_key="id")
    stored = emulator.execute(STORED.replace("'T'", "'F'"))
    assert len(read(other, catalog, first.state).records("mine")) == len(stored) > 1


@pytest.mark.slow
def test_a_reading_that_broke_off_is_of_the_values_too(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(scale=1)
    config = given(emulator, primary_keys=["id"])
    catalog = selected(discover(config), "mine")
    whole = read(config, catalog)
    broken_off = next(state for state in whole.states if "reading" in state["bookmarks"]["mine"])
    rest, rows = read(config, catalog, broken_off).records("mine"), whole.records("mine")
    assert 0 < len(rest) < len(rows)
    assert rest == rows[-len(rest) :]
    other = read(given(emulator, ["2023-01-01", 0, *VALUES[2:]], primary_keys=["id"]), catalog, broken_off)
    assert {row["id"] for row in other.records("mine")} >= {row["id"] for row in rows}


def test_a_state_from_before_is_gone_on_from(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory()
    config = given(emulator, primary_keys=["id"], replication_key="changed")
    catalog = selected(discover(config), "mine")
    first = read(config, catalog)
    state = first.state
    del state["bookmarks"]["mine"]["query"]
    assert len(read(config, catalog, state).records("mine")) < len(first.records("mine"))


@pytest.mark.parametrize("query_parameters", [True, False])
def test_values_are_not_told(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture, *, query_parameters: bool
) -> None:
    caplog.set_level("DEBUG")
    emulator = netsuite_emulator_factory(query_parameters=query_parameters)
    config = given(emulator, [*VALUES[:3], "Ms O'Hara"], primary_keys=["id"])
    config["queries"][0]["query"] = QUERY.replace("t.lastmodifieddate", "t.memo")
    catalog = selected(discover(config), "mine")
    words = "Search error occurred: near 'Ms O''Hara' of Ms O'Hara"
    body = {"o:errorDetails": [{"detail": words, "o:errorCode": "INVALID_PARAMETER"}]}
    emulator.faults.add(Fault(effect="status", status=400, path="suiteql", body=body))
    finished = read(config, catalog)
    assert "near '?' of ?" in str(finished.error)
    assert "Hara" not in f"{finished.error} {finished.state} {caplog.text}"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (["2023-01-01"], "of the query mine are 1 values and it has 4 placeholders (?); make them agree"),
        ([*VALUES, 1], "of the query mine are 5 values and it has 4 placeholders"),
        ([*VALUES[:3], None], "parameters[3]` is neither text, a number, true nor false"),
        ([*VALUES[:3], ["Hara"]], "parameters[3]` is neither text"),
        ("Hara", "must be a list such as"),
    ],
)
def test_values_that_do_not_fit_are_a_sentence(config: Json, parameters: Any, words: str) -> None:
    own = {"name": "mine", "query": QUERY, "parameters": parameters}
    with pytest.raises(ConfigurationError) as caught:
        discover({**config, "tables": ["currency"], "queries": [own]})
    assert str(caught.value.setting).startswith("queries[0].parameters")
    assert words in str(caught.value)
    assert "Hara" not in str(caught.value)
