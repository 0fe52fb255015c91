"""What some accounts do and others do not, each switched on by a setting."""

from __future__ import annotations

from typing import Any

import pytest

from netsuite_emulator import Fault, Settings
from netsuite_emulator.settings import SettingsError


def detail_of(answer: Any) -> str:
    return str(answer.json()["o:errorDetails"][0]["detail"])


def test_too_many_columns_answer_no_rows(client_of: Any) -> None:
    client = client_of(column_cap=3)
    assert client.rows("SELECT id, name, symbol FROM currency")
    for columns in ("id, name, symbol, exchangerate", "*"):
        answer = client.query(f"SELECT {columns} FROM currency")
        assert answer.status_code == 200
        body = answer.json()
        assert (body["items"], body["totalResults"], body["hasMore"]) == ([], 0, False)


@pytest.mark.parametrize(
    ("refused", "statuses"),
    [("none", [200, 200, 200]), ("unfiltered", [400, 200, 200]), ("star", [400, 400, 200]), ("all", [400, 400, 400])],
)
def test_counts_that_are_refused(client_of: Any, refused: str, statuses: list[int]) -> None:
    client = client_of(refused_counts=refused)
    counts = (
        "SELECT count( * ) AS n FROM currency",
        "SELECT COUNT(*) AS n FROM currency\nWHERE id > 0",
        "SELECT COUNT(id) AS n FROM currency WHERE id > 0",
    )
    answers = [client.query(text) for text in counts]
    assert [answer.status_code for answer in answers] == statuses
    assert all("Invalid or unsupported search" in answer.text for answer in answers if answer.status_code == 400)
    assert client.rows("SELECT id FROM currency")


def test_statements_that_are_refused_by_the_account(client_of: Any, refusal: Any) -> None:
    client = client_of(failing_statements=("GROUP BY.*HAVING",), refused_statements=("SUM",))
    grouped = "SELECT type FROM transaction GROUP BY type HAVING MAX(id) > 1"
    client.emulator.faults.clear()
    for _ in range(2):
        assert refusal(client.query(grouped)) == (500, "UNEXPECTED_ERROR")
    assert detail_of(client.query("SELECT SUM(id) AS n FROM currency")).endswith("Invalid or unsupported search.")
    assert client.rows("SELECT type FROM transaction GROUP BY type")


def test_faults_from_the_start(client_of: Any, refusal: Any) -> None:
    client = client_of(faults=(Fault(effect="status", path="/currency/1$"),))
    assert refusal(client.send("GET", "/record/v1/currency/1")) == (500, "UNEXPECTED_ERROR")
    assert client.send("GET", "/record/v1/currency/2").status_code == 200


def test_patterns_of_statements_are_checked() -> None:
    with pytest.raises(SettingsError, match=r"'\(' is not a regular expression"):
        Settings(failing_statements=("(",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("removed", "Field 'terms' for record 'customer' was not found. Reason: REMOVED - Field is removed"),
        ("not_exposed", "Reason: NOT_EXPOSED - Not available for channel SEARCH"),
        ("internal", "marked as internal for channel SEARCH"),
        ("unknown", "Unknown identifier 'terms'. Available identifiers are: {customer=customer}."),
    ],
)
def test_columns_out_of_sight(client_of: Any, text: str, reason: str) -> None:
    client = client_of(hidden_columns=frozenset({"customer.terms"}), hidden_column_text=text)
    answer = client.query("SELECT id, terms FROM customer")
    assert answer.status_code == 400
    assert reason in detail_of(answer)
    assert "Unknown identifier 'nothing'" in detail_of(client.query("SELECT nothing FROM customer"))


def test_tables_that_are_not_joined(client_of: Any) -> None:
    client = client_of(refused_joins=frozenset({"transaction/Customer"}))
    joined = client.query("SELECT t.id FROM transaction t JOIN customer c ON c.id = t.entity")
    assert joined.status_code == 400
    assert "Record Join 'customer' for record 'transaction' was not found." in detail_of(joined)
    assert client.rows("SELECT t.id FROM transaction t JOIN transactionline l ON l.transaction = t.id WHERE ROWNUM = 1")
    with pytest.raises(SettingsError, match="There is no table 'custmer'; did you mean customer"):
        client_of(refused_joins=frozenset({"transaction/custmer"}))


def test_offset_in_a_statement(client_of: Any) -> None:
    text = "SELECT id FROM currency ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY"
    for ignores, ids in ((True, ["1", "2"]), (False, ["2", "3"])):
        assert [row["id"] for row in client_of(ignores_offset=ignores).rows(text)] == ids


