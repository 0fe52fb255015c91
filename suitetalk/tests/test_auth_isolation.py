"""Credentials go where they belong, over connections that are verified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from tests.scripted_netsuite import Reply, ScriptedNetSuite

from suitetalk import Account, ConnectionSettings, LoginRefusedError, NetSuite, NetSuiteError
from suitetalk.http.session import Session
from suitetalk.redaction import readable

Connect = Callable[..., NetSuite]


class Recording(Session):
    """Notes how requests are to be sent, and answers them itself."""

    def __init__(self) -> None:
        super().__init__()
        self.verify = False
        self.verified: list[Any] = []

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        self.verified.append(how["verify"])
        answer = requests.Response()
        answer.status_code, answer._content, answer.request = 400, b'{"error": "invalid_grant"}', request
        return answer


@pytest.mark.parametrize(("base_url", "verified"), [(None, True), ("https://localhost:1", False)])
def test_verification_cannot_be_off_for_another_host(
    config: dict[str, Any], base_url: str | None, *, verified: bool
) -> None:
    session = Recording()
    settings = ConnectionSettings.from_mapping({**config, "base_url": base_url})
    with pytest.raises(LoginRefusedError), NetSuite(settings, session=session) as client:
        client.records.get("customer", "7")
    assert set(session.verified) == {verified}


def test_where_people_and_certificates_go() -> None:
    account = Account.resolve("1234567_SB1")
    assert account.authorize_url == "https://1234567-sb1.app.netsuite.com/app/login/oauth2/authorize.nl"
    assert account.restlets_url == "https://1234567-sb1.restlets.api.netsuite.com"
    behind = Account.resolve("1234567", "https://proxy.example.com/netsuite")
    assert behind.authorize_url == "https://1234567.app.netsuite.com/app/login/oauth2/authorize.nl"
    assert behind.restlets_url == "https://proxy.example.com/netsuite"
    local = Account.resolve("1234567", "http://127.0.0.1:8080")
    assert local.authorize_url == "http://127.0.0.1:8080/app/login/oauth2/authorize.nl"


@pytest.mark.parametrize(
    "echo",
    [
        "Authorization: Basic geheim",
        'Authorization: OAuth realm="1", oauth_consumer_key="geheim", oauth_token="geheim", oauth_signature="geheim"',
        "grant_type=refresh_token&refresh_token=geheim",
        "client_secret=geheim&code=geheim&code_verifier=geheim x",
    ],
)
def test_what_a_proxy_echoes_is_hidden(netsuite: ScriptedNetSuite, connect: Connect, echo: str) -> None:
    netsuite.token_script = lambda _: Reply(400, {"title": f"cannot pass on {echo}"})

    with pytest.raises(NetSuiteError) as caught:
        connect().records.get("customer", "7")
    assert "geheim" not in str(caught.value)
    assert "[hidden]" in readable(echo)
