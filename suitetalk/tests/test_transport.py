"""The transport: what goes out, what may be sent again, and how faults of the network are told."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.scripted_netsuite import BLOCKED, CUT, Received, Reply, ScriptedNetSuite, refused

from suitetalk import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    InvalidRequestError,
    NetSuite,
    NetSuiteError,
    OutcomeUnknownError,
    RetryPolicy,
    ServerFaultError,
)

Connect = Callable[..., NetSuite]
RECORD = Reply(body={"id": "7", "companyName": "Ärger & Söhne"})
CREATED = Reply(204, headers={"Location": "https://x.example/services/rest/record/v1/customer/5"})
HTML_502 = Reply(502, b"<html>\n<title>Bad\nGateway</title>", {"Content-Type": "text/html; charset=utf-8"})
UNEXPECTED = refused(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: abc")


def get(client: NetSuite) -> dict[str, Any]:
    return client.records.get("customer", "7")


def create(client: NetSuite) -> str:
    return client.records.create("customer", {"companyName": "A"})


def test_headers_of_a_request(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    """`Accept-Language` other than the company's language is refused, so none may be sent."""
    netsuite.answers(RECORD)
    get(client)

    (sent,) = netsuite.requests
    assert "Accept-Language" not in sent.headers
    assert sent.headers["User-Agent"] == "suitetalk"
    assert sent.headers["Accept"] == "application/json, application/vnd.oracle.resource+json"
    assert "Content-Type" not in sent.headers


def test_a_path_of_the_base_url_is_kept(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.answers(RECORD)
    get(connect(base_url=f"{netsuite.address}/proxy/services/rest/"))

    assert netsuite.token_requests[0].path == "/proxy/services/rest/auth/oauth2/v1/token"
    assert netsuite.requests[0].path == "/proxy/services/rest/record/v1/customer/7"


PASSING_FAULTS = {
    "no answer": CUT,
    "cut": Reply(body={"id": "7"}, sent=3),
    "cut chunk": Reply(body={"id": "7"}, sent=3, chunked=True),
    "no chunk": Reply(body={"id": "7"}, sent=0, chunked=True),
    "no gzip": Reply(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}),
    "cut gzip": Reply(body=gzip.compress(b'{"id": "7"}'), headers={"Content-Encoding": "gzip"}, sent=5),
    "502 in HTML": HTML_502,
    "503": Reply(503),
    "504": Reply(504),
    "500": UNEXPECTED,
    "429": BLOCKED,
    "429 in plain text": Reply(429, b"slow down", {"Content-Type": "text/plain"}),
}


@pytest.mark.parametrize("fault", PASSING_FAULTS.values(), ids=PASSING_FAULTS)
def test_a_read_gets_over_what_passes(netsuite: ScriptedNetSuite, client: NetSuite, fault: Reply) -> None:
    netsuite.answers(fault, fault, RECORD)

    assert get(client)["companyName"] == "Ärger & Söhne"
    assert len(netsuite.requests) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (CUT, "the connection was cut"),
        (Reply(body={"id": "7"}, sent=3), "the connection was cut"),
        (Reply(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}), "the answer's compression is damaged"),
    ],
)
def test_a_fault_that_stays_is_told_in_one_sentence(
    netsuite: ScriptedNetSuite, client: NetSuite, fault: Reply, words: str
) -> None:
    netsuite.answers(fault)

    with pytest.raises(
        ConnectionFailedError,
        match=rf"^GET /record/v1/customer/7 at 127\.0\.0\.1:\d+ failed: {words}; check the network",
    ):
        get(client)

    assert len(netsuite.requests) == 4