def test_pages_without_an_order(client_of: Any) -> None:
    client = client_of(shuffled_pages=True)
    pages = [client.query("SELECT id FROM customer", path=f"?limit=20&offset={offset}") for offset in (0, 20, 40)]
    ids = [row["id"] for page in pages for row in page.json()["items"]]
    assert len(set(ids)) < len(ids) == 60
    ordered = [row["id"] for row in client.rows("SELECT id FROM customer ORDER BY id")]
    assert ordered == sorted(ordered, key=int)


def test_links_between_pages(client_of: Any) -> None:
    for name in ("previous", "prev"):
        client = client_of(previous_page=name)
        last = client.get("/record/v1/salesOrder?limit=5&offset=5")
        links = {link["rel"]: link["href"] for link in last["links"]}
        assert links[name].endswith("/record/v1/salesorder?limit=5&offset=0")
        assert links["self"].endswith("/record/v1/salesOrder?limit=5&offset=5")
        page = client.query("SELECT id FROM customer ORDER BY id", path="?limit=5&offset=5").json()
        assert name in {link["rel"] for link in page["links"]}


def test_ids_that_cannot_be_one(client_of: Any, refusal: Any) -> None:
    client = client_of()
    for name in ("abc", "000", "1x"):
        answer = client.send("GET", f"/record/v1/customer/{name}")
        assert refusal(answer) == (400, "INVALID_ID")
        assert answer.json()["o:errorDetails"][0]["o:errorUrl"].endswith(f"/record/v1/customer/{name}")
    assert refusal(client.send("GET", "/record/v1/customer/-99")) == (404, "NONEXISTENT_ID")
    other = client_of(malformed_ids="NONEXISTENT_ID")
    assert refusal(other.send("GET", "/record/v1/customer/abc")) == (404, "NONEXISTENT_ID")


def test_blanks_in_addresses(client_of: Any, refusal: Any) -> None:
    for takes, refused in ((False, (400, "INVALID_REQUEST")), (True, (404, "NONEXISTENT_ID"))):
        client = client_of(blanks_in_addresses=takes)
        assert refusal(client.send("GET", "/record/v1/customer/eid:a%20b")) == refused


def test_one_selected_type(client_of: Any) -> None:
    client = client_of(single_selected=True)
    one = client.get("/record/v1/metadata-catalog?select=customer")
    assert (set(one), one["name"]) == ({"name", "links"}, "customer")
    two = client.get("/record/v1/metadata-catalog?select=customer,vendor")
    assert {entry["name"] for entry in two["items"]} == {"customer", "vendor"}


def test_times_in_filters(client_of: Any) -> None:
    for takes, status in ((False, 400), (True, 200)):
        client = client_of(times_in_filters=takes)
        query = {"q": 'lastModifiedDate ON_OR_AFTER "1/1/2020 9:15 pm"'}
        assert client.send("GET", "/record/v1/customer", params=query).status_code == status


def test_fields_without_a_type(client_of: Any) -> None:
    client = client_of(untyped_fields=True)
    schema = client.get("/record/v1/metadata-catalog/customer", headers={"Accept": "application/schema+json"})
    assert "type" not in schema["properties"]["currency"]
    assert "properties" in schema["properties"]["currency"]


def test_the_header_that_names_what_was_dropped(client_of: Any) -> None:
    client = client_of(warning_header="x-netsuite-propertyvalidation")
    body = {"companyName": "Dropped", "subsidiary": {"id": "1"}, "nosuch": 1, "norsuch": 2}
    answer = client.send("POST", "/record/v1/customer", json=body)
    assert answer.status_code == 204
    assert answer.headers["X-NetSuite-PropertyValidation"] == "nosuch,norsuch"


def test_recorded_shapes(client: Any, refusal: Any) -> None:
    answer = client.send("GET", "/record/v1/currency/1")
    assert answer.headers["Content-Type"].endswith("; type=singular; charset=UTF-8")
    assert answer.headers["X-N-OperationId"]
    first, *others = answer.json()
    assert (first, others) == ("links", sorted(others))
    quoted = client.send("GET", "/record/v1/customer", params={"q": "email IS 'a'"})
    assert refusal(quoted) == (400, "INVALID_PARAMETER")
    assert quoted.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"
    client.create("customer", {"companyName": "Twice", "subsidiary": {"id": "1"}})
    again = client.send("POST", "/record/v1/customer", json={"companyName": "Twice", "subsidiary": {"id": "1"}})
    assert detail_of(again) == "Error while accessing a resource. This entity already exists."
    rows = [{"account": {"id": "60"}, "debit": 5}, {"account": {"id": "1"}, "credit": 5}]
    journal = client.create("journalEntry", {"line": {"items": rows}})
    lines = client.get(f"/record/v1/journalEntry/{journal}?expandSubResources=true")["line"]["items"]
    assert [line["line"] for line in lines] == [0, 1]
