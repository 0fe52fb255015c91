"""One HTML file about a run, which opens without a network: what it says, how it is written, and when.

What it holds follows the rules of the log: no secrets, no records, and of statements their shape without values.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from html import escape
from pathlib import Path
from time import monotonic
from typing import Literal

from suitetalk.descriptions import setting
from suitetalk.errors import ConfigurationError
from suitetalk.redaction import printable, without_secrets
from suitetalk.terminal import Ticker, counted, duration, number

__all__ = ["Chart", "Ending", "Moment", "RunReport", "RunReportSettings", "Table", "Watch", "html", "kept"]

logger = logging.getLogger(__name__)

_INTERVAL = 30.0  # seconds between two versions of the file, so that a run that is killed leaves one
_MOST_MOMENTS = 240
_MOST_SHAPES = 2000
_SLOWEST = 20
_LONGEST_STATEMENT = 4000
_BLOCKED = 429
_SIGNALS = 128
_QUOTED = re.compile(r"'(?:[^']|'')*(?:'|$)")
_DIGITS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_MANY = re.compile(r"\?(?:\s*,\s*\?)+")
_MANY_ROWS = re.compile(r"(\(\?[^()]*\))(?:\s*,\s*\(\?[^()]*\))+")
_ID_IN_PATH = re.compile(r"/(?:eid:[^/]*|-?\d+(?=/|$)|[0-9a-f-]{32,36}(?=/|$))")
_STYLE = """
:root { color-scheme: light dark; --ground: #f5f6f8; --card: #fff; --ink: #1b2430; --soft: #5b6675; --line: #d9dee5;
  --bar: #5b8def; --good: #1c7a43; --warn: #9a5b00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #11161d; --card: #1a212b; --ink: #e4e9f0; --soft: #9aa7b8;
  --line: #313c4a; --good: #6fd39a; --warn: #f2b45c; --bad: #ff8f86; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 1rem; display: grid;
  grid-template-columns: minmax(0, 1fr); gap: 1rem; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .5rem; }
