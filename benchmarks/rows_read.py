"""Which rows a reader has written, counted after it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.account import TableSize


class _Row(msgspec.Struct):
    id: int | str | None = None


class _SingerLine(msgspec.Struct):
    type: str
    stream: str = ""
    record: _Row | None = None

    def row(self) -> tuple[str, _Row | None]:
        return self.stream, self.record


class _AirbyteRecord(msgspec.Struct):
    stream: str
    data: _Row


class _AirbyteLine(msgspec.Struct):
    type: str
    record: _AirbyteRecord | None = None

    def row(self) -> tuple[str, _Row | None]:
        return (self.record.stream, self.record.data) if self.record else ("", None)


FORMS: Mapping[str, type[_SingerLine | _AirbyteLine]] = {"Singer": _SingerLine, "Airbyte": _AirbyteLine}
"""How readers write their rows."""


@dataclass(frozen=True)
class RowsRead:
    """What came out of a reading.

    Attributes:
        rows: how many, those that came twice included.
        lost: rows of the account that did not come.
    """

    rows: int
    lost: int


def count_rows(output: Path, form: str, sizes: Mapping[str, TableSize]) -> RowsRead:
    """Compare the rows in a file with those of the account.

    Args:
        output: the reader's lines.
        form: one of `FORMS`.
        sizes: what the account holds, by the reader's name of the stream; other streams do not count.
    """
    decoder = msgspec.json.Decoder(FORMS[form])
    seen = {stream: bytearray(size.highest_id + 1) for stream, size in sizes.items()}  # a byte for each id there may be
    rows = 0
    with output.open("rb") as lines:
        for line in lines:
            stream, row = decoder.decode(line).row()
            if row is None or row.id is None or stream not in seen:
                continue
            rows += 1
            seen[stream][int(row.id)] = 1
    return RowsRead(rows, sum(size.rows - sum(seen[stream]) for stream, size in sizes.items()))
