"""Requests of one's own: bodies, answers, retries, from the command line and through the library."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli_runs import QuickShell, Shell, environment_of
from tests.scripted_netsuite import BLOCKED, CUT, Reply, ScriptedNetSuite, refused

from suitetalk import (
    Body,
    ConfigurationError,
    ConnectionSettings,
    File,
    InvalidArgumentError,
    InvalidRequestError,
    NetSuite,
    OutcomeUnknownError,
    Retries,
    ServerFaultError,
    SuiteTalkError,
)

FAULT = refused(503, "UNEXPECTED_ERROR", "Try later.")
WRONG = refused(400, "INVALID_CONTENT", "No.")


@pytest.fixture
def shell(config: dict[str, Any], tmp_path: Path) -> Shell:
    return QuickShell(tmp_path, environment_of(config, tmp_path))


def test_paths_of_every_form(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(body={"ok": 1.10}))
    for arguments in (
        ("customer/7",),
        ("/record/v1/customer/7",),
        ("/services/rest/record/v1/customer/7",),
        (f"{netsuite.address}/services/rest/record/v1/customer/7",),
        ("serverTime", "--service", "system"),
        ("clients/x/certificates", "--service", "auth"),
    ):
        assert shell.done("request", "get", *arguments).out == '{\n  "ok": 1.1\n}\n'

    paths = [request.path.removeprefix("/services/rest") for request in netsuite.requests]
    assert paths == [*["/record/v1/customer/7"] * 4, "/system/v1/serverTime", "/auth/oauth2/v1/clients/x/certificates"]


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/services/rest/record/v1/customer", "//elsewhere.example/x", "../../x"]
)
def test_credentials_go_nowhere_else(netsuite: ScriptedNetSuite, shell: Shell, path: str) -> None:
    run = shell.run("request", "GET", path)

    assert run.code == 2
    assert len(run.err.splitlines()) == 1
    assert not netsuite.requests


def test_an_address_that_only_begins_like_ours_is_refused(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    with pytest.raises(SuiteTalkError, match="no other host"):
        client.raw.request("GET", f"{netsuite.address}0/services/rest/x")


def test_query_headers_and_json(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(204, headers={"Location": "https://x/record/v1/customer/7"}))
    made = shell.done(
        *("request", "POST", "customer", "-q", "a=1 &2", "-q", "b==", "-H", "X-Own: yes", "-H", "accept: text/plain"),
        *("--json", '{"a": 0.10}'),
    )

    sent = netsuite.requests[0]
    assert made.out == "https://x/record/v1/customer/7\n"
    assert sent.query == {"a": "1 &2", "b": "="}
    assert (sent.headers["X-Own"], sent.body) == ("yes", b'{"a":0.10}')
    assert sent.headers["Content-Type"] == "application/json"


def test_text_form_and_files(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(204))
    (shell.folder / "a.bin").write_bytes(b"\x00\xff")
    shell.done("request", "POST", "x", "--data", "-", "-H", "Content-Type: text/csv", stdin="a,ä")
    shell.done("request", "POST", "x", "--form", "a=1", "--form", "a=2&")
    shell.done(
        *("request", "POST", "files", "--service", "document", "--form", "folder=7"),
        *("--file", "file=a.bin", "--file-name", "b é.bin", "--file", "other=@a.bin"),
    )

    text, form, files = netsuite.requests
    assert (text.headers["Content-Type"], text.body.decode()) == ("text/csv", "a,ä")
    assert form.body == b"a=1&a=2%26"
    assert files.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert files.body.count(b"\x00\xff") == 2
    assert b'name="folder"' in files.body
    assert 'filename="b é.bin"'.encode() in files.body or b"filename*=" in files.body
    assert b'filename="a.bin"' in files.body
    assert shell.run("request", "POST", "x", "--data", "a", "--json", "{}").code == 2
    assert shell.run("request", "POST", "x", "--file-name", "a").code == 2


def test_answers_of_each_kind(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(
        Reply(body="ä€".encode("utf-16"), headers={"Content-Type": "text/csv; charset=utf-16", "X-A": "1"})
    )
    text = shell.done("request", "GET", "x", "--include")
    shell.done("request", "GET", "x", "--response", "binary", "-o", "x.bin")
    wrong = shell.run("request", "GET", "x", "--response", "json")

    assert text.out == "ä€\n"
    assert text.err.startswith("200\n")
    assert "X-A: 1" in text.err
    assert (shell.folder / "x.bin").read_bytes() == "ä€".encode("utf-16")
    assert wrong.code == 1


@pytest.mark.parametrize(
    ("method", "replies", "flags", "tries", "code"),
    [
        ("GET", [FAULT, CUT, BLOCKED, Reply(204)], ["--max-retries", "3"], 4, 0),
        ("GET", [FAULT], ["--max-retries", "2"], 3, 1),
        ("GET", [FAULT], ["--max-retries", "0"], 1, 1),
        ("GET", [WRONG, Reply(204)], ["--max-retries", "3"], 1, 1),
        ("GET", [WRONG, Reply(204)], ["--max-retries", "3", "--retry-all-errors"], 2, 0),
        ("POST", [CUT, Reply(204)], ["--max-retries", "3"], 1, 6),
        ("POST", [BLOCKED, Reply(204)], ["--max-retries", "3"], 2, 0),
        ("POST", [CUT, Reply(204)], ["--max-retries", "3", "--retry-all-errors", "--retry-backoff"], 2, 0),
    ],
)
def test_retries(  # noqa: PLR0917 - one for each parameter
    netsuite: ScriptedNetSuite, shell: Shell, method: str, replies: list[Reply], flags: list[str], tries: int, code: int
) -> None:
    netsuite.answers(*replies)

    run = shell.run("request", method, "customer", *flags, "--retry-delay", "1")

    assert (run.code, len(netsuite.requests)) == (code, tries)


def test_retries_through_the_library(netsuite: ScriptedNetSuite, connect: Callable[..., NetSuite]) -> None:
    raw = connect().raw
    netsuite.answers(FAULT)
    with pytest.raises(ServerFaultError):
        raw.request("GET", "x", retries=Retries(2, delay=0.001))
    with pytest.raises(OutcomeUnknownError):
        raw.request("PATCH", "x", retries=Retries(2, delay=0.001), body=Body(json={"a": 1}))
    netsuite.answers(WRONG)
    with pytest.raises(InvalidRequestError):
        raw.request("GET", "x", retries=Retries(1, delay=0.001, all_errors=True))
    netsuite.answers(Reply(body=b"\xe4", headers={"Content-Type": "text/plain; charset=latin-1"}))
    answer = raw.request("PUT", "x", body=Body(form=[("a", "1")], files=[File("f", "n", b"x")]), parameters={"a": "1"})

    assert answer.text() == "ä"
    assert len(netsuite.requests) == 3 + 1 + 2 + 1
    assert [Retries(3, 2.0).wait(failed) for failed in (1, 2, 3)] == [2, 2, 2]
    assert [Retries(9, 2.0, exponential=True).wait(failed) for failed in (1, 2, 3, 30)] == [2, 4, 8, 300]


def test_a_time_out_of_its_own(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(body={}, stall=True))

    run = shell.run("request", "GET", "x", "--timeout", "0.2", "--max-retries", "0")

    assert run.code == 1
    assert "no answer in time" in run.err
    assert shell.run("request", "GET", "x", "--retry-delay", "1").code == 2


def test_debug_hides_what_users_send_too(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(body={"refresh_token": "r-1", "n": "eyJhbGciOi.eyJzdWIi.c2ln", "kept": 1}))
    pem = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"
    run = shell.done(
        *("request", "POST", "x", "--debug", "-H", "X-Api-Key: k-1", "-H", "Cookie: c-1", "-q", "token=t-1"),
        *("--json", json.dumps({"note": pem, "password": 'p-1"x', "kept": "yes"})),
    )

    assert "r-1" in run.out
    for secret in ("r-1", "eyJ", "MIIE", "k-1", "c-1", "t-1", "p-1", "token-1"):
        assert secret not in run.err
    assert '"kept":"yes"' in run.err
    assert "X-Api-Key: [hidden]" in run.err


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/customer/7", "/record/v1/customer/7"),
        ("/metadata-catalog/", "/record/v1/metadata-catalog/"),
        ("/metadata-catalog", "/record/v1/metadata-catalog"),
        ("/query/v1/suiteql", "/query/v1/suiteql"),
        ("/auth/oauth2/v1/keys", "/auth/oauth2/v1/keys"),
        ("/system", "/record/v1/system"),
    ],
)
def test_a_path_may_begin_with_a_slash(netsuite: ScriptedNetSuite, client: NetSuite, path: str, sent: str) -> None:
    netsuite.answers(Reply(body={}))

    client.raw.request("GET", path)

    assert netsuite.requests[0].path == f"/services/rest{sent}"


def test_an_address_in_the_query_string_is_not_a_foreign_one(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body={}))

    client.raw.request("GET", "customer?q=url IS https://elsewhere.example/../x")

    assert netsuite.requests[0].path == "/services/rest/record/v1/customer"


@pytest.mark.parametrize(
    "path", ["customer/%2e%2e/%2e%2e/x", "customer/%252e%252e/x", r"customer\..\x", "/record/v1/.%2E/x", "/x/../y"]
)
def test_no_spelling_of_two_dots_leads_out_of_the_folder(
    netsuite: ScriptedNetSuite, client: NetSuite, path: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=r"with \.\."):
        client.raw.request("GET", path)
    assert not netsuite.requests


def test_form_data_without_a_file_can_be_multipart(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(204))

    shell.done("request", "POST", "customer", "--form", "name=Ann", "--form", "name=Bob", "--multipart")

    (sent,) = netsuite.requests
    assert sent.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert sent.body.count(b'Content-Disposition: form-data; name="name"\r\n\r\n') == 2
    assert b"Ann" in sent.body
    assert b"Bob" in sent.body


def test_a_repeated_header_field_is_sent_with_all_its_values(netsuite: ScriptedNetSuite, shell: Shell) -> None:
    netsuite.answers(Reply(204))

    shell.done("request", "GET", "customer", "-H", "Prefer: transient", "-H", "prefer: respond-async")

    assert netsuite.requests[0].headers["Prefer"] == "transient, respond-async"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (("Host", "elsewhere.example"), "Host is set by the client"),
        (("content-length", "3"), "content-length is set by the client"),
        (("X-Own", "a\r\nAuthorization: b"), "holds a line break"),
        (("X-Own", "Łódź"), "outside Latin-1"),
        (("X Own", "a"), "not the name of a header field"),
        ((7, "a"), "'7' is not the name of a header field"),
        (("X-Own", 7), "X-Own is 7, which is not text"),
    ],
)
def test_header_fields_that_are_not_sent(
    netsuite: ScriptedNetSuite, client: NetSuite, header: tuple[Any, Any], words: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        client.raw.request("GET", "customer", headers=[header])
    assert not netsuite.requests


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf, "5"])
def test_a_timeout_that_is_not_a_time_is_a_sentence(netsuite: ScriptedNetSuite, client: NetSuite, timeout: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="A timeout is a number of seconds above 0"):
        client.raw.request("GET", "customer", timeout=timeout)
    assert not netsuite.requests


def test_a_record_id_that_is_not_text_is_a_sentence(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    number: Any = 107
    with pytest.raises(InvalidArgumentError, match="A record id is text such as '107', not 107"):
        client.records.get("customer", number)
    assert not netsuite.requests


@pytest.mark.parametrize("method", ["GE T", "", "GET\r\nX: y", "GÉT"])
def test_a_wrong_method_is_a_sentence(netsuite: ScriptedNetSuite, client: NetSuite, method: str) -> None:
    with pytest.raises(InvalidArgumentError, match="not an HTTP method"):
        client.raw.request(method, "customer")
    assert not netsuite.requests


@pytest.mark.parametrize("path", ["customer/\x00", "customer/\ud800", "https://[::1", "customer/%zz", "http://"])
def test_the_library_raises_its_own_errors_only(netsuite: ScriptedNetSuite, client: NetSuite, path: str) -> None:
    netsuite.answers(Reply(404))

    with pytest.raises(SuiteTalkError):
        client.raw.request("GET", path)


def test_a_token_url_alone_tells_the_account() -> None:
    given = {
        "token_url": "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token",
        "client_id": "c",
        "certificate_id": "d",
        "private_key": "e",
    }

    account = ConnectionSettings.from_mapping(given).account

    assert account.realm == "1234567_SB1"
    assert account.base_url == "https://1234567-sb1.suitetalk.api.netsuite.com"


def test_a_token_url_of_another_host_tells_none() -> None:
    with pytest.raises(ConfigurationError, match="account_id"):
        ConnectionSettings.from_mapping({"token_url": "https://evil.example/token", "client_id": "c"})
