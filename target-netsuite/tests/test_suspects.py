"""A record that NetSuite always answers with 500 blocks no other; a NetSuite that is out of order refuses no record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator, Fault

Listen = Callable[..., Run]


def _streams(prefix: str, **settings: Any) -> dict[str, Any]:
    fields = {"name": "companyName", "note": "comments"}
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", "fields": fields, **settings}}


def _people(prefix: str, numbers: range, note: str = "x") -> list[dict[str, Any]]:
    return [record("people", id=number, name=f"{prefix} {number}", note=note) for number in numbers]


def _written(emulator: Emulator, prefix: str) -> list[int]:
    rows = emulator.execute(f"SELECT externalid FROM customer WHERE externalid LIKE '{prefix}-%'")
    return sorted(int(row[0].rsplit("-", 1)[1]) for row in rows)


def _poison(emulator: Emulator, external_id: str, *, batches: bool = False) -> None:
    """Let NetSuite break down over a record whenever it is asked to write it, alone or in a batch."""
    emulator.faults.add(Fault(effect="status", status=500, path=f"eid:{external_id}$"))
    if batches:
        emulator.faults.add(Fault(effect="fail_task", status=500, path=f"eid:{external_id}$"))


@pytest.mark.slow
@pytest.mark.parametrize("write_mode", ["single", "batch"])
@pytest.mark.parametrize("place", [2, 20], ids=["in the middle", "at the end"])
def test_a_record_that_always_fails_is_refused_and_the_others_are_written(
    emulator: Emulator, listen: Listen, prefix: str, write_mode: str, place: int
) -> None:
    _poison(emulator, f"{prefix}-{place}", batches=True)
    people = _people(prefix, range(1, 21))
    for _ in range(2):
        run = listen(
            _streams(prefix, write_mode=write_mode), schema("people"), *people, state({"n": 20}), max_rejects=1
        )
        assert (run.error, run.states) == (None, [{"n": 20}])
        assert [(line["key"], line["code"], line["status"], line["stage"]) for line in run.refused] == [
            ({"id": place}, "UNEXPECTED_ERROR", 500, "rejected")
        ]
        assert _written(emulator, prefix) == [number for number in range(1, 21) if number != place]


@pytest.mark.slow
def test_such_a_record_among_many_that_go_by_the_hundred(emulator: Emulator, listen: Listen, prefix: str) -> None:
    _poison(emulator, f"{prefix}-2", batches=True)
    first, later = _people(prefix, range(1, 6)), _people(prefix, range(100, 1700))
    run = listen(_streams(prefix), schema("people"), *first, state({"n": 5}), *later, state({"n": 6}), max_rejects=1)
    assert (run.error, run.states) == (None, [{"n": 5}, {"n": 6}])
    assert len(_written(emulator, prefix)) == 1604


def test_later_changes_of_such_a_record_wait_until_it_is_refused(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    emulator.faults.add(Fault(effect="status", status=500, path=f"eid:{prefix}-2$", times=9))
    again = record("people", id=2, name=f"{prefix} later")
    people = [*_people(prefix, range(1, 6)), again, *_people(prefix, range(10, 15))]
    run = listen(_streams(prefix, write_mode="single"), schema("people"), *people, state(1), max_rejects=1)
    assert (run.error, run.states) == (None, [1])
    assert [line["key"] for line in run.refused] == [{"id": 2}]
    assert emulator.execute(f"SELECT companyname FROM customer WHERE externalid = '{prefix}-2'") == [
        (f"{prefix} later",)
    ]


@pytest.mark.parametrize("write_mode", ["single", "batch"])
def test_such_a_record_that_comes_again_when_all_others_are_written_is_refused_again(
    emulator: Emulator, listen: Listen, prefix: str, write_mode: str
) -> None:
    _poison(emulator, f"{prefix}-2", batches=True)
    people = [*_people(prefix, range(1, 6)), *_people(prefix, range(2, 3), "y")]
    run = listen(_streams(prefix, write_mode=write_mode), schema("people"), *people, state(1), max_rejects=2)
    assert (run.error, run.states) == (None, [1])
    assert [line["key"] for line in run.refused] == [{"id": 2}] * 2


def test_one_that_passes_at_last_is_written_once(emulator: Emulator, listen: Listen, prefix: str) -> None:
    emulator.faults.add(Fault(effect="status", status=500, path=f"eid:{prefix}-2$", times=6))
    run = listen(_streams(prefix, write_mode="single"), schema("people"), *_people(prefix, range(1, 6)), state(1))
    assert (run.error, run.states, run.refused) == (None, [1], [])
    assert _written(emulator, prefix) == [1, 2, 3, 4, 5]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 4, 5, 30])
@pytest.mark.parametrize("write_mode", ["single", "batch"])
def test_a_netsuite_that_is_out_of_order_refuses_nothing(
    emulator: Emulator, listen: Listen, prefix: str, count: int, write_mode: str
) -> None:
    emulator.faults.add(Fault(effect="status", status=500, path=f"eid:{prefix}-"))
    emulator.faults.add(Fault(effect="fail_task", status=500, path=f"eid:{prefix}-"))
    people = _people(prefix, range(count))
    run = listen(_streams(prefix, write_mode=write_mode), schema("people"), *people, state(1), max_rejects="100%")
    assert "is not settled: NetSuite refused" in run.sentence
    assert (run.refused, run.states) == ([], [])

    emulator.faults.clear()
    run = listen(_streams(prefix, write_mode=write_mode), schema("people"), *people, state(1))
    assert (run.error, run.states, _written(emulator, prefix)) == (None, [1], list(range(count)))


def test_what_cannot_be_read_either_is_refused_alone(emulator: Emulator, listen: Listen, prefix: str) -> None:
    listen(_streams(prefix), schema("people"), *_people(prefix, range(1, 6)))
    [(poisoned,)] = emulator.execute(f"SELECT id FROM customer WHERE externalid = '{prefix}-2'")
    emulator.faults.add(Fault(effect="status", status=500, path=f"/customer/(eid:{prefix}-2|{poisoned})$"))
    run = listen(
        _streams(prefix, write_mode="single"), schema("people"), *_people(prefix, range(1, 6), "new"), max_rejects=1
    )
    assert run.error is None
    assert [line["key"] for line in run.refused] == [{"id": 2}]


def test_a_create_that_cannot_be_looked_up_stays_unknown(
    emulator: Emulator, listen: Listen, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.add(Fault(effect="status", status=500, method="POST", path="/customer$", nth=2))
    streams = {"people": {"record_type": "customer", "write_mode": "single", "fields": {"name": "companyName"}}}
    with caplog.at_level(logging.INFO):
        run = listen(streams, schema("people"), *_people(prefix, range(3)))
    assert "`on_unknown_outcome`" in run.sentence
    assert run.refused == []
