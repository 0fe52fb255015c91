"""Account ids and addresses: what they become, and what is refused because it would lead a login elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import Account, ConfigurationError
from suitetalk.account import is_loopback

TOKEN = "/services/rest/auth/oauth2/v1/token"


@pytest.mark.parametrize("spelling", ["1234567_SB1", "1234567-sb1", "1234567_sb1", " 1234567-SB1\n"])
def test_either_spelling_of_a_sandbox_gives_host_and_realm(spelling: str) -> None:
    account = Account.resolve(spelling)

    assert account.realm == "1234567_SB1"
    assert account.base_url == "https://1234567-sb1.suitetalk.api.netsuite.com"
    assert account.token_url == f"https://1234567-sb1.suitetalk.api.netsuite.com{TOKEN}"
    assert account.audiences == (account.token_url,)


def test_a_test_drive_account_is_one_too() -> None:
    assert Account.resolve("TSTDRV1234567").base_url == "https://tstdrv1234567.suitetalk.api.netsuite.com"


@pytest.mark.parametrize(
    "account_id",
    [
        "evil.com/",
        "1234567/x",
        "user@evil.com",
        "1234567@evil.com",
        "evil.com#",
        "evil.com?",
        "evil.com\\",
        "1234567.evil",
        "1234567:443",
        "\uff11\uff12\uff13",
        "1234567%2f",
        "_SB1",
        "1234567__SB1",
        "1 2",
        "",
        "a" * 64,
    ],
)
def test_what_is_no_account_id_is_refused(account_id: str) -> None:
    with pytest.raises(ConfigurationError, match="account_id") as caught:
        Account.resolve(account_id)

    assert "Setup > Company > Company Information" in str(caught.value)


@given(st.text(max_size=30))
def test_no_account_id_leads_away_from_netsuite(account_id: str) -> None:
    try:
        account = Account.resolve(account_id)
    except ConfigurationError:
        return

    label = account.base_url.removeprefix("https://").removesuffix(".suitetalk.api.netsuite.com")
    assert label.replace("-", "").isalnum()
    assert label.isascii()


@pytest.mark.parametrize(
    ("base_url", "base"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080///", "http://127.0.0.1:8080"),
        ("http://localhost/", "http://localhost"),
        ("HTTP://LOCALHOST:1", "HTTP://LOCALHOST:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://proxy.example/netsuite/", "https://proxy.example/netsuite"),
        ("https://proxy.example/netsuite/services/rest", "https://proxy.example/netsuite"),
        ("https://proxy.example//services/rest/", "https://proxy.example"),
        ("https://1234567.suitetalk.api.netsuite.com", "https://1234567.suitetalk.api.netsuite.com"),
    ],
)
def test_a_base_url_replaces_the_address(base_url: str, base: str) -> None:
    account = Account.resolve("1234567", base_url)

    assert account.base_url == base
    assert account.token_url == base + TOKEN


def test_a_local_stand_in_is_named_as_audience_first_and_netsuite_behind_a_proxy() -> None:
    own = f"https://1234567.suitetalk.api.netsuite.com{TOKEN}"

    assert Account.resolve("1234567", "http://127.0.0.1:1").audiences == (f"http://127.0.0.1:1{TOKEN}", own)
    assert Account.resolve("1234567", "https://proxy.example").audiences == (own, f"https://proxy.example{TOKEN}")


@pytest.mark.parametrize(
    "address",
    [
        "netsuite",
        "1234567.suitetalk.api.netsuite.com",
        "ftp://127.0.0.1",
        "https://",
        "https:///path",
        "https://user:geheim@proxy.example",
        "ftp://user:geheim@proxy.example",
        "user:geheim@proxy.example",
        "https://proxy.example?x=1",
        "https://proxy.example/#x",
        "https://proxy.example\\@evil.example",
        "https://proxy.example.",
        "https://proxy.example /",
        "https://proxy.example\n",
        "\x00https://proxy.example",
        "https://proxy.example:0",
        "https://proxy.example:99999",
        "https://proxy.example:x",
        "https://ⓔvil.example",
        "https://evil\u2024example",
        "https://%65vil.example",
        "https://[::1]evil.example",
        "http://[::1]evil.example",
        "http://[::1",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.",
        "http://127.0.0.1.",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://0.0.0.0",
        "http://[::]",
        "http://[::ffff:10.0.0.1]",
        "http://loca\u017fhost",
        "http://\uff4cocalhost",
        "http://1234567.suitetalk.api.netsuite.com",
    ],
)
def test_an_address_that_is_unclear_or_unsafe_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="Setting `base_url`") as caught:
        Account.resolve("1234567", address)
    assert "geheim" not in str(caught.value)

    with pytest.raises(ConfigurationError, match="Setting `token_url`") as caught:
        Account.resolve("1234567", "http://127.0.0.1", address)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "token_url",
    [
        f"https://1234567.suitetalk.api.netsuite.com{TOKEN}",
        f"https://1234567.app.netsuite.com{TOKEN}",
        f"https://1234567.RESTLETS.api.netsuite.com{TOKEN}",
    ],
)
def test_a_token_url_on_a_host_of_the_account_is_fine(token_url: str) -> None:
    assert Account.resolve("1234567", None, token_url).token_url == token_url


@pytest.mark.parametrize(
    "token_url",
    [
        "https://evil.example/token",
        "https://1234567.evil.example/x.netsuite.com",
        "https://1234567.evil.netsuite.com/token",
        "https://7654321.suitetalk.api.netsuite.com/token",
        "https://1234567.suitetalk.api.netsuite.com.evil.example/token",
        "https://evil1234567.suitetalk.api.netsuite.com/token",
        "http://127.0.0.1/token",
    ],
)
def test_a_token_url_elsewhere_is_refused(token_url: str) -> None:
    with pytest.raises(ConfigurationError, match="token_url"):
        Account.resolve("1234567", None, token_url)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("x", False)],
)
def test_loopback(host: str, loopback: bool) -> None:  # noqa: FBT001 - a parameter of the table above
    assert is_loopback(host) is loopback
