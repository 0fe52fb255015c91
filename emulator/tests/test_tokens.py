"""The token end point and the tokens it gives."""

from __future__ import annotations

import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from netsuite_emulator import Settings
from netsuite_emulator.settings import SettingsError


def make_certificate(path: Path, key: Any, *, days: int = 365, started: int = -1) -> Path:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = datetime.now(timezone.utc) + timedelta(days=started)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return path


def test_an_assertion_buys_a_token(reader: Any) -> None:
    answer = reader.ask_for_token(reader.assertion())
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert set(body) == {"access_token", "expires_in", "token_type"}


@pytest.mark.parametrize("scope", ["rest_webservices", "restlets,rest_webservices", ["restlets", "rest_webservices"]])
def test_scopes_come_as_array_or_text(reader: Any, scope: Any) -> None:
    assert reader.ask_for_token(reader.assertion(scope=scope)).status_code == 200


def test_the_account_s_own_host_is_a_good_audience(reader: Any) -> None:
    audience = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
    assert reader.ask_for_token(reader.assertion(aud=audience)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"iss": "somebody"}, 401, "invalid_client"),
        ({"aud": "https://elsewhere.example.com/services/rest/auth/oauth2/v1/token"}, 400, "invalid_grant"),
        ({"scope": ["everything"]}, 400, "invalid_scope"),
        ({"scope": []}, 400, "invalid_scope"),
        ({"iat": "today"}, 400, "invalid_request"),
    ],
)
def test_bad_claims_are_refused(reader: Any, changes: dict[str, Any], status: int, error: str) -> None:
    answer = reader.ask_for_token(reader.assertion(**changes))
    assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.parametrize(
    "from_now", [{"exp": -10, "iat": -600}, {"iat": 500, "exp": 900}, {"exp": 3700}], ids=["ended", "early", "too long"]
)
def test_bad_times_are_refused(reader: Any, from_now: dict[str, int]) -> None:
    now = int(time.time())
    answer = reader.ask_for_token(reader.assertion(**{claim: now + seconds for claim, seconds in from_now.items()}))
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


def test_an_unknown_certificate_is_refused_with_a_challenge(reader: Any) -> None:
    answer = reader.ask_for_token(reader.assertion(headers={"kid": "unknown"}))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="1234567_SB1"'


def test_a_signature_of_another_key_is_refused(reader: Any) -> None:
    answer = reader.ask_for_token(reader.assertion(key=ec.generate_private_key(ec.SECP256R1())))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_forms_that_are_not_a_token_request(reader: Any) -> None:
    assert reader.ask_for_token("x", grant_type="password").json() == {"error": "unsupported_grant_type"}
    assert reader.ask_for_token("x", grant_type="").json() == {"error": "invalid_request"}
    assert reader.ask_for_token("not a token").json() == {"error": "invalid_request"}
    assert reader.ask_for_token("x", client_assertion_type="other").json() == {"error": "invalid_request"}


def test_keys_made_with_openssl_as_the_help_says(client_of: Any, tmp_path: Path) -> None:
    command = (
        "openssl req -new -x509 -newkey rsa:4096 -keyout private.pem -sigopt rsa_padding_mode:pss -sha256 "
        "-sigopt rsa_pss_saltlen:64 -out public.pem -nodes -days 730 -subj /CN=test"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    client = client_of(certificates=(("mine", tmp_path / "public.pem"),))
    key = load_pem_private_key((tmp_path / "private.pem").read_bytes(), None)
    for algorithm in ("PS256", "PS384", "PS512"):
        assertion = client.assertion(key=key, algorithm=algorithm, headers={"kid": "mine"})
        assert client.ask_for_token(assertion).status_code == 200
    refused = client.ask_for_token(client.assertion(key=key, algorithm="RS256", headers={"kid": "mine"}))
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_request"})


@pytest.mark.parametrize(
    ("curve", "algorithm"), [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")]
)
def test_every_curve(client_of: Any, tmp_path: Path, curve: ec.EllipticCurve, algorithm: str) -> None:
    key = ec.generate_private_key(curve)
    client = client_of(certificates=(("mine", make_certificate(tmp_path / "public.pem", key)),))
    assertion = client.assertion(key=key, algorithm=algorithm, headers={"kid": "mine"})
    assert client.ask_for_token(assertion).status_code == 200


def test_a_certificate_whose_time_is_over(client_of: Any, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    path = make_certificate(tmp_path / "public.pem", key, days=5, started=-10)
    client = client_of(certificates=(("old", path),))
    answer = client.ask_for_token(client.assertion(key=key, headers={"kid": "old"}))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_small_keys_are_not_registered(netsuite_emulator_factory: Any, tmp_path: Path) -> None:
    path = make_certificate(tmp_path / "public.pem", ec.generate_private_key(ec.SECP224R1()))
    with pytest.raises(SettingsError, match="3072 or 4096"):
        netsuite_emulator_factory(certificates=(("small", path),))


def test_a_bad_token_is_refused_twice_over(client: Any, refusal: Any) -> None:
    client.http.headers["Authorization"] = "Bearer nonsense"
    answer = client.send("GET", "/record/v1/customer")
    assert refusal(answer) == (401, "INVALID_LOGIN")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_tokens_end(client_of: Any) -> None:
    client = client_of(token_lifetime=3600)
    client.emulator.advance(3601)
    assert client.send("GET", "/record/v1/customer").status_code == 401
    client.sign_in()
    client.emulator.expire_tokens()
    assert client.send("GET", "/record/v1/customer").status_code == 401


def test_expires_in_can_be_text(client_of: Any) -> None:
    client = client_of(expires_in_as_text=True)
    assert client.ask_for_token(client.assertion()).json()["expires_in"] == "3600"


def test_the_key_is_private(client: Any) -> None:
    assert client.emulator.private_key_path.stat().st_mode & 0o777 == 0o600
    assert jwt.get_unverified_header(client.assertion())["kid"] == Settings().certificate_id
