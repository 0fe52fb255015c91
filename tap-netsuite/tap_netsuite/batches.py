"""Files that BATCH messages name: rows go in as they were encoded, past what the SDK does for each record.

A file is written under a name that ends in `.part`, and has its own name once it is complete and on the disk. Only
then is it named in a message, and only then may STATE cover its rows. A kill leaves a `.part` that no message names.
"""

from __future__ import annotations

import gzip
import io
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from singer_sdk.helpers._batch import BatchConfig
from upath import UPath

from suitetalk import ConfigurationError, SuiteTalkError
from tap_netsuite.reading.page import ValueFormError
from tap_netsuite.source import Kind, kind_of

if TYPE_CHECKING:
    import pyarrow as pa

_SETTING = "batch_config"
_EXAMPLE = (
    '{"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": "file:///data/netsuite"}, '
    '"batch_size": 100000}'
)
_FORMATS = ("jsonl", "parquet")
_COMPRESSIONS = ("gzip", "none", None)
_MOST_BYTES = 128 * 2**20  # of rows as JSON in a file; one of Parquet is made of them at once
_LEVEL = 1  # of gzip: a third of the time of the usual 6, for half as much again on the disk
_LOCAL = ("", "file", "local")
_UNSAFE = re.compile(r"[^\w.-]+")
_DIGITS, _SCALE = 38, 18  # what loaders read; a file with numbers that do not fit has wider ones
_MOST_DIGITS = 76
_INT64 = 2**63
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def batch_config_of(given: Any) -> BatchConfig:
    """Return how rows go into files, as the setting `batch_config` says.

    Raises:
        ConfigurationError: the setting cannot be carried out.
    """
    try:
        made = BatchConfig.from_dict(dict(given))
        form, compression, root = made.encoding.format, made.encoding.compression, made.storage.root
    except (TypeError, ValueError, AttributeError):
        raise ConfigurationError(_SETTING, f"must name encoding and storage, such as {_EXAMPLE}.") from None
    if form not in _FORMATS or compression not in _COMPRESSIONS or not root:
        raise ConfigurationError(
            _SETTING, f"must have the format jsonl or parquet, the compression gzip or none, and a root: {_EXAMPLE}."
        )
    size: Any = made.batch_size
    if not isinstance(size, int) or size < 1:
        raise ConfigurationError(_SETTING, f"has the batch_size {size!r}; give a number of rows from 1 on.")
    if form == "parquet":
        _check_for_arrow()
    elif compression is None:
        made.encoding.compression = "gzip"  # as the SDK writes them, which does not say so
    return made


def _check_for_arrow() -> None:
    try:
        import pyarrow.json  # noqa: PLC0415 - optional, and slow to import
        import pyarrow.parquet  # noqa: F401, PLC0415 - an extra; to see that it is there
    except ImportError:
        raise ConfigurationError(
            _SETTING, "asks for Parquet, which needs pyarrow: install the extra `parquet`, or use the format jsonl."
        ) from None


