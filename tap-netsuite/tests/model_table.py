"""What tables with number keys say of themselves in models of an account."""

from __future__ import annotations

from collections.abc import Collection

from suitetalk import IncompleteResultError
from tap_netsuite.reading.page import Key
from tap_netsuite.reading.parallel import Count, Gap


class NumberKeys:
    """A table whose keys are whole numbers."""

    def adjoins(self, behind: Key, before: Key) -> bool:
        return bool(behind[0] + 1 == before[0])

    def gap_error(self, came: int, missing: int) -> IncompleteResultError:
        return IncompleteResultError(f"{came} rows came and {missing} more are counted.")


def count_whole(found: Collection[int], after: Key | None) -> int:
    """Return how many rows are found after a key."""
    return sum(after is None or key > after[0] for key in found)


def count_of(
    counted: Collection[int], found: Collection[int], after: Key | None, up_to: Key, gaps: tuple[Gap, ...]
) -> Count:
    """Return how many rows are counted after a key and up to another, and how many of those found lie in gaps."""
    return Count(
        sum((after is None or key > after[0]) and key <= up_to[0] for key in counted),
        sum(gap.behind[0] < key < gap.before[0] for key in found for gap in gaps),
    )