@pytest.mark.slow
def test_an_answer_that_stops_is_a_time_out(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    client = connect(request_timeout=1, retry=RetryPolicy(attempts=1))
    netsuite.token_script = lambda _: Reply(body={"access_token": "t"})
    for stalled in (Reply(body={"id": "7"}, stall=True), Reply(body={"id": "7"}, stall=True, chunked=True)):
        netsuite.answers(stalled)
        with pytest.raises(ConnectionFailedError, match=r"no answer in time.*`request_timeout`"):
            get(client)


def test_a_write_whose_answer_stops_is_not_sent_again(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    client = connect(request_timeout=1)
    netsuite.answers(Reply(body={}, stall=True))

    with pytest.raises(OutcomeUnknownError, match="no answer in time"):
        create(client)

    assert len(netsuite.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [CUT, Reply(body={"id": "7"}, sent=3), HTML_502, UNEXPECTED, Reply(503), Reply(501)],
    ids=["no answer", "cut", "502", "500", "503", "501"],
)
def test_a_create_whose_outcome_is_unknown_is_sent_once(
    netsuite: ScriptedNetSuite, client: NetSuite, fault: Reply
) -> None:
    netsuite.answers(fault, CREATED)

    with pytest.raises(
        OutcomeUnknownError, match="so whether NetSuite carried it out is unknown; look the record up before"
    ) as caught:
        create(client)

    assert len(netsuite.requests) == 1
    assert "\n" not in str(caught.value)


def test_a_blocked_create_was_not_carried_out_and_is_sent_again(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(BLOCKED, BLOCKED, CREATED)

    assert create(client) == "5"
    assert len(netsuite.requests) == 3


def test_blocked_to_the_end(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(BLOCKED)

    with pytest.raises(ConcurrencyLimitError, match="`max_concurrency`") as caught:
        create(client)

    assert (caught.value.status, caught.value.code) == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert len(netsuite.requests) == 4


def test_a_server_that_keeps_failing(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(HTML_502)

    with pytest.raises(ServerFaultError, match=r"502.*text/html.*try again later"):
        get(client)


def test_an_error_of_netsuites_own_is_tried_three_times(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.answers(UNEXPECTED)
    client = connect(retry=RetryPolicy(attempts=8, first_wait=0.001))

    with pytest.raises(ServerFaultError, match="Error ID"):
        get(client)
    assert len(netsuite.requests) == 3


def test_nobody_listens(connect: Connect) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = connect(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ConnectionFailedError, match=r"no connection; check the network, `account_id`, `base_url`"):
            get(client)


def test_a_create_is_sent_again_when_there_was_no_connection(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    """The login answers elsewhere, so that only the create finds nobody."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        token_url = f"{netsuite.address}/services/rest/auth/oauth2/v1/token"
        client = connect(base_url=nobody, token_url=token_url)
        with pytest.raises(ConnectionFailedError, match="no connection") as caught:
            create(client)

    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/elsewhere", "http://[", "https://evil.example/", "\udce9\udc80"])
def test_a_redirect_is_refused_whatever_it_says(
    netsuite: ScriptedNetSuite, client: NetSuite, status: int, location: str
) -> None:
    target = location.encode("utf-8", "surrogateescape").decode("latin-1")
    netsuite.answers(Reply(status, b"", {"Location": target}))

    for call in (get, create):
        with pytest.raises(NetSuiteError, match="redirects are not followed, so check `base_url`") as caught:
            call(client)
        assert caught.value.status == status
    assert len(netsuite.requests) == 2


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b'{"id": ', b"\xff\xfe", b"[" * 100_000, b'["x"]', b"7"])
def test_an_accepted_answer_that_is_no_record(netsuite: ScriptedNetSuite, client: NetSuite, body: bytes) -> None:
    netsuite.answers(Reply(200, body, {"Content-Type": "text/html"}))

    with pytest.raises(ConnectionFailedError, match="check `base_url`"):
        get(client)


def test_a_refusal_is_not_repeated(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(400, "USER_ERROR", "This entity already exists."))

    with pytest.raises(InvalidRequestError):
        create(client)

    assert len(netsuite.requests) == 1


def test_retry_after_is_honoured_as_far_as_the_longest_wait(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    client = connect(retry=RetryPolicy(attempts=2, first_wait=0.0, longest_wait=0.01))
    netsuite.answers(Reply(429, b"", {"Retry-After": "3600"}), RECORD)

    get(client)
    assert len(netsuite.requests) == 2


def test_a_cut_keep_alive_connection_is_made_anew(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(RECORD, CUT, RECORD)
    get(client)
    get(client)

    assert len(netsuite.requests) == 3


def test_requests_go_through_one_session_from_many_threads(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    """Cookies would be the state threads step on; none are kept."""

    def script(request: Received) -> Reply:
        return Reply(body={"id": request.path.rsplit("/", 1)[1]}, headers={"Set-Cookie": f"c{request.path[-3:]}=1"})

    netsuite.script = script
    client = connect(max_concurrency=16)
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda number: client.records.get("customer", str(number))["id"], range(1000, 1200)))

    assert found == [str(number) for number in range(1000, 1200)]
    assert not any("Cookie" in request.headers for request in netsuite.requests)


def test_requests_are_counted_by_how_they_were_answered(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(BLOCKED, BLOCKED, CUT, RECORD)
    get(client)
    traffic = client.transport.traffic
    assert traffic.requests == {429: 2, 0: 1, 200: 1}
    assert (traffic.total, traffic.throttled) == (4, 2)
    assert traffic.seconds.keys() == traffic.requests.keys()
    assert all(seconds >= 0 for seconds in traffic.seconds.values())
