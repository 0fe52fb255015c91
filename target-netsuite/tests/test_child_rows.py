"""Rows that wait for their parents."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.child_streams import ChildRows, WaitingParents
from target_netsuite.errors import BAD_KEY, MISSING_KEY, InvalidRecordError


@pytest.fixture
def rows() -> Iterator[ChildRows]:
    store = ChildRows({"lines": ("order", "shop")})
    yield store
    store.close()


def _row(order: Any, number: int, **more: Any) -> dict[str, Any]:
    return {"order": order, "shop": "A", "number": number, **more}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=12), st.sets(st.integers(0, 3))
)
def test_parents_get_the_rows_a_plain_list_would_give(moves: list[tuple[int, int, bool]], taken: set[int]) -> None:
    store, expected = ChildRows({"lines": ("order",)}), dict[int, dict[str, Any]]()
    for order, number, deleted in moves:
        row = {"order": order, "number": number}
        if deleted:
            store.remove("lines", row, ["number"])
            expected.pop(number, None)
        else:
            store.add("lines", row, ["number"])
            expected[number] = row

    for order in taken:
        assert store.take("lines", (order,)) == [row for row in expected.values() if row["order"] == order]
    assert list(store.left_over()) == [("lines", row) for row in expected.values() if row["order"] not in taken]
    store.close()


def test_keys_are_the_same_however_they_are_written_and_numbers_stay_exact(rows: ChildRows) -> None:
    rows.add("lines", _row(7, 1, amount=Decimal("0.10")))
    rows.add("lines", _row("7", 1))
    rows.add("lines", _row(Decimal("7.0"), 1))
    found = rows.take("lines", ("7", "A"))
    assert len(found) == 3
    assert str(found[0]["amount"]) == "0.10"
    assert rows.take("lines", (7, "A")) == found  # a parent may come twice
    assert rows.take("lines", (7, "B")) == []
    assert list(rows.left_over()) == []


@pytest.mark.parametrize(("value", "code"), [(None, MISSING_KEY), ("", MISSING_KEY), (True, BAD_KEY), ([], BAD_KEY)])
def test_a_row_that_does_not_name_its_parent_is_refused(rows: ChildRows, value: Any, code: str) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        rows.add("lines", _row(value, 1))
    assert (caught.value.column, caught.value.code) == ("order", code)


def test_parents_wait_in_their_order() -> None:
    store = WaitingParents()
    for number in range(1, 4):
        store.add("orders", number, {"id": number, "total": Decimal("1.50")})
    store.add("other", 1, {})
    assert [(stream, number) for stream, number, _ in store.all()] == [
        ("orders", 1),
        ("orders", 2),
        ("orders", 3),
        ("other", 1),
    ]
    assert next(store.all())[2] == {"id": 1, "total": Decimal("1.50")}
    store.close()
