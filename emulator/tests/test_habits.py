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
