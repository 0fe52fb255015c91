"""JSON, CSV, tables out."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
import msgspec

from suitetalk.http.response import encode
from suitetalk.redaction import printable, printable_json
from suitetalk.suiteql import EVERY_COLUMN
from suitetalk.terminal import padded, text_width

_GAP = "  "
Row = Mapping[str, Any]
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
FORMATS = ("table", "json", "jsonl", "csv", "parquet")
_USUAL_WIDTH = 80


def write_rows(
    rows: Iterable[Row],
    form: str | None,
    output: Path | None,
    columns: Sequence[str | None] = (),
    *,
    as_they_come: bool = False,
) -> None:
    """Write rows.

    Args:
        rows: read while they are written where the format allows it.
        form: one of FORMATS, or None for what suits the place.
        output: a file, or None for standard output.
        columns: the columns there are, in their order, as `selected_columns` returns them. Without any they are those
            that the rows have.
        as_they_come: whether each row leaves at once where the format allows it, since the next one may take long; and
            those that have come are kept when the rest does not, since they tell of what has been done.
    """
    form = form or _suitable(output)
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not text for a terminal; name a file with --output")
    failures: list[BaseException] = []
    rows = _until_one_fails(rows, failures) if as_they_come else rows
    with _opened(output, is_kept=as_they_come) as file:
        if form == "jsonl":
            for row in rows:
                file.write(_shown(encode(row), file) + b"\n")
                if as_they_come:
                    file.flush()
        elif form == "json":
            file.write(_shown(_pretty(list(rows)), file))
        else:
            _write_columns(rows, form, file, columns, None if output else _terminal_width(), as_they_come=as_they_come)
        if failures:
            raise failures[0]


def _until_one_fails(rows: Iterable[Row], failures: list[BaseException]) -> Iterator[Row]:
    """Yield rows until there are no more, or until the next one fails: its failure is for later."""
    try:
        yield from rows
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - it is raised when what has come is written
        failures.append(error)


def is_json(form: str | None, output: Path | None) -> bool:
    """Tell whether rows are written with their own names, so that the columns need not be known."""
    return (form or _suitable(output)) in ("json", "jsonl")


def write_json(value: Any, output: Path | None = None) -> None:
    """Write one value as JSON for people and programs alike."""
    with _opened(output) as file:
        file.write(_shown(_pretty(value), file))


def write_text(text: str, output: Path | None = None) -> None:
    """Write text; at a terminal without control characters, but for the ends of its lines."""
    with _opened(output) as file:
        shown = "\n".join(map(printable, text.split("\n"))) if file.isatty() else text
        file.write(shown.encode())


def write_bytes(content: bytes, output: Path | None = None) -> None:
    """Write bytes as they are."""
    with _opened(output) as file:
        file.write(content)


def note(text: str) -> None:
    """Say something that is not a result."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=True)


def output_options(command: Decorated) -> Decorated:
    """Add --format and --output to a command that returns rows."""
    by_format = click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice(FORMATS),
        help="How to show the rows.  [default: table at a terminal, else jsonl]",
    )
    return by_format(output_option(command))


def output_option(command: Decorated) -> Decorated:
    """Add --output to a command."""
    help_text = "Write to this file instead of standard output; it appears when it is complete."
    return click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=help_text)(command)


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in all rows, each after the one it follows where it first appears; null columns are absent."""
    names: list[str] = []
    known: set[str] = set()
    for row in rows:
        if known.issuperset(row):
            continue
        place = 0
        for name in row:
            if name in known:
                place = names.index(name) + 1
            else:
                names.insert(place, name)
                known.add(name)
                place += 1
    return names


def cell(value: Any) -> str:
    """Return a value as the text of one field."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return encode(value).decode()


def lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], width: int | None) -> Iterator[str]:
    """Yield the lines of a table, or of blocks when a table is wider than `width`; None is as wide as it takes."""
    texts = [[printable(cell(row.get(name))) for name in columns] for row in rows]
    heads = [printable(name) for name in columns]
    widths = [max(map(text_width, column)) for column in zip(heads, *texts, strict=True)]
    if width is None or sum(widths) + len(_GAP) * (len(widths) - 1) <= width or len(columns) == 1:
        yield click.style(_line(heads, widths), bold=True)
        yield click.style(_GAP.join("-" * size for size in widths), dim=True)
        yield from (_line(text, widths) for text in texts)
        return
    room = max(map(text_width, heads))
    for number, text in enumerate(texts):
        if number:
            yield ""
        for head, value in zip(heads, text, strict=True):
            yield f"{click.style(padded(head, room), bold=True)}{_GAP}{value}".rstrip()


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(map(padded, texts, widths)).rstrip()


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(encode(value), indent=2) + b"\n"


