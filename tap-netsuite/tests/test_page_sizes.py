"""Pages that NetSuite cannot give in one answer, and rows with characters that are not Unicode."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, read, selected

from netsuite_emulator import Dataset, Emulator
from suitetalk.errors import AnswerTimedOutError, ErrorDetail, ServerFaultError, UnexpectedError
from suitetalk.http.response import Answer
from suitetalk.http.transport import Transport
from tap_netsuite.reading.page import PageSize
from tap_netsuite.source import SET_READ_AT

STREAMS = ("customer", "transactionline", "by_text", "keyless", "dataset_custdataset_lines")
QUERIES = [
    {"name": "by_text", "query": "SELECT email, id FROM customer WHERE email IS NOT NULL", "primary_keys": ["email"]},
    {"name": "keyless", "query": "SELECT memo, trandate FROM transaction"},
]


@pytest.fixture(scope="module")
def lines() -> Dataset:
    return Dataset(
        id="custdataset_lines", name="Lines", query="SELECT transaction, id FROM transactionline ORDER BY 1, 2"
    )


@pytest.fixture
def config(netsuite_emulator_factory: Callable[..., Emulator], lines: Dataset) -> Json:
    emulator = netsuite_emulator_factory(scale=0.05, datasets=(lines,))
    return {
        **emulator.connection,
        "tables": ["customer", "transactionline"],
        "queries": QUERIES,
        "datasets": ["custdataset_lines"],
    }


def rows(finished: Run) -> dict[str, list[str]]:
    assert finished.error is None
    return {
        stream: sorted(
            str({name: value for name, value in row.items() if name != SET_READ_AT}) for row in finished.records(stream)
        )
        for stream in STREAMS
    }


def fail_above(most: int, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Exception], asked: list[int]) -> None:
    """Let NetSuite fail at each page of more rows than it can give; small ones are answered."""
    request = Transport.request

    def answer(self: Transport, method: str, path: str, **options: Any) -> Answer:
        parameters: Mapping[str, str] = options.get("parameters") or {}
        if path.startswith("/query/") and "limit" in parameters:
            asked.append(int(parameters["limit"]))
            if asked[-1] > most:
                raise failure()
        return request(self, method, path, **options)

    monkeypatch.setattr(Transport, "request", answer)


@pytest.mark.slow
def test_pages_of_any_size_bring_the_same_rows(config: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = selected(discover(config), *STREAMS)
    whole = rows(read(config, catalog))
    assert all(len(found) > 50 for found in whole.values())

    asked: list[int] = []
    with monkeypatch.context() as patch:
        fail_above(1000, patch, AssertionError, asked)
        assert rows(read({**config, "page_size": 70}, catalog)) == whole
    assert max(asked) == 70

    failures: list[Callable[[], Exception]] = [
        lambda: UnexpectedError("POST /query/v1/suiteql", 500, (ErrorDetail("failed", "UNEXPECTED_ERROR"),)),
        lambda: AnswerTimedOutError("no answer in time"),
    ]
    for failure in failures:
        with monkeypatch.context() as patch:
            fail_above(100, patch, failure, asked := [])
            assert rows(read(config, catalog)) == whole
        assert {100, 1000} <= set(asked)


def test_only_what_fails_again_at_a_size_is_asked_for_in_smaller_pages_from_then_on() -> None:
    sizes, failing = PageSize(1000), iter([True, False, False, True, False, False])

    def page(rows: int) -> int:
        if rows == 1000 and next(failing, True):
            raise AnswerTimedOutError("no answer in time")
        return rows

    came = [sizes.ask(page)[0] for _ in range(6)]
    assert came == [100, 1000, 1000, 100, 100, 100]


@pytest.mark.slow
def test_a_large_page_that_takes_too_long_is_asked_for_once_and_a_small_one_as_often_as_all(
    config: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = selected(discover(config), "customer", "dataset_custdataset_lines")
    request = Transport.request
    asked: list[tuple[int, bool]] = []

    def answer(self: Transport, method: str, path: str, **options: Any) -> Answer:
        rows = int((options.get("parameters") or {}).get("limit", 0))
        if path.startswith("/query/") and rows in (10, 100, 1000):
            asked.append((rows, options["within"] is not None))
            if rows > 10:
                raise AnswerTimedOutError("no answer in time")
        return request(self, method, path, **options)

    monkeypatch.setattr(Transport, "request", answer)
    assert read(config, catalog).error is None
    assert set(asked) == {(1000, True), (100, True), (10, False)}


def test_an_outage_is_not_a_matter_of_size(config: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = selected(discover(config), "customer")
    asked: list[int] = []
    fail_above(100, monkeypatch, lambda: ServerFaultError("POST /x", 503, (ErrorDetail("closed"),)), asked)

    assert "503" in str(read(config, catalog).error)
    assert 100 not in asked


@pytest.mark.slow
def test_rows_with_damaged_characters_are_named(
    config: Json, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = selected(discover(config), "customer")
    whole = read(config, catalog).records("customer")
    request = Transport.request

    def cut(self: Transport, method: str, path: str, **options: Any) -> Answer:
        answer = request(self, method, path, **options)
        content = answer.content.replace(b'"companyname":"', b'"companyname":"\\ud83d', 1)
        return Answer(answer.request, answer.status, answer.headers, content)

    monkeypatch.setattr(Transport, "request", cut)
    finished = read(config, catalog)
    assert finished.error is None
    names = {row["id"]: row["companyname"] for row in finished.records("customer")}
    changed = [row["id"] for row in whole if names[row["id"]] != row["companyname"]]
    assert changed
    assert all(names[row["id"]].removeprefix("\ufffd") == row["companyname"] for row in whole if row["companyname"])
    assert (
        f"customer: texts in 1 rows hold U+FFFD, which stands for characters that are not Unicode: id {changed[0]}"
        in (caplog.text)
    )
    assert json.dumps(names)
