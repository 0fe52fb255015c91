"""SuiteQL and the metadata catalog: what is sent, what is read, and results that are whole or an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripted_netsuite import CUT, Received, Reply, ScriptedNetSuite

from suitetalk import READABLE_ROWS, ConnectionFailedError, IncompleteResultError, NetSuite, quoted

STATEMENT = "SELECT id FROM customer ORDER BY id"


def rows(numbers: range, total: int, *, more: bool) -> Reply:
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


@pytest.mark.parametrize("total", [0, 999, 1000, 1001, 3000, READABLE_ROWS])
def test_all_rows(netsuite: ScriptedNetSuite, client: NetSuite, total: int) -> None:
    netsuite.script = result(total)

    assert [row["id"] for row in client.suiteql.rows(STATEMENT)] == [str(number) for number in range(total)]
    assert len(netsuite.requests) == max(1, -(-total // 1000))


def test_one_row_more_than_can_be_read_is_an_error_at_once(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.script = result(READABLE_ROWS + 1)

    with pytest.raises(IncompleteResultError, match="100001 rows"):
        list(client.suiteql.rows(STATEMENT))
    assert len(netsuite.requests) == 1


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
