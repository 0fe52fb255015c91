"""SuiteQL's answers compared with a plain model in Python over the same rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

Row = dict[str, Any]
COLUMNS = ("id", "entity", "trandate", "foreigntotal", "tranid", "posting", "memo")


def compared(operator: str, left: Any, right: Any) -> bool:
    if left is None:
        return False
    return bool(
        {
            "=": left == right,
            "<>": left != right,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
        }[operator]
    )


def conditions() -> st.SearchStrategy[tuple[str, Callable[[Row], bool]]]:
    """A condition as SuiteQL and as a function of a row."""
    operators = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    number = st.builds(
        lambda name, operator, value, quoted: (
            f"{name} {operator} " + (f"'{value}'" if quoted else str(value)),
            lambda row: compared(operator, row[name], Decimal(value)),
        ),
        st.sampled_from(["id", "entity", "foreigntotal"]),
        operators,
        st.integers(-3000, 6000),
        st.booleans(),
    )
    day = st.builds(
        lambda operator, value: (
            f"trandate {operator} TO_DATE('{value}', 'YYYY-MM-DD')",
            lambda row: compared(operator, row["trandate"], value),
        ),
        operators,
        st.dates(min_value=date(2021, 12, 1), max_value=date(2026, 12, 1)),
    )
    flag = st.sampled_from(
        [
            ("posting = 'T'", lambda row: row["posting"] == "T"),
            ("memo IS NULL", lambda row: row["memo"] is None),
            ("memo LIKE '%o%'", lambda row: row["memo"] is not None and "o" in row["memo"]),
            ("NVL(memo, '-') = '-'", lambda row: row["memo"] is None),
        ]
    )
    simple: st.SearchStrategy[Any] = number | day | flag
    return st.recursive(
        simple,
        lambda part: st.builds(
            lambda word, a, b: (
                f"({a[0]} {word} {b[0]})",
                (lambda row: a[1](row) and b[1](row)) if word == "AND" else (lambda row: a[1](row) or b[1](row)),
            ),
            st.sampled_from(["AND", "OR"]),
            part,
            part,
        ),
        max_leaves=4,
    )


def written(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if hasattr(value, "year"):
        return f"{value.month}/{value.day}/{value.year}"
    return str(value)


@pytest.fixture(scope="module")
def rows(reader: Any) -> list[Row]:
    """The rows as the database has them."""
    stored = reader.emulator.execute(f"SELECT {', '.join(COLUMNS)} FROM transaction ORDER BY id")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in stored]
    for row in rows:
        row["entity"] = None if row["entity"] is None else Decimal(row["entity"])
    return rows


@given(condition=conditions())
def test_where_clauses(reader: Any, rows: list[Row], condition: tuple[str, Callable[[Row], bool]]) -> None:
    listed = ", ".join(COLUMNS)
    text, holds = condition
    expected = [
        {name: written(row[name]) for name in COLUMNS if written(row[name]) is not None} for row in rows if holds(row)
    ]
    answer = reader.query(f"SELECT {listed} FROM transaction WHERE {text} ORDER BY id").json()
    assert [{key: value for key, value in row.items() if key != "links"} for row in answer["items"]] == expected
    assert answer["totalResults"] == len(expected)
