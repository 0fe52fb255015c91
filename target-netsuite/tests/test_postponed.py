"""Records that come before those they refer to, and deletes of what others still refer to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator
from target_netsuite.intents import Intent, Operation, Outcome, Settled
from target_netsuite.pipeline.pipeline import Pipeline, Settle

Listen = Callable[..., Run]


def _streams(prefix: str, **settings: Any) -> dict[str, Any]:
    """Return customers with parents, and warranties of customers, told apart from other tests' by the prefix."""
    customer = {"record_type": "customer", "template": f"{prefix}-{{value}}"}
    common = {"external_id": f"{prefix}-{{id}}", "unwritable": "leave_out", **settings}
    return {
        "people": {"record_type": "customer", "references": {"parent": customer}, **common},
        "papers": {"record_type": "customrecord_warranty", "references": {"custrecord_customer": customer}, **common},
    }


def _person(prefix: str, number: int, **columns: Any) -> dict[str, Any]:
    return record("people", id=number, companyName=f"{prefix} {number}", **columns)


def _parents(emulator: Emulator, prefix: str) -> list[tuple[Any, ...]]:
    return emulator.execute(
        "SELECT c.externalid, p.externalid FROM customer c LEFT JOIN customer p ON p.id = c.parent "
        f"WHERE c.externalid LIKE '{prefix}-%' ORDER BY 1"
    )


def _papers(emulator: Emulator, prefix: str) -> list[tuple[Any, ...]]:
    return emulator.execute(
        "SELECT w.name, c.externalid FROM customrecord_warranty w LEFT JOIN customer c ON c.id = w.custrecord_customer "
        f"WHERE w.externalid LIKE '{prefix}-%' ORDER BY 1"
    )


def test_what_is_referred_to_may_come_later(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        _streams(prefix),
        schema("papers"),
        schema("people"),
        record("papers", id=1, name="A", custrecord_customer=3),
        _person(prefix, 1, parent=2),
        _person(prefix, 2, parent=3),
        _person(prefix, 3),
    )
    assert (run.error, run.refused) == (None, [])
    assert run.summary == {"papers": {"created": 1}, "people": {"created": 3}}
    assert _papers(emulator, prefix) == [("A", f"{prefix}-3")]
    assert _parents(emulator, prefix) == [
        (f"{prefix}-1", f"{prefix}-2"),
        (f"{prefix}-2", f"{prefix}-3"),
        (f"{prefix}-3", None),
    ]


def test_what_never_comes_is_refused_and_named(listen: Listen, prefix: str) -> None:
    run = listen(_streams(prefix), schema("people"), _person(prefix, 1, parent=9), _person(prefix, 2), state(1))
    (refused,) = run.refused
    assert (refused["key"], refused["code"], refused["path"]) == ({"id": 1}, "REFERENCE_NOT_FOUND", "parent")
    assert run.summary == {"people": {"created": 1, "invalid": 1, "refused": 1}}
    assert run.states == [1]


def test_nothing_behind_what_waits_counts_as_settled() -> None:
    intents = [
        Intent("s", number, {}, Operation.UPSERT, "customer", external_id=str(number), body={}) for number in range(3)
    ]

    def work(taken: Sequence[Intent], settle: Settle) -> None:
        settle(
            [Settled(one, Outcome.CREATED) for one in taken if one.number != 1],
            [one for one in taken if one.number == 1],
        )

    pipeline = Pipeline(work, chunk=1)
    for intent in intents:
        pipeline.put(intent)
    pipeline.finish()
    assert pipeline.settled_up_to == 1
    pipeline.stop()


def test_a_later_form_of_a_record_stays_behind_the_earlier_one(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        _streams(prefix),
        schema("people"),
        _person(prefix, 1, parent=2, phone="1"),
        _person(prefix, 2),
        _person(prefix, 1, phone="2"),
    )
    assert (run.error, run.refused) == (None, [])
    assert _parents(emulator, prefix)[0] == (f"{prefix}-1", f"{prefix}-2")
    assert emulator.execute(f"SELECT phone FROM customer WHERE externalid = '{prefix}-1'") == [("2",)]


def test_two_that_refer_to_each_other_are_refused(listen: Listen, prefix: str) -> None:
    run = listen(_streams(prefix), schema("people"), _person(prefix, 1, parent=2), _person(prefix, 2, parent=1))
    assert [(one["key"]["id"], one["code"]) for one in run.refused] == [
        (number, "REFERENCE_NOT_FOUND") for number in (1, 2)
    ]