section, header { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; }
.ending { margin: .3rem 0 0; overflow-wrap: anywhere; } .soft { color: var(--soft); margin: .4rem 0 0; }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .6rem 0 0; }
dl div { display: flex; gap: .4rem; } dt { color: var(--soft); } dd { margin: 0; font-weight: 600; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: break-word; max-width: 28rem; }
th { color: var(--soft); font-size: .85rem; }
tr:has(+ tr .below) td { border-bottom: 0; } tr:has(.below) td { padding-top: 0; max-width: none; }
.below { position: sticky; left: 0; max-width: calc(100vw - 5rem); width: fit-content; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { font: .8rem/1.4 ui-monospace, monospace; margin: 0; white-space: pre-wrap; max-height: 9rem; min-width: 16rem;
  overflow: auto; }
.good { color: var(--good); font-weight: 600; } .warn { color: var(--warn); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; } .below { font-weight: 400; }
svg { display: block; width: 100%; height: 120px; border-bottom: 1px solid var(--line); }
svg .flight { fill: var(--bar); } svg .blocked { fill: var(--bad); }
svg .limit { fill: none; stroke: var(--ink); stroke-dasharray: 4 3; vector-effect: non-scaling-stroke; }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .85rem; margin: .2rem 0 0; }
i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin: 0 .3rem 0 .8rem; }
.k-flight { background: var(--bar); } .k-blocked { background: var(--bad); }
@media print { body { background: #fff; } pre { max-height: none; } }
"""
_ENDINGS = {"running": "warn", "complete": "good", "failed": "bad", "interrupted": "bad"}
_WORDS = {
    "running": "The run has not ended. Where nothing runs any more, it was killed.",
    "complete": "The run is complete.",
    "failed": "The run failed",
    "interrupted": "The run was interrupted",
}


@dataclass(frozen=True, kw_only=True)
class RunReportSettings:
    """The report of a run; both plugins have it."""

    report: Path | None = setting(
        None,
        "Run report",
        "HTML file about the run, which opens without a network: streams, counts and proof, refused records by reason, "
        "requests in flight and 429s over time, the slowest statements, the differences of a dry run. Each run "
        "replaces it, however it ends. Like the log it holds no secrets.",
    )


@dataclass(frozen=True)
class Ending:
    """How a run ended, or that it has not.

    Attributes:
        kind: a word for it.
        words: what else there is to say, such as the error.
    """

    kind: Literal["running", "complete", "failed", "interrupted"]
    words: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Ending:
        """What an error that ends a run says of it."""
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else 1
            if code == 0:
                return cls("complete")
            if code > _SIGNALS:
                with suppress(ValueError):
                    return cls("interrupted", f"by {signal.Signals(code - _SIGNALS).name}")
            return cls("failed", f"exit code {error.code}")
        text = " ".join(str(error).split())
        return cls("failed", text or type(error).__name__) if isinstance(error, Exception) else cls("interrupted", text)


@dataclass(frozen=True)
class Table:
    """A table with a headline; it is left out where it has no rows, unless `empty` says something then.

    Attributes:
        title: the headline.
        head: names of the columns.
        rows: cells in the order of the columns.
        to_the_right: names of the columns that hold numbers.
        kinds: `good`, `warn` or `bad`, by the text of a cell.
        code: names of the columns that hold statements and the like.
        below: name of the column with sentences, each of which stands below its row over the whole width.
        note: a sentence below it.
        empty: what to say where there are no rows.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    to_the_right: Collection[str] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    code: Collection[str] = ()
    below: str = ""
    note: str = ""
    empty: str = ""


@dataclass
class Moment:
    """A part of a run: the most requests in flight, how many were answered and blocked by 429, and the limit."""

    in_flight: int = 0
    answered: int = 0
    blocked: int = 0
    limit: int = 0


@dataclass(frozen=True)
class Chart:
    """Requests in flight over time; each moment is as long as the others."""

    moments: Sequence[Moment]
    seconds: float


@dataclass(frozen=True)
class RunReport:
    """What a report says, in order."""

    title: str
    started: datetime
    ending: Ending
    figures: Sequence[tuple[str, object]]
    parts: Sequence[Table | Chart]


@dataclass
class _Shape:
    times: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    failed: int = 0


class Watch:
    """Sees the requests of a run: how many at once, which were blocked, and what took longest. Thread-safe."""

    def __init__(self, limit: Callable[[], int]) -> None:
        """Begin; `limit` returns how many requests may be in flight now."""
        self.started = datetime.now(timezone.utc)
        self._limit = limit
        self._began = monotonic()
        self._width = 1.0
        self._moments: list[Moment] = [Moment()]
        self._in_flight = 0
        self._shapes: dict[str, _Shape] = {}
        self._lock = threading.Lock()

    @contextmanager
    def request(self, name: str, body: object, statuses: Sequence[int]) -> Iterator[None]:
        """See a request that is made in the block.

        Args:
            name: method and path.
            body: as it is sent.
            statuses: has the status of its answer afterwards, and nothing where there was none.
        """
        began = monotonic()
        with self._lock:
            moment = self._present()
            self._in_flight += 1
            moment.in_flight = max(moment.in_flight, self._in_flight)
        try:
            yield
        finally:
            seconds, status = monotonic() - began, statuses[0] if statuses else 0
            what = shape_of(name, body)
            with self._lock:
                moment = self._present()
                self._in_flight -= 1
                moment.answered += 1
                moment.blocked += status == _BLOCKED
                self._count(what, seconds, is_failure=not 200 <= status < 400)  # noqa: PLR2004 - success

    @property
    def seconds(self) -> float:
        """How long the run has been going on."""
        return monotonic() - self._began

    def chart(self) -> Chart:
        """Requests in flight up to now."""
        with self._lock:
            self._present()
            return Chart([Moment(**vars(moment)) for moment in self._moments], self.seconds)

    def slowest(self) -> Table:
        """What took longest, by the shape of statements and addresses."""
        with self._lock:
            shapes = sorted(self._shapes.items(), key=lambda one: -one[1].slowest)[:_SLOWEST]
            rows = [
                (what, number(one.times), f"{one.slowest:.2f}", f"{one.seconds / one.times:.2f}", f"{one.seconds:.1f}",
                 number(one.failed))
                for what, one in shapes
            ]  # fmt: skip
        return Table(
            "Slowest statements and requests",
            ("Statement", "Times", "Slowest, s", "Average, s", "Total, s", "Not answered or refused"),
            rows,
            ("Times", "Slowest, s", "Average, s", "Total, s", "Not answered or refused"),
            code=("Statement",),
            note="Values are left out: ? stands for each, and statements that differ in them only are one.",
            empty="No request was sent.",
        )

    def _count(self, what: str, seconds: float, *, is_failure: bool) -> None:
        if what not in self._shapes and len(self._shapes) >= _MOST_SHAPES:
            what = "all others"
        one = self._shapes.setdefault(what, _Shape())
        one.times += 1
        one.seconds += seconds
        one.slowest = max(one.slowest, seconds)
        one.failed += is_failure

    def _present(self) -> Moment:
        """The moment that runs; where there are too many, two become one."""
        place = int(self.seconds / self._width)
        while place >= _MOST_MOMENTS:
            self._moments = [_joined(self._moments[at : at + 2]) for at in range(0, len(self._moments), 2)]
            self._width *= 2
            place = int(self.seconds / self._width)
        while len(self._moments) <= place:
            self._moments.append(Moment(self._in_flight, limit=self._limit()))
        moment = self._moments[place]
        moment.limit = max(moment.limit, self._limit())
        return moment


def _joined(moments: Sequence[Moment]) -> Moment:
    return Moment(
        max(one.in_flight for one in moments),
        sum(one.answered for one in moments),
        sum(one.blocked for one in moments),
        max(one.limit for one in moments),
    )


def shape_of(name: str, body: object) -> str:
    """Return a statement, or method and path, without the values in it; they may be a record's."""
    if name.startswith("POST ") and name.partition("?")[0].endswith("/suiteql"):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            words = json.loads(body)["q"].split()  # type: ignore[arg-type]  # a TypeError is one of those above
            plain = _DIGITS.sub("?", _QUOTED.sub("?", " ".join(words)))
            return _MANY_ROWS.sub(r"\1, …", _MANY.sub("?, …", plain))[:_LONGEST_STATEMENT]
    return _ID_IN_PATH.sub("/…", name.partition("?")[0])[:_LONGEST_STATEMENT]


@contextmanager
def kept(path: Path | None, make: Callable[[Ending], RunReport]) -> Iterator[None]:
    """Keep a report while the block goes on, and write how it ended.

    Args:
        path: the file; None for no report.
        make: returns what there is to report now; it is also called in another thread.

    Raises:
        ConfigurationError: the file cannot be written; nothing has been done then.
    """
    if path is None:
        yield
        return
    file = path.expanduser()
    try:
        _write(file, html(make(Ending("running"))))
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigurationError(
            "report", f"names {path}, which cannot be written ({why}); correct the path or its rights."
        ) from None
    ending = Ending("complete")
    try:
        with Ticker(lambda: _write_again(file, make, Ending("running")), _INTERVAL):
            yield
    except BaseException as error:
        ending = Ending.of(error)
        raise
    finally:
        _write_again(file, make, ending)


def _write_again(file: Path, make: Callable[[Ending], RunReport], ending: Ending) -> None:
    """Write without disturbing the run, whose data matter more."""
    try:
        _write(file, html(make(ending)))
    except Exception as error:  # noqa: BLE001 - see above
        why = getattr(error, "strerror", None) or error
        logger.warning("The report %s could not be written (%s); what it shows is older.", file, why)


def _write(file: Path, text: str) -> None:
    """Replace a file at once, readable for its owner only."""
    if file.exists() and not file.is_file():
        raise OSError("it is not a file")
    descriptor, temporary = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as opened:
            opened.write(text)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def html(report: RunReport) -> str:
    """Return the whole file: no script, nothing from elsewhere, and every text escaped and without secrets."""
    ending = report.ending
    words = _WORDS[ending.kind] + (f": {ending.words}" if ending.words else "")
    figures = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in report.figures)
    parts = "".join(_chart(part) if isinstance(part, Chart) else _table(part) for part in report.parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_text(report.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<header><h1>{_text(report.title)}</h1>"
        f'<p class="ending {_ENDINGS[ending.kind]}">{_text(words)}</p>'
        f'<p class="soft">Began {report.started:%Y-%m-%d %H:%M:%S} UTC, '
        f"written {datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC</p><dl>{figures}</dl></header>"
        f"{parts}</main></body></html>\n"
    )


def _text(value: object) -> str:
    return escape(printable(without_secrets(str(value))))


def _table(table: Table) -> str:
    if not table.rows and not table.empty:
        return ""
    names = [name for name in table.head if name != table.below]
    head = "".join(f"<th{_class(table, name)}>{_text(name)}</th>" for name in names)
    rows = "".join(_row(table, dict(zip(table.head, row, strict=True))) for row in table.rows)
    body = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    note = f'<p class="soft">{_text(table.note)}</p>' if table.note and table.rows else ""
    empty = f'<p class="soft">{_text(table.empty)}</p>'
    return f"<section><h2>{_text(table.title)}</h2>{body + note if table.rows else empty}</section>\n"


def _row(table: Table, row: dict[str, object]) -> str:
    sentence = row.pop(table.below, None)
    cells = "".join(_cell(table, name, cell) for name, cell in row.items())
    below = f'<tr><td colspan="{len(row)}"><div class="below bad">{_text(sentence)}</div></td></tr>' if sentence else ""
    return f"<tr>{cells}</tr>{below}\n"


def _cell(table: Table, name: str, cell: object) -> str:
    text = _text("" if cell is None else cell)
    kind = table.kinds.get(str(cell), "")
    inside = f"<pre>{text}</pre>" if name in table.code else f'<span class="{kind}">{text}</span>' if kind else text
    return f"<td{_class(table, name)}>{inside}</td>"


def _class(table: Table, name: str) -> str:
    return ' class="n"' if name in table.to_the_right else ""


def _chart(chart: Chart) -> str:
    """Bars for requests in flight, marks below for 429s, and the limit as a line of steps."""
    moments, top = chart.moments, max([1, *(max(one.in_flight, one.limit) for one in chart.moments)]) * 1.1
    bars, marks, steps = [], [], []
    for at, one in enumerate(moments):
        height = 94 * one.in_flight / top
        about = (
            f"{counted(one.in_flight, 'request')} in flight, {number(one.answered)} answered, {one.blocked} of them 429"
        )
        bars.append(
            f'<rect class="flight" x="{at}" y="{94 - height:.2f}" width="0.9" height="{height:.2f}">'
            f"<title>{about}</title></rect>"
        )
        if one.blocked:
            marks.append(f'<rect class="blocked" x="{at}" y="95" width="1" height="5"/>')
        level = 94 - 94 * one.limit / top
        steps.append(f"{at},{level:.2f} {at + 1},{level:.2f}")
    most, blocked = max(one.in_flight for one in moments), sum(one.blocked for one in moments)
    summary = f"At most {counted(most, 'request')} in flight; {number(blocked)} answered 429"
    return (
        f'<section><h2>Requests in flight</h2><svg role="img" aria-label="{summary}" '
        f'viewBox="0 0 {len(moments)} 100" preserveAspectRatio="none">{"".join(bars)}{"".join(marks)}'
        f'<polyline class="limit" points="{" ".join(steps)}"/></svg>'
        f'<p class="axis"><span>0</span><span>{_text(duration(chart.seconds))}</span></p>'
        f'<p class="soft">{summary}. <i class="k-flight"></i>in flight <i class="k-blocked"></i>429 '
        "&nbsp; - - - limit</p></section>\n"
    )
