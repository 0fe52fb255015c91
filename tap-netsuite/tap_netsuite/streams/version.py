"""The version of a stream's rows: what lets a loader drop those that a whole reading no longer found.

A reading of all rows that began at its beginning writes its records with a new version. Once it is proven complete, one
ACTIVATE_VERSION follows its last record, and the loader takes rows of older versions for deleted. Later readings of
what has changed carry the same version. The message never comes before the rows, as the SDK would send it, nor after a
reading that may have missed some.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import IncompleteResultError
from tap_netsuite.progress import StreamAudit

_VERSION = "version"
_ROWS = "version_rows"
_ALL = 100


@dataclass(frozen=True)
class Version:
    """The version that a stream's records carry in a run.

    Attributes:
        number: milliseconds since 1970 at its beginning; None where records carry none.
        is_whole: whether the run reads all rows, or the rest of them, so that the version may be activated at its end.
        rows: rows of the version before, None where they are not known.
    """

    number: int | None = None
    is_whole: bool = False
    rows: int | None = None

    @property
    def state(self) -> dict[str, Any]:
        """What a stream's state holds of it."""
        kept = {_VERSION: self.number, _ROWS: self.rows}
        return {name: value for name, value in kept.items() if value is not None}

    def check_drop(self, audit: StreamAudit, most_percent: float) -> None:
        """Make sure that not many more rows than may be are missing since the version before.

        Raises:
            IncompleteResultError: a role that was narrowed sees fewer rows, without an error from NetSuite.
        """
        counted = audit.counted or 0
        if self.is_whole and self.rows and counted < self.rows * (_ALL - most_percent) / _ALL:
            raise IncompleteResultError(
                f"NetSuite shows {counted} rows, {self.rows} when it was last read in full, so those that are missing "
                "are not taken for deleted. If they are, allow it for one run with `max_drop_percent`; if not, look "
                "what the role may see."
            )

    def activated(self, audit: StreamAudit, is_empty: Callable[[], bool]) -> Version | None:
        """Return what is known of the version once it is activated; None where it must not be.

        Args:
            audit: what became of the reading.
            is_empty: asks NetSuite whether there is no row, for a reading that found none.
        """
        is_proven = self.is_whole and audit.counted is not None and audit.counted <= audit.emitted
        return Version(self.number, rows=audit.counted) if is_proven and (audit.counted or is_empty()) else None


def version_of(state: Mapping[str, Any], *, reads_all: bool, may_activate: bool) -> Version:
    """Return the version that a run's records carry.

    Args:
        state: the stream's, at the beginning of the run.
        reads_all: whether the stream is read from its beginning to its end, or such a reading is gone on with.
        may_activate: whether the settings and the way its records leave let a version be activated.
    """
    kept, rows = (value if isinstance(value, int) else None for value in (state.get(_VERSION), state.get(_ROWS)))
    if not (reads_all and may_activate):
        return Version(kept, rows=rows)
    if "reading" in state:  # begun by an earlier run; without a version by one that could not activate it
        return Version(kept, is_whole=kept is not None, rows=rows)
    return Version(max(int(time.time() * 1000), (kept or 0) + 1), is_whole=True, rows=rows)
