"""What is shown of other people's words."""

import pytest

from suitetalk.redaction import printable, readable, without_secrets


@pytest.mark.parametrize("steering", ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\x00", "\x7f", "\u202e", "\u2066"])
def test_no_control_character_is_shown(steering: str) -> None:
    shown = readable(f"Invalid {steering} name")

    assert shown.startswith("Invalid ")
    assert not any(ord(one) < 32 or 127 <= ord(one) < 160 or one in "\u202e\u2066" for one in shown)


@pytest.mark.parametrize("text", ["Müller & Søn", "日本", "नमस्‍ते", "👩‍💻", "co\u00adoperate"])
def test_letters_of_all_scripts_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"client_secret": "S3CRET"}',
        "https://x/y?token=S3CRET",
        "Authorization: Bearer S3CRET",
        "Authorization: Basic S3CRET",
        "oauth_token=S3CRET",
    ],
)
def test_secrets_are_hidden_in_any_text(text: str) -> None:
    assert "S3CRET" not in without_secrets(text)


def test_fields_of_a_form_are_hidden() -> None:
    assert without_secrets("code=S3CRET&code_verifier=S3CRET", form=True) == "code=[hidden]&code_verifier=[hidden]"


def test_a_column_named_code_stays_in_a_statement() -> None:
    assert without_secrets("SELECT id FROM item WHERE code='A1'") == "SELECT id FROM item WHERE code='A1'"
