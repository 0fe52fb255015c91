"""Whatever goes wrong on the way: each record is settled, or a next run settles it; nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.account_model import REFUSED, Given, Lines, Model, message, schemas, shown_in, streams_of
from tests.target_runs import Run, state

from netsuite_emulator import Emulator, Fault

Listen = Callable[..., Run]

_LINES = Lines("append", by_item=False)
_ANYWHERE = [None, "suiteql", "/record/", "/async/", "/job", "metadata-catalog", "/token"]
_REFUSAL = {
    "title": "Bad Request",
    "status": 400,
    "o:errorDetails": [{"detail": "A script refuses it.", "o:errorCode": "USER_ERROR"}],
}
_FAULTS = some.builds(
    Fault,
    effect=some.sampled_from(
        ["too_many_requests", "unavailable", "bad_gateway", "status", "delay", "cut_body", "drop_before", "drop_after",
         "malformed_json", "expire_tokens", "fail_task"]
    ),
    path=some.sampled_from(_ANYWHERE),
    probability=some.sampled_from([0.1, 0.3, 0.6]),
    seed=some.integers(0, 1000),
    times=some.sampled_from([1, 3, 10, 40]),
    seconds=some.just(0.01),
).map(lambda fault: replace(fault, times=1) if fault.effect == "fail_task" else fault)  # fmt: skip
"""Faults that pass: a record whose tasks fail each time they are tried is refused, which the next test is about."""


def _records(prefix: str, items: list[str]) -> list[tuple[str, Given]]:
    """Return records that lead to the same whenever a part of them comes twice.

    A create with an external id that is there already is refused, whoever made it.
    """
    people: list[tuple[str, Given]] = [
        ("people", {"id": number, "op": operation, "name": f"{prefix} {number}"})
        for number, operation in enumerate(["upsert"] * 9 + ["create"] * 3)
    ]
    orders: list[tuple[str, Given]] = [
        ("orders", {"id": number % 2, "who": number % 2, "lines": [(items[number // 2], 1)]}) for number in range(4)
    ]
    visits: list[tuple[str, Given]] = [
        ("visits", {"name": f"{prefix} {number // 2}", "who": number // 2, "rating": 1}) for number in range(4)
    ]
    changes: list[tuple[str, Given]] = [
        ("people", {"id": 1, "op": "update", "note": "changed", "boss": 0}),
        ("people", {"id": 2, "op": "inactivate"}),
        *(("people", {"id": number, "op": "delete"}) for number in (8, 9)),
    ]
    return [*people, *orders, *visits, *changes]


def _run(listen: Listen, emulator: Emulator, streams: dict[str, Any], records: list[tuple[str, Given]]) -> Run:
    messages = [part for place, one in enumerate(records, 1) for part in (message(*one), state(place))]
    return listen(streams, *schemas(), *messages, **emulator.connection, max_rejects="100%")


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory(one_world=False, concurrency_limit=10, async_processors=4)


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=some.lists(_FAULTS, min_size=1, max_size=4), write_mode=some.sampled_from(["auto", "batch", "single"]))
def test_faults_lose_nothing_and_repeat_nothing(
    account: Emulator, listen: Listen, faults: list[Fault], write_mode: str
) -> None:
    prefix = f"F{uuid4().hex[:12]}"
    items = [str(row[0]) for row in account.execute("SELECT id FROM item ORDER BY id LIMIT 2")]
    streams, records = streams_of(prefix, _LINES, write_mode=write_mode), _records(prefix, items)
    streams["visits"]["write_mode"] = "auto"  # of single requests nothing tells whether they were done
    model = Model(_LINES)
    assert REFUSED not in model.apply(records)

    for fault in faults:
        account.faults.add(fault)
    place, runs = 0, 0
    while place < len(records):
        run = _run(listen, account, streams, records[place:])
        account.faults.clear()
        runs += 1
        assert run.refused == []
        assert run.states == list(range(1, len(run.states) + 1))
        place += len(run.states)
        assert (run.error is None) == (place == len(records)) or runs == 1
        if run.error is not None:
            _check_sentence(run.error)
        for stream in streams.values():  # what is in doubt, the faults did not do: the emulator says so
            stream["on_unknown_outcome"] = "repeat"
        assert runs < 4
    assert shown_in(account, prefix) == model.shown()


@settings(max_examples=settings().max_examples // 8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    share=some.sampled_from([0.2, 0.6]),
    seed=some.integers(0, 1000),
    effect=some.sampled_from(["status", "fail_task"]),
    write_mode=some.sampled_from(["auto", "batch", "single"]),
)
def test_what_netsuite_refuses_now_and_then_is_explained_and_the_rest_is_written(
    account: Emulator, listen: Listen, share: float, seed: int, effect: str, write_mode: str
) -> None:
    prefix = f"F{uuid4().hex[:12]}"
    streams = streams_of(prefix, _LINES, write_mode=write_mode)
    records: list[tuple[str, Given]] = [("people", {"id": key, "name": f"{prefix} {key}"}) for key in range(20)]
    account.faults.add(
        Fault(effect=effect, path="/record/v1/customer", probability=share, seed=seed, status=400, body=_REFUSAL)
    )
    run = _run(listen, account, streams, records)
    account.faults.clear()

    assert (run.error, run.states) == (None, list(range(1, 21)))
    assert {(line["stage"], line["code"], line["message"].rstrip(".")) for line in run.refused} <= {
        ("rejected", "USER_ERROR", "A script refuses it")
    }
    written = [row[0] for row in shown_in(account, prefix)["people"]]
    assert sorted([*written, *(line["key"]["id"] for line in run.refused)]) == list(range(20))
    assert run.summary["people"].get("created", 0) == len(written)


def _check_sentence(error: BaseException) -> None:
    assert isinstance(error, Exception)
    text = str(error)
    assert "\n" not in text
    assert text.endswith(".")
