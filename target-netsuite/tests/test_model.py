"""Any input does to NetSuite what applying its records one by one does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.account_model import (
    KINDS,
    REFUSED,
    WRITTEN,
    Given,
    Lines,
    Model,
    counts_in,
    counts_of,
    message,
    schemas,
    shown_in,
    streams_of,
)
from tests.target_runs import Run, state
from tests.writes import connected

from netsuite_emulator import Emulator, Fault
from suitetalk import NetSuite
from target_netsuite import run as run_module
from target_netsuite.pipeline.pipeline import Pipeline
from target_netsuite.writing import writer as writer_module

Listen = Callable[..., Run]
Input = list[tuple[str, Given] | None]
"""Records by stream; None for a STATE."""

_KEYS = some.integers(0, 3)
_SEEDED = (0, 1)
_NOTHING = some.none()
_REFERENCE = _KEYS | _NOTHING
_TEXT = some.sampled_from(["a", "b"])
_OPERATION = some.sampled_from(
    ["upsert", "upsert", "upsert", None, "create", "update", "update", "delete", "inactivate"]
)
_ITEMS = [0, 1, 2]
_LINE = some.tuples(some.sampled_from(_ITEMS), some.integers(1, 2))
_COLUMNS: dict[str, dict[str, Any]] = {
    "people": {"name": _TEXT | _TEXT | _NOTHING, "mail": _TEXT.map("{}@example.com".format) | _NOTHING,
               "note": _TEXT | _NOTHING, "boss": _REFERENCE},
    "papers": {"name": _TEXT, "who": _REFERENCE, "amount": some.integers(1, 2) | _NOTHING},
    "orders": {"who": _KEYS, "note": _TEXT | _NOTHING,
               "lines": some.lists(_LINE, max_size=3, unique_by=lambda line: line[0]) | _NOTHING},
    "visits": {"name": _TEXT, "who": _REFERENCE, "rating": some.integers(1, 2)},
}  # fmt: skip
_HEALTHY = 9
_LAST: dict[str, Given] = {
    "people": {"name": "a"},
    "papers": {"name": "a"},
    "orders": {"who": _HEALTHY},
}
"""Records that are written at the end of an input."""
_NO_JOB = {"title": "Not Found", "status": 404, "o:errorDetails": [{"detail": "x", "o:errorCode": "NONEXISTENT_ID"}]}
_OFTEN = {"people": ("name",), "papers": ("name",), "orders": ("who",), "visits": ("name",)}


@some.composite
def _records(draw: some.DrawFn) -> tuple[str, Given]:
    stream = draw(some.sampled_from(["people", "people", "papers", "orders", "visits"]))
    columns = dict(_COLUMNS[stream])
    often = {name: columns[name] for name in _OFTEN[stream] if stream == "visits" or draw(some.integers(0, 9))}
    found: Given = draw(some.fixed_dictionaries(often, optional={n: c for n, c in columns.items() if n not in often}))
    if KINDS[stream].is_findable:
        found |= {"id": draw(_KEYS), "op": draw(_OPERATION)}
        found["ns"] = found["id"] in _SEEDED and draw(some.booleans())
    if "boss" in found and found["boss"] == found["id"]:
        del found["boss"]
    return stream, found


_INPUTS = some.lists(_records() | _records() | _records() | _NOTHING, min_size=1, max_size=24)
_ONCE_EACH = some.lists(_records(), max_size=12, unique_by=lambda one: (one[0], one[1].get("id")))
_LINE_MODES = some.builds(Lines, some.sampled_from(["append", "merge", "replace"]), some.booleans())


class Account:
    """An emulator, and the records of an example in it and in a model."""

    def __init__(self, emulator: Emulator, netsuite: NetSuite) -> None:
        self.emulator = emulator
        self._netsuite = netsuite
        self.items = [
            str(row[0])
            for row in emulator.execute("SELECT id FROM item WHERE itemtype = 'InvtPart' ORDER BY id LIMIT 3")
        ]
        self.prefix = ""
        self.ids: dict[tuple[str, int], int] = {}

    def begin(self, lines: Lines) -> Model:
        """Begin with two records of each kind, none of an earlier example among them."""
        self.prefix = f"M{uuid4().hex[:12]}"
        model = Model(lines)
        for key in _SEEDED:
            name = f"{self.prefix} {key}"
            self._seed(model, "people", key, {"companyName": name}, name=name)
            self._seed(model, "papers", key, {"name": name}, name=name)
            item = self.items[0]
            body = {
                "entity": {"externalId": f"{self.prefix}-0"},
                "item": {"items": [{"item": {"id": item}, "quantity": 1}]},
            }
            self._seed(model, "orders", key, body, who=self.ids["people", 0], lines=[(item, 1)])
        self.emulator.clear_requests()
        return model

    def _seed(self, model: Model, stream: str, key: int, body: dict[str, Any], **columns: Any) -> None:
        number = self._netsuite.records.create(
            KINDS[stream].record_type, {"externalId": f"{self.prefix}-{key}", **body}
        )
        self.ids[stream, key] = int(number)
        model.seed(stream, int(number), key, **columns)

    def completed(self, stream: str, given: Given) -> Given:
        """Return a record with the names, ids and items of this example: names are unique in NetSuite."""
        found = dict(given)
        if found.get("name") is not None:
            found["name"] = f"{self.prefix} {found.get('id', 'visit')} {found['name']}"
        if found.get("lines"):
            found["lines"] = [(self.items[item], quantity) for item, quantity in found["lines"]]
        if "ns" in found:
            found["ns"] = self.ids[stream, found["id"]] if found["ns"] else None
        return found

    def writes(self) -> list[str]:
        """Return the requests that wrote something."""
        return [
            f"{one.method} {one.path}"
            for one in self.emulator.requests
            if "/record/" in one.path and one.method != "GET"
        ]


@pytest.fixture
def account(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[Account]:
    emulator = netsuite_emulator_factory(one_world=False, concurrency_limit=15, async_processors=8)
    with connected(emulator.connection) as netsuite:
        yield Account(emulator, netsuite)


def check(account: Account, listen: Listen, model: Model, given: Input, streams: dict[str, Any], *, skip: bool) -> int:
    """Run an input against the emulator and the model, and return how many records take a write request."""
    given = [one and (one[0], account.completed(*one)) for one in given]
    numbers = count(1)
    for place, one in enumerate(given):
        _drop_unsure_references(one, given[place + 1 :])
    records = [one for one in given if one]
    became = model.apply(records, skip_unchanged=skip)
    outcomes = [(*one, outcome) for one, outcome in zip(records, became, strict=True)]
    messages = [message(*one) if one else state({"n": next(numbers)}) for one in given]
    run = listen(streams, *schemas(), *messages, **account.emulator.connection, max_rejects="100%")

    assert run.error is None
    assert shown_in(account.emulator, account.prefix) == model.shown()
    assert counts_in(run) == counts_of((stream, outcome) for stream, _, outcome in outcomes)
    refused = [(stream, one.get("id")) for stream, one, outcome in outcomes if outcome == REFUSED]
    assert sorted(map(repr, refused)) == sorted(repr((line["stream"], line["key"].get("id"))) for line in run.refused)
    assert all(line["code"] and line["message"] for line in run.refused)
    assert run.states == [{"n": number} for number in range(1, next(numbers))]
    rejected: int = sum(line["stage"] == "rejected" for line in run.refused)
    return rejected + sum(outcome in WRITTEN for _, _, outcome in outcomes)


def _drop_unsure_references(one: tuple[str, Given] | None, later: Input) -> None:
    """Leave out references to what comes later and goes again: it may be seen in between, or not."""
    for name, target in KINDS[one[0]].references.items() if one else ():
        key = one[1].get(name) if one else None
        operations = {other[1]["op"] for other in later if other and _is_about(other, target, key)}
        if one and "delete" in operations and operations & {None, "upsert", "create"}:
            one[1].pop(name)


def _is_about(one: tuple[str, Given], stream: str, key: Any) -> bool:
    return one[0] == stream and one[1].get("id") == key


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given_input=_INPUTS | _ONCE_EACH,
    lines=_LINE_MODES,
    write_mode=some.sampled_from(["auto", "batch", "single"]),
    skip=some.booleans(),
    chunk=some.sampled_from([1, 2, 3, 500]),
    batch=some.sampled_from([1, 2, 100]),
)
def test_an_input_does_what_its_records_do_one_by_one(  # noqa: PLR0917 - each is one thing that varies
    account: Account,
    listen: Listen,
    given_input: Input,
    lines: Lines,
    write_mode: str,
    skip: bool,  # noqa: FBT001 - given by name
    chunk: int,
    batch: int,
) -> None:
    model = account.begin(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "Pipeline", partial(Pipeline, chunk=chunk))
        patch.setattr(writer_module, "BATCH_SIZE", batch)
        streams = streams_of(account.prefix, lines, write_mode=write_mode)
        for one in streams.values():
            one["skip_unchanged"] = skip
        check(account, listen, model, given_input, streams, skip=skip)

        account.emulator.clear_requests()
        again = [one for one in given_input if one is None or KINDS[one[0]].is_findable]
        for one in streams.values():
            one["skip_unchanged"] = True
        written = check(account, listen, model, again, streams, skip=True)
        assert written or not account.writes()


def _surely_changed(one: tuple[str, Given], number: int) -> tuple[str, Given]:
    """Return a record that is not there yet as it should be, and waits for no other.

    What is there already just so is settled whatever NetSuite answers; and a record that waits for another may come
    after the last success of its type, which then says nothing of it.
    """
    stream, columns = one
    kept = {name: value for name, value in columns.items() if name not in KINDS[stream].references}
    return stream, {**kept, "name": f"a{number}"}


@pytest.mark.slow
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given_input=_INPUTS | _ONCE_EACH,
    poisoned=some.none() | some.tuples(some.sampled_from(["people", "papers"]), some.sampled_from(_SEEDED)),
    passing=some.none() | some.integers(1, 9),
    lost_job=some.none() | some.integers(1, 4),
    write_mode=some.sampled_from(["auto", "batch", "single"]),
    batch=some.sampled_from([1, 2, 100]),
)
def test_records_that_netsuite_breaks_down_over_and_jobs_it_loses_change_nothing_else(  # noqa: PLR0917 - likewise
    account: Account,
    listen: Listen,
    given_input: Input,
    poisoned: tuple[str, int] | None,
    passing: int | None,
    lost_job: int | None,
    write_mode: str,
    batch: int,
) -> None:
    """One record is answered with 500 for ever, one request once; and of one job nothing is known any more."""
    model = account.begin(Lines("merge"))
    given = [one for one in given_input if not one or (KINDS[one[0]].is_findable and one[1]["op"] != "create")]
    healthy = [(stream, {"id": _HEALTHY, "op": None, "ns": False, **columns}) for stream, columns in _LAST.items()]
    streams = streams_of(account.prefix, Lines("merge"), write_mode=write_mode)
    faults = []
    if poisoned:
        stream, key = poisoned
        model.poisoned.add(poisoned)
        kind = KINDS[stream].record_type
        path = rf"/{kind}/(eid:{account.prefix}-{key}|{account.ids[poisoned]})$"
        given = [
            _surely_changed(one, number) if one and _is_about(one, *poisoned) else one
            for number, one in enumerate(given)
        ]
        for method in ("PUT", "PATCH", "DELETE"):
            faults += [Fault(effect=effect, method=method, path=path) for effect in ("status", "fail_task")]
    if passing:
        for method in ("PUT", "PATCH", "DELETE"):
            faults.append(Fault(effect="status", method=method, path="/record/v1/", nth=passing, times=1))
            faults.append(Fault(effect="fail_task", method=method, path="/record/v1/", nth=passing, times=1))
    if lost_job:
        faults.append(Fault(effect="status", status=404, body=_NO_JOB, path=r"/job/\d+$", nth=lost_job, times=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer_module, "BATCH_SIZE", batch)
        for fault in faults:
            account.emulator.faults.add(fault)
        try:
            check(account, listen, model, [*given, *healthy, None], streams, skip=False)
        finally:
            account.emulator.faults.clear()
