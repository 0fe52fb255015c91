"""From a page's bytes to RECORD lines: the quick way and the careful one lead to the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import ConnectionFailedError, IncompleteResultError, Page, SuiteQL
from suitetalk.http.response import Answer
from tap_netsuite.reading.page import RowFormat, Rows, ValueFormError
from tap_netsuite.source import Column, Kind, Source, converter

ZONE = ZoneInfo("Australia/Sydney")
COLUMNS = (
    Column("id", Kind.INTEGER),
    Column("class", Kind.INTEGER),
    Column("amount", Kind.DECIMAL),
    Column("active", Kind.BOOLEAN),
    Column("day", Kind.DATE),
    Column("lastmodified", Kind.DATE_TIME, in_utc=True),
    Column("local", Kind.DATE_TIME),
    Column("memo", Kind.TEXT),
    Column("tags", Kind.ID_LIST),
)
SOURCE = Source("t", COLUMNS, (COLUMNS[0],), COLUMNS[5])
PLAIN = Source("t", COLUMNS)

TIMES = st.datetimes().map(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}".rjust(19, "0"))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.sampled_from(
    [".5", "-.25", "-0", "1e3", "1E-7", "0.0000001", "00012.50", "9007199254740993.13", "5."]
)
INTEGERS = st.integers().map(str) | st.sampled_from(["-0", "007", "5.0", "1e3", "9007199254740993.0", "1" * 40])
TEXTS = st.text() | st.sampled_from(
    [
        "",
        "null",
        "Null",
        "NaN",
        "Paid In Full",
        "Hull",
        'ull"',
        "T",
        "007",
        '<p class="x">\\n</p>',
        "\\ud800",
        "\t\x00",
        "😀",
    ]
)
ODD = st.sampled_from(
    [
        "",
        "null",
        "NULL",
        "NaN",
        "sNaN",
        "-inf",
        "1_000",
        "1e3",
        "5.5",
        " 5",
        "5 ",
        "--5",
        "5-3",
        "\u0665",
        "T",
        "true",
        "2024-05-02",
    ]
)
TIMES_OF_A_KIND = st.sampled_from(
    [
        *("2024-02-30 00:00:00", "2024-05-02T09:31:00", "2024-05-02x09:31:00", "20240502 093100.123", "2024-W01-1"),
        *("2024-05-02 09:31:00.5", "2024-05-02 09:31:00+02:00", "10000-01-01 00:00:00", "0000-12-31 10:00:00"),
        *("9999-12-31 23:59:59", "0001-01-01 00:00:00", "2024-05-02 24:00:00", "2024-05-02", "2024-10-06 02:30:00"),
    ]
)
NOT_TEXT = st.sampled_from([5, 0, 1, 1.0, 5.5, 9007199254740993, True, False, [], ["1", 2], {}, {"id": "1"}])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "class": INTEGERS,
    "amount": DECIMALS,
    "active": st.sampled_from(["T", "F", "true", True, False]),
    "day": TIMES,
    "lastmodified": TIMES,
    "local": TIMES,
    "memo": TEXTS,
    "tags": st.lists(st.integers(0, 99).map(str), max_size=3).map(", ".join),
}
ANYTHING = TEXTS | ODD | TIMES_OF_A_KIND | NOT_TEXT | INTEGERS | DECIMALS | st.none()
FITTING = st.lists(
    st.fixed_dictionaries({}, optional={name: kind | st.none() for name, kind in VALUES.items()}), max_size=5
)
ONE_ODD = st.tuples(st.integers(0, 4), st.sampled_from(sorted(VALUES)), ANYTHING)


def content(rows: list[dict[str, Any]], **more: Any) -> bytes:
    items = [{"links": [], **row} for row in rows]
    return json.dumps({"items": items, "totalResults": len(rows), "hasMore": False, "links": [], **more}).encode()


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "id": str(number)} for number, row in enumerate(rows)]


def answered(body: bytes) -> Answer:
    return Answer("POST /suiteql", 200, {}, body)


class QuickFormat(RowFormat):
    """One that never leaves the quick way."""

    def of_page(self, page: Page, offset: int = 0) -> Rows:  # noqa: ARG002
        raise AssertionError("the quick way was left")


def messages(rows: Rows) -> list[dict[str, Any]]:
    found = [json.loads(line, parse_float=Decimal) for line in rows.lines.splitlines()]
    return [{**message, "time_extracted": None} for message in found]


def a_format(source: Source = SOURCE, kind: type[RowFormat] = RowFormat) -> RowFormat:
    return kind("things", source, lambda: ZONE, as_lines=True)


def plainly(body: bytes) -> bytes:
    """The lines of a page, made of it value by value and in no hurry."""
    lines = []
    for item in json.loads(body, parse_float=Decimal)["items"]:
        given = {name.lower(): value for name, value in item.items() if name != "links" and value != ""}
        record = {}
        for column in COLUMNS:
            value = given.get(column.name)
            zone = ZoneInfo("UTC") if column.in_utc else ZONE
            record[column.name] = None if value is None else converter(column.kind, zone)(value)
        lines.append({"type": "RECORD", "stream": "things", "record": record, "time_extracted": ""})
    return msgspec.json.Encoder(decimal_format="number").encode_lines(lines)


def timeless(lines: bytes) -> bytes:
    return re.sub(rb'(?m)(?<="time_extracted":")[^"]*(?="}$)', b"", lines)


def check_same(body: bytes, row_format: RowFormat) -> None:
    """Make sure that a page's lines are, to the byte, what the plain way makes of it, or that both refuse it."""
    try:
        expected = plainly(body)
    except ValueError:
        with pytest.raises(ValueFormError, match="make its type string in the catalog"):
            row_format.read(answered(body))
        return
    read = row_format.read(answered(body))
    assert timeless(read.lines) == expected
    assert read == replace(a_format().of_page(SuiteQL.page_of(answered(body))), lines=read.lines)


