"""Pages of SuiteQL: what is kept between them is never seen to be old."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests

from netsuite_emulator import Fault

BIG = "customrecord_big"
EVERY_COLUMN = f"SELECT * FROM {BIG} ORDER BY id"


def pages_of(client: Any, query: str, limit: int = 1000) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        answer = client.query(query, path=f"?limit={limit}&offset={offset}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if not page["hasMore"]:
            return
        offset += limit


def ids_of(pages: Any) -> list[int]:
    return [int(row["id"]) for page in pages for row in page["items"]]


@pytest.mark.few(2)
@pytest.mark.parametrize("order", ["id", "id DESC", "lastmodified, id", "name", "1"])
def test_every_page_of_a_sorted_statement(client_of: Any, order: str) -> None:
    client = client_of(big_tables={BIG: 4500}, query_row_limit=3000)
    pages = list(pages_of(client, f"SELECT id, name, lastmodified FROM {BIG} ORDER BY {order}", 500))
    assert [len(page["items"]) for page in pages] == [500] * 6
    assert {page["totalResults"] for page in pages} == {4500}
    truth = client.emulator.execute(f"SELECT id FROM {BIG} ORDER BY {order}")
    assert ids_of(pages) == [row[0] for row in truth[:3000]]


def test_rows_that_bunch_at_one_end(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 4500}, query_row_limit=3000)
    client.emulator.execute(f"UPDATE {BIG} SET id = id * id WHERE id > 2000")
    truth = [row[0] for row in client.emulator.execute(f"SELECT id FROM {BIG} ORDER BY id LIMIT 3000")]
    assert ids_of(pages_of(client, f"SELECT id FROM {BIG} ORDER BY id")) == truth
    client.emulator.execute(f"UPDATE {BIG} SET id = NULL WHERE id > 3000")
    truth = client.emulator.execute(f"SELECT id, name FROM {BIG} ORDER BY id LIMIT 3000")
    rows = [row for page in pages_of(client, f"SELECT id, name FROM {BIG} ORDER BY id") for row in page["items"]]
    assert [row.get("id") for row in rows] == [None if key is None else str(key) for key, _ in truth]


def test_a_page_after_a_write_shows_it(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 3500}, dense_ids=True)
    query = f"SELECT id, name FROM {BIG} ORDER BY id"

    def page(number: int) -> Any:
        answer = client.query(query, path=f"?limit=1000&offset={number * 1000}").json()
        return answer["totalResults"], int(answer["items"][0]["id"]), answer["items"][0]["name"]

    assert [page(0), page(1), page(2)] == [(3500, n * 1000 + 1, f"Record {n * 1000 + 1}") for n in range(3)]
    client.send("DELETE", f"/record/v1/{BIG}/5")
    assert page(1)[:2] == (3499, 1002)
    client.emulator.execute(f"UPDATE {BIG} SET name = 'Behind its back' WHERE id = 1002")
    assert page(1) == (3499, 1002, "Behind its back")
    address = f"{client.emulator.url}/emulator/sql"
    assert requests.post(address, json={"sql": f"DELETE FROM {BIG} WHERE id < 10"}, timeout=30).status_code == 200
    assert page(1)[:2] == (3491, 1010)
    client.send("PATCH", f"/record/v1/{BIG}/1010", json={"name": "By the service"})
    assert page(1)[2] == "By the service"
    made = client.create(BIG, {"name": "New"})
    assert client.rows(f"SELECT id FROM {BIG} WHERE name = 'New'") == [{"id": made}]
    assert page(1)[0] == 3492


def test_the_time_goes_on_while_nothing_is_written(reader: Any) -> None:
    query = "SELECT TO_CHAR(SYSDATE, 'HH24:MI:SS') AS now FROM dual"
    first = reader.rows(query)
    assert reader.rows(query)
    time.sleep(1.1)
    assert reader.rows(query) != first


def test_pages_asked_for_at_once(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 20_000}, concurrency_limit=60)

    def ask(number: int) -> list[int]:
        answer = client.query(EVERY_COLUMN, path=f"?limit=500&offset={number * 500}")
        assert answer.status_code == 200, answer.text
        return ids_of([answer.json()])

    with ThreadPoolExecutor(40) as pool:
        found = [key for page in pool.map(ask, range(40)) for key in page]
    assert found == [row[0] for row in client.emulator.execute(f"SELECT id FROM {BIG} ORDER BY id")]


@pytest.mark.parametrize("order", [[39, 0, 38, 1], [7, 8, 0, 39], [12]])
def test_a_late_page_that_is_asked_for_first(client_of: Any, order: list[int]) -> None:
    client = client_of(big_tables={BIG: 20_000}, query_row_limit=15_000)
    truth = [row[0] for row in client.emulator.execute(f"SELECT id FROM {BIG} ORDER BY id LIMIT 15000")]
    for number in order:
        page = client.query(EVERY_COLUMN, path=f"?limit=500&offset={number * 500}").json()
        assert ids_of([page]) == truth[number * 500 : (number + 1) * 500]
        assert page["totalResults"] == 20_000


def test_rows_that_cannot_be_worked_out_refuse_the_pages_from_there_on(client_of: Any) -> None:
    client = client_of(big_tables={BIG: 5000}, dense_ids=True)
    client.emulator.execute(f"UPDATE {BIG} SET name = CASE WHEN id = 4500 THEN 'x' ELSE '7' END")
    query = f"SELECT id, TO_NUMBER(name) AS number FROM {BIG} ORDER BY id"
    answers = [client.query(query, path=f"?limit=1000&offset={offset}") for offset in (0, 4000, 4000)]
    assert [answer.status_code for answer in answers[1:]] == [400, 400]
    assert answers[0].status_code in (200, 400)
    assert client.emulator.failures == []


def test_55_requests_in_flight(client_of: Any) -> None:
    client = client_of(concurrency_limit=55)
    client.emulator.faults.add(Fault(effect="delay", seconds=300))  # until it is switched off
    with ThreadPoolExecutor(55) as pool:
        asked = [pool.submit(client.query, "SELECT id FROM currency") for _ in range(55)]
        deadline = time.monotonic() + 120
        while client.emulator.highest_in_flight < 55 and time.monotonic() < deadline:
            time.sleep(0.01)
        client.emulator.faults.clear()
        statuses = [one.result().status_code for one in asked]
    assert statuses == [200] * 55
    assert client.emulator.highest_in_flight == 55


def test_values_are_written_as_ever(client_of: Any) -> None:
    client = client_of(date_format="DD MONTH, YYYY", datetime_with_time=True, big_tables={BIG: 1}, dense_ids=True)
    client.emulator.execute(
        f"UPDATE {BIG} SET name = '', custrecord_title = 'a\"b\\c' || chr(10) || '☕ü' || chr(1), "
        "custrecord_due = NULL, custrecord_amount = -0.5, custrecord_rate = 100, "
        "custrecord_balance = 12345678901234567890.12345678, custrecord_day = DATE '2024-02-09', "
        "lastmodified = TIMESTAMP '2024-02-09 03:04:05', custrecord_counter = -7"
    )
    row = client.rows(f"SELECT * FROM {BIG}")[0]
    assert "name" not in row
    assert "custrecord_due" not in row
    assert row["custrecord_title"] == 'a"b\\c\n☕ü\x01'
    assert (row["custrecord_amount"], row["custrecord_rate"]) == ("-0.5", "100")
    assert row["custrecord_balance"] == "12345678901234567890.12345678"
    assert (row["custrecord_day"], row["lastmodified"]) == ("09 February, 2024", "09 February, 2024 03:04:05")
    assert row["custrecord_counter"] == "-7"
    assert client.rows(f"SELECT id AS a, name AS b, custrecord_counter AS a FROM {BIG}") == [{"a": "-7"}]
    answer = client.query(f"SELECT id FROM {BIG} WHERE id = 1").json()["items"]
    assert answer == [{"links": [], "id": "1"}]


@pytest.mark.parametrize("value", ["1e-5", "1.2345e-7", "1e16", "1.5e20", "-3e-9", "0.1", "-2.5", "1", "123456789.125"])
def test_floating_point_numbers_have_no_exponent(reader: Any, value: str) -> None:
    shown = reader.rows(f"SELECT POWER({value}, 1) AS x FROM dual")[0]["x"]
    assert "e" not in shown
    assert Decimal(shown) == Decimal(value)


def test_without_the_leading_zero(client_of: Any) -> None:
    client = client_of(leading_zero=False)
    rows = client.rows("SELECT 0.5 AS a, -0.25 AS b, 10.5 AS c, POWER(0.5, 1) AS d, 0 AS e FROM dual")
    assert rows == [{"a": ".5", "b": "-.25", "c": "10.5", "d": ".5", "e": "0"}]


def test_hashes_are_the_same_in_every_account(client_of: Any) -> None:
    query = "SELECT ORA_HASH(name) AS a, MOD(ORA_HASH(id), 4) AS b, ORA_HASH(id, 9) AS c FROM currency ORDER BY id"
    first, second = client_of().rows(query), client_of().rows(query)
    assert first == second
    assert {row["b"] for row in first} <= {"0", "1", "2", "3"}
    assert all(0 <= int(row["c"]) <= 9 for row in first)
