"""Custom record types made on request: big ones, and many small ones. DuckDB makes their rows, a statement for each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from netsuite_emulator.company.description import RecordType, Table, parse_table

__all__ = ["bulk_tables", "bulk_types", "fill_statement"]

_SMALL_NAME = "customrecord_type_"
_SMALL_ROWS = 5
_ROWS_OF_A_STAMP = 3000
_DENSE, _WITH_GAPS = "n + 1", "n * 2 + (hash(n) % 2)::BIGINT + 1"


def bulk_tables(big: Mapping[str, int], small: int) -> list[Table]:
    """The tables of `big` (by name: rows) and of `small` small custom record types."""
    described = [(name, "big.txt") for name in big] + [(name, "small.txt") for name in _small_names(small)]
    return [parse_table(f"{name}: display name\n{_text(columns)}") for name, columns in described]


def bulk_types(big: Mapping[str, int], small: int) -> list[RecordType]:
    """Their record types."""
    names = [*big, *_small_names(small)]
    return [RecordType(name, name, label=name.removeprefix("customrecord_").capitalize()) for name in names]


def fill_statement(name: str, big: Mapping[str, int], *, dense: bool) -> str:
    """The statement that fills one of these tables; without `dense` about half of the ids of a big one are gaps."""
    if name not in big:
        return _text("small.sql").format(name=name, rows=_SMALL_ROWS)
    stamps = max(1, big[name] // _ROWS_OF_A_STAMP)
    key = _DENSE if dense else _WITH_GAPS
    return _text("big.sql").format(name=name, rows=big[name], stamps=stamps, key=key)


def _small_names(count: int) -> list[str]:
    return [f"{_SMALL_NAME}{number}" for number in range(1, count + 1)]


@lru_cache
def _text(name: str) -> str:
    return (Path(__file__).parent / name).read_text("utf-8")