def _write_a_person_with_a_paper(listen: Listen, prefix: str) -> None:
    paper = record("papers", id=1, name="A", custrecord_customer=1)
    assert listen(_streams(prefix), schema("people"), schema("papers"), _person(prefix, 1), paper).error is None


def test_what_others_refer_to_is_deleted_after_them(emulator: Emulator, listen: Listen, prefix: str) -> None:
    streams = _streams(prefix)
    _write_a_person_with_a_paper(listen, prefix)
    assert len(_papers(emulator, prefix)) == 1
    gone = "2026-01-01T00:00:00Z"
    run = listen(
        streams,
        schema("people"),
        schema("papers"),
        record("people", id=1, _sdc_deleted_at=gone),
        record("papers", id=1, _sdc_deleted_at=gone),
    )
    assert (run.error, run.refused) == (None, [])
    assert run.summary == {"people": {"deleted": 1}, "papers": {"deleted": 1}}
    assert _parents(emulator, prefix) == _papers(emulator, prefix) == []


def test_a_delete_comes_right_although_an_earlier_form_of_what_refers_to_it_never_does(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    """So it is after a kill: the input comes again, and begins with records whose references have been deleted."""
    _write_a_person_with_a_paper(listen, prefix)
    gone = "2026-01-01T00:00:00Z"
    run = listen(
        _streams(prefix),
        schema("people"),
        schema("papers"),
        record("papers", id=1, name="B", custrecord_customer=9),
        record("people", id=1, _sdc_deleted_at=gone),
        record("papers", id=1, _sdc_deleted_at=gone),
        state(1),
        max_rejects=1,
    )
    assert run.error is None
    assert [(one["stream"], one["code"]) for one in run.refused] == [("papers", "REFERENCE_NOT_FOUND")]
    assert run.summary == {"papers": {"deleted": 1, "invalid": 1, "refused": 1}, "people": {"deleted": 1}}
    assert _parents(emulator, prefix) == _papers(emulator, prefix) == []
    assert run.states == [1]


@pytest.mark.parametrize("mode", ["batch", "single"])
def test_a_reference_by_external_id_in_fields_waits_too(
    emulator: Emulator, listen: Listen, prefix: str, mode: str
) -> None:
    streams = _streams(prefix, write_mode=mode)
    for settings in streams.values():
        del settings["references"]
    streams["people"]["fields"] = {"companyName": "companyName", "parent": "parent.externalId"}
    streams["papers"]["fields"] = {"name": "name", "customer": "custrecord_customer.externalId"}
    run = listen(
        streams,
        schema("papers"),
        schema("people"),
        record("papers", id=1, name="A", customer=f"{prefix}-3"),
        record("papers", id=2, name="B", customer=f"{prefix}-8"),
        _person(prefix, 1, parent=f"{prefix}-2"),
        _person(prefix, 2, parent=f"{prefix}-3"),
        _person(prefix, 3),
        state(1),
        max_rejects=1,
    )
    assert run.error is None
    assert [(one["stream"], one["key"]) for one in run.refused] == [("papers", {"id": 2})]
    assert _papers(emulator, prefix) == [("A", f"{prefix}-3")]
    assert _parents(emulator, prefix)[:2] == [(f"{prefix}-1", f"{prefix}-2"), (f"{prefix}-2", f"{prefix}-3")]
    assert run.states == [1]


def test_a_delete_that_stays_refused_is_refused_once(emulator: Emulator, listen: Listen, prefix: str) -> None:
    streams = _streams(prefix)
    _write_a_person_with_a_paper(listen, prefix)
    run = listen(streams, schema("people"), record("people", id=1, _sdc_deleted_at="2026-01-01T00:00:00Z"))
    assert [(one["operation"], one["stage"]) for one in run.refused] == [("delete", "rejected")]
    assert len(_parents(emulator, prefix)) == 1


@pytest.mark.parametrize("order", [("papers", "people"), ("people", "papers")])
def test_a_dry_run_counts_on_what_it_would_create(
    emulator: Emulator, listen: Listen, prefix: str, order: tuple[str, str]
) -> None:
    messages = {
        "people": _person(prefix, 1),
        "papers": record("papers", id=1, name="A", custrecord_customer=1),
    }
    run = listen(_streams(prefix), *(schema(name) for name in order), *(messages[name] for name in order), dry_run=True)
    assert (run.error, run.refused) == (None, [])
    assert {name: counts["created"] for name, counts in run.summary.items()} == {"people": 1, "papers": 1}
    assert [one.method for one in emulator.requests if "/record/" in one.path and one.method != "GET"] == []
