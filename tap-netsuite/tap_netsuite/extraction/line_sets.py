"""The transactions whose lines have come again, for what went away from them to be found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from suitetalk import SuiteQL
from tap_netsuite.extraction.key_pages import KeyPages
from tap_netsuite.extraction.keyed_source import KeyedSource
from tap_netsuite.extraction.lookahead import Fetcher
from tap_netsuite.extraction.row_format import RowFormat
from tap_netsuite.extraction.rows import KeyPage
from tap_netsuite.extraction.transaction_sets import TransactionSets
from tap_netsuite.values import UTC

OWNER = "transaction"
"""The column of a line with its transaction's id."""


def changed_transactions(
    suiteql: SuiteQL, sets: TransactionSets, table: str, since: datetime, fetcher: Fetcher
) -> Iterator[KeyPage]:
    """Yield pages with the ids, as `kept`, of transactions changed since a moment, even if no lines are left of them.

    Raises:
        NetSuiteError: NetSuite refused.
    """
    source, condition = sets.changed_ids(table, since)
    row_format = RowFormat(table, source, lambda: UTC, as_lines=False, kept=("id",))
    for step in KeyPages(KeyedSource(suiteql, source, row_format, condition), fetcher).read(None):
        if step.page:
            yield step.page
