"""What is in the account that is read: which tables, how many rows, how many record types.

The one place that knows how the emulator is told to make them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

BIG_TABLE = "customrecord_warranty"
"""The table with as many rows as are asked for."""

COLUMN_OF_PAGES = "custrecord_amount"
"""A column of the tables made here that stands in statements which ask for rows, and in no others."""

_SMALL_SAMPLE = 0.05
_FEW_ROWS = 2000


@dataclass(frozen=True, kw_only=True)
class Company:
    """An account to be measured on.

    Attributes:
        latency: seconds that each request takes at least.
        slots: requests at once before 429.
        big_rows: rows of `BIG_TABLE`.
        customers: rows of `customer`.
    """

    latency: float = 0.0
    slots: int = 5
    big_rows: int = 0
    customers: int = 100

    def settings(self) -> dict[str, Any]:
        """Return the emulator's `Settings`, by name."""
        scale = _SMALL_SAMPLE if self.customers <= 200 else 1.0  # noqa: PLR2004 - what the small sample has
        return {"latency": self.latency, "concurrency_limit": self.slots, "scale": scale}

    def statements(self) -> list[str]:
        """Return statements in DuckDB's SQL that make the rows."""
        return [
            f"DELETE FROM customer WHERE id NOT IN (SELECT id FROM customer ORDER BY id LIMIT {self.customers})",
            f"DELETE FROM {BIG_TABLE}",
            f"""INSERT INTO {BIG_TABLE}
                SELECT 2 * number, number, 'Warranty ' || number, 'W-' || number, 'val_' || number, 'F', NULL,
                    TIMESTAMP '2024-01-01' + INTERVAL (number) SECOND, TIMESTAMP '2024-06-01' + INTERVAL (number) SECOND,
                    NULL, NULL, NULL, DATE '2026-01-01' + CAST(number % 365 AS INTEGER), number / 100, NULL,
                    CASE WHEN number % 2 = 0 THEN 'T' ELSE 'F' END, 'Terms of warranty ' || number
                FROM range(1, {self.big_rows + 1}) AS numbers(number)""",
        ]

    def twin(self) -> Company:
        """Return a company with the same tables and few rows that answers at once: to discover the catalog."""
        return replace(self, latency=0.0, slots=5, big_rows=min(self.big_rows, _FEW_ROWS))