def _suitable(output: Path | None) -> str:
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    if suffix and suffix not in FORMATS:
        raise click.UsageError(
            f"The suffix .{suffix} does not name a format; end the file's name in one of "
            f"{', '.join('.' + known for known in FORMATS)}, or say which with --format"
        )
    return suffix or ("table" if output is None and sys.stdout.isatty() else "jsonl")


def _terminal_width() -> int | None:
    # A terminal that does not know its size says 0, which Python 3.10 passes on.
    return shutil.get_terminal_size().columns or _USUAL_WIDTH if sys.stdout.isatty() else None


def _write_columns(
    rows: Iterable[Row],
    form: str,
    file: BinaryIO,
    columns: Sequence[str | None],
    width: int | None,
    *,
    as_they_come: bool,
) -> None:
    found = [name for name in columns if name not in (None, EVERY_COLUMN)]
    if not columns or len(found) < len(columns):
        rows = list(rows)
        found = _with_those_seen(columns, columns_of(rows))
    if form == "csv":
        _write_csv(rows, found, file, as_they_come=as_they_come)
    elif form == "parquet":
        file.write(_parquet(list(rows), found))
    elif found:
        text_lines = lines(found, list(rows), width)
        plain = text_lines if width else map(click.unstyle, text_lines)
        file.writelines(line.encode(errors="replace") + b"\n" for line in plain)


def _with_those_seen(columns: Sequence[str | None], seen: Sequence[str]) -> list[str]:
    """Name the columns that only the rows name; an expression that is null in all of them is called expr1 and so on."""
    rest = [name for name in seen if name not in columns]
    numbers = count(1)
    found: list[str] = []
    for name in columns:
        if name == EVERY_COLUMN:
            found += rest
            rest = []
        elif name is None:
            number = next(numbers)
            found.append(rest.pop(0) if rest and EVERY_COLUMN not in columns else f"expr{number}")
        else:
            found.append(name)
    return list(dict.fromkeys(found + rest))


def _write_csv(rows: Iterable[Row], columns: list[str], file: BinaryIO, *, as_they_come: bool) -> None:
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\n")
        shown = printable if file.isatty() else str
        writer.writerows([[shown(name) for name in columns]] if columns else [])
        for row in rows:
            writer.writerow([shown(cell(row.get(name))) for name in columns])
            if as_they_come:
                text.flush()
    finally:
        text.detach()


def _shown(json: bytes, file: BinaryIO) -> bytes:
    """Keep control characters in JSON from steering a terminal."""
    return printable_json(json.decode()).encode() if file.isatty() else json


def _parquet(rows: list[Row], columns: list[str]) -> bytes:
    """Return the rows as a Parquet file; every column is text, as NetSuite sends it, null where it is absent."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
        from pyarrow import parquet  # noqa: PLC0415 - optional
    except ImportError:
        raise click.UsageError("Parquet needs pyarrow; install it where suitetalk is: pip install pyarrow") from None
    texts = {name: [None if row.get(name) is None else cell(row[name]) for row in rows] for name in columns}
    arrays = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    written = BytesIO()
    parquet.write_table(pa.table(arrays), written)
    return written.getvalue()


@contextmanager
def _opened(output: Path | None, *, is_kept: bool = False) -> Iterator[BinaryIO]:
    """Open the place to write to; a file takes its name when all of it is there.

    Args:
        output: a file, or None for standard output.
        is_kept: whether a file that is not complete is kept, under a name that says so.
    """
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if output.exists() and not output.is_file():  # a pipe or a device
        with output.open("wb") as file:
            yield file
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    except BaseException:
        if is_kept and part.exists() and part.stat().st_size:
            incomplete = output.with_name(f"{output.name}.incomplete")
            part.replace(incomplete)
            note(f"{output} is not complete; what has come is in {incomplete}.")
        raise
    finally:
        part.unlink(missing_ok=True)
