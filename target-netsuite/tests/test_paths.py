"""Paths of fields and columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.errors import InvalidRecordError
from target_netsuite.mapping.row import column_path
from target_netsuite.mapping.values import ABSENT
from target_netsuite.settings.entries import EACH, parse_path, path_text

_NAME = st.text("ab_9", min_size=1, max_size=3)


@given(st.lists(st.tuples(_NAME, st.booleans()), min_size=1, max_size=4))
def test_a_path_is_read_as_it_is_written_in_either_form(parts: list[tuple[str, bool]]) -> None:
    path = tuple(name for part, each in parts for name in ((part, EACH) if each else (part,)))
    assert parse_path(path_text(path)) == path
    assert parse_path(".".join(part + EACH if each else part for part, each in parts)) == path


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "[]", "a[]b", "a[][]", "[]a"])
def test_what_is_no_path_is_none(text: str) -> None:
    assert parse_path(text) is None


def test_a_column_called_like_a_path_is_that_column() -> None:
    row = {"a.b": 1, "a": {"b": 2}, "n": None, "t": "x"}
    assert column_path("a.b", {"a.b"}).value(row) == 1
    assert column_path("a.b", {"a"}).value(row) == 2
    assert column_path("n.b", ()).value(row) is None
    assert column_path("a.c", ()).value(row) is ABSENT
    with pytest.raises(InvalidRecordError, match="`t` is 'x', which is not an object"):
        column_path("t.b", ()).value(row)
    assert column_path("gone", ()).value(row) is ABSENT
    assert column_path("a.lines[].lots[].qty", ()).inside == "lots[].qty"
