"""Templates of external ids."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.errors import InvalidRecordError
from target_netsuite.settings.entries import ADDRESSABLE, Template

_PLAIN = st.text("abcXYZ019_-", max_size=5)
_COLUMN = st.text("abc_", min_size=1, max_size=4)
_VALUE = st.one_of(st.text("abC9-_", min_size=1, max_size=6), st.integers())


@given(st.lists(st.tuples(_PLAIN, _COLUMN), min_size=1, max_size=4), _PLAIN, st.data())
def test_a_template_is_filled_as_reading_it_aloud_would(
    parts: list[tuple[str, str]], tail: str, data: st.DataObject
) -> None:
    text = "".join(f"{literal}{{{column}}}" for literal, column in parts) + tail
    record = {column: data.draw(_VALUE) for _, column in parts}
    expected = "".join(literal + str(record[column]) for literal, column in parts) + tail

    template = Template.parse(text)

    assert template.fill(record) == expected
    assert template.columns == tuple(column for _, column in parts)


@given(st.text(max_size=12), st.text(max_size=5))
def test_whatever_is_filled_in_the_result_can_be_addressed_or_the_record_is_refused(literal: str, value: str) -> None:
    try:
        filled = Template.parse(literal + "{a}").fill({"a": value})
    except (ValueError, InvalidRecordError):
        return
    assert ADDRESSABLE.fullmatch(filled)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CRM", "names no column"),
        ("{", "cannot be read"),
        ("{id", "cannot be read"),
        ("{}", "only the names of columns"),
        ("{id:05d}", "only the names of columns"),
        ("{id!r}", "only the names of columns"),
        ("CRM {id}", "'CRM '"),
        ("CRM/{id}", "'CRM/'"),
        ("a|{id}", "'a|'"),
    ],
)
def test_a_template_that_cannot_work_is_refused_before_any_record(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Template.parse(text)


def test_a_column_name_is_never_taken_for_a_path_into_an_object() -> None:
    template = Template.parse("{a.__class__}")
    assert template.columns == ("a.__class__",)
    with pytest.raises(InvalidRecordError):
        template.fill({"a": 1})


@pytest.mark.parametrize("value", [None, "", " ", "a b", "a/b", "a|b", "ü", "a.b", 1.5, Decimal("1.5"), True, [], {}])
def test_values_that_make_no_id_refuse_the_record(value: Any) -> None:
    with pytest.raises(InvalidRecordError) as caught:
        Template.parse("CRM-{id}").fill({"id": value})
    assert caught.value.column == "id"
    assert "`id`" in caught.value.problem


def test_a_whole_number_with_a_fraction_of_nothing_is_the_same_id() -> None:
    assert Template.parse("CRM-{id}").fill({"id": Decimal("7.0")}) == "CRM-7"
