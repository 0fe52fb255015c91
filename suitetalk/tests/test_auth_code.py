"""Logging in as a person: consent, redirect, tokens, refresh, and the end of a login."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from tests.scripted_netsuite import Received, Reply, ScriptedNetSuite, token_answer

from netsuite_emulator import Emulator
from suitetalk import (
    ConfigurationError,
    ConnectionFailedError,
    ConnectionSettings,
    LoginNeededError,
    LoginRefusedError,
    NetSuite,
    RetryPolicy,
    SuiteTalkError,
    TokenStore,
)
from suitetalk.auth import authorization_code
from suitetalk.auth.authorization_code import Consent, login_name
from suitetalk.auth.token_store import Tokens

MakeEmulator = Callable[..., Emulator]
DAY = 86400.0
RECORD = Reply(body={"id": "7"})
REDIRECT = "https://localhost:8443/callback"


@pytest.fixture
def settings(netsuite: ScriptedNetSuite) -> ConnectionSettings:
    """A confidential client of the scripted NetSuite."""
    netsuite.token_script = lambda request: Reply(
        body=token_answer("access", **({"refresh_token": "refresh"} if "code" in request.form() else {}))
    )
    netsuite.answers(RECORD)
    return settings_of(netsuite)


def settings_of(netsuite: ScriptedNetSuite, **changes: Any) -> ConnectionSettings:
    config = {
        "account_id": "1234567_SB1",
        "base_url": netsuite.address,
        "auth_method": "authorization_code",
        "client_id": "the-client",
        "client_secret": "geheim",
        "redirect_uri": REDIRECT,
        **changes,
    }
    return ConnectionSettings.from_mapping(config)


def redirected(consent: Consent, **changes: str | None) -> str:
    answer = {"state": consent.state, "role": "3", "entity": "7", "company": "1234567_SB1", "code": "the-code"}
    kept = {name: value for name, value in {**answer, **changes}.items() if value is not None}
    return f"{consent.settings.redirect_uri}?{urlencode(kept)}"


def read(settings: ConnectionSettings) -> None:
    with NetSuite(settings, retry=RetryPolicy(attempts=2, first_wait=0.001)) as netsuite:
        netsuite.records.get("customer", "7")


def keep(settings: ConnectionSettings, *, age: float, access_life: float = -1.0) -> None:
    """Keep a login that is `age` seconds old, its access token over unless told otherwise."""
    now = time.time()
    tokens = Tokens("old", now + access_life, 3600.0, "refresh", now - age)
    TokenStore.open().write(login_name(settings.account, settings.client_id), tokens)


def test_the_consent_page_is_asked_as_netsuite_documents(settings: ConnectionSettings) -> None:
    first, second = authorization_code.begin(settings), authorization_code.begin(settings)

    asked = {name: values[0] for name, values in parse_qs(urlsplit(first.url).query).items()}
    digest = hashlib.sha256(first.verifier.encode()).digest()
    assert asked == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": REDIRECT,
        "scope": "rest_webservices",
        "state": first.state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert 22 <= len(first.state) <= 1024
    assert 43 <= len(first.verifier) <= 128
    assert first.state != second.state
    assert first.verifier != second.verifier
    assert first.verifier not in repr(first)
    assert first.verifier not in first.url


def test_the_consent_page_is_the_accounts(netsuite: ScriptedNetSuite) -> None:
    for base_url in ("", "https://proxy.example.com", "https://1234567-sb1.suitetalk.api.netsuite.com"):
        consent = authorization_code.begin(settings_of(netsuite, base_url=base_url))
        assert consent.url.startswith("https://1234567-sb1.app.netsuite.com/app/login/oauth2/authorize.nl?")


def test_a_confidential_client_trades_its_code(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    consent = authorization_code.begin(settings)
    status = authorization_code.finish(consent, f"  {redirected(consent)}\n")

    (asked,) = netsuite.token_requests
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"the-client:geheim").decode()
    assert asked.form() == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": REDIRECT,
        "code_verifier": consent.verifier,
    }
    assert status == authorization_code.status(settings)
    assert (status.ends_at - status.consented_at).days == 7
    assert abs((status.consented_at - datetime.now(timezone.utc)).total_seconds()) < 60
    read(settings)
    assert netsuite.requests[0].headers["Authorization"] == "Bearer access"
    assert len(netsuite.token_requests) == 1


def test_a_public_client_names_itself_in_the_form(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    public = settings_of(netsuite, client_secret=None, redirect_uri="com.example.app://callback")
    consent = authorization_code.begin(public)
    authorization_code.finish(consent, redirected(consent))

    (asked,) = netsuite.token_requests
    assert "Authorization" not in asked.headers
    assert asked.form()["client_id"] == "the-client"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "x" * 43}, "`state`"),
        ({"state": None}, "`state`"),
        ({"state": "ä"}, "`state`"),
        ({"error": "access_denied"}, "access_denied.*log in using OAuth 2.0"),
        ({"error": "geheim <x>\n"}, "did not grant"),
        ({"company": "7654321"}, "account 7654321, not for 1234567_SB1"),
        ({"code": None}, "no code"),
        ({"code": ""}, "no code"),
    ],
)
def test_a_redirect_that_ends_the_login(
    netsuite: ScriptedNetSuite, settings: ConnectionSettings, changes: dict[str, str | None], words: str
) -> None:
    consent = authorization_code.begin(settings)

    with pytest.raises(LoginNeededError, match=words) as caught:
        authorization_code.finish(consent, redirected(consent, **changes))

    assert "the-code" not in str(caught.value)
    assert consent.state not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert netsuite.token_requests == []
    assert authorization_code.status(settings) is None


def test_a_state_given_twice_is_none(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    consent = authorization_code.begin(settings)
    with pytest.raises(LoginNeededError, match="`state`"):
        authorization_code.finish(consent, redirected(consent) + "&state=x")
    assert netsuite.token_requests == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "the-code",
        "https://evil.example/callback?code=x",
        "https://localhost:8443/other?code=x",
        "http://localhost:8443/callback?code=x",
        "https://localhost:8443@evil.example/callback?code=x",
        "https://[",
    ],
)
def test_another_address_than_the_redirect_uri(settings: ConnectionSettings, address: str) -> None:
    with pytest.raises(LoginNeededError, match="`redirect_uri`"):
        authorization_code.finish(authorization_code.begin(settings), address)


def _refused(error: str, _: object) -> Reply:
    return Reply(400, {"error": error})


def test_a_code_that_is_refused_says_what_to_check(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    consent = authorization_code.begin(settings)
    for error, words in [("invalid_grant", "`redirect_uri`"), ("invalid_client", "`client_secret`")]:
        netsuite.token_script = partial(_refused, error)
        with pytest.raises(LoginRefusedError, match=words) as caught:
            authorization_code.finish(consent, redirected(consent))
        assert "certificate" not in str(caught.value)


@pytest.mark.parametrize("refresh", [None, "", 7, "a\nb", ["x"]])
def test_a_token_answer_of_the_wrong_shape(
    netsuite: ScriptedNetSuite, settings: ConnectionSettings, refresh: Any
) -> None:
    netsuite.token_script = lambda _: Reply(body=token_answer("geheim-token", refresh_token=refresh))
    consent = authorization_code.begin(settings)

    with pytest.raises(ConnectionFailedError, match=r"refresh_token.*`base_url`") as caught:
        authorization_code.finish(consent, redirected(consent))
    assert "geheim" not in str(caught.value)


def test_tokens_that_cannot_be_kept_are_no_login(
    settings: ConnectionSettings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    consent = authorization_code.begin(settings)
    with pytest.raises(SuiteTalkError, match="cannot be saved"):
        authorization_code.finish(consent, redirected(consent))


def test_a_login_in_memory_serves_the_process(
    netsuite: ScriptedNetSuite, settings: ConnectionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETSUITE_TOKEN_STORE", "off")
    consent, store = authorization_code.begin(settings), TokenStore()
    authorization_code.finish(consent, redirected(consent), store=store)
    with NetSuite(settings, token_store=store) as client:
        assert client.records.get("customer", "7") == {"id": "7"}
    with pytest.raises(LoginNeededError, match="memory alone"):
        read(settings)


def test_without_a_login_one_is_asked_for(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    with pytest.raises(LoginNeededError, match=r"Nobody has logged in.*run `suitetalk login`"):
        read(settings)
    assert netsuite.token_requests == netsuite.requests == []


def test_a_confidential_client_keeps_its_refresh_token(
    netsuite: ScriptedNetSuite, settings: ConnectionSettings
) -> None:
    for _ in range(2):
        keep(settings, age=DAY)
        read(settings)

    forms = [asked.form() for asked in netsuite.token_requests]
    assert forms == [{"grant_type": "refresh_token", "refresh_token": "refresh"}] * 2
    assert all(asked.headers["Authorization"].startswith("Basic ") for asked in netsuite.token_requests)


def test_a_public_clients_new_refresh_token_is_kept_before_it_is_needed(netsuite: ScriptedNetSuite) -> None:
    public = settings_of(netsuite, client_secret=None)
    name = login_name(public.account, public.client_id)
    keep(public, age=DAY)
    netsuite.token_script = lambda _: Reply(body=token_answer("access", refresh_token="refresh-2"))
    seen: list[str | None] = []

    def look(_: Received) -> Reply:
        kept = TokenStore.open().read(name)
        seen.append(kept.refresh_token if kept else None)
        return RECORD

    netsuite.script = look
    read(public)
    assert seen == ["refresh-2"]
    assert netsuite.token_requests[0].form()["client_id"] == "the-client"


def test_a_refresh_token_that_cannot_be_kept_serves_this_run(
    netsuite: ScriptedNetSuite, caplog: pytest.LogCaptureFixture
) -> None:
    public = settings_of(netsuite, client_secret=None)
    name = login_name(public.account, public.client_id)
    store = TokenStore(ReadOnly())
    valid = ["refresh"]

    def script(request: Received) -> Reply:
        if request.form()["refresh_token"] != valid[-1]:
            return Reply(400, {"error": "invalid_grant"})
        valid.append(f"refresh-{len(valid)}")
        return Reply(body=token_answer(f"access-{len(valid)}", refresh_token=valid[-1], expires_in=0.001))

    netsuite.token_script = script
    netsuite.answers(RECORD)
    with NetSuite(public, token_store=store) as client:
        for _ in range(3):
            client.records.get("customer", "7")
    assert len(valid) == 4
    assert store.read(name)
    assert "cannot be saved" in caplog.text


class ReadOnly:
    """A place with a login in it that takes no other."""

    place = "a place"

    def read(self, _: str) -> str:
        kept = {"access_token": "old", "expires_at": 1, "life": 1, "refresh_token": "refresh"}
        return json.dumps({**kept, "consented_at": time.time()})

    def write(self, *_: str) -> None:
        raise OSError(28, "No space left on device")

    def delete(self, _: str) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("age", "access_life", "words"),
    [
        (4.9 * DAY, 3000, ""),
        (5.1 * DAY, 3000, "in 45 hours; run `suitetalk login`"),
        (6.5 * DAY, -1, "in 11 hours; run `suitetalk login`"),
        (7.5 * DAY, -1, ""),  # NetSuite knows better
    ],
)
def test_the_end_is_announced_two_days_before(
    settings: ConnectionSettings, caplog: pytest.LogCaptureFixture, age: float, access_life: float, words: str
) -> None:
    keep(settings, age=age, access_life=access_life)
    read(settings)

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (len(said), words in "".join(said)) == (1 if words else 0, True)


@pytest.mark.parametrize(
    ("age", "hours", "words"),
    [
        (
            7.1 * DAY,
            168,
            r"ended on \d{4}-\d\d-\d\d \d\d:\d\d UTC, when its seven days were over; run `suitetalk login`",
        ),
        (31 * DAY, 720, "when its 720 hours were over"),
        (3 * DAY, 168, "revoked, or renewed elsewhere.*48 hours.*run `suitetalk login`"),
    ],
)
def test_a_login_that_has_ended_says_so(netsuite: ScriptedNetSuite, age: float, hours: float, words: str) -> None:
    settings = settings_of(netsuite, login_hours=hours)
    keep(settings, age=age)
    netsuite.token_script = lambda _: Reply(400, {"error": "invalid_grant"})

    with pytest.raises(LoginNeededError, match=words) as caught:
        read(settings)
    assert "\n" not in str(caught.value)
    assert len(netsuite.token_requests) == 1


def test_a_refresh_refused_for_another_reason(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    keep(settings, age=DAY)
    netsuite.token_script = lambda _: Reply(401, {"error": "invalid_client"})
    with pytest.raises(LoginRefusedError, match="`client_secret`"):
        read(settings)


def test_other_methods_need_no_person(config: dict[str, Any]) -> None:
    settings = ConnectionSettings.from_mapping(config)
    for function in (authorization_code.begin, authorization_code.status, authorization_code.log_out):
        with pytest.raises(ConfigurationError, match="auth_method"):
            function(settings)


def test_logging_out_revokes(netsuite: ScriptedNetSuite, settings: ConnectionSettings) -> None:
    assert not authorization_code.log_out(settings)
    keep(settings, age=DAY)
    netsuite.answers(Reply(200))

    assert authorization_code.log_out(settings)
    (revoked,) = netsuite.requests
    assert revoked.path == "/services/rest/auth/oauth2/v1/revoke"
    assert revoked.form() == {"token": "refresh"}
    assert authorization_code.status(settings) is None


@pytest.mark.parametrize("kind", ["authorization_code_connection", "public_connection"])
def test_a_login_on_the_emulator(netsuite_emulator_factory: MakeEmulator, kind: str) -> None:
    emulator = netsuite_emulator_factory(consent="allow")
    settings = ConnectionSettings.from_mapping({**getattr(emulator, kind), "auth_method": "authorization_code"})
    consent = authorization_code.begin(settings)
    page = requests.get(consent.url, allow_redirects=False, timeout=60)
    authorization_code.finish(consent, page.headers["Location"])

    for _ in range(3):  # each time with a token that NetSuite does not know any more
        with NetSuite(settings) as client:
            assert client.metadata.record_types()
        emulator.expire_tokens()
    emulator.advance(8 * DAY)
    with pytest.raises(LoginNeededError, match="run `suitetalk login`"), NetSuite(settings) as client:
        client.metadata.record_types()


def test_logging_out_on_the_emulator(netsuite_emulator_factory: MakeEmulator) -> None:
    emulator = netsuite_emulator_factory(consent="allow")
    connection = {**emulator.authorization_code_connection, "auth_method": "authorization_code"}
    settings = ConnectionSettings.from_mapping(connection)
    consent = authorization_code.begin(settings)
    page = requests.get(consent.url, allow_redirects=False, timeout=60)
    authorization_code.finish(consent, page.headers["Location"])

    assert authorization_code.log_out(settings)
    with pytest.raises(LoginNeededError, match="Nobody"), NetSuite(settings) as client:
        client.metadata.record_types()
