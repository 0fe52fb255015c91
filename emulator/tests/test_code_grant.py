"""The authorization code grant, refresh tokens, and the certificates' end point."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from netsuite_emulator import Emulator, Role, Settings
from netsuite_emulator.settings import SettingsError

from .conftest import Client

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Application:
    """An application that a user lets act for them."""

    def __init__(self, client: Any, *, public: bool = False) -> None:
        self.client = client
        self.emulator = client.emulator
        self.connection = self.emulator.public_connection if public else self.emulator.authorization_code_connection

    def parameters(self, **changes: str | None) -> dict[str, str]:
        wanted = {
            "response_type": "code",
            "client_id": self.connection["client_id"],
            "redirect_uri": self.connection["redirect_uri"],
            "scope": "rest_webservices restlets",
            "state": secrets.token_urlsafe(24),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def ask(self, **changes: str | None) -> requests.Response:
        return requests.get(
            self.emulator.authorize_url, params=self.parameters(**changes), allow_redirects=False, timeout=30
        )

    def post(self, end_point: str, **form: str) -> requests.Response:
        auth = None
        if "client_secret" in self.connection:
            auth = (self.connection["client_id"], self.connection["client_secret"])
        else:
            form = {"client_id": self.connection["client_id"], **form}
        return requests.post(f"{self.client.services}/auth/oauth2/v1/{end_point}", data=form, auth=auth, timeout=30)

    def trade(self, code: str, **changes: str) -> requests.Response:
        form = {"code": code, "redirect_uri": self.connection["redirect_uri"], "code_verifier": VERIFIER, **changes}
        return self.post("token", grant_type="authorization_code", **form)

    def sign_in(self) -> dict[str, Any]:
        answer = self.trade(back(self.ask())["code"])
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def refresh(self, token: str) -> requests.Response:
        return self.post("token", grant_type="refresh_token", refresh_token=token)

    def works(self, token: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"{self.client.services}/system/v1/serverTime", headers=headers, timeout=30)
        return answer.status_code == 200


def back(answer: requests.Response) -> dict[str, str]:
    """What the redirect carries."""
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


@pytest.fixture(scope="module")
def allowing() -> Iterator[Client]:
    """One account for the tests whose user allows everything; each begins with a consent of its own."""
    with Emulator(Settings(scale=0.02, consent="allow")) as emulator:
        made = Client(emulator)
        yield made
        made.close()


@pytest.fixture
def application(allowing: Client) -> Application:
    return Application(allowing)


@pytest.fixture
def public(allowing: Client) -> Application:
    return Application(allowing, public=True)


def test_the_user_is_asked(client: Any) -> None:
    application = Application(client)
    page = application.ask()
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html;charset=utf-8")
    request = page.text.partition('name="request" value="')[2].partition('"')[0]
    for decision, carried in (("allow", "code"), ("deny", "error")):
        form = {"request": request, "decision": decision}
        answer = requests.post(application.emulator.authorize_url, data=form, allow_redirects=False, timeout=30)
        assert carried in back(answer)
        again = requests.post(application.emulator.authorize_url, data=form, allow_redirects=False, timeout=30)
        assert again.status_code == 400
        page = application.ask()
        request = page.text.partition('name="request" value="')[2].partition('"')[0]
    assert "code" in back(application.ask(prompt="none"))


def test_the_redirect_carries_what_netsuite_sends(application: Application) -> None:
    answer = application.ask(state="s" * 22)
    assert answer.headers["Location"].startswith(application.connection["redirect_uri"] + "?")
    carried = back(answer)
    assert set(carried) == {"state", "code", "role", "entity", "company"}
    assert (carried["state"], carried["role"], carried["entity"], carried["company"]) == (
        "s" * 22, "1042", "-5", "1234567_SB1",
    )  # fmt: skip
    assert back(application.ask(state="s" * 22))["error"] == "invalid_request"


def test_a_code_buys_tokens_once(application: Application) -> None:
    code = back(application.ask())["code"]
    answer = application.trade(code).json()
    assert set(answer) == {"access_token", "refresh_token", "expires_in", "token_type"}
    assert (answer["expires_in"], answer["token_type"]) == (3600, "bearer")
    assert application.works(answer["access_token"])
    again = application.trade(code)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "mcp rest_webservices"}, "invalid_scope"),
        ({"state": "short"}, "invalid_request"),
        ({"state": "x" * 1025}, "invalid_request"),
        ({"state": "é" * 30}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "abc"}, "invalid_request"),
        ({"prompt": "often"}, "invalid_request"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"scope": "mcp", "code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ],
)
def test_bad_questions(reader: Any, changes: dict[str, str | None], error: str) -> None:
    assert back(Application(reader).ask(**changes))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://localhost:8111/callback/"},
        {"redirect_uri": "https://evil.example.com/"},
        {"redirect_uri": None},
    ],
)
def test_nobody_is_sent_to_an_unknown_address(reader: Any, changes: dict[str, str | None]) -> None:
    answer = Application(reader).ask(**changes)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_redirects_by_plain_http(client_of: Any, client: Any) -> None:
    loopback = "http://127.0.0.1:8765/callback"
    with pytest.raises(SettingsError, match="https or a scheme"):
        client.emulator.register_redirect_uri(loopback)
    application = Application(client_of(consent="allow", http_redirects=True))
    application.emulator.register_redirect_uri(loopback)
    code = back(application.ask(redirect_uri=loopback))["code"]
    assert application.trade(code, redirect_uri=loopback).status_code == 200


def test_denied_at_once(client_of: Any) -> None:
    assert back(Application(client_of(consent="deny")).ask())["error"] == "access_denied"
    assert back(Application(client_of()).ask(prompt="none"))["error"] == "access_denied"


def test_pkce(client_of: Any) -> None:
    without = {"code_challenge": None, "code_challenge_method": None}
    free, bound = client_of(consent="allow"), client_of(consent="allow", pkce_required=True)
    code = back(Application(free).ask(**without))["code"]
    assert Application(free).trade(code, code_verifier="").status_code == 200
    assert back(Application(free, public=True).ask(**without))["error"] == "invalid_request"
    assert back(Application(bound).ask(**without))["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": "netsuite-emulator://callback"}, 400, "invalid_grant"),
        ({"redirect_uri": ""}, 400, "invalid_request"),
        ({"client_id": "other"}, 401, "invalid_client"),
    ],
)
def test_trades_that_do_not_fit(application: Application, changes: dict[str, str], status: int, error: str) -> None:
    answer = application.trade(back(application.ask())["code"], **changes)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_wrong_secret(application: Application) -> None:
    code = back(application.ask())["code"]
    application.connection["client_secret"] = "wrong"
    answer = application.trade(code)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="1234567_SB1"'
    del application.connection["client_secret"]
    assert application.trade(code).status_code == 401


def test_a_public_client_with_an_empty_secret(public: Application) -> None:
    code = back(public.ask())["code"]
    public.connection["client_secret"] = ""
    assert public.trade(code).status_code == 200
    end_point = f"{public.client.services}/auth/oauth2/v1/token"
    for header in ("Basic !", "Basic bm9jb2xvbg==", "Bearer x"):
        answer = requests.post(
            end_point, data={"grant_type": "refresh_token"}, headers={"Authorization": header}, timeout=30
        )
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_a_code_of_another_client(application: Application) -> None:
    code = back(application.ask())["code"]
    answer = Application(application.client, public=True).trade(code)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_a_code_grows_old(application: Application) -> None:
    code = back(application.ask())["code"]
    application.emulator.advance(601)
    assert application.trade(code).json() == {"error": "invalid_grant"}


def test_refresh_with_a_secret(application: Application) -> None:
    tokens = application.sign_in()
    application.emulator.advance(3601)
    assert not application.works(tokens["access_token"])
    for _ in range(2):
        answer = application.refresh(tokens["refresh_token"]).json()
        assert set(answer) == {"access_token", "expires_in", "token_type"}
        assert application.works(answer["access_token"])
    application.emulator.advance(7 * 86400 - 2 * 3600)
    assert application.refresh(tokens["refresh_token"]).status_code == 200
    application.emulator.advance(3600)
    ended = application.refresh(tokens["refresh_token"])
    assert (ended.status_code, ended.json()) == (400, {"error": "invalid_grant"})


def test_refresh_tokens_of_public_clients_rotate(public: Application) -> None:
    first = public.sign_in()["refresh_token"]
    answer = public.refresh(first).json()
    assert public.works(answer["access_token"])
    assert public.refresh(first).json() == {"error": "invalid_grant"}
    token = answer["refresh_token"]
    for _ in range(3):
        public.emulator.advance(47 * 3600)
        token = public.refresh(token).json()["refresh_token"]
    public.emulator.advance(27 * 3600 + 1)  # 168 hours after the consent
    assert public.refresh(token).json() == {"error": "invalid_grant"}


def test_refresh_tokens_of_public_clients_end(public: Application) -> None:
    token = public.sign_in()["refresh_token"]
    public.emulator.advance(48 * 3600 + 1)
    assert public.refresh(token).json() == {"error": "invalid_grant"}


def test_revoke(application: Application) -> None:
    tokens = application.sign_in()
    stranger = Application(application.client, public=True)
    assert stranger.post("revoke", token=tokens["refresh_token"]).status_code == 200
    assert application.works(tokens["access_token"])
    assert application.post("revoke", token=tokens["refresh_token"]).status_code == 200
    assert not application.works(tokens["access_token"])
    assert application.refresh(tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    assert application.post("revoke", token="unknown").status_code == 200
    assert application.post("revoke").json() == {"error": "invalid_request"}


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_tokens_are_signed_with_the_published_key(client_of: Any, algorithm: str) -> None:
    client = client_of(access_token_algorithm=algorithm, consent="allow")
    token = Application(client).sign_in()["access_token"]
    keys = jwt.PyJWKSet.from_dict(client.get("/auth/oauth2/v1/keys"))
    key = keys[jwt.get_unverified_header(token)["kid"]]
    connection = client.emulator.connection
    claims = jwt.decode(token, key, algorithms=[algorithm], audience=connection["client_id"])
    assert (claims["sub"], claims["iss"]) == ("1042;-5", "https://system.netsuite.com")


def test_grants_that_are_switched_off(client_of: Any) -> None:
    client = client_of(authorization_code_grant=False)
    application = Application(client)
    assert back(application.ask())["error"] == "unauthorized_client"
    assert application.trade("x").json() == {"error": "unauthorized_client"}


def test_a_token_without_the_scope(application: Application, refusal: Any) -> None:
    token = application.trade(back(application.ask(scope="restlets"))["code"]).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert refusal(application.client.send("GET", "/record/v1/customer", headers=headers)) == (401, "INVALID_LOGIN")


@pytest.mark.parametrize("settings", [{"consent": "maybe"}, {"access_token_algorithm": "HS256"}])
def test_settings_with_unknown_words(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="must be one of"):
        Settings(**settings)


def certificate(key: Any, days: int = 365) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "next")])
    start = datetime.now(timezone.utc) - timedelta(hours=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    made = builder.not_valid_after(start + timedelta(days=days)).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def upload(client: Any, text: str, **changes: Any) -> requests.Response:
    address = f"/auth/oauth2/v1/clients/{client.emulator.connection['client_id']}/certificates"
    body = {"fileContent": text, "role": 1042, "entity": -5, **changes}
    answer: requests.Response = client.send("POST", address, json=body)
    return answer


def test_certificates_change(client: Any, refusal: Any) -> None:
    address = f"/auth/oauth2/v1/clients/{client.emulator.connection['client_id']}/certificates"
    assert [entry["certificate_id"] for entry in client.get(address)] == ["emulator-certificate"]
    key = ec.generate_private_key(ec.SECP256R1())
    added = upload(client, certificate(key, days=3000)).json()
    assert (added["algorithm"], added["invalidated"]) == ("EC", False)
    assert int(added["valid_until"][:4]) == int(added["valid_from"][:4]) + 2
    headers = {"kid": added["certificate_id"]}
    assert client.ask_for_token(client.assertion(key=key, headers=headers)).status_code == 200
    revoked = client.send("POST", f"{address}/emulator-certificate/revoke").json()
    assert revoked["invalidated"] is True
    assert client.ask_for_token(client.assertion()).json() == {"error": "invalid_client"}
    assert [entry["revoked"] for entry in client.get(address)] == [True, False]
    assert refusal(upload(client, revoked["certificate"])) == (400, "USER_ERROR")
    assert refusal(client.send("POST", f"{address}/emulator-certificate/revoke")) == (400, "USER_ERROR")
    assert refusal(client.send("POST", f"{address}/unknown/revoke")) == (404, "NONEXISTENT_ID")
    assert refusal(client.send("DELETE", address)) == (405, "INVALID_METHOD")


def test_five_certificates_at_most(client: Any, refusal: Any) -> None:
    made = [certificate(ec.generate_private_key(ec.SECP256R1())) for _ in range(5)]
    assert [upload(client, text).status_code for text in made] == [200, 200, 200, 200, 400]
    assert refusal(upload(client, made[0])) == (400, "USER_ERROR")


@pytest.mark.parametrize("changes", [{"fileContent": "x"}, {"fileContent": None}, {"role": 3}, {"entity": 7}])
def test_uploads_that_are_refused(reader: Any, refusal: Any, changes: dict[str, Any]) -> None:
    answer = upload(reader, "", **changes)
    assert refusal(answer) == (400, "INVALID_CONTENT")


def test_certificates_need_the_permission(client_of: Any, refusal: Any) -> None:
    client = client_of(role=Role(manages_certificates=False))
    assert refusal(upload(client, "")) == (403, "INSUFFICIENT_PERMISSION")
