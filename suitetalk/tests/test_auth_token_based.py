"""Token-based authentication: signatures as NetSuite documents them, and no second try after a refusal."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from tests.scripted_netsuite import Reply, ScriptedNetSuite, refused

from netsuite_emulator import Emulator
from suitetalk import Account, ConnectionSettings, LoginRefusedError, NetSuite, RetryPolicy
from suitetalk.auth.token_based import TokenBased, announce_end

INVALID_LOGIN = refused(401, "INVALID_LOGIN", "Invalid login attempt.")


@pytest.fixture(autouse=True)
def _forget_what_was_announced() -> Iterator[None]:
    announce_end.cache_clear()
    yield
    announce_end.cache_clear()


@pytest.fixture
def settings(netsuite: ScriptedNetSuite) -> dict[str, Any]:
    """Settings for token-based authentication."""
    return {
        "account_id": "1234567-sb1",
        "base_url": netsuite.address,
        "auth_method": "token_based",
        "client_id": "geheim-1",
        "client_secret": "geheim-2",
        "token_id": "geheim-3",
        "token_secret": "geheim-4",
    }


def client_of(settings: dict[str, Any]) -> NetSuite:
    return NetSuite(ConnectionSettings.from_mapping(settings), retry=RetryPolicy(attempts=3, first_wait=0.001))


def test_the_documented_sample() -> None:
    """The values of [subsect_156935170194]."""
    login = TokenBased(
        Account.resolve("123456"),
        "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
    )
    url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
    header = login.header("GET", url, nonce="fjaLirsIcCGVZWzBX0pg", timestamp="1508242306")

    fields = dict(re.findall(r'(\w+)="([^"]*)"', header))
    assert header.startswith('OAuth realm="123456", ')
    assert unquote(fields.pop("oauth_signature")) == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="
    assert fields == {
        "realm": "123456",
        "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
        "oauth_timestamp": "1508242306",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }


def test_each_request_is_signed_by_itself(netsuite: ScriptedNetSuite, settings: dict[str, Any]) -> None:
    netsuite.answers(Reply(body={"id": "7"}))
    with client_of(settings) as client:
        client.records.get("customer", "7")
        client.records.get("customer", "7")

    headers = [request.headers["Authorization"] for request in netsuite.requests]
    assert all(header.startswith('OAuth realm="1234567_SB1", ') for header in headers)
    nonces = {match for header in headers for match in re.findall(r'oauth_nonce="([^"]{6,})"', header)}
    assert len(nonces) == 2
    assert netsuite.token_requests == []


def test_a_refused_login_is_never_tried_again(netsuite: ScriptedNetSuite, settings: dict[str, Any]) -> None:
    """Five failures lock the token out for half an hour [section_1534941088]."""
    netsuite.answers(INVALID_LOGIN)
    with client_of(settings) as client:
        for _ in range(6):
            with pytest.raises(LoginRefusedError) as caught:
                client.records.get("customer", "7")

    assert len(netsuite.requests) == 1
    assert "`token_secret`" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_end_is_announced_once(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        client_of(settings).transport.close()

    (said,) = caplog.messages
    assert "2027.1" in said
    assert "2028" in said


def test_nothing_secret_is_logged(
    netsuite: ScriptedNetSuite, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    netsuite.answers(Reply(body={"id": "7"}))
    with client_of(settings) as client:
        client.records.get("customer", "7")

    assert "geheim" not in caplog.text
    assert "oauth_signature" not in caplog.text


def test_against_the_emulator(netsuite_emulator: Emulator) -> None:
    settings = {**netsuite_emulator.token_based_connection, "auth_method": "token_based"}
    with client_of(settings) as client:
        name = "Ä & Söhne (100%) 'x' *~ +"
        customer_id = client.records.create("customer", {"companyName": name, "subsidiary": {"id": "1"}})
        assert list(client.records.ids("customer", q='companyName START_WITH "Ä & Söhne (100%)"')) == [customer_id]
        assert next(iter(client.suiteql.rows(f"SELECT companyname FROM customer WHERE id = {customer_id}")))


def test_a_wrong_secret_costs_one_failure(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory()
    settings = {**emulator.token_based_connection, "auth_method": "token_based", "token_secret": "wrong"}
    with client_of(settings) as client:
        for _ in range(8):
            with pytest.raises(LoginRefusedError):
                client.records.get("customer", "7")

    right = {**emulator.token_based_connection, "auth_method": "token_based"}
    with client_of(right) as client:  # not locked out
        assert client.metadata.record_types()
