"""Settings: a wrong or missing one is one readable sentence that names it."""

from __future__ import annotations

from typing import Any

import pytest

from suitetalk import CONNECTION_SETTINGS, ConfigurationError, ConnectionSettings

COMPLETE = {
    "account_id": "1234567",
    "client_id": "client",
    "certificate_id": "certificate",
    "private_key": "-----BEGIN PRIVATE KEY-----geheim",
}
CODE = {
    "account_id": "1234567",
    "auth_method": "authorization_code",
    "client_id": "client",
    "client_secret": "secret",
    "redirect_uri": "https://localhost:8443/callback",
}
TOKENS = {
    "account_id": "1234567",
    "auth_method": "token_based",
    "client_id": "client",
    "client_secret": "secret",
    "token_id": "token",
    "token_secret": "secret",
}


def test_the_least_that_is_needed() -> None:
    settings = ConnectionSettings.from_mapping(COMPLETE)

    assert settings.account.realm == "1234567"
    assert settings.request_timeout == 300
    assert settings.max_concurrency is None


def test_what_is_left_empty_counts_as_absent() -> None:
    empty = dict.fromkeys(CONNECTION_SETTINGS.keys() - COMPLETE.keys(), "")

    assert ConnectionSettings.from_mapping({**COMPLETE, **empty}) == ConnectionSettings.from_mapping(COMPLETE)


def test_line_breaks_that_files_and_environments_add_are_taken_off() -> None:
    padded = {name: f" {value}\r\n" for name, value in COMPLETE.items()}

    assert ConnectionSettings.from_mapping(padded) == ConnectionSettings.from_mapping(COMPLETE)


def test_the_blanks_of_a_passphrase_are_its_own() -> None:
    settings = ConnectionSettings.from_mapping({**COMPLETE, "private_key_passphrase": " open sesame "})

    assert settings.private_key_passphrase == " open sesame "


@pytest.mark.parametrize("name", ["account_id", "client_id", "certificate_id", "private_key"])
@pytest.mark.parametrize("missing", [None, "", "  \n"])
def test_a_missing_setting_is_named(name: str, missing: str | None) -> None:
    with pytest.raises(ConfigurationError, match=f"^Setting `{name}` is missing") as caught:
        ConnectionSettings.from_mapping({**COMPLETE, name: missing})

    assert caught.value.setting == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account_id", 1234567),
        ("client_id", ["x"]),
        ("private_key", b"-----BEGIN"),
        ("private_key_passphrase", 7),
        ("max_concurrency", 0),
        ("max_concurrency", -3),
        ("max_concurrency", "many"),
        ("max_concurrency", 2.5),
        ("max_concurrency", True),
        ("request_timeout", 0),
        ("request_timeout", -1),
        ("request_timeout", "soon"),
        ("request_timeout", "nan"),
        ("request_timeout", float("inf")),
        ("request_timeout", 1e12),
        ("auth_method", "password"),
        ("auth_method", 7),
        ("signing_algorithm", "RS256"),
        ("certificate_path", 7),
        ("login_hours", 0),
        ("login_hours", "a week"),
        ("login_hours", 1e6),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^Setting `{name}` ") as caught:
        ConnectionSettings.from_mapping({**COMPLETE, name: value})

    assert "\n" not in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_numbers_may_come_as_text() -> None:
    settings = ConnectionSettings.from_mapping({**COMPLETE, "max_concurrency": "7", "request_timeout": "2.5"})

    assert (settings.max_concurrency, settings.request_timeout) == (7, 2.5)


def test_two_keys_are_one_too_many() -> None:
    with pytest.raises(ConfigurationError, match="private_key_path"):
        ConnectionSettings.from_mapping({**COMPLETE, "private_key_path": "key.pem"})


def test_the_text_form_shows_no_secret() -> None:
    for complete in (COMPLETE, CODE, TOKENS):
        secrets = {name: "geheim" for name in complete if CONNECTION_SETTINGS[name].get("secret")}
        assert "geheim" not in repr(ConnectionSettings.from_mapping({**complete, **secrets}))


def test_every_setting_describes_itself_and_secrets_are_marked() -> None:
    assert all({"type", "title", "description"} <= schema.keys() for schema in CONNECTION_SETTINGS.values())
    assert {name for name, schema in CONNECTION_SETTINGS.items() if schema.get("secret")} == {
        "client_id",
        "client_secret",
        "concurrency_redis",
        "private_key",
        "private_key_passphrase",
        "token_id",
        "token_secret",
    }


@pytest.mark.parametrize(
    ("complete", "name"),
    [
        *((CODE, name) for name in ("client_id", "redirect_uri")),
        *((TOKENS, name) for name in ("client_id", "client_secret", "token_id", "token_secret")),
    ],
)
def test_what_another_method_needs_is_named_when_it_is_missing(complete: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^Setting `{name}` is missing") as caught:
        ConnectionSettings.from_mapping({**complete, name: None})

    assert caught.value.setting == name


@pytest.mark.parametrize(
    ("complete", "name"),
    [
        *((COMPLETE, name) for name in ("client_secret", "redirect_uri", "token_id", "token_secret")),
        *((CODE, name) for name in ("certificate_id", "private_key", "token_id")),
        *((TOKENS, name) for name in ("certificate_id", "certificate_path", "redirect_uri", "private_key_path")),
    ],
)
def test_what_the_method_does_not_use_is_named(complete: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^Setting `{name}` is given, and auth_method") as caught:
        ConnectionSettings.from_mapping({**complete, name: "geheim"})

    assert caught.value.setting == name
    assert "geheim" not in str(caught.value)


def test_a_public_client_has_no_secret() -> None:
    settings = ConnectionSettings.from_mapping({**CODE, "client_secret": "", "login_hours": "720"})

    assert settings.client_secret is None
    assert settings.login_hours == 720


@pytest.mark.parametrize("name", ["client_id", "client_secret", "token_id", "token_secret"])
def test_letters_no_credential_has_are_named(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^Setting `{name}` contains letters"):
        ConnectionSettings.from_mapping({**TOKENS, name: "schlüssel"})


@pytest.mark.parametrize(
    "address",
    [
        "http://elsewhere.example/callback",
        "http://localhost.evil.example/callback",
        "http://localhost\\@evil.example",
        "https://user@evil.example/callback",
        "https://localhost:8443/callback?x=1",
        "https://localhost:8443/callback#x",
        "https://localhost\\@evil.example",
        "https://",
        "https:///callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "localhost/callback",
        "callback",
    ],
)
def test_a_redirect_uri_that_leads_astray_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^Setting `redirect_uri` "):
        ConnectionSettings.from_mapping({**CODE, "redirect_uri": address})


@pytest.mark.parametrize(
    "address",
    [
        "https://localhost",
        "http://localhost:8080/callback",
        "http://127.0.0.1/callback",
        "com.example.app://callback",
        "app:/callback",
    ],
)
def test_redirect_uris_netsuite_takes(address: str) -> None:
    assert ConnectionSettings.from_mapping({**CODE, "redirect_uri": address}).redirect_uri == address
