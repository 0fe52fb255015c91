"""Token-based authentication: requests signed with OAuth 1.0."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from netsuite_emulator import Emulator, Settings
from netsuite_emulator.auth.token_based import base_string, signature

from .conftest import Client


def sign(client: Any, method: str, url: str, **changes: str) -> str:
    connection = {**client.emulator.token_based_connection}
    parameters = {
        "oauth_consumer_key": connection["client_id"],
        "oauth_token": connection["token_id"],
        "oauth_nonce": secrets.token_hex(10),
        "oauth_timestamp": str(int(time.time())),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }
    realm = changes.pop("realm", connection["account_id"])
    secret = changes.pop("secret", connection["token_secret"])
    parameters.update(changes)
    text = base_string(method, url, parameters.items())
    parameters["oauth_signature"] = changes.get("oauth_signature", signature(text, connection["client_secret"], secret))
    listed = ", ".join(f'{name}="{quote(value, safe="-._~")}"' for name, value in parameters.items())
    return f'OAuth realm="{realm}", {listed}'


@pytest.fixture(scope="module")
def patient() -> Iterator[Client]:
    """An account that is not locked by failures."""
    with Emulator(Settings(scale=0.02, lockout_failures=1000)) as emulator:
        made = Client(emulator)
        yield made
        made.close()


def send(client: Any, method: str, path: str, *, json: Any = None, **changes: str) -> requests.Response:
    url = requests.Request(method, client.services + path).prepare().url or ""
    headers = {"Authorization": sign(client, method, url, **changes), "Prefer": "transient"}
    return requests.request(method, url, headers=headers, json=json, timeout=30)


def test_the_documented_sample() -> None:
    url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
    parameters = {
        "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
        "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
        "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
        "oauth_timestamp": "1508242306",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }
    made = signature(
        base_string("GET", url, parameters.items()),
        "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
    )
    assert made == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="


def test_base_string_follows_the_rules() -> None:
    # the example of RFC 5849, section 3.4.1, without its form body
    text = base_string(
        "post", "HTTP://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", [("a3", "2 q"), ("c2", "")]
    )
    assert text == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D"
    )


@pytest.mark.parametrize(
    "path",
    [
        "/record/v1/customer?limit=5&offset=10",
        '/record/v1/customer?q=companyName START_WITH "A %26 B+ü"&limit=1',
        "/record/v1/customer?fields=&limit=1",
        "/system/v1/serverTime",
    ],
)
def test_signed_requests_pass(reader: Any, path: str) -> None:
    answer = send(reader, "GET", path)
    assert answer.status_code == 200, answer.text


def test_a_body_is_not_signed(reader: Any) -> None:
    answer = send(reader, "POST", "/query/v1/suiteql?limit=2", json={"q": "SELECT id FROM customer"})
    assert answer.json()["count"] == 2


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secret": "wrong"}, "InvalidSignature"),
        ({"oauth_consumer_key": "other"}, "consumer_key_unknown"),
        ({"oauth_token": "other"}, "token_rejected"),
        ({"realm": "7654321"}, "token_rejected"),
        ({"realm": "1234567-sb1"}, "token_rejected"),
        ({"oauth_signature_method": "HMAC-SHA1"}, "UnknownAlgorithm"),
        ({"oauth_version": "2.0"}, "VersionRejected"),
        ({"oauth_timestamp": str(int(time.time()) - 400)}, "InvalidTimestamp"),
        ({"oauth_timestamp": str(int(time.time()) + 4000)}, "InvalidTimestamp"),
        ({"oauth_timestamp": "soon"}, "InvalidTimestamp"),
        ({"oauth_nonce": "short"}, "NonceUsed"),
    ],
)
def test_bad_signatures(patient: Any, refusal: Any, changes: dict[str, str], reason: str) -> None:
    answer = send(patient, "GET", "/system/v1/serverTime", **changes)
    assert refusal(answer) == (401, "INVALID_LOGIN")
    assert answer.json()["title"] == "Unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith('OAuth realm="1234567_SB1"')
    assert answer.headers["X-Emulator-Reason"] == reason


def test_a_nonce_is_good_once(reader: Any) -> None:
    nonce = {"oauth_nonce": "abcdefghij", "oauth_timestamp": str(int(time.time()))}
    assert send(reader, "GET", "/system/v1/serverTime", **nonce).status_code == 200
    again = send(reader, "GET", "/system/v1/serverTime", **nonce)
    assert (again.status_code, again.headers["X-Emulator-Reason"]) == (401, "NonceUsed")


def test_characters_left_unescaped(reader: Any, refusal: Any) -> None:
    url = f"{reader.services}/system/v1/serverTime"
    header = sign(reader, "GET", url).replace("%3D", "=")
    answer = requests.get(url, headers={"Authorization": header}, timeout=30)
    assert refusal(answer) == (401, "INVALID_LOGIN_ATTEMPT")
    answer = requests.get(url, headers={"Authorization": 'OAuth realm="x", nonsense'}, timeout=30)
    assert refusal(answer) == (401, "INVALID_LOGIN")


def test_locked_after_five_failures(client: Any) -> None:
    for _ in range(5):
        assert send(client, "GET", "/system/v1/serverTime", secret="wrong").status_code == 401
    locked = send(client, "GET", "/system/v1/serverTime")
    assert (locked.status_code, locked.headers["X-Emulator-Reason"]) == (401, "temporary_locked")
    client.emulator.advance(1801)
    assert send(client, "GET", "/system/v1/serverTime").status_code == 200


def test_switched_off(client_of: Any) -> None:
    client = client_of(token_based_authentication=False)
    assert send(client, "GET", "/system/v1/serverTime").headers["X-Emulator-Reason"] == "FeatureDisabled"


def test_a_clock_that_is_off(client_of: Any) -> None:
    client = client_of(clock_offset=200)
    assert send(client, "GET", "/system/v1/serverTime").status_code == 200
    ahead = client_of(clock_offset=55)
    assert ahead.ask_for_token(ahead.assertion(exp=int(time.time()) + 20)).json() == {"error": "invalid_grant"}
