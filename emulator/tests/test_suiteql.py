"""SuiteQL over HTTP: what it answers and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

UNSUPPORTED = "Search error occurred: Invalid or unsupported search."


def detail(answer: Any) -> str:
    body = answer.json()
    assert answer.status_code == 400
    assert body["o:errorDetails"][0]["o:errorCode"] == "INVALID_PARAMETER"
    assert body["o:errorDetails"][0]["o:errorQueryParam"] == "q"
    return str(body["o:errorDetails"][0]["detail"]).removeprefix(
        "Invalid search query. Detailed unprocessed description follows. "
    )


def test_rows_are_strings_without_nulls(client: Any) -> None:
    client.emulator.execute(
        "UPDATE customer SET creditlimit = 1000.50, custentity_vip = 'T', email = NULL, datecreated = "
        "'2024-05-02 09:31:00', custentity_birthday = '1980-02-03', custentity_score = 0.00000001 "
        "WHERE id = (SELECT min(id) FROM customer)"
    )
    row = client.rows(
        "SELECT ID, CreditLimit AS Lim, custentity_vip, email, datecreated, custentity_birthday, custentity_score "
        "FROM Customer ORDER BY id FETCH FIRST 1 ROWS ONLY"
    )[0]
    assert row["lim"] == "1000.5"
    assert row["custentity_vip"] == "T"
    assert row["datecreated"] == "5/2/2024"
    assert row["custentity_birthday"] == "2/3/1980"
    assert row["custentity_score"] == "0.00000001"
    assert "email" not in row
    assert all(isinstance(value, str) for value in row.values())


@pytest.mark.parametrize(
    ("date_format", "shown"),
    [
        ("DD.MM.YYYY", "02.05.2024"),
        ("YYYY-MM-DD", "2024-05-02"),
        ("D-MON-YYYY", "2-May-2024"),
        ("DD/MM/YY", "02/05/24"),
    ],
)
def test_dates_follow_the_account(client_of: Any, date_format: str, shown: str) -> None:
    client = client_of(date_format=date_format, datetime_with_time=True)
    row = client.rows(
        "SELECT TO_DATE('2024-05-02','YYYY-MM-DD') AS d, TO_CHAR(TO_DATE('2024-05-02','YYYY-MM-DD')) AS c FROM dual"
    )
    assert row == [{"d": f"{shown} 00:00:00", "c": shown}]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s' || NULL || ' ☕'", "it's ☕"),
        (
            "1 || '-' || 2.50 || '-' || NULL || '-' || 3 || '-' || 'x' || ('y' || 4) || CONCAT(CONCAT('-', 5), 6)",
            "1-2.5--3-xy4-56",
        ),
        ("NVL('', 'empty is null')", "empty is null"),
        ("NVL2(NULL, 1, 2)", "2"),
        ("DECODE('b', 'a', 1, 'b', 2, 3)", "2"),
        ("DECODE(NULL, NULL, 'same', 'other')", "same"),
        (
            "TO_CHAR(TO_DATE('2024-02-03 14:05:06','YYYY-MM-DD HH24:MI:SS'), 'DD-MON-YY HH12:MI PM')",
            "03-FEB-24 02:05 PM",
        ),
        ("TO_CHAR(TO_DATE('2024-02-03','YYYY-MM-DD HH24:MI:SS'), 'YYYY-MM-DD\"T\"HH24:MI:SS')", "2024-02-03T00:00:00"),
        ("TO_CHAR(TO_DATE('2024-05-03','YYYY-MM-DD'), 'YYYY-\"Q\"Q')", "2024-Q2"),
        ("TO_CHAR(1234.5, 'FM999,990.00')", "1,234.50"),
        ("TO_CHAR(0.50)", "0.5"),
        ("TO_NUMBER('12.50') + 1", "13.5"),
        ("TO_CHAR(ADD_MONTHS(TO_DATE('2024-01-31','YYYY-MM-DD'), 1), 'YYYY-MM-DD')", "2024-02-29"),
        ("TO_CHAR(TO_DATE('2024-01-31','YYYY-MM-DD') + 1.5, 'YYYY-MM-DD HH24:MI')", "2024-02-01 12:00"),
        ("TO_DATE('2024-03-01','YYYY-MM-DD') - TO_DATE('2024-02-01','YYYY-MM-DD')", "29"),
        ("TO_CHAR(TRUNC(TO_DATE('2024-05-17','YYYY-MM-DD'), 'MM'), 'YYYY-MM-DD')", "2024-05-01"),
        ("TRUNC(12.789, 1)", "12.7"),
        ("TRUNC(12.789)", "12"),
        ("ROUND(2.345, 2)", "2.35"),
        ("MOD(7, 3)", "1"),
        ("SUBSTR('abcdef', 2, 3)", "bcd"),
        ("SUBSTR('abcdef', -2)", "ef"),
        ("INSTR('abcdef', 'c')", "3"),
        ("INITCAP('john o')", "John O"),
        ("REPLACE('a-b', '-')", "ab"),
        ("LPAD('7', 3, '0')", "007"),
        ("GREATEST(1, 3, 2)", "3"),
        ("REGEXP_SUBSTR('abc123', '[0-9]+')", "123"),
        ("EXTRACT(YEAR FROM TO_DATE('2024-05-17','YYYY-MM-DD'))", "2024"),
        ("CASE WHEN 1 = 1 THEN 'yes' END", "yes"),
        ("1 / 4", "0.25"),
    ],
)
def test_functions_mean_what_they_mean_in_oracle(reader: Any, expression: str, value: str) -> None:
    assert reader.rows(f"SELECT {expression} AS x FROM dual") == [{"x": value}]


@pytest.mark.parametrize(
    "text",
    [
        "WITH a AS (SELECT id FROM customer) SELECT id FROM a",
        "SELECT [id] FROM customer",
        "SELECT LISTAGG(id, ',') FROM customer",
        "SELECT LEFT(entityid, 2) FROM customer",
        "SELECT id FROM customer WHERE datecreated > DATE '2024-01-01'",
        "SELECT id FROM customer;",
        "DELETE FROM customer",
        "SELECT id FROM",
        "SELECT id FROM customer WHERE id IN (" + ",".join(map(str, range(1001))) + ")",
        "SELECT id FROM customer WHERE datecreated > TO_DATE('2024-13-01','YYYY-MM-DD')",
        "SELECT read_text('/etc/hostname') FROM dual",
        "SELECT getvariable('seed') FROM dual",
        "SELECT id, count(*) FROM customer",
        "SELECT TO_CHAR(entityid, 'YYYY-MM-DD') FROM customer",
        "SELECT ? FROM dual",
    ],
)
def test_what_is_not_suiteql_is_refused(reader: Any, text: str) -> None:
    assert detail(reader.query(text)) == UNSUPPORTED


def test_unknown_names(reader: Any) -> None:
    assert detail(reader.query("SELECT subsidiary FROM transaction")) == (
        "Search error occurred: Unknown identifier 'subsidiary'. Available identifiers are: {transaction=transaction}."
    )
    assert "Available identifiers are: {t=transaction, c=customer}" in detail(
        reader.query("SELECT t.nonsense FROM transaction t, customer c")
    )
    assert detail(reader.query("SELECT id FROM salesorder")) == "Invalid search type: salesorder."
    assert "Unknown identifier 'links'" in detail(reader.query("SELECT id AS links FROM customer"))
    for hidden in ("main.customer", "duckdb_tables", "choice", "information_schema.tables"):
        assert detail(reader.query(f"SELECT * FROM {hidden}")).startswith("Invalid search type: ")


def test_a_table_the_role_may_not_see(client_of: Any) -> None:
    client = client_of(hidden_record_types=frozenset({"customer"}))
    assert detail(client.query("SELECT id FROM customer")) == "Search error occurred: Record 'customer' was not found."


def test_without_one_world_there_are_no_subsidiaries(client_of: Any) -> None:
    client = client_of(one_world=False)
    assert "Unknown identifier 'subsidiary'" in detail(client.query("SELECT subsidiary FROM transactionline"))
    assert "Invalid search type" in detail(client.query("SELECT id FROM subsidiary"))
    assert client.rows("SELECT COUNT(*) AS n FROM transactionline") != [{"n": "0"}]


def test_the_form_of_a_request(client: Any, refusal: Any) -> None:
    address = "/query/v1/suiteql"
    body = {"q": "SELECT id FROM customer"}
    assert refusal(client.send("POST", address, json=body)) == (400, "INVALID_HEADER")
    assert refusal(client.send("GET", address)) == (405, "INVALID_METHOD")
    headers = {"Prefer": "transient"}
    assert refusal(client.send("POST", address, json={**body, "x": 1}, headers=headers)) == (400, "INVALID_CONTENT")
    assert refusal(client.send("POST", address, data="{", headers=headers)) == (400, "INVALID_CONTENT")
    assert refusal(client.send("POST", address, json={}, headers=headers)) == (400, "INVALID_CONTENT")
    assert refusal(client.query("SELECT id FROM customer", path="?limit=1001")) == (400, "INVALID_PARAMETER")
    assert refusal(client.query("SELECT id FROM customer", path="?limit=0")) == (400, "INVALID_PARAMETER")
    assert refusal(client.query("SELECT id FROM customer", path="?limit=5&offset=3")) == (400, "INVALID_PARAMETER")
    german = {"Prefer": "transient", "Accept-Language": "de-DE"}
    assert refusal(client.send("POST", address, json=body, headers=german)) == (400, "INVALID_HEADER")


def test_parameters(client: Any, client_of: Any, refusal: Any) -> None:
    name = 'O\'Brien; -- "x"'
    client.emulator.execute("UPDATE customer SET comments = ? WHERE id = (SELECT min(id) FROM customer)", [name])
    text = "SELECT id FROM customer WHERE comments = ? AND id > ?"
    assert len(client.rows(text, [name, "1"])) == 1
    old = client_of(query_parameters=False)
    assert refusal(old.query(text, [name, 1])) == (400, "INVALID_CONTENT")


def test_pages(reader: Any) -> None:
    total = int(reader.rows("SELECT COUNT(*) AS n FROM item")[0]["n"])
    text = "SELECT id FROM item ORDER BY id"
    first = reader.query(text, path="?limit=100").json()
    assert [link["rel"] for link in first["links"]] == ["next", "last", "self"]
    assert (first["count"], first["hasMore"], first["offset"], first["totalResults"]) == (100, True, 0, total)
    last_offset = (total - 1) // 100 * 100
    last = reader.query(text, path=f"?limit=100&offset={last_offset}").json()
    assert [link["rel"] for link in last["links"]] == ["previous", "first", "self"]
    assert last["hasMore"] is False
    beyond = reader.query(text, path=f"?limit=100&offset={last_offset + 100}").json()
    assert (beyond["count"], beyond["hasMore"], beyond["totalResults"]) == (0, False, total)


def test_reading_ends_in_silence(client_of: Any) -> None:
    client = client_of(query_row_limit=70)
    last = client.query("SELECT id FROM item ORDER BY id", path="?limit=50&offset=50").json()
    assert (last["count"], last["hasMore"]) == (20, False)
    assert last["totalResults"] > 70


def test_paging_is_no_snapshot(client: Any) -> None:
    text = "SELECT id FROM customer ORDER BY id"
    first = client.query(text, path="?limit=10").json()["items"]
    client.emulator.execute("DELETE FROM customer WHERE id = ?", [int(first[0]["id"])])
    second = client.query(text, path="?limit=10&offset=10").json()["items"]
    seen = {row["id"] for row in first + second}
    assert len(client.rows(f"SELECT id FROM customer WHERE id <= {second[-1]['id']}")) == len(seen)


def test_joins_in_either_syntax(reader: Any) -> None:
    ansi = reader.rows(
        "SELECT t.id, e.entityid FROM transaction t LEFT OUTER JOIN customer e ON e.id = t.entity ORDER BY t.id"
    )
    oracle = reader.rows(
        "SELECT t.id, e.entityid FROM transaction t, customer e WHERE t.entity = e.id(+) ORDER BY t.id"
    )
    assert ansi == oracle
    assert any("entityid" not in row for row in ansi)


def test_rownum_counts_before_sorting(reader: Any) -> None:
    assert len(reader.rows("SELECT id FROM transaction WHERE ROWNUM <= 5")) == 5
    assert len(reader.rows("SELECT id FROM transaction WHERE id > 1100 AND ROWNUM < 5")) == 4
    newest = reader.rows("SELECT id FROM (SELECT id FROM transaction ORDER BY id DESC) WHERE ROWNUM = 1")
    assert newest == reader.rows("SELECT MAX(id) AS id FROM transaction")
    assert len(reader.rows("SELECT TOP 3 id FROM transaction")) == 3


def test_display_and_canonical_values(client: Any) -> None:
    client.emulator.execute(
        "UPDATE transaction SET status = 'B' WHERE id = (SELECT min(id) FROM transaction WHERE type = 'CustInvc')"
    )
    row = client.rows(
        "SELECT status, BUILTIN.CF(status) AS cf, BUILTIN.DF(status) AS df, BUILTIN.DF(t.currency) AS c "
        "FROM transaction t WHERE BUILTIN.CF(status) = 'CustInvc:B' AND type = 'CustInvc' ORDER BY id"
    )[0]
    assert (row["status"], row["cf"], row["df"]) == ("B", "CustInvc:B", "Invoice : Paid In Full")
    grouped = client.rows(
        "SELECT BUILTIN.DF(currency) AS c, COUNT(*) AS n FROM transaction GROUP BY BUILTIN.DF(currency)"
    )
    assert row["c"] in {group["c"] for group in grouped}


def test_strings_meet_numbers(client: Any) -> None:
    identifier = client.rows("SELECT MIN(id) AS id FROM transaction")[0]["id"]
    assert client.rows(f"SELECT id FROM transaction WHERE id = '{identifier}'") == [{"id": identifier}]
    client.emulator.execute("UPDATE transaction SET tranid = '0042' WHERE id = ?", [int(identifier)])
    assert client.rows("SELECT id FROM transaction WHERE tranid = 42") == [{"id": identifier}]
    assert client.rows("SELECT id FROM transaction WHERE tranid IN (42)") == [{"id": identifier}]


def test_stamps_are_in_the_account_s_time(client_of: Any) -> None:
    client = client_of(time_zone="Europe/Berlin")
    client.emulator.execute(
        "UPDATE item SET lastmodifieddate = '2024-07-01 14:00:05' WHERE id = (SELECT max(id) FROM item)"
    )
    rows = client.rows(
        "SELECT TO_CHAR(SYS_EXTRACT_UTC(lastmodifieddate), 'YYYY-MM-DD HH24:MI:SS') AS utc FROM item "
        "WHERE lastmodifieddate >= TO_DATE('2024-07-01 14:00:05','YYYY-MM-DD HH24:MI:SS') AND "
        "lastmodifieddate < TO_TIMESTAMP('2024-07-01 14:00:06','YYYY-MM-DD HH24:MI:SS') "
        "AND id = (SELECT MAX(id) FROM item)"
    )
    assert rows == [{"utc": "2024-07-01 12:00:05"}]


def test_columns_without_a_name_and_twice(reader: Any) -> None:
    assert reader.rows("SELECT COUNT(*), MAX(id) AS id, 'x' AS ID FROM currency") == [{"expr1": "5", "id": "x"}]
