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


def test_the_least_that_is_needed() -> None:
    settings = ConnectionSettings.from_mapping(COMPLETE)

    assert settings.account.realm == "1234567"
    assert settings.request_timeout == 300
    assert settings.max_concurrency is None


def test_what_is_left_empty_counts_as_absent() -> None:
    empty = dict.fromkeys(("base_url", "token_url", "auth_method", "max_concurrency", "request_timeout"), "")

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
        ("auth_method", "token_based"),
        ("auth_method", "authorization_code"),
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
    secrets = {"client_id": "geheim-1", "private_key": "geheim-2", "private_key_passphrase": "geheim-3"}

    assert "geheim" not in repr(ConnectionSettings.from_mapping({**COMPLETE, **secrets}))


def test_every_setting_describes_itself_and_secrets_are_marked() -> None:
    assert all({"type", "title", "description"} <= schema.keys() for schema in CONNECTION_SETTINGS.values())
    assert {name for name, schema in CONNECTION_SETTINGS.items() if schema.get("secret")} == {
        "client_id",
        "private_key",
        "private_key_passphrase",
    }