@given(FITTING, ONE_ODD)
def test_any_value_goes_the_quick_way_and_ends_as_the_plain_one(
    rows: list[dict[str, Any]], odd: tuple[int, str, Any]
) -> None:
    place, name, value = odd
    check_same(content(numbered(rows)), a_format(kind=QuickFormat))
    if rows:
        rows[place % len(rows)][name] = value
    check_same(content(numbered(rows)), a_format(kind=QuickFormat))


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(VALUES, ANYTHING)), max_size=3))
def test_whatever_comes_in_every_column(rows: list[dict[str, Any]]) -> None:
    check_same(content(numbered(rows)), a_format(kind=QuickFormat))


@pytest.mark.few(2)
@pytest.mark.parametrize("column", COLUMNS[1:])
@given(st.lists(ANYTHING, max_size=5), st.data())
def test_what_one_page_teaches_about_a_column_suits_the_next(
    column: Column, values: list[Any], data: st.DataObject
) -> None:
    """A column that was odd once is decoded in another way from then on."""
    row_format = a_format(kind=QuickFormat)
    for _ in range(2):
        check_same(content(numbered([{column.name: value} for value in values])), row_format)
        values = data.draw(st.lists(VALUES[column.name], max_size=5))


BLANKS = st.sampled_from(["", " ", "\n", "\r\n\t  "])
NAMES = st.sampled_from([*VALUES, "MEMO", "Memo", "links", "Links", "custom", "id", "ID", "AMOUNT"])
LINKS = st.sampled_from(["[]", '[{"rel": "self", "href": "https://x"}]', "null", '"\\\\"'])


