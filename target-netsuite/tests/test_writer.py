"""The writer against an emulated NetSuite: what becomes of each write, in how many requests, whatever goes wrong."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.writes import (
    QUICK_POLLING,
    ConfirmCustomers,
    connected,
    creates,
    ids,
    names,
    outcomes,
    spoiled,
    write,
)

from netsuite_emulator import Emulator, Fault
from suitetalk import NetSuiteError
from target_netsuite.errors import StoppedError
from target_netsuite.intents import Settled
from target_netsuite.journal.journal import Journal
from target_netsuite.writing.outcomes import Unknown, WritingStoppedError
from target_netsuite.writing.writer import Writer, WriterOptions

Factory = Callable[..., Emulator]
Open = Callable[..., Writer]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "journal.sqlite")
    yield kept
    kept.close()


@pytest.fixture
def opened(journal: Journal) -> Iterator[Open]:
    """Return a function that makes a writer to an emulator; closed after the test."""
    with ExitStack() as stack:

        def make(emulator: Emulator, *, confirm: Any = None, choice: Any = "stop", **options: Any) -> Writer:
            netsuite = stack.enter_context(connected(emulator.connection))
            writer = Writer(
                netsuite,
                journal,
                policy=lambda _: choice,
                confirm=ConfirmCustomers(netsuite) if confirm is None else confirm or None,
                options=WriterOptions(polling=QUICK_POLLING, patience=60.0, **options),
            )
            stack.callback(writer.close)
            return writer

        yield make


def requests_of(emulator: Emulator) -> Counter[str]:
    """Return how many requests of each kind there were."""
    kinds = {
        "result": "/result",
        "task list": "/task/",
        "poll": "/async/v1/job/",
        "query": "/suiteql",
        "record": "/record/v1/",
    }
    return Counter(
        f"{one.method} {kind}" if kind == "record" else kind
        for one in emulator.requests
        for kind in [next((kind for kind, part in kinds.items() if part in one.path), "other")]
    )


def test_hundreds_are_settled_in_a_few_requests(emulator: Emulator, opened: Open, prefix: str) -> None:
    writer = opened(emulator)
    emulator.clear_requests()
    made = writer.carry_out(creates(prefix, range(250)))

    assert set(outcomes(made)) == {"created"}
    assert {str(number): [int(one)] for number, one in enumerate(ids(made))} == names(emulator, prefix)
    counted = requests_of(emulator)
    assert (counted["POST record"], counted["query"], counted["result"], counted["task list"]) == (3, 1, 0, 0)


def test_each_operation_by_the_hundred(emulator: Emulator, opened: Open, prefix: str, journal: Journal) -> None:
    writer = opened(emulator)
    made = ids(writer.carry_out(creates(prefix, range(20))))

    changes = [
        write("update", n, {"phone": f"1 {n}"}, internal_id=made[n])
        if n % 2
        else write("update", n, {"phone": f"1 {n}"}, external_id=f"{prefix}-{n}")
        for n in range(20)
    ]
    changed = writer.carry_out(changes)
    assert (set(outcomes(changed)), ids(changed)) == ({"updated"}, made)
    upserts = [write("upsert", n, {"companyName": f"{prefix} {n}"}, external_id=f"{prefix}-{n}") for n in range(10, 30)]
    upserted = writer.carry_out(upserts)
    assert (set(outcomes(upserted)), ids(upserted)[:10]) == ({"upserted"}, made[10:])
    assert sorted(map(int, names(emulator, prefix))) == list(range(30))
    deletes = [write("delete", n, external_id=f"{prefix}-{n}") for n in range(40)]
    gone = writer.carry_out(deletes)
    assert Counter(outcomes(gone)) == {"deleted": 40}  # to be gone is all that SuiteQL can tell
    assert names(emulator, prefix) == {}
    assert journal.open_entries() == []


@pytest.mark.parametrize("write_mode", ["auto", "batch", "single"])
def test_what_is_refused_is_told_apart_from_what_is_not(
    emulator: Emulator, opened: Open, prefix: str, write_mode: str
) -> None:
    writes = creates(prefix, range(12))
    writes[3], writes[7] = spoiled(writes[3]), spoiled(writes[7])

    answers = opened(emulator, write_mode=write_mode).carry_out(writes)
    assert [place for place, word in enumerate(outcomes(answers)) if word != "created"] == [3, 7]
    assert isinstance(answers[3], Settled)
    assert answers[3].refusal
    assert (answers[3].refusal.stage, answers[3].refusal.status) == ("rejected", 400)
    assert "nonsense" in answers[3].refusal.message + answers[3].refusal.path
    assert sorted(map(int, names(emulator, prefix))) == [n for n in range(12) if n not in (3, 7)]


@pytest.mark.slow
@pytest.mark.parametrize("findable", [True, False])
@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("confirmed", [True, False])
def test_results_find_their_records_whatever_the_order_of_tasks(
    netsuite_emulator_factory: Factory, opened: Open, prefix: str, *, findable: bool, in_order: bool, confirmed: bool
) -> None:
    emulator = netsuite_emulator_factory(tasks_in_input_order=in_order, one_world=False)
    writer = opened(emulator, confirm=None if confirmed else False)
    for start in (0, 30):
        writes = [
            spoiled(one) if one.intent.number % 7 == 3 else one
            for one in creates(prefix, range(start, start + 30), findable=findable)
        ]
        answers = writer.carry_out(writes)
        expected = ["created" if one.intent.number % 7 != 3 else "INVALID_CONTENT" for one in writes]
        assert outcomes(answers) == expected
        made = {str(one.intent.number): ids([answer]) for one, answer in zip(writes, answers, strict=True)}
        there = names(emulator, prefix)
        assert {name: [int(i) for i in found] for name, found in made.items() if found != [""]} == {
            name: found for name, found in there.items() if int(name) >= start
        }
    assert writer.task_order.follows in (in_order, None)
    assert sum(map(len, names(emulator, prefix).values())) == len(names(emulator, prefix))


@pytest.mark.slow
def test_deletes_and_upserts_that_are_refused_keep_their_reasons_in_any_order(
    netsuite_emulator_factory: Factory, opened: Open, prefix: str
) -> None:
    emulator = netsuite_emulator_factory(tasks_in_input_order=False, one_world=False)
    writer = opened(emulator, confirm=False)
    made = ids(writer.carry_out(creates(prefix, range(10))))
    in_use = str(
        emulator.execute("SELECT entity FROM transaction WHERE entity IN (SELECT id FROM customer) LIMIT 1")[0][0]
    )

    deletes = [write("delete", n, internal_id=made[n]) for n in range(10)]
    deletes += [write("delete", 10, internal_id=in_use), write("delete", 11, internal_id="99999999")]
    assert outcomes(writer.carry_out(deletes))[10:] == ["USER_ERROR", "already_gone"]
    upserts = [
        write(
            "upsert",
            n,
            {"companyName": f"{prefix} {n}", **({"nonsense": n} if n in (2, 5) else {})},
            external_id=f"{prefix}-{n}",
        )
        for n in range(10)
    ]
    words = outcomes(writer.carry_out(upserts))
    assert [n for n, word in enumerate(words) if word != "upserted"] == [2, 5]


def test_a_misspelt_type_is_not_taken_for_records_that_are_gone(emulator: Emulator, opened: Open) -> None:
    for write_mode in ("batch", "single"):
        writer = opened(emulator, write_mode=write_mode, confirm=False)
        deletes = [write("delete", n, internal_id=str(n), record_type="custmer") for n in range(9)]
        assert "already_gone" not in outcomes(writer.carry_out(deletes))


FAULTS = {
    "a submission's answer lost": Fault(effect="drop_after", method="POST", path="/record/v1/customer$", times=2),
    "a submission lost": Fault(effect="drop_before", method="POST", path="/record/v1/customer$", times=2),
    "a submission's answer cut": Fault(effect="cut_body", method="POST", path="/record/v1/customer$", times=2),
    "a submission blocked": Fault(effect="too_many_requests", method="POST", path="/record/v1/customer$", times=2),
    "a submission hidden behind a 502": Fault(effect="bad_gateway", method="POST", path="/customer$", times=2),
    "a question cut": Fault(effect="cut_body", path=r"/job/\d+$", times=2),
    "a question unavailable": Fault(effect="unavailable", path=r"/job/\d+$", times=3),
    "a task list cut": Fault(effect="cut_body", path=r"/task/$", times=2),
    "results lost": Fault(effect="drop_before", path="/result$", probability=0.2, seed=3, times=20),
    "results blocked": Fault(effect="too_many_requests", path="/result$", times=3),
    "queries blocked": Fault(effect="too_many_requests", path="/suiteql$", times=3),
    "everything now and then": Fault(effect="drop_after", path="/services/rest", probability=0.1, seed=5),
}


@pytest.mark.few(6)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("findable", [True, False])
def test_nothing_is_lost_and_nothing_done_twice(
    emulator: Emulator, opened: Open, prefix: str, fault: Fault, *, findable: bool
) -> None:
    writes = creates(prefix, range(30), findable=findable)
    writes[4] = spoiled(writes[4])
    writer = opened(emulator)
    emulator.faults.add(fault)

    answers = writer.carry_out(writes)
    assert [place for place, word in enumerate(outcomes(answers)) if word != "created"] == [4]
    assert {name: len(found) for name, found in names(emulator, prefix).items()} == {
        str(n): 1 for n in range(30) if n != 4
    }


@pytest.mark.parametrize(("status", "write_mode"), [(500, "batch"), (503, "batch"), (429, "batch")])
def test_a_task_that_breaks_down_is_repeated_where_that_is_safe(
    emulator: Emulator, opened: Open, prefix: str, status: int, write_mode: str
) -> None:
    writer = opened(emulator, write_mode=write_mode)
    made = ids(writer.carry_out(creates(prefix, range(5))))
    emulator.faults.add(Fault(effect="fail_task", path=f"/customer/{made[2]}$", status=status, times=1))
    updates = [write("update", n, {"phone": f"2 {n}"}, internal_id=made[n]) for n in range(5)]
    assert outcomes(writer.carry_out(updates)) == ["updated"] * 5
    phones = emulator.execute(f"SELECT phone FROM customer WHERE companyname LIKE '{prefix} %' ORDER BY id")
    assert phones == [(f"2 {n}",) for n in range(5)]

    emulator.faults.clear()
    emulator.faults.add(Fault(effect="fail_task", method="POST", path="/customer$", status=status, nth=2))
    answers = writer.carry_out(creates(f"{prefix}b", range(5)))
    assert outcomes(answers) == ["created", "unknown", "created", "created", "created"]
    assert isinstance(answers[1], Unknown)


@pytest.mark.parametrize("choice", ["repeat", "skip", "stop"])
@pytest.mark.parametrize("write_mode", ["batch", "single"])
def test_the_setting_decides_where_netsuite_cannot_tell(
    emulator: Emulator, opened: Open, prefix: str, journal: Journal, choice: str, write_mode: str
) -> None:
    writer = opened(emulator, choice=choice, write_mode=write_mode)
    effect = "fail_task" if write_mode == "batch" else "drop_before"
    emulator.faults.add(Fault(effect=effect, method="POST", path="/customer$", nth=2))
    writes = creates(prefix, range(3), findable=False)

    if choice == "stop":
        with pytest.raises(StoppedError, match=r"stream `people` with the key \{\"id\": ?\d\}.*on_unknown_outcome"):
            writer.carry_out(writes)
        assert len(journal.doubtful()) == 1
        return
    words = outcomes(writer.carry_out(writes))
    if choice == "skip":
        assert Counter(words) == {"created": 2, "OUTCOME_UNKNOWN": 1}
    else:
        assert words == ["created"] * 3
        assert sorted(names(emulator, prefix)) == ["0", "1", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("findable", [True, False])
def test_an_account_without_batches_is_written_to_one_by_one(
    netsuite_emulator_factory: Factory, opened: Open, prefix: str, caplog: pytest.LogCaptureFixture, *, findable: bool
) -> None:
    emulator = netsuite_emulator_factory(batch_requests=False, one_world=False)
    writer = opened(emulator)
    with caplog.at_level(logging.WARNING):
        for start in (0, 20):
            answers = writer.carry_out(creates(prefix, range(start, start + 20), findable=findable))
            assert set(outcomes(answers)) == {"created"}
    assert len(names(emulator, prefix)) == 40
    assert sum("one by one" in message for message in caplog.messages) == 1
    assert sum(one.status == 400 for one in emulator.requests) == 1
    assert bool(requests_of(emulator)["poll"]) is not findable  # jobs of one record, for their idempotency keys


def test_an_account_that_does_nothing_in_the_background_is_written_to_at_once(
    emulator: Emulator, opened: Open, prefix: str
) -> None:
    writer = opened(emulator)
    emulator.faults.add(Fault(effect="status", method="POST", path="/customer$", status=415, times=2))
    assert outcomes(writer.carry_out(creates(prefix, [1], findable=False))) == ["created"]
    assert requests_of(emulator)["poll"] == 0


def test_what_an_account_does_at_once_instead_of_in_the_background_is_done(
    emulator: Emulator, opened: Open, prefix: str, journal: Journal
) -> None:
    writer = opened(emulator)
    path, made = "/customer$", {"Location": f"{emulator.url}/services/rest/record/v1/customer/77"}
    emulator.faults.add(Fault(effect="status", method="POST", path=path, status=400, times=1))
    emulator.faults.add(Fault(effect="status", method="POST", path=path, status=204, headers=made, nth=2))
    answers = writer.carry_out(creates(prefix, [1], findable=False))
    assert (outcomes(answers), ids(answers), journal.open_entries()) == (["created"], ["77"], [])


def test_few_are_written_one_by_one_unless_nothing_would_tell_of_them(
    emulator: Emulator, opened: Open, prefix: str
) -> None:
    writer = opened(emulator)
    emulator.clear_requests()
    assert outcomes(writer.carry_out(creates(prefix, range(3)))) == ["created"] * 3
    counted = requests_of(emulator)
    assert (counted["POST record"], counted["poll"], counted["query"]) == (3, 0, 0)
    emulator.clear_requests()
    assert outcomes(writer.carry_out(creates(prefix, [3], findable=False))) == ["created"]
    assert requests_of(emulator)["poll"]


def test_without_suiteql_results_are_read_one_by_one(
    emulator: Emulator, opened: Open, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    writer = opened(emulator)
    emulator.faults.add(Fault(effect="status", path="/suiteql$", status=403))
    for start in (0, 20):
        answers = writer.carry_out(creates(prefix, range(start, start + 20)))
        assert set(outcomes(answers)) == {"created"}
    assert sum("read one by one" in message for message in caplog.messages) == 1


def test_a_record_that_json_cannot_say_keeps_no_other_from_being_written(
    emulator: Emulator, opened: Open, prefix: str, journal: Journal
) -> None:
    writes = [*creates(prefix, range(9)), write("create", 9, {"companyName": float("nan")}, external_id="x")]
    assert outcomes(opened(emulator).carry_out(writes)) == ["created"] * 9 + ["invalid"]
    assert journal.open_entries() == []


@pytest.mark.few(2)
@pytest.mark.parametrize("write_mode", ["batch", "single"])
@pytest.mark.parametrize("effect", ["drop_before", "unavailable", "expire_tokens"])
def test_when_nothing_can_be_written_the_run_stops_and_says_where(
    emulator: Emulator, opened: Open, prefix: str, write_mode: str, effect: str, journal: Journal
) -> None:
    writer = opened(emulator, write_mode=write_mode)
    path = "/record/v1/customer" if effect != "expire_tokens" else "/services/rest/(record|async)"
    emulator.faults.add(Fault(effect=effect, path=path))
    upserts = [write("upsert", n, {"companyName": f"{prefix} {n}"}, external_id=f"{prefix}-{n}") for n in range(9)]
    with pytest.raises(StoppedError, match="Stopped at a record of stream `people` with the key"):
        writer.carry_out(upserts)
    assert len(journal.open_entries()) == (write_mode == "batch")


def test_a_stop_tells_what_became_of_the_others(emulator: Emulator, opened: Open, prefix: str) -> None:
    writer = opened(emulator, write_mode="single")
    emulator.faults.add(Fault(effect="unavailable", path=f"{prefix}-5"))
    upserts = [write("upsert", n, {"companyName": f"{prefix} {n}"}, external_id=f"{prefix}-{n}") for n in range(9)]
    with pytest.raises(WritingStoppedError) as stop:
        writer.carry_out(upserts)
    settled = {one.intent.number for one in stop.value.answers}
    assert {int(name) for name in names(emulator, prefix)} == settled
    assert 5 not in settled


@pytest.mark.slow
@pytest.mark.parametrize("sequential", [True, False])
def test_threads_share_a_writer_while_jobs_take_time(
    netsuite_emulator_factory: Factory, opened: Open, prefix: str, *, sequential: bool
) -> None:
    emulator = netsuite_emulator_factory(
        job_seconds=0.01, batches_sequential=sequential, async_processors=4, concurrency_limit=15, one_world=False
    )
    writer = opened(emulator)
    with ThreadPoolExecutor(4) as threads:
        chunks = [creates(prefix, range(start, start + 25)) for start in range(0, 200, 25)]
        answers = [one for answers in threads.map(writer.carry_out, chunks) for one in answers]
    assert set(outcomes(answers)) == {"created"}
    assert {str(one.intent.number): [int(ids([one])[0])] for one in answers} == names(emulator, prefix)


def test_lines_and_replace_go_in_requests_of_their_own(emulator: Emulator, opened: Open, prefix: str) -> None:
    writer = opened(emulator)
    (made,) = ids(writer.carry_out(creates(prefix, [1])))
    address = {"addressBook": {"items": [{"addressBookAddress": {"addr1": "1 High Street"}}]}}
    emulator.clear_requests()
    changes = [write("update", 1, address, internal_id=made, replace=("addressBook",))]
    assert outcomes(writer.carry_out(changes)) == ["updated"]
    done = [one.query for one in emulator.requests if one.method == "PATCH" and one.status < 300]
    assert done == ["replace=addressBook"]


def test_a_lost_answer_of_an_update_that_adds_lines_is_unknown(emulator: Emulator, opened: Open, prefix: str) -> None:
    writer = opened(emulator)
    (made,) = ids(writer.carry_out(creates(prefix, [1])))
    emulator.faults.add(Fault(effect="drop_after", method="PATCH", times=1))
    lines = {"addressBook": {"items": [{"addressBookAddress": {"addr1": "1 High Street"}}]}}
    (answer,) = writer.carry_out([write("update", 1, lines, internal_id=made)])
    assert isinstance(answer, Unknown)
    assert not isinstance(answer.error, NetSuiteError)