class BatchFiles:
    """Writes the rows of a stream into files of at most so many rows. For one thread."""

    def __init__(
        self, config: BatchConfig, stream: str, schema: Mapping[str, Any], complete: Callable[[str], None]
    ) -> None:
        """Write nothing yet.

        Args:
            config: format, place and size of the files.
            stream: name of the stream.
            schema: JSON Schemas of the properties that rows may have, by name.
            complete: takes the URL of each file once it is complete.
        """
        self._config = config
        self._complete = complete
        self._name = f"{config.storage.prefix or ''}tap-netsuite--{_UNSAFE.sub('_', stream)}-{uuid4()}"
        self._is_parquet = config.encoding.format == "parquet"
        self._columns = _Columns(schema) if self._is_parquet else None
        self._number = self._rows = self._bytes = 0
        self._open: _File | None = None
        self._lines: list[bytes] = []  # of a file of Parquet

    @property
    def are_complete(self) -> bool:
        """Whether all rows that were given are in complete files."""
        return self._rows == 0

    def write(self, lines: bytes, rows: int) -> None:
        """Add rows: JSON objects, each ending in a line feed.

        Raises:
            SuiteTalkError: a file cannot be written, or not with a value.
        """
        while rows:
            fits = min(rows, self._config.batch_size - self._rows)
            end = len(lines) if fits == rows else _end_of(lines, fits)
            self._add(lines[:end])
            lines, rows = lines[end:], rows - fits
            self._rows, self._bytes = self._rows + fits, self._bytes + end
            if self._rows == self._config.batch_size or self._bytes >= _MOST_BYTES:
                self.complete()

    def complete(self) -> None:
        """Complete the file that rows are in, if any; errors are those of `write`."""
        if self.are_complete:
            return
        try:
            if self._columns:
                self._file().write(self._columns.parquet(b"".join(self._lines), self._config.encoding.compression))
            url = self._file().complete()
        finally:
            self.discard()
        self._complete(url)

    def discard(self) -> None:
        """Forget the rows that are in no complete file."""
        if self._open:
            self._open.discard()
        self._open, self._lines, self._rows, self._bytes = None, [], 0, 0

    def _add(self, lines: bytes) -> None:
        if self._is_parquet:
            self._lines.append(lines)
        else:
            self._file().write(lines)

    def _file(self) -> _File:
        if self._open is None:
            self._number += 1
            is_gzip = not self._is_parquet and self._config.encoding.compression == "gzip"
            ending = "parquet" if self._is_parquet else "json.gz" if is_gzip else "json"
            self._open = _File(self._config, f"{self._name}-{self._number:05}.{ending}", is_gzip=is_gzip)
        return self._open


class _File:
    """A file that has its name once it is complete."""

    def __init__(self, config: BatchConfig, name: str, *, is_gzip: bool) -> None:
        self._root = config.storage.root
        self._name = name
        try:
            folder = UPath(self._root, **config.storage.params).absolute()
            self._is_local = folder.protocol in _LOCAL
            folder.mkdir(parents=True, exist_ok=True)
            self._folder, self._part = folder, folder / f"{name}.part"
            self._file = self._part.open("wb")
        except (OSError, ValueError, ImportError) as error:
            raise self._cannot(error) from error
        self._gzip = gzip.GzipFile("", "wb", _LEVEL, self._file, mtime=0) if is_gzip else None

    def write(self, content: bytes) -> None:
        try:
            (self._gzip or self._file).write(content)
        except OSError as error:
            raise self._cannot(error) from error

    def complete(self) -> str:
        """Let the file have its name, and return its URL as loaders made with the SDK read it: nothing escaped."""
        try:
            if self._gzip:
                self._gzip.close()
            if self._is_local:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            whole = self._folder / self._name
            self._part.rename(whole)
        except OSError as error:
            raise self._cannot(error) from error
        return f"file://{whole.path}" if self._is_local else str(whole.as_uri())

    def discard(self) -> None:
        """Remove what has no name yet."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _cannot(self, error: Exception) -> SuiteTalkError:
        return ConfigurationError(
            f"{_SETTING}.storage.root",
            f"names {self._root}, where {self._name} cannot be written ({error}); correct it.",
        )


def _end_of(lines: bytes, rows: int) -> int:
    """Return the place after so many lines."""
    end = 0
    for _ in range(rows):
        end = lines.index(b"\n", end) + 1
    return end


class _Columns:
    """What the columns of a stream are in Parquet.

    Numbers are decimals and exact; dates are dates and stamps are in UTC. Objects, lists of them and what may have any
    shape are JSON as text: Parquet has one shape for all rows of a column, and would add to some and drop from others.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._kinds = {name: kind_of(part) for name, part in schema.items()}
        self._nested = frozenset(name for name, part in schema.items() if _is_nested(part))

    def parquet(self, lines: bytes, compression: str | None) -> bytes:
        """Return rows as a file of Parquet.

        Raises:
            ValueFormError: a value cannot be what the catalog says; its text names the column.
        """
        from pyarrow import parquet  # noqa: PLC0415 - optional, and slow to import

        if self._nested:
            lines = _with_texts(lines, self._nested)
        made = io.BytesIO()
        parquet.write_table(self._table(lines), made, compression=compression or "snappy")
        return made.getvalue()

    def _table(self, lines: bytes) -> pa.Table:
        import pyarrow as pa  # noqa: PLC0415 - an extra

        types = _arrow_types()
        read = {name: types[kind] for name, kind in self._kinds.items()}
        try:
            table = _read(lines, read)
        except pa.ArrowInvalid:
            wide = self._wide_types(lines)
            try:
                table = _read(lines, {**read, **wide})
            except pa.ArrowInvalid as error:
                raise ValueFormError(
                    f"its rows do not fit into Parquet ({error}); correct the types in the catalog, or use the format "
                    "jsonl."
                ) from error
        for place, (name, kind) in enumerate(self._kinds.items()):
            if kind is Kind.DATE:
                try:
                    dates = table.column(place).cast(pa.date32())
                except pa.ArrowInvalid as error:
                    raise _unfit(name, str(error), "date") from error
                table = table.set_column(place, name, dates)
        return table

    def _wide_types(self, lines: bytes) -> dict[str, pa.DataType]:
        """Return types of numbers that do not fit the usual ones; all values are looked at."""
        rows = [_DECODER.decode(line) for line in lines.splitlines()]
        types = {}
        for name, kind in self._kinds.items():
            if kind in (Kind.INTEGER, Kind.DECIMAL):
                values = [Decimal(row[name]) for row in rows if row.get(name) is not None]
                wide = _wide_type(name, kind, values)
                if wide is not None:
                    types[name] = wide
        return types