@st.composite
def pages_by_other_hands(draw: st.DrawFn) -> bytes:
    """Pages with columns in any order, case and number, blanks in odd places, and characters escaped or not."""

    def text(value: Any) -> str:
        if isinstance(value, str) and draw(st.booleans()):
            units = value.encode("utf-16-be", "surrogatepass")
            form = draw(st.sampled_from(["\\u%04x", "\\u%04X"]))
            return (
                '"' + "".join(form % int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)) + '"'
            )
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    def blank() -> str:
        return draw(BLANKS)

    rows = []
    for number in range(draw(st.integers(0, 3))):
        names = [
            *draw(st.lists(NAMES.filter(lambda name: name.lower() != "id"), max_size=6)),
            draw(st.sampled_from(["id", "id", "ID"])),
        ]
        members = [
            f"{text(name)}{blank()}:{blank()}"
            + (
                draw(LINKS)
                if name == "links"
                else text(str(number))
                if name.lower() == "id"
                else text(draw(VALUES.get(name.lower(), TEXTS) | st.none()))
            )
            for name in draw(st.permutations(names))
        ]
        rows.append("{" + blank() + f"{blank()},{blank()}".join(members) + "}")
    items = f"[{blank()}{f',{blank()}'.join(rows)}{blank()}]"
    parts = [
        f'"items"{blank()}:{blank()}{items}',
        f'"totalResults":{len(rows)}',
        '"hasMore":false',
        '"links":[]',
        '"count":1',
    ]
    return f"{blank()}{{{blank()}{f',{blank()}'.join(draw(st.permutations(parts)))}}}{blank()}".encode()


@given(pages_by_other_hands())
def test_a_page_however_it_is_written(body: bytes) -> None:
    check_same(body, a_format())


@given(FITTING, st.sampled_from(["\x01", "\t", "\n", "\\ud83d", "\\uDE00", "\ud83d", "\ude00", "\xff"]), st.integers(0))
def test_characters_that_no_decoder_takes_cost_their_own_text_alone(
    rows: list[dict[str, Any]], damage: str, place: int
) -> None:
    """Half a surrogate, a raw control character, a byte of Latin-1."""
    sound = content(numbered([*rows, {"memo": "here->"}]))
    raw = damage.encode("latin-1" if damage == "\xff" else "utf-8", "surrogatepass")
    damaged = Answer("POST /suiteql", 200, {}, sound.replace(b"here->", b"here->" + raw + b"<-"))
    read = a_format(kind=QuickFormat).read(damaged)
    shown = damage if len(damage) == 1 and damage < " " else "\ufffd"
    assert timeless(read.lines) == plainly(sound.replace(b"here->", json.dumps(f"here->{shown}<-")[1:-1].encode()))


@pytest.mark.parametrize(
    "other", ["1.10", "-0.50", ".5", "5.", "0.0000001", "-0.00000000", "9" * 40 + ".5", "007.50", None]
)
def test_numbers_leave_to_the_digit_whatever_stands_beside_them(other: str | None) -> None:
    rows = numbered([{"amount": "10.000000"}, {"amount": other}, {"amount": "-3.20"}])
    check_same(content(rows), a_format(kind=QuickFormat))


def test_a_text_of_eighty_kilobytes_and_every_character_there_is() -> None:
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000, 7)]))
    check_same(content(numbered([{"memo": "null" * 20_000}, {"memo": every}])), a_format(kind=QuickFormat))


@pytest.mark.parametrize("names", [("id", "links"), ("id", "Memo", "memo")])
def test_a_column_named_as_another_member_of_a_row_is_no_trouble(names: tuple[str, ...]) -> None:
    columns = (COLUMNS[0], *(Column(name, Kind.TEXT) for name in names[1:]))
    body = content([{"id": "5", "memo": "kept"}])
    rows = a_format(Source("t", columns)).read(answered(body))
    found = messages(rows)[0]["record"]
    assert found == {name: {"id": 5, "memo": "kept"}.get(name.lower()) for name in names}


def test_names_in_capitals_and_columns_nobody_asked_for_are_not_lost() -> None:
    given_rows = [{"ID": "5", "MEMO": "kept"}]
    rows = a_format().read(answered(content(given_rows)))
    assert messages(rows)[0]["record"]["memo"] == "kept"


