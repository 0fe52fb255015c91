"""SuiteQL and the metadata catalog: what is sent, what is read, and results that are whole or an error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripted_netsuite import CUT, Received, Reply, ScriptedNetSuite, refused

from suitetalk import (
    READABLE_ROWS,
    ConnectionFailedError,
    IncompleteResultError,
    InvalidArgumentError,
    NetSuite,
    quoted,
)
from suitetalk.all_rows import shape_of
from suitetalk.suiteql import _may_be_too_wide, selected_columns

STATEMENT = "SELECT id FROM customer ORDER BY id"


def rows(numbers: Iterable[int], total: int, *, more: bool) -> Reply:
    items = [{"links": [], "ID": str(number)} for number in numbers]
    return Reply(body={"links": [], "count": len(items), "hasMore": more, "items": items, "totalResults": total})


def result(total: int) -> Any:
    """Return a script for a result of so many rows, of which NetSuite shows the first 100,000."""

    def script(request: Received) -> Reply:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        end = min(offset + limit, total, READABLE_ROWS)
        return rows(range(offset, end), total, more=end < min(total, READABLE_ROWS))

    return script


def test_the_request_is_what_netsuite_documents(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.script = result(3)

    page = client.suiteql.page(STATEMENT, limit=2, offset=2)
    (sent,) = netsuite.requests
    assert (sent.method, sent.path) == ("POST", "/services/rest/query/v1/suiteql")
    assert sent.query == {"limit": "2", "offset": "2"}
    assert sent.headers["Prefer"] == "transient"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.json() == {"q": STATEMENT}
    assert (page.items, page.total, page.has_more) == ([{"id": "2"}], 3, False)


def test_names_are_lower_case_and_links_are_left_out(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    items = [{"links": [], "CompanyName": "A"}, {"links": []}]
    netsuite.answers(Reply(body={"items": items, "totalResults": 2, "hasMore": False}))

    assert list(client.suiteql.rows(STATEMENT)) == [{"companyname": "A"}, {}]


@pytest.mark.slow
@pytest.mark.parametrize("total", [0, 999, 1000, 1001, 3000, READABLE_ROWS])
def test_all_rows(netsuite: ScriptedNetSuite, client: NetSuite, total: int) -> None:
    netsuite.script = result(total)  # which counts nothing, so that the rows have no key

    assert [row["id"] for row in client.suiteql.rows(STATEMENT)] == [str(number) for number in range(total)]
    pages = -(-total // 1000)
    assert len(netsuite.requests) == (1 if pages <= 1 else pages + 1 + pages)  # two looks, and the count


def keyed(total: int, moves: Any = None) -> Any:
    """Return a script for a table of these ids, which are shown by key only; `moves` may change them before each."""
    ids = list(range(total))

    def script(request: Received) -> Reply:
        statement = request.json()["q"]
        if "COUNT" in statement:
            return Reply(body={"items": [dict.fromkeys(("n", "k0", "d0"), str(len(ids)))], "totalResults": 1})
        if moves:
            moves(ids)
        after = re.search(r"WHERE id > (-?\d+) ORDER BY id$", statement)
        left = [number for number in ids if after is None or number > int(after[1])]
        return rows(left[:1000], len(left), more=len(left) > 1000)

    return script


@pytest.mark.slow
def test_rows_with_a_key_are_read_by_it_beyond_what_a_query_may_deliver(
    netsuite: ScriptedNetSuite, client: NetSuite
) -> None:
    netsuite.script = keyed(READABLE_ROWS + 2000)

    assert [row["id"] for row in client.suiteql.rows(STATEMENT)] == [str(number) for number in range(102_000)]
    assert {request.query["offset"] for request in netsuite.requests} == {"0"}


def test_rows_that_stay_come_once_while_others_come_and_go(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    def moves(ids: list[int]) -> None:
        ids.append(ids[-1] + 1)
        ids.pop(0)

    netsuite.script = keyed(4000, moves)
    found = [int(row["id"]) for row in client.suiteql.rows("SELECT id FROM customer")]
    assert found == sorted(set(found))
    assert set(range(20, 4000)) <= set(found)


def test_a_row_that_slips_between_pages_is_an_error(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    ids = list(range(3000))

    def script(request: Received) -> Reply:
        offset = int(request.query["offset"])
        if "COUNT" in request.json()["q"]:
            return refused(400, "INVALID_PARAMETER", "Invalid or unsupported search")
        if offset == 1000 and 0 in ids:
            ids.remove(0)
            ids.append(3000)
        return rows(ids[offset : offset + 1000], 3000, more=offset < 2000)

    netsuite.script = script
    with pytest.raises(IncompleteResultError, match="has 1 other rows when it is read again"):
        list(client.suiteql.rows(STATEMENT))


@pytest.mark.parametrize(
    ("statement", "keys", "page"),
    [
        ("SELECT id, name FROM t", ["id"], "SELECT id, name FROM (SELECT id, name FROM t) WHERE id > 7 ORDER BY id"),
        ("SELECT * FROM t ORDER BY id", ["id"], "SELECT * FROM (SELECT * FROM t) WHERE id > 7 ORDER BY id"),
        (
            "SELECT t.id FROM t WHERE name = 'ORDER BY' ORDER BY t.id DESC, name",
            ["id"],
            "SELECT id FROM (SELECT t.id FROM t WHERE name = 'ORDER BY') WHERE id < 7 ORDER BY id DESC",
        ),
        ("SELECT uniquekey, line, id FROM t", ["id", "uniquekey"], None),  # lines repeat
        ("SELECT id, name FROM t ORDER BY name", [], None),
        ("SELECT a.id FROM a JOIN b ON a.id = b.a ORDER BY b.id", [], None),
        ("SELECT id, COUNT(*) FROM t GROUP BY id", [], None),
        ("SELECT TOP 5 id FROM t", [], None),
        ("SELECT id FROM t FETCH FIRST 5000 ROWS ONLY", [], None),
        ("SELECT id FROM t WHERE ROWNUM < 5000", [], None),
        ("SELECT id, id FROM t", [], None),
        ("SELECT id,, FROM", [], None),
    ],
)
def test_which_statements_are_read_by_key(statement: str, keys: list[str], page: str | None) -> None:
    shape = shape_of(statement)
    found = [{"id": str(n), "uniquekey": str(n), "line": "1", "name": "x"} for n in range(3)]
    assert shape.keys(found) == keys
    if page:
        assert shape.page("id", 7) == page


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM t OFFSET 5 ROWS",
        "SELECT id FROM t ORDER BY id offset 10 ROWS FETCH NEXT 5 ROWS ONLY",
        "SELECT id FROM t OFFSET ? ROWS",
    ],
)
def test_an_offset_in_a_statement_is_refused(netsuite: ScriptedNetSuite, client: NetSuite, statement: str) -> None:
    with pytest.raises(InvalidArgumentError, match="has an OFFSET, which NetSuite ignores"):
        client.suiteql.page(statement, ["5"] if "?" in statement else [])
    assert not netsuite.requests
    netsuite.script = result(1)
    assert client.suiteql.page("SELECT 'OFFSET 5' AS offset FROM t -- OFFSET 5 ROWS").items


def test_one_row_more_than_can_be_read_is_an_error_at_once(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.script = result(READABLE_ROWS + 1)

    with pytest.raises(IncompleteResultError, match="100001 rows"):
        list(client.suiteql.rows(STATEMENT))
    assert len(netsuite.requests) == 2  # with the count


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([rows(range(10), 11, more=False)], "10 of 11"),
        ([rows(range(0), 11, more=True)], "0 of 11"),
        ([rows(range(999), 2000, more=True)], "999 of 2000"),
        ([rows(range(1000), 2000, more=True), rows(range(1001, 2000), 1999, more=False)], "shrank from 2000 to 1999"),
        ([rows(range(1000), 1001, more=True), rows(range(1000, 1001), 1002, more=False)], "1001 of 1002"),
    ],
)
def test_a_result_that_is_not_whole_is_an_error(
    netsuite: ScriptedNetSuite, client: NetSuite, pages: list[Reply], words: str
) -> None:
    netsuite.answers(*pages)

    with pytest.raises(IncompleteResultError, match=words):
        list(client.suiteql.rows(STATEMENT))


def test_a_query_is_repeated_when_its_answer_is_lost(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(CUT, rows(range(1), 1, more=False))

    assert list(client.suiteql.rows(STATEMENT)) == [{"id": "0"}]


@given(st.text())
def test_a_quoted_text_is_one_literal(text: str) -> None:
    literal = quoted(text)

    assert literal[0] == literal[-1] == "'"
    assert "'" not in literal[1:-1].replace("''", "")
    assert literal[1:-1].replace("''", "'") == text


def test_record_types(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body={"items": [{"name": "salesorder"}, {"name": "customer"}, {"links": []}, 7]}))

    assert client.metadata.record_types() == ["customer", "salesorder"]
    assert netsuite.requests[0].path == "/services/rest/record/v1/metadata-catalog"


def test_json_schema(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string"}}, "x-ns-filterable": ["id"]}
    netsuite.answers(Reply(body=schema, headers={"Content-Type": "application/schema+json"}))

    assert client.metadata.json_schema("customer/../x") == schema
    assert netsuite.requests[0].path == "/services/rest/record/v1/metadata-catalog/customer%2F..%2Fx"
    assert netsuite.requests[0].headers["Accept"] == "application/schema+json"


@pytest.mark.parametrize("body", [[], {}, {"items": 7}, {"properties": []}, "x"])
def test_what_is_no_catalog_is_told(netsuite: ScriptedNetSuite, client: NetSuite, body: Any) -> None:
    netsuite.answers(Reply(body=body))

    with pytest.raises(ConnectionFailedError, match="check `base_url`"):
        client.metadata.record_types()
    with pytest.raises(ConnectionFailedError, match="check `base_url`"):
        client.metadata.json_schema("customer")


@pytest.mark.parametrize("columns", [1, 50, 51])
@pytest.mark.parametrize(
    "rest", [" FROM customer", "\nfrom customer c where c.id IN (1, 2, 3)", " FROM (SELECT * FROM a)"]
)
def test_columns_are_counted_alike_with_and_without_the_parser(columns: int, rest: str) -> None:
    statement = "SELECT " + ", ".join(f"c.column_{number}" for number in range(columns)) + rest
    assert _may_be_too_wide(statement) == (len(selected_columns(statement)) > 50) == (columns > 50)
