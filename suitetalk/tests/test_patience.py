"""Answers that are damaged, too slow or too large, an account that is busy, a clock that is off, a language."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.scripted_netsuite import BLOCKED, Received, Reply, ScriptedNetSuite, refused

from netsuite_emulator import Emulator
from suitetalk import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    ConnectionSettings,
    InvalidRequestError,
    LoginRefusedError,
    NetSuite,
    OutcomeUnknownError,
    RetryPolicy,
)
from suitetalk.errors import AnswerTimedOutError
from suitetalk.http import session

Connect = Callable[..., NetSuite]
RECORD = Reply(body={"id": "7"})
HTML = Reply(200, b"<html><body>One moment please</body></html>", {"Content-Type": "text/html"})
INVALID_LOGIN = refused(401, "INVALID_LOGIN", "Invalid login attempt.")


def get(client: NetSuite) -> dict[str, Any]:
    return client.records.get("customer", "7")


@pytest.mark.parametrize("damaged", [HTML, Reply(body=b'{"id": "7", "x'), Reply(body=b"")], ids=["html", "cut", "none"])
def test_a_damaged_answer_to_a_read_is_asked_for_again(
    netsuite: ScriptedNetSuite, client: NetSuite, damaged: Reply
) -> None:
    netsuite.answers(damaged, damaged, RECORD)

    assert get(client) == {"id": "7"}


def test_a_web_page_is_borne_with_once_the_login_has_worked(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    client = connect(retry=RetryPolicy(attempts=8, first_wait=0.001))
    netsuite.answers(RECORD, *[HTML] * 7, RECORD)
    get(client)

    assert get(client) == {"id": "7"}


def test_a_web_page_is_no_answer_to_a_write(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    """Nobody knows what was done, so it is not done again."""
    netsuite.answers(HTML)

    writes: list[Callable[[], object]] = [
        lambda: client.records.create("customer", {"companyName": "A"}),
        lambda: client.records.update("salesOrder", "7", {"item": {"items": [{"quantity": 1}]}}),
    ]
    for write in writes:
        with pytest.raises(OutcomeUnknownError, match="look the record up"):
            write()
    assert len(netsuite.requests) == 2


def test_a_damaged_token_answer_is_asked_for_again(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(RECORD)
    tokens = [HTML, Reply(body=b'{"access_'), None]
    netsuite.token_script = lambda request: tokens.pop(0) or netsuite.hand_out_token(request)

    assert get(client) == {"id": "7"}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"cut \\ud83d", "cut \ufffd"),
        (b"cut \xed\xa0\xbd", "cut \ufffd"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\U0001f600"),
        (b"a\tb", "a\tb"),
    ],
    ids=["half, escaped", "half", "Latin-1", "two halves", "tab"],
)
def test_characters_that_are_none_are_read_leniently(
    netsuite: ScriptedNetSuite, client: NetSuite, caplog: pytest.LogCaptureFixture, sent: bytes, read: str
) -> None:
    netsuite.answers(Reply(body=b'{"id": "7", "companyName": "' + sent + b'"}'))

    assert get(client)["companyName"] == read
    assert len(netsuite.requests) == 1
    assert ("GET /record/v1/customer/7 was answered with characters" in caplog.text) == ("\ufffd" in read)


def test_an_answer_that_drips_ends(
    netsuite: ScriptedNetSuite, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LONGEST_ANSWER", 0.5)
    client = connect(request_timeout=0.2)
    netsuite.token_script = lambda _: Reply(body={"access_token": "t"})
    netsuite.answers(Reply(body={"id": "7" * 5000}, drip=0.05))

    with pytest.raises(ConnectionFailedError, match="the answer came too slowly"):
        get(client)
    with pytest.raises(OutcomeUnknownError, match="the answer came too slowly"):
        client.records.create("customer", {"companyName": "A"})
    assert len(netsuite.requests) == 2


def test_a_request_that_hangs_is_not_tried_for_ever(
    netsuite: ScriptedNetSuite, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LONGEST_ANSWER", 0.5)
    client = connect(request_timeout=0.2)
    netsuite.answers(RECORD, *[Reply(body={"id": "7"}, stall=True)] * 3, RECORD)
    get(client)

    with pytest.raises(AnswerTimedOutError, match="no answer in time"):
        get(client)
    assert len(netsuite.requests) == 4


def test_a_login_that_hangs_is_not_tried_for_ever(
    netsuite: ScriptedNetSuite, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "LONGEST_ANSWER", 0.5)
    client = connect(request_timeout=0.2)
    tries = iter(range(10))
    netsuite.token_script = lambda _: Reply(body={"try": next(tries)}, stall=True)

    with pytest.raises(ConnectionFailedError, match="no answer in time"):
        get(client)
    assert next(tries) == 3


def test_an_answer_that_swells_ends(
    netsuite: ScriptedNetSuite, client: NetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "MOST_BYTES", 2**20)
    netsuite.answers(Reply(body=gzip.compress(b" " * 2**24), headers={"Content-Encoding": "gzip"}))

    with pytest.raises(ConnectionFailedError, match="larger than 1 MB"):
        get(client)
    assert len(netsuite.requests) == 1


def test_a_busy_account_is_waited_for(
    netsuite: ScriptedNetSuite, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(retry=RetryPolicy(attempts=3, first_wait=0.001, busy_patience=60))
    netsuite.answers(*[BLOCKED] * 12, RECORD)

    assert get(client) == {"id": "7"}
    (said,) = [message for message in caplog.messages if "busy_patience" in message]
    assert "one request at a time for up to 60 seconds" in said
    assert client.transport._limiter.limit == 1  # type: ignore[attr-defined]  # of the governor that it is


def test_patience_ends(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    waited: list[float] = []
    policy = RetryPolicy(attempts=3, first_wait=1.0, longest_wait=30, busy_patience=100, sleep=waited.append)
    netsuite.answers(BLOCKED)

    with pytest.raises(ConcurrencyLimitError):
        get(connect(retry=policy))
    assert 100 <= sum(waited) < 140


def test_ten_tokens_that_end_in_a_row(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    client = connect(retry=RetryPolicy(first_wait=0.001))
    netsuite.answers(RECORD, *[INVALID_LOGIN] * 10, RECORD)
    get(client)

    assert get(client) == {"id": "7"}


@pytest.fixture
def signed(connect: Connect) -> Callable[..., NetSuite]:
    """Return a function that makes a client with token-based authentication."""
    login = {"auth_method": "token_based", "client_secret": "s", "token_id": "t", "token_secret": "u"}
    unused = {"certificate_id": None, "private_key": None}
    return lambda **changes: connect(**{**login, **unused, **changes})


def test_a_wrong_secret_costs_one_refused_login(netsuite: ScriptedNetSuite, signed: Connect) -> None:
    all_there = threading.Barrier(8, timeout=60)
    netsuite.answers(INVALID_LOGIN)
    client = signed(max_concurrency=8)

    def ask(_: int) -> None:
        all_there.wait()
        with pytest.raises(LoginRefusedError):
            get(client)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))
    assert len(netsuite.requests) == 1


def test_once_a_login_has_worked_requests_go_side_by_side(netsuite: ScriptedNetSuite, signed: Connect) -> None:
    netsuite.answers(RECORD)
    client = signed(max_concurrency=8)
    get(client)
    all_there = threading.Barrier(8, timeout=60)

    def script(_: Received) -> Reply:
        all_there.wait()
        return RECORD

    netsuite.script = script
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(lambda _: get(client), range(8)))) == 8


def test_a_login_that_has_worked_may_be_refused_in_passing(netsuite: ScriptedNetSuite, signed: Connect) -> None:
    client = signed()
    netsuite.answers(RECORD, INVALID_LOGIN, INVALID_LOGIN, RECORD)
    get(client)
    assert get(client) == {"id": "7"}

    netsuite.answers(INVALID_LOGIN)
    for _ in range(3):
        with pytest.raises(LoginRefusedError):
            get(client)
    assert len(netsuite.requests) == 4 + 3


@pytest.mark.parametrize(("method", "hours"), [("client_credentials", 5), ("token_based", 5), ("token_based", -3)])
def test_a_clock_that_is_off_is_corrected(
    netsuite_emulator_factory: Callable[..., Emulator], caplog: pytest.LogCaptureFixture, method: str, hours: int
) -> None:
    emulator = netsuite_emulator_factory(clock_offset=hours * 3600)
    given = emulator.connection if method == "client_credentials" else emulator.token_based_connection
    with NetSuite(ConnectionSettings.from_mapping({**given, "auth_method": method})) as client:
        assert client.suiteql.page("SELECT id FROM currency", limit=1).items
    assert f"{abs(hours) * 60} minutes" in caplog.text


def test_the_companys_language_is_spoken_when_netsuite_asks_for_it(
    netsuite: ScriptedNetSuite, client: NetSuite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked = refused(
        400,
        "INVALID_HEADER",
        "Invalid language in the Accept-Language header. Use the company's default language, 'de-DE'.",
        errorHeader="Accept-Language",
    )
    netsuite.script = lambda request: RECORD if request.headers.get("Accept-Language") == "de-DE" else asked

    assert get(client) == {"id": "7"}
    assert get(client) == {"id": "7"}
    assert len(netsuite.requests) == 3
    assert "de-DE" in caplog.text


def test_a_language_that_was_set_wrongly_is_corrected(netsuite_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = netsuite_emulator_factory(language="fr-FR")
    for language in ("fr-FR", "ja-JP"):
        settings = ConnectionSettings.from_mapping({**emulator.connection, "language": language})
        with NetSuite(settings) as client:
            assert client.suiteql.page("SELECT id FROM currency", limit=1).items
    sent = [request.status for request in emulator.requests if request.path.endswith("suiteql")]
    assert sent == [200, 400, 200]


def test_a_language_that_netsuite_does_not_name(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(400, "INVALID_HEADER", "The Accept-Language header is not the company's language."))

    with pytest.raises(InvalidRequestError, match="`language`"):
        get(client)
    assert len(netsuite.requests) == 1