def test_a_record_has_every_column_and_exact_decimals() -> None:
    rows = a_format(kind=QuickFormat).read(answered(content([{"id": "5", "amount": "9007199254740993.130"}])))
    assert b'"amount":9007199254740993.130' in rows.lines
    assert messages(rows)[0]["record"].keys() == {column.name for column in COLUMNS}


def test_texts_without_characters_are_null_whatever_the_column() -> None:
    """Oracle's database has no other ones, and an account that sends them must not make numbers texts."""
    empty = dict.fromkeys(column.name for column in COLUMNS)
    for kind in (QuickFormat, RowFormat):
        rows = a_format(kind=kind).read(answered(content([{**dict.fromkeys(empty, ""), "id": "5"}])))
        assert messages(rows)[0]["record"] == {**empty, "id": 5}


def test_a_page_without_rows_needs_no_list_of_them() -> None:
    for body in ({"totalResults": 0, "hasMore": False}, {"items": None, "totalResults": 0}):
        rows = a_format().read(answered(json.dumps(body).encode()))
        assert (rows.count, rows.total, rows.is_whole) == (0, 0, True)


def test_a_page_that_does_not_say_how_many_rows_there_are_is_not_taken_for_all() -> None:
    body = {"items": [{"id": "5"}], "hasMore": True, "offset": 0}
    assert a_format().read(answered(json.dumps(body).encode())).disagrees
    assert a_format().read(answered(json.dumps({**body, "hasMore": False}).encode())).is_whole


def test_after_a_page_without_rows_comes_none_whatever_it_says() -> None:
    assert Rows(0, offset=50, has_more=True).is_last
    assert not Rows(1, offset=50, has_more=True).is_last


def test_the_total_may_be_text() -> None:
    assert a_format(kind=QuickFormat).read(answered(content([], totalResults="53"))).total == 53
    assert a_format().read(answered(content([], totalResults=53.0))).total == 53
    for total in (-1, "many", None):
        with pytest.raises(ConnectionFailedError, match="not a page of rows"):
            check_same(content([], totalResults=total), a_format())


@pytest.mark.parametrize(
    ("ids", "words"),
    [(["2", "1"], "does not order t by id as numbers"), (["1", "1"], "two rows with the same key: id does not")],
)
def test_keys_out_of_order_are_an_error(ids: list[str], words: str) -> None:
    with pytest.raises(IncompleteResultError, match=words):
        a_format(kind=QuickFormat).read(answered(content([{"id": number} for number in ids])))
    assert a_format(PLAIN, kind=QuickFormat).read(answered(content([{"id": number} for number in ids]))).count == 2


def test_a_row_without_its_key_is_an_error() -> None:
    with pytest.raises(IncompleteResultError, match="has a row without id: id does not identify a row"):
        a_format(kind=QuickFormat).read(answered(content([{"memo": "lost"}])))


def test_for_the_sdk_rows_are_mappings() -> None:
    row_format = RowFormat("things", SOURCE, lambda: ZONE, as_lines=False)
    rows = row_format.read(answered(content([{"id": "5", "active": "T"}])))
    assert rows.records
    assert rows.records[0]["active"] is True
    assert not rows.lines


@pytest.mark.parametrize("as_lines", [True, False])
def test_values_are_kept_on_request_and_rows_say_that_they_are_there(*, as_lines: bool) -> None:
    row_format = RowFormat("things", SOURCE, lambda: ZONE, as_lines=as_lines, kept=("id", "memo"), marks_deletions=True)
    items = [{"id": "5", "memo": "five"}, {"id": "7"}]
    rows = row_format.read(answered(content(items)))
    assert rows.kept == ((5, "five"), (7, None))
    records = [json.loads(line)["record"] for line in rows.lines.splitlines()] if as_lines else rows.records
    assert records
    assert [record["_sdc_deleted_at"] for record in records] == [None, None]
