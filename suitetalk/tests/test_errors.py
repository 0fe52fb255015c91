"""Refusals as exceptions: class, code, path and advice, from whatever body they came with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import (
    ConcurrencyLimitError,
    ConfigurationError,
    ConnectionFailedError,
    IncompleteResultError,
    InvalidRequestError,
    LoginRefusedError,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    SuiteTalkError,
)
from suitetalk.errors import UnexpectedError
from suitetalk.http.response import Answer, encode, refusal, token_refusal
from suitetalk.redaction import readable

REQUEST = "GET /record/v1/customer/7"


def answer(status: int, body: Any, content_type: str = "application/json") -> Answer:
    content = body if isinstance(body, bytes) else encode(body)
    return Answer(REQUEST, status, {"Content-Type": content_type}, content)


def details(code: str, text: str, **places: str) -> dict[str, Any]:
    entry = {"detail": text, "o:errorCode": code, **{f"o:{name}": value for name, value in places.items()}}
    return {"type": "x", "title": "Bad Request", "status": 400, "o:errorDetails": [entry]}


@pytest.mark.parametrize(
    ("status", "code", "text", "kind", "advice"),
    [
        (400, "INVALID_CONTENT", "Bad value.", InvalidRequestError, "catalog"),
        (400, "USER_ERROR", "Locked by a workflow.", InvalidRequestError, "rules of the account"),
        (400, "USER_ERROR", "Please enter value(s) for: subsidiary", InvalidRequestError, "fill these fields"),
        (400, "USER_ERROR", "This record already exists.", InvalidRequestError, "unique"),
        (400, "USER_ERROR", "Your role lacks the permission.", PermissionDeniedError, "SuiteAnalytics Workbook"),
        (400, "INVALID_PARAMETER", "Record 'customer' was not found.", InvalidRequestError, "permission to view it"),
        (400, "INVALID_PARAMETER", "Invalid search type: foo.", InvalidRequestError, "check the name"),
        (400, "NONEXISTENT_FIELD", "Unknown field name", InvalidRequestError, "x-ns-filterable"),
        (400, "INVALID_HEADER", "Accept-Language", InvalidRequestError, "proxy"),
        (401, "INVALID_LOGIN", "Invalid login attempt.", LoginRefusedError, "Login Audit Trail"),
        (403, "INSUFFICIENT_PERMISSION", "No.", PermissionDeniedError, "role"),
        (404, "NONEXISTENT_ID", "Record does not exist.", NotFoundError, "the role may not see it"),
        (405, "INVALID_METHOD", "Valid operations: GET.", InvalidRequestError, "does not offer"),
        (429, "CONCURRENCY_LIMIT_EXCEEDED", "Blocked.", ConcurrencyLimitError, "Integration Governance"),
        (500, "UNEXPECTED_ERROR", "Error ID: abc", UnexpectedError, "in another way"),
    ],
)
def test_a_refusal_carries_what_netsuite_said_and_what_to_do(
    status: int, code: str, text: str, kind: type[NetSuiteError], advice: str
) -> None:
    error = refusal(answer(status, details(code, text, errorPath="a.b")))

    assert type(error) is kind
    assert (error.status, error.code, error.path, error.detail) == (status, code, "a.b", text.rstrip("."))
    assert advice in error.advice
    assert str(error).startswith(f"NetSuite refused {REQUEST} ({status} {code} at a.b): {text.rstrip('.')}")
    assert error.advice in str(error)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502])
def test_a_refusal_without_a_code_has_advice_all_the_same(status: int) -> None:
    error = refusal(answer(status, b"<html>\n<body>Bad gateway", "text/html"))

    assert error.advice
    assert "text/html" in str(error)


@pytest.mark.parametrize("place", ["o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath"])
def test_every_way_to_name_the_place(place: str) -> None:
    body = {"o:errorDetails": [{"detail": "No.", "o:errorCode": "X", place: "here"}]}

    assert refusal(answer(400, body)).path == "here"


def test_several_details_are_all_told() -> None:
    body = {"o:errorDetails": [{"detail": "First.", "o:errorCode": "A"}, {"detail": "Second."}, "third", None]}
    error = refusal(answer(400, body))

    assert error.detail == "First; Second"
    assert [detail.code for detail in error.details] == ["A", ""]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the answer was empty"),
        (b"[1]", "not an error of NetSuite's form"),
        (b'"no"', "not an error of NetSuite's form"),
        (b"null", "not an error of NetSuite's form"),
        (b"\xff", "not an error of NetSuite's form"),
        (b"[" * 100_000, "not an error of NetSuite's form"),
        ({}, "no explanation was given"),
        ({"title": "Bad Request"}, "Bad Request"),
        ({"title": "Bad Request", "detail": None}, "Bad Request"),
        ({"title": "Bad Request", "detail": "Wrong.", "o:errorCode": "USER_ERROR"}, "Wrong"),
        ({"o:errorDetails": "none"}, "no explanation was given"),
        ({"o:errorDetails": [{}]}, "no explanation was given"),
        ({"o:errorDetails": [{"detail": {"deep": 1}, "o:errorCode": 7}]}, "deep"),
        ({"o:errorDetails": [{"detail": "Two\nlines\r\n of  it."}]}, "Two lines of it"),
    ],
)
def test_bodies_of_any_form_become_one_sentence(body: Any, words: str) -> None:
    error = refusal(answer(400, body))

    assert words in str(error)
    assert "\n" not in str(error)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["o:errorDetails", "detail", "title", "o:errorCode", "error"]), inner)
    ),
    max_leaves=8,
)


@given(JSON_VALUES | st.binary(max_size=30), st.sampled_from([300, 400, 401, 404, 429, 500]))
def test_no_body_breaks_the_reading_of_a_refusal(body: Any, status: int) -> None:
    for read in (refusal, token_refusal):
        error = read(answer(status, body))
        assert error.status == status
        assert len(str(error).splitlines()) == 1


def test_texts_hide_keys_and_tokens() -> None:
    words = "at eyJabc.def-_1.x-y and Bearer opaque.token, -----BEGIN EC PRIVATE KEY----- abc\nMIIE -----END"

    assert readable(words) == "at [hidden] and Bearer [hidden] [hidden]"
    assert readable('Bearer realm="1"') == 'Bearer realm="1"'


def test_the_tree() -> None:
    for kind in (ConfigurationError, ConnectionFailedError, IncompleteResultError, NetSuiteError):
        assert issubclass(kind, SuiteTalkError)
    assert issubclass(OutcomeUnknownError, ConnectionFailedError)


def test_an_error_without_details_still_reads() -> None:
    assert str(NetSuiteError(REQUEST, 418, ())) == f"NetSuite refused {REQUEST} (418): no explanation was given"


def test_numbers_with_a_fraction_stay_exact_both_ways() -> None:
    read = answer(200, b'{"a": 0.1, "b": 1e400, "c": 12345678901234567890123, "d": 7}').json()

    assert read == {"a": Decimal("0.1"), "b": Decimal("1e400"), "c": 12345678901234567890123, "d": 7}
    assert encode({"a": Decimal("0.10"), "b": Decimal("12345678901234567890.123")}) == (
        b'{"a":0.10,"b":12345678901234567890.123}'
    )


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), object(), "\ud800", 1j]
)
@pytest.mark.parametrize("place", [lambda value: value, lambda value: {"a": [{"b": value}]}], ids=["bare", "deep"])
def test_what_json_cannot_say_is_refused(value: Any, place: Any) -> None:
    """NaN in particular: JSON encoders write it as null, which clears the field."""
    with pytest.raises(SuiteTalkError, match="cannot be sent as JSON"):
        encode(place(value))


def test_a_body_that_holds_itself_is_refused() -> None:
    body: dict[str, Any] = {}
    body["self"] = body

    with pytest.raises(SuiteTalkError, match="cannot be sent as JSON"):
        encode(body)


@pytest.mark.parametrize(
    ("location", "record_id"),
    [
        ("https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/customer/107", "107"),
        ("https://host/services/rest/record/v1/customer/107/", "107"),
        ("/services/rest/record/v1/customer/107?x=1#y", "107"),
        ("https://host/services/rest/record/v1/customer/-5", "-5"),
        ("https://host/record/v1/customrecord_x/Pending%20Receipt", "Pending Receipt"),
    ],
)
def test_the_new_id_is_at_the_end_of_the_location(location: str, record_id: str) -> None:
    assert Answer("POST /x", 204, {"Location": location}, b"").created_id() == record_id


@pytest.mark.parametrize("headers", [{}, {"Location": ""}, {"Location": "https://host"}, {"Location": "http://["}])
def test_a_record_made_without_a_location_must_not_be_made_again(headers: dict[str, str]) -> None:
    with pytest.raises(OutcomeUnknownError, match="look the record up"):
        Answer("POST /x", 204, headers, b"").created_id()
