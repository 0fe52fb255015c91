"""Whether as many rows came as NetSuite counts."""

from __future__ import annotations

from suitetalk import IncompleteResultError, SuiteQL
from tap_netsuite.extraction.source import Source


def missing_rows(suiteql: SuiteQL, source: Source, condition: str, *, came: int, counted: int) -> int:
    """Return how many rows NetSuite counts beyond those that came, 0 when none is missing.

    Rows that are deleted or leave the condition while they are read make the count taken before too high, so
    it is taken again before anything is called missing.

    Args:
        suiteql: where to count.
        source: what was read.
        condition: which of its rows were read.
        came: rows that were read, repeated ones included.
        counted: NetSuite's count before the reading.
    """
    if came >= counted:
        return 0
    return max(0, count_rows(suiteql, source, condition) - came)


def count_rows(suiteql: SuiteQL, source: Source, condition: str) -> int:
    """Return NetSuite's count of the rows meeting a condition."""
    return int(suiteql.page(source.count(condition)).items[0]["n"])


def gap(source: Source, condition: str, *, came: int, missing: int) -> IncompleteResultError:
    """Return the error that says how many rows are missing."""
    where = f" where {condition}" if condition else ""
    return IncompleteResultError(
        f"{source.name}: {came} rows came and NetSuite counts {missing} more{where}; the state stays where "
        "everything was complete, so run again, and narrow the stream if it happens again."
    )