def _read(lines: bytes, types: Mapping[str, pa.DataType]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import json  # noqa: PLC0415 - an extra

    return json.read_json(
        io.BytesIO(lines),
        read_options=json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=json.ParseOptions(explicit_schema=pa.schema(types.items()), unexpected_field_behavior="error"),
    )


def _arrow_types() -> dict[Kind, pa.DataType]:
    import pyarrow as pa  # noqa: PLC0415 - an extra

    text = pa.string()
    return {
        Kind.INTEGER: pa.int64(),
        Kind.DECIMAL: pa.decimal128(_DIGITS, _SCALE),
        Kind.BOOLEAN: pa.bool_(),
        Kind.DATE: text,  # which Arrow does not read from JSON as dates
        Kind.DATE_TIME: pa.timestamp("us", "UTC"),
        Kind.TEXT: text,
        Kind.DISPLAY: text,
        Kind.ID_LIST: pa.list_(pa.int64()),
        Kind.TEXT_LIST: pa.list_(text),
    }


def _wide_type(name: str, kind: Kind, values: list[Decimal]) -> pa.DataType | None:
    """Return the decimal that holds all the numbers of a column, None where its usual type does."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    scale = max((-int(value.as_tuple().exponent) for value in values), default=0)
    scale = max(scale, 0 if kind is Kind.INTEGER else _SCALE)
    whole = max((value.adjusted() + 1 for value in values if value), default=0)
    if all(-_INT64 <= value < _INT64 for value in values) if kind is Kind.INTEGER else whole + scale <= _DIGITS:
        return None if kind is Kind.INTEGER or scale == _SCALE else pa.decimal128(_DIGITS, scale)
    if whole + scale <= _DIGITS:
        return pa.decimal128(_DIGITS, scale)
    if whole + scale <= _MOST_DIGITS:
        return pa.decimal256(_MOST_DIGITS, scale)
    largest = max(values, key=lambda value: max(abs(value.adjusted()), len(value.as_tuple().digits)))
    raise _unfit(name, str(largest), f"number of at most {_MOST_DIGITS} digits, as Parquet can hold it exactly")


def _unfit(name: str, value: str, wanted: str) -> ValueFormError:
    return ValueFormError(
        f"column {name} holds {value[:80]!r}, which is not a {wanted}; make its type string in the catalog, or use the "
        "format jsonl."
    )


def _is_nested(schema: Mapping[str, Any]) -> bool:
    types = schema.get("type") or ()
    types = (types,) if isinstance(types, str) else types
    if "array" in types:
        items = (schema.get("items") or {}).get("type") or ()
        return not {"integer", "string"} & {*((items,) if isinstance(items, str) else items)}
    return not types or "object" in types


def _with_texts(lines: bytes, names: frozenset[str]) -> bytes:
    """Return rows in which the values of some columns are JSON as text."""
    rows = [msgspec.json.decode(line, type=dict[str, msgspec.Raw]) for line in lines.splitlines()]
    for row in rows:
        for name in names & row.keys():
            if bytes(row[name]) != b"null":
                row[name] = msgspec.Raw(msgspec.json.encode(bytes(row[name]).decode()))
    return msgspec.json.Encoder().encode_lines(rows)
