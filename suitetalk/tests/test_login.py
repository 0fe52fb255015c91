"""The login: what is asked for, one token for all threads, renewal, and what a refusal says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.scripted_netsuite import TOKEN_PATH, Received, Reply, ScriptedNetSuite, refused, token_answer

from suitetalk import (
    ClientCredentials,
    ConnectionFailedError,
    LoginRefusedError,
    NetSuite,
    NetSuiteError,
    ServerFaultError,
    SigningKey,
)
from suitetalk.account import Account

Connect = Callable[..., NetSuite]
RECORD = Reply(body={"id": "7"})
INVALID_LOGIN = refused(401, "INVALID_LOGIN", "Invalid login attempt.")


def bearer(request: Received) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


def test_the_token_request_is_what_netsuite_documents(
    netsuite: ScriptedNetSuite, client: NetSuite, ec_pem: str
) -> None:
    netsuite.answers(RECORD)
    client.records.get("customer", "7")

    (asked,) = netsuite.token_requests
    assert (asked.method, asked.path) == ("POST", TOKEN_PATH)
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers
    form = asked.form()
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    token = jwt.decode(form["client_assertion"], ECKey.import_key(ec_pem), algorithms=["ES256"])
    assert token.header == {"typ": "JWT", "alg": "ES256", "kid": "the-certificate"}
    assert token.claims["iss"] == "the-client"
    assert token.claims["scope"] == ["rest_webservices"]
    assert token.claims["aud"] == netsuite.address + TOKEN_PATH
    assert 0 < token.claims["exp"] - token.claims["iat"] <= 3600
    assert bearer(netsuite.requests[0]) == "token-1"


def test_no_assertion_is_used_twice(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(INVALID_LOGIN, RECORD)
    client.records.get("customer", "7")

    first, second = (asked.form()["client_assertion"] for asked in netsuite.token_requests)
    assert first != second


def test_nothing_is_sent_before_the_first_call(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    client.metadata  # noqa: B018 - looking at a service is no call
    assert netsuite.token_requests == []


def test_all_threads_share_one_token(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(RECORD)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: client.records.get("customer", str(number)), range(64)))

    assert len(netsuite.token_requests) == 1
    assert {bearer(request) for request in netsuite.requests} == {"token-1"}


def test_many_threads_that_are_refused_renew_once(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    all_there = threading.Barrier(8, timeout=120)

    def script(request: Received) -> Reply:
        if bearer(request) == "token-1":
            all_there.wait()  # all eight are refused with the same token
            return INVALID_LOGIN
        return RECORD

    netsuite.script = script
    client = connect(max_concurrency=8)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: client.records.get("customer", str(number)), range(8)))

    assert len(netsuite.token_requests) == 2
    assert len(netsuite.requests) == 16


def test_a_third_401_is_final(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(INVALID_LOGIN)

    with pytest.raises(LoginRefusedError, match="Login Audit Trail") as caught:
        client.records.get("customer", "7")

    assert (caught.value.status, caught.value.code) == (401, "INVALID_LOGIN")
    assert len(netsuite.requests) == 3
    assert len(netsuite.token_requests) == 3


def test_a_write_refused_with_401_is_sent_again(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(INVALID_LOGIN, Reply(204, headers={"Location": "/record/v1/customer/5"}))

    assert client.records.create("customer", {"companyName": "A"}) == "5"


def test_a_refused_login_is_not_repeated_by_every_thread(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    """Blind retries can lock an account; those who waited for a refused login share its end."""
    client = connect()
    all_there = threading.Barrier(8, timeout=120)
    waiting = threading.Event()

    def refuse(_: Received) -> Reply:
        waiting.wait(1.5)  # gives the other seven time to queue up behind this one
        return Reply(401, {"error": "invalid_client"})

    netsuite.token_script = refuse

    def get(number: int) -> str:
        all_there.wait()
        with pytest.raises(LoginRefusedError) as caught:
            client.records.get("customer", str(number))
        return caught.value.code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(get, range(8))) == {"invalid_client"}

    assert len(netsuite.token_requests) < 8
    assert netsuite.requests == []


def test_a_later_call_tries_to_log_in_again(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(RECORD)
    netsuite.token_script = lambda _: Reply(400, {"error": "invalid_grant"})
    with pytest.raises(LoginRefusedError):
        client.records.get("customer", "7")

    netsuite.token_script = netsuite.hand_out_token
    assert client.records.get("customer", "7") == {"id": "7"}


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (401, "invalid_client", "`certificate_id`"),
        (400, "invalid_grant", "certificate has not expired"),
        (400, "invalid_request", "clock"),
        (400, "invalid_scope", "REST Web Services scope"),
        (400, "unsupported_grant_type", "Client Credentials"),
        (400, "unauthorized_client", "Client Credentials"),
        (400, "something_new", "Login Audit Trail"),
    ],
)
def test_a_refused_login_says_what_to_check(
    netsuite: ScriptedNetSuite, client: NetSuite, status: int, error: str, advice: str
) -> None:
    netsuite.token_script = lambda _: Reply(status, {"error": error})

    with pytest.raises(LoginRefusedError, match=advice) as caught:
        client.records.get("customer", "7")

    assert (caught.value.status, caught.value.code) == (status, error)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, b"<html>", {"Content-Type": "text/html"}),
        Reply(403, b""),
        Reply(400, ["x"]),
        Reply(400, {"error": None}),
        Reply(400, {"error": {"code": 7}}),
        Reply(401, b"null"),
    ],
)
def test_a_refused_login_in_a_strange_form_is_one_too(
    netsuite: ScriptedNetSuite, client: NetSuite, reply: Reply
) -> None:
    netsuite.token_script = lambda _: reply

    with pytest.raises(LoginRefusedError) as caught:
        client.records.get("customer", "7")

    assert caught.value.advice
    assert "\n" not in str(caught.value)


def test_a_redirect_of_the_login_is_not_followed(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.token_script = lambda _: Reply(307, b"", {"Location": netsuite.address + "/elsewhere"})

    with pytest.raises(NetSuiteError, match="redirects are not followed"):
        client.records.get("customer", "7")

    assert netsuite.requests == []


def test_the_login_is_tried_again_when_the_server_fails(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(RECORD)
    replies = [Reply(502, b"<html>"), Reply(0), Reply(429), Reply(body=token_answer("late"))]
    netsuite.token_script = lambda _: replies.pop(0)

    client.records.get("customer", "7")
    assert bearer(netsuite.requests[0]) == "late"


def test_a_token_end_point_that_stays_down_is_no_refused_login(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.token_script = lambda _: Reply(503, {"error": "temporarily_unavailable"})

    with pytest.raises(ServerFaultError):
        client.records.get("customer", "7")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        [],
        "token",
        {},
        token_answer(""),
        token_answer(" "),
        token_answer("geheim\r\nHost: evil"),
        token_answer("geheim\u2028"),
        {**token_answer("x"), "access_token": 7},
        token_answer("geheim", token_type="mac"),
        token_answer("geheim", token_type=7),
        token_answer("geheim", expires_in="soon"),
        token_answer("geheim", expires_in=0),
        token_answer("geheim", expires_in=-1),
        token_answer("geheim", expires_in="nan"),
        token_answer("geheim", expires_in=None),
        token_answer("geheim", expires_in=[]),
    ],
)
def test_a_token_answer_that_cannot_be_used(netsuite: ScriptedNetSuite, client: NetSuite, answer: Any) -> None:
    netsuite.token_script = lambda _: Reply(body=answer)

    with pytest.raises(ConnectionFailedError, match="check `base_url`") as caught:
        client.records.get("customer", "7")

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        token_answer("t", expires_in="3600"),
        token_answer("t", expires_in=3600.5),
        token_answer("t", token_type="bearer"),
        {"access_token": "t"},
    ],
)
def test_token_answers_as_they_have_been_seen(netsuite: ScriptedNetSuite, client: NetSuite, answer: Any) -> None:
    netsuite.answers(RECORD)
    netsuite.token_script = lambda _: Reply(body=answer)

    client.records.get("customer", "7")
    assert bearer(netsuite.requests[0]) == "t"


def test_a_proxy_that_wants_netsuites_own_audience_gets_it(
    netsuite: ScriptedNetSuite, client: NetSuite, ec_pem: str
) -> None:
    own = f"https://1234567-sb1.suitetalk.api.netsuite.com{TOKEN_PATH}"

    def audience(request: Received) -> str:
        key = ECKey.import_key(ec_pem)
        return str(jwt.decode(request.form()["client_assertion"], key, algorithms=["ES256"]).claims["aud"])

    def script(request: Received) -> Reply:
        granted = audience(request) == own
        return Reply(body=token_answer("t")) if granted else Reply(400, {"error": "invalid_request"})

    netsuite.token_script = script
    netsuite.answers(INVALID_LOGIN, RECORD)
    client.records.get("customer", "7")

    assert [audience(asked) for asked in netsuite.token_requests] == [netsuite.address + TOKEN_PATH, own, own]


def test_of_two_refusals_the_likelier_one_is_told(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    errors = ["invalid_grant", "invalid_request"]
    netsuite.token_script = lambda _: Reply(400, {"error": errors.pop(0)})

    with pytest.raises(LoginRefusedError, match="invalid_grant"):
        client.records.get("customer", "7")


class Requester:
    """Counts the token requests."""

    clock_offset = None

    def __init__(self, expires_in: Any) -> None:
        self.asked = 0
        self.expires_in = expires_in

    def request_token(self, *_: object, **__: object) -> dict[str, Any]:
        self.asked += 1
        return token_answer(f"token-{self.asked}", expires_in=self.expires_in)


@pytest.mark.parametrize(("life", "still_used", "renewed"), [(3600, 3479, 3480), (100, 49, 50), ("3600", 3479, 3481)])
def test_a_token_is_renewed_before_it_ends(ec_pem: str, life: Any, still_used: float, renewed: float) -> None:
    now = 1000.0
    requester = Requester(life)
    key = SigningKey.read(ec_pem, None, None)
    login = ClientCredentials(Account.resolve("1"), "client", "kid", key, requester, clock=lambda: now)

    login._current()
    now = 1000.0 + still_used
    assert login._current().access_token == "token-1"
    now = 1000.0 + renewed
    assert login._current().access_token == "token-2"
    assert "token-2" not in repr(login._current())
