"""Which of some keys are still there, by NetSuite's own word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from suitetalk import InvalidRequestError, NetSuite, NotFoundError, PermissionDeniedError, SuiteQL
from suitetalk.record_tables import table_of
from tap_netsuite.extraction.by_key import rows_by_key
from tap_netsuite.extraction.rows import Key
from tap_netsuite.extraction.source import Source, literal
from tap_netsuite.values import UTC, Column, Kind, converter

_MOST_VALUES = 1000  # of an IN [article_0824094533]


class Existence:
    """Asks a table which keys it has. Thread-safe."""

    def __init__(self, suiteql: SuiteQL, relation: str, keys: tuple[Column, ...]) -> None:
        """Ask a relation with these key columns."""
        self._suiteql = suiteql
        self._source = Source(relation, keys, keys)
        self._converters = [converter(column.kind, UTC) for column in keys]

    def among(self, keys: Sequence[Key]) -> set[Key]:
        """Return those of some keys that have a row now.

        Raises:
            NetSuiteError: NetSuite refused.
        """
        first = self._source.keys[0]
        values = sorted({key[0] for key in keys})
        found: set[Key] = set()
        for begin in range(0, len(values), _MOST_VALUES):
            listed = ", ".join(literal(first, value) for value in values[begin : begin + _MOST_VALUES])
            for rows in rows_by_key(self._suiteql, self._source, f"{first.name} IN ({listed})"):
                found.update(self._keys(rows))
        return found.intersection(keys)

    def _keys(self, rows: Iterable[dict[str, str]]) -> Iterable[Key]:
        for row in rows:
            yield tuple(
                convert(row[column.name]) for column, convert in zip(self._source.keys, self._converters, strict=True)
            )


def existing_records(netsuite: NetSuite, record_type: str, keys: Sequence[Key]) -> set[Key]:
    """Return those of some keys, ids as text, that have a record now.

    The type's table tells of a thousand at once; where there is none, each record is asked for.
    """
    numbers = [(int(key[0]),) for key in keys]
    try:
        found = Existence(netsuite.suiteql, table_of(record_type), (Column("id", Kind.INTEGER),)).among(numbers)
    except (InvalidRequestError, NotFoundError, PermissionDeniedError):
        return {key for key in keys if _is_record(netsuite, record_type, str(key[0]))}
    return {(str(number),) for (number,) in found}


def _is_record(netsuite: NetSuite, record_type: str, record_id: str) -> bool:
    try:
        netsuite.records.get(record_type, record_id)
    except NotFoundError:
        return False
    except (InvalidRequestError, PermissionDeniedError):  # such as one that a workflow has locked: it is there
        return True
    return True
