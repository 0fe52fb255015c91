"""The HTML report of a run: what is escaped and left out, and that it is written however the run ends."""

from __future__ import annotations

import json
import re
import stat
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import ConfigurationError
from suitetalk.report import Chart, Ending, Moment, RunReport, Table, Watch, html, kept, shape_of

HOSTILE = "</td></table><script>alert(1)</script><img src=x onerror=alert(1)> \" ' & \u202e \x1b[31m"
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "dl", "div", "dt", "dd",
    "section", "table", "thead", "tbody", "tr", "th", "td", "span", "pre", "svg", "rect", "polyline", "i",
}  # fmt: skip


def report(ending: Ending = Ending("complete"), *parts: Table | Chart, title: str = "tap") -> RunReport:  # noqa: B008 - frozen
    return RunReport(title, datetime(2026, 1, 2, tzinfo=timezone.utc), ending, [("rows", "1")], parts)


class Reader(HTMLParser):
    """What a browser makes of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@given(st.text())
def test_every_text_stays_text(text: str) -> None:
    for hostile in (text, HOSTILE + text):
        table = Table(hostile, ("a", hostile), [(hostile, hostile)], code=("a",), note=hostile)
        read = Reader(html(report(Ending("failed", hostile), table, title=hostile)))

        assert set(read.tags) <= TAGS
        assert not [name for name in read.attributes if name.startswith("on") or name in ("src", "href")]


def test_hostile_texts_are_readable() -> None:
    text = html(report(Ending("failed", HOSTILE), Table("t", ("a",), [(HOSTILE,)])))

    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert sum("<script>alert(1)</script>" in part for part in Reader(text).texts) == 2


def test_it_opens_offline() -> None:
    text = html(report(Ending("complete"), Chart([Moment(2, 3, 1, 4)], 9.0), Table("t", ("a",), [("b",)])))

    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)
    assert "At most 2 requests in flight; 1 answered 429" in text


def test_secrets_are_hidden() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"
    words = f'proxy said {{"client_secret": "hush"}} Bearer {token} https://x.example/?token=hush'
    text = html(report(Ending("failed", words), Table("t", ("a",), [(words,)])))

    assert "hush" not in text
    assert token not in text
    assert text.count("[hidden]") >= 4


@pytest.mark.parametrize(
    ("name", "statement", "shape"),
    [
        ("POST /query/v1/suiteql", "SELECT id, custbody1\n  FROM t WHERE email = 'o''neil@x' AND id > 17.5",
         "SELECT id, custbody1 FROM t WHERE email = ? AND id > ?"),
        ("POST /query/v1/suiteql", "SELECT 1 FROM t WHERE k IN (1, 2,3) OR n IN ('a','b')",
         "SELECT ? FROM t WHERE k IN (?, …) OR n IN (?, …)"),
        ("POST /query/v1/suiteql?limit=5", "SELECT a FROM t WHERE b = 'cut off", "SELECT a FROM t WHERE b = ?"),
        ("PATCH /record/v1/customer/17", None, "PATCH /record/v1/customer/…"),
        ("PUT /record/v1/customer/eid:o'neil@x?replace=a", None, "PUT /record/v1/customer/…"),
        ("GET /record/v1/customlist_2/3/x", None, "GET /record/v1/customlist_2/…/x"),
    ],
)  # fmt: skip
def test_statements_come_without_values(name: str, statement: str | None, shape: str) -> None:
    body = json.dumps({"q": statement, "params": ["secret"]}).encode() if statement else b'{"email": "a@x"}'

    assert shape_of(name, body) == shape


def test_bodies_that_are_none_do_no_harm() -> None:
    for body in (None, b"", b"[]", b'{"q": 1}', b"\xff", iter("x")):
        assert shape_of("POST /query/v1/suiteql", body) == "POST /query/v1/suiteql"


def test_what_a_watch_sees() -> None:
    watch = Watch(lambda: 5)
    with (
        watch.request("GET /record/v1/customer/1", None, [200]),
        watch.request("GET /record/v1/customer/2", None, [429]),
    ):
        pass
    with pytest.raises(OSError, match="gone"), watch.request("GET /system/v1/serverTime", None, []):
        raise OSError("gone")

    (moment,) = watch.chart().moments[-1:]
    assert (moment.in_flight, moment.answered, moment.blocked, moment.limit) == (2, 3, 1, 5)
    rows = {row[0]: (row[1], row[5]) for row in watch.slowest().rows}
    assert rows == {"GET /record/v1/customer/…": ("2", "1"), "GET /system/v1/serverTime": ("1", "1")}


def test_a_long_run_has_moments_that_are_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("suitetalk.report.monotonic", lambda: now[0])
    watch = Watch(lambda: 5)
    for second in range(5000):
        now[0] = second + 0.5
        with watch.request("GET /x", None, [429 if second % 100 == 0 else 200]):
            pass

    moments = watch.chart().moments
    assert 100 < len(moments) <= 240
    assert sum(one.answered for one in moments) == 5000
    assert sum(one.blocked for one in moments) == 50
    assert {one.in_flight for one in moments} == {1}


def test_requests_that_go_on_are_seen_in_each_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("suitetalk.report.monotonic", lambda: now[0])
    watch = Watch(lambda: 5)
    with watch.request("GET /slow", None, [200]):
        now[0] = 9.5
    now[0] = 12.5

    assert [one.in_flight for one in watch.chart().moments] == [1] * 10 + [0] * 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "The run is complete."),
        (ValueError("no\nroom"), "The run failed: no room"),
        (KeyboardInterrupt(), "The run was interrupted"),
        (SystemExit(143), "The run was interrupted: by SIGTERM"),
        (SystemExit(1), "The run failed: exit code 1"),
        (SystemExit(0), "The run is complete."),
    ],
)
def test_it_says_how_the_run_ended(tmp_path: Path, error: BaseException | None, words: str) -> None:
    path = tmp_path / "run.html"

    def run() -> None:
        with kept(path, report):
            assert "The run has not ended." in path.read_text()
            if error:
                raise error

    if error:
        with pytest.raises(type(error)):
            run()
    else:
        run()
    assert words in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["run.html"]


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "run.html", tmp_path):
        with pytest.raises(ConfigurationError, match=r"`report` names .*, which cannot be written"), kept(path, report):
            pytest.fail("the run went on")


def test_a_report_that_fails_at_the_end_does_not_hide_the_error(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()

    def run() -> None:
        with kept(folder / "run.html", report):
            (folder / "run.html").unlink()
            folder.rmdir()
            raise ValueError("the true one")

    with pytest.raises(ValueError, match="the true one"):
        run()
