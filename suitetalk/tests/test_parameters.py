"""Values for the `?` of a statement, bound and as literals."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripted_netsuite import Received, Reply, ScriptedNetSuite, refused

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, InvalidRequestError, NetSuite, SuiteTalkError
from suitetalk.suiteql import Value, bound, check_parameters, inlined, without_comments

# Few letters, so that quotes, comments and placeholders meet often.
STATEMENTS = st.lists(st.sampled_from(["'", '"', "-", "--", "/", "*", "/*", "*/", "?", "\n", "a", " "])).map("".join)


def spans(statement: str) -> list[tuple[str, str]]:
    """Cut a statement letter by letter into its plain letters and what is quoted or commented."""
    pieces, place = [], 0
    while place < len(statement):
        ends = {"'": "'", '"': '"', "--": "\n", "/*": "*/"}
        start = next((one for one in ends if statement.startswith(one, place)), "")
        if not start:
            pieces.append(("plain", statement[place]))
            place += 1
            continue
        end = statement.find(ends[start], place + len(start))
        stop = len(statement) if end < 0 else end + (0 if start == "--" else len(ends[start]))
        pieces.append((start, statement[place:stop]))
        place = stop
    return pieces


@given(STATEMENTS)
def test_placeholders_are_the_question_marks_outside_of_texts_names_and_comments(statement: str) -> None:
    pieces = spans(statement)
    count = sum(piece == ("plain", "?") for piece in pieces)

    check_parameters(statement, [0] * count)
    with pytest.raises(SuiteTalkError, match=f"has {count} placeholders"):
        check_parameters(statement, [0] * (count + 1))
    numbers = iter(range(count))
    expected = "".join(f" {next(numbers)} " if piece == ("plain", "?") else piece[1] for piece in pieces)
    assert inlined(statement, list(range(count))) == expected
    assert bound(statement, list(range(count))) == (statement, [str(number) for number in range(count)])


@given(STATEMENTS)
def test_a_statement_without_its_comments(statement: str) -> None:
    kept = "".join(" " if kind in ("--", "/*") else piece for kind, piece in spans(statement))
    assert without_comments(statement) == kept.strip()


def test_what_stands_at_the_end_of_a_statement_is_left_out() -> None:
    assert without_comments("SELECT '--;' -- one; two\nFROM t /* x */ ;\n-- the end ;") == "SELECT '--;'  \nFROM t"


@given(st.text(alphabet="'\"-/*?\\a\n", max_size=12))
def test_a_text_stays_one_literal_wherever_it_stands(text: str) -> None:
    for before, after in (("SELECT x FROM t WHERE a=", "AND b"), ("'x'", "'y'"), ("-", "--z"), ("/", "*")):
        pieces = spans(inlined(f"{before}?{after}", [text]))
        literals = "".join(piece for kind, piece in pieces if kind == "'")
        # Doubled apostrophes are two texts side by side to the cutter.
        assert "'" + text.replace("'", "''") + "'" in literals


@pytest.mark.parametrize(
    ("value", "literal", "text"),
    [
        ("it's", "'it''s'", "it's"),
        (-5, "-5", "-5"),
        (True, "'T'", "T"),
        (False, "'F'", "F"),
        (Decimal("1E-7"), "0.0000001", "0.0000001"),
        (Decimal("-12.50"), "-12.50", "-12.50"),
        (1e21, "1000000000000000000000", "1000000000000000000000"),
        (0.1, "0.1", "0.1"),
    ],
)
def test_values(value: Any, literal: str, text: str) -> None:
    assert inlined("a-?", [value]) == f"a- {literal} "
    assert bound("a-?", [value]) == ("a-?", [text])


def test_dates_and_null() -> None:
    day, moment = date(2024, 1, 31), datetime.fromisoformat("2024-01-31 09:05:07.000999")

    assert bound("?,?,?", [day, None, moment]) == (
        "TO_DATE(?, 'YYYY-MM-DD'),NULL,TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')",
        ["2024-01-31", "2024-01-31 09:05:07"],
    )
    assert inlined("?|?|?", [day, None, moment]) == (
        " TO_DATE('2024-01-31', 'YYYY-MM-DD') | NULL | TO_DATE('2024-01-31 09:05:07', 'YYYY-MM-DD HH24:MI:SS') "
    )


@pytest.mark.parametrize(
    "value",
    [float("nan"), Decimal("Infinity"), datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1)))],
)
def test_what_suiteql_has_no_form_for_is_refused(value: Any) -> None:
    for form in (bound, inlined):
        with pytest.raises(SuiteTalkError):
            form("?", [value])


def empty(_: Received) -> Reply:
    return Reply(body={"items": [], "totalResults": 0})


def test_an_account_that_cannot_bind_is_asked_once(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    refusal = refused(400, "INVALID_CONTENT", "Invalid content in the request body.")
    netsuite.script = lambda request: refusal if "params" in request.json() else empty(request)

    for value in ("a", "b'"):
        client.suiteql.page("SELECT ?", [value])
    assert [request.json() for request in netsuite.requests] == [
        {"q": "SELECT ?", "params": ["a"]},
        {"q": "SELECT  'a' "},
        {"q": "SELECT  'b''' "},
    ]


@pytest.mark.parametrize("refusal", [Reply(400, body={"title": "Bad Request"}), refused(500, "UNEXPECTED_ERROR", "?")])
def test_an_account_that_cannot_bind_and_does_not_say_so(
    netsuite: ScriptedNetSuite, client: NetSuite, refusal: Reply
) -> None:
    netsuite.script = lambda request: refusal if "params" in request.json() else empty(request)

    client.suiteql.page("SELECT ?", ["a"])
    asked = len(netsuite.requests)
    client.suiteql.page("SELECT ?", ["b"])
    assert [request.json() for request in netsuite.requests[asked:]] == [{"q": "SELECT  'b' "}]


def test_a_fault_that_passes_is_not_taken_for_an_account_that_cannot_bind(
    netsuite: ScriptedNetSuite, client: NetSuite
) -> None:
    fault = Reply(400, body={"title": "Bad Request"})
    netsuite.answers(fault, *[Reply(body={"items": [], "totalResults": 0})] * 3)

    client.suiteql.page("SELECT ?", ["a"])
    client.suiteql.page("SELECT ?", ["b"])
    assert netsuite.requests[-1].json() == {"q": "SELECT ?", "params": ["b"]}


def test_a_fault_of_the_statement_decides_nothing(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(400, "INVALID_CONTENT", "No."))
    with pytest.raises(InvalidRequestError):
        client.suiteql.page("SELECT ?", ["a"])
    netsuite.script = empty
    client.suiteql.page("SELECT ?", ["a"])
    assert netsuite.requests[-1].json() == {"q": "SELECT ?", "params": ["a"]}

    netsuite.answers(refused(400, "INVALID_PARAMETER", "No.", errorQueryParam="q"))
    with pytest.raises(InvalidRequestError):
        client.suiteql.page("SELECT ?", ["a"])
    assert "params" in netsuite.requests[-1].json()


def test_parameters_that_go_with_every_statement(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    refusal = refused(400, "INVALID_CONTENT", "Invalid content in the request body.")
    netsuite.script = lambda request: refusal if "params" in request.json() else empty(request)

    suiteql = client.suiteql.with_parameters(["a", 5])
    suiteql.answer("SELECT ?, ?", offset=1000)
    client.suiteql.page("SELECT 1")
    client.suiteql.page("SELECT ?", ["b"])
    assert [request.json() for request in netsuite.requests] == [
        {"q": "SELECT ?, ?", "params": ["a", "5"]},
        {"q": "SELECT  'a' ,  5 "},
        {"q": "SELECT 1"},
        {"q": "SELECT  'b' "},
    ]
    assert netsuite.requests[1].query["offset"] == "1000"


def test_a_refusal_does_not_repeat_parameters(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(400, "INVALID_PARAMETER", "Not understood: 'O''Hara' and 42 in 'q'.", errorQueryParam="q"))
    with pytest.raises(InvalidRequestError, match=r"Not understood: '\?' and 42 in 'q'") as caught:
        client.suiteql.page("SELECT ?, ?", ["O'Hara", 42])
    assert "Hara" not in str(caught.value) + caught.value.detail
    assert (caught.value.code, caught.value.path) == ("INVALID_PARAMETER", "q")


def test_nothing_but_null_binds_nothing(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.script = empty

    client.suiteql.page("SELECT ?", [None])
    assert netsuite.requests[-1].json() == {"q": "SELECT NULL"}


@pytest.mark.parametrize("binds", [True, False])
def test_both_forms_find_the_same_rows(netsuite_emulator_factory: Any, *, binds: bool) -> None:
    emulator: Emulator = netsuite_emulator_factory(query_parameters=binds)
    statement = (
        "SELECT id FROM customer WHERE id > ? AND companyname <> ? AND isinactive = ? AND datecreated >= ? "
        "AND datecreated < ? AND companyname <> 'why?' ORDER BY id"
    )
    values: list[Value] = [0, "it's ?", False, date(2000, 1, 31), datetime.fromisoformat("2099-12-31 23:59:59")]

    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        found = [row["id"] for row in client.suiteql.rows(statement, values)]
        plain = "SELECT id FROM customer WHERE isinactive = 'F' AND companyname IS NOT NULL ORDER BY id"
        assert found == [row["id"] for row in client.suiteql.rows(plain)]
        assert found
