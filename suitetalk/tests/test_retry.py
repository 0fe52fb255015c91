"""How often, how far apart, and reading Retry-After."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import ConnectionFailedError, RetryPolicy, ServerFaultError, SuiteTalkError
from suitetalk.http.governor import TryAgainError, seconds_asked_for


def waits_of(policy: RetryPolicy, asked: float, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the waits of a request that never gets through."""
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)

    def attempt() -> None:
        raise TryAgainError(ConnectionFailedError("cut"), asked)

    with pytest.raises(ConnectionFailedError):
        policy.run(attempt)
    return waits


def test_waits_double_and_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = waits_of(RetryPolicy(attempts=6, first_wait=1.0, longest_wait=8.0), 0.0, monkeypatch)

    assert [planned / 2 <= wait <= planned for wait, planned in zip(waits, [1, 2, 4, 8, 8], strict=True)] == [True] * 5
    assert len({wait % 1 for wait in waits}) > 1


def test_what_the_server_asks_for_is_the_least_and_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = RetryPolicy(attempts=4, first_wait=1.0, longest_wait=60.0)

    assert all(30 <= wait <= 30.5 for wait in waits_of(policy, 30.0, monkeypatch))
    assert all(60 <= wait <= 60.5 for wait in waits_of(policy, 86_400.0, monkeypatch))


def test_those_told_to_wait_equally_long_do_not_come_back_together(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = {waits_of(RetryPolicy(attempts=2), 10.0, monkeypatch)[0] for _ in range(20)}

    assert len(waits) > 10


def test_a_very_patient_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(waits_of(RetryPolicy(attempts=1500, longest_wait=60), 0.0, monkeypatch)) <= 60


def test_the_last_failure_is_the_one_raised() -> None:
    tries = iter(range(10))

    def attempt() -> None:
        raise TryAgainError(ConnectionFailedError(f"try {next(tries)}"))

    with pytest.raises(ConnectionFailedError, match="try 2") as caught:
        RetryPolicy(attempts=3, first_wait=0.0).run(attempt)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("kinds", "tries"),
    [
        ("500 500 ok", 3),
        ("429 429 500 ok", 4),
        ("502 cut 429 500 ok", 5),
        ("500 429 500 429 500 ok", 5),
        ("429 " * 8, 8),
    ],
)
def test_tries_are_counted_by_kind(kinds: str, tries: int) -> None:
    made: list[str] = []

    def attempt() -> str:
        made.append(kinds.split()[len(made)])
        if made[-1] == "ok":
            return "answered"
        raise TryAgainError(ConnectionFailedError(made[-1]), seldom_passes=made[-1] == "500")

    policy = RetryPolicy(first_wait=0.0)
    if kinds.split()[tries - 1] == "ok":
        assert policy.run(attempt) == "answered"
    else:
        with pytest.raises(ConnectionFailedError):
            policy.run(attempt)
    assert len(made) == tries


def test_other_errors_end_it_at_once() -> None:
    tries: list[int] = []

    def attempt() -> None:
        tries.append(1)
        raise KeyError

    with pytest.raises(KeyError):
        RetryPolicy(first_wait=0.0).run(attempt)
    assert len(tries) == 1


def test_each_new_try_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outcomes = [TryAgainError(ConnectionFailedError("the line was cut")), None]

    def attempt() -> str:
        if outcome := outcomes.pop(0):
            raise outcome
        return "done"

    assert RetryPolicy(first_wait=0.0).run(attempt) == "done"
    assert caplog.messages == ["the line was cut; trying again in 0.0 s (try 2)"]


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (" 7 ", 7.0), ("7\x1f", 7.0), ("0", 0.0), (None, 0.0), ("", 0.0)]
)
def test_retry_after_in_seconds(header: str | None, seconds: float) -> None:
    assert seconds_asked_for(header) == seconds


def test_retry_after_as_a_date() -> None:
    soon = datetime.now(timezone.utc) + timedelta(seconds=100)

    assert 90 < seconds_asked_for(format_datetime(soon)) <= 100
    assert 90 < seconds_asked_for(format_datetime(soon.replace(tzinfo=None))) <= 100
    assert seconds_asked_for("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize("header", ["soon", "-1", "1.5", "\u00b2", "Mon, 99 Xxx 99999 99:99:99 +9999", ",", "0" * 5000])
def test_retry_after_that_says_nothing(header: str) -> None:
    assert seconds_asked_for(header) == 0.0


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_no_retry_after_header_breaks_anything(header: str) -> None:
    assert seconds_asked_for(header) >= 0.0


@pytest.mark.parametrize(
    ("final", "is_said"),
    [(ConnectionFailedError("no connection"), True), (ServerFaultError("GET /x", 503, ()), False)],
)
def test_a_missing_network_is_said_soon(
    caplog: pytest.LogCaptureFixture, final: SuiteTalkError, *, is_said: bool
) -> None:
    waited: list[float] = []
    said: list[float] = []

    def sleep(seconds: float) -> None:
        if not said and any(record.levelname == "WARNING" for record in caplog.records):
            said.append(sum(waited))
        waited.append(seconds)

    def attempt() -> None:
        raise TryAgainError(final)

    with pytest.raises(SuiteTalkError):
        RetryPolicy(sleep=sleep).run(attempt)

    assert bool(said) is is_said
    assert all(seconds < 15 for seconds in said)
