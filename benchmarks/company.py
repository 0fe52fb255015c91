"""What is in the account that is read: which tables, how many rows, how many record types.

The one place that knows how the emulator is told to make them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

BIG_TABLE = "customrecord_big"
"""A table of twenty typed columns, with as many rows as are asked for."""

COLUMN_OF_PAGES = "custrecord_remark"
"""A column of these tables that stands in statements which ask for rows, and in no others."""

TEXTS = (
    *(
        "Paid In Full",
        "Null",
        "null",
        "NaN",
        "Hull",
        "O'Brien & Söhne",
        'said "no"',
        "",
        "😀 thanks",
        "C:\\temp\\ud83d",
    ),
    *(
        '<p class="note">Dear customer,<br/>\n\tplease pay.</p>',
        "two\r\nlines",
        "Köln, 5 m² à 3 €",
        "注文書",
        "x" * 300,
    ),
)
"""Texts as people write them, each in one row of fifteen."""

_SMALL_SAMPLE, _SAMPLE = 0.05, 1.0
_CUSTOMERS_OF_SMALL_SAMPLE = 200
_ROWS_OF_TWIN = 2000


@dataclass(frozen=True, kw_only=True)
class Company:
    """An account to be measured on.

    Attributes:
        latency: seconds that each request takes at least.
        slots: requests at once before 429.
        tables: rows by name of tables like `BIG_TABLE`.
        customers: rows of `customer`, up to 1,300.
        record_types: custom record types of a few rows each, besides those of the emulator's sample.
        job_seconds: what each record of an asynchronous batch takes.
        job_overhead_seconds: what each batch takes besides, however many records it has.
        processors: jobs at once; 0 for as many as there are slots.
        one_world: whether customers have to have a subsidiary.
        real_texts: whether two text columns of these tables hold `TEXTS` instead of tidy ones.
    """

    latency: float = 0.0
    slots: int = 5
    tables: Mapping[str, int] = field(default_factory=dict)
    customers: int = 100
    record_types: int = 0
    job_seconds: float = 0.0
    job_overhead_seconds: float = 0.0
    processors: int = 0
    one_world: bool = True
    real_texts: bool = False

    def settings(self) -> dict[str, Any]:
        """Return the emulator's `Settings`, by name."""
        return {
            "latency": self.latency,
            "concurrency_limit": self.slots,
            "scale": _SMALL_SAMPLE if self.customers <= _CUSTOMERS_OF_SMALL_SAMPLE else _SAMPLE,
            "big_tables": dict(self.tables),
            "custom_record_types": self.record_types,
            "job_seconds": self.job_seconds,
            "job_overhead_seconds": self.job_overhead_seconds,
            "one_world": self.one_world,
            "async_processors": self.processors or self.slots,
        }

    def statements(self) -> list[str]:
        """Return what to execute in the emulator's database before anybody reads."""
        kept = f"SELECT id FROM customer ORDER BY id LIMIT {self.customers}"
        statements = [f"DELETE FROM customer WHERE id NOT IN ({kept})"]
        if self.real_texts:
            texts = ", ".join("'" + text.replace("'", "''") + "'" for text in TEXTS)
            filled = (
                f"custrecord_title = [{texts}][1 + id % {len(TEXTS)}], name = [{texts}][1 + id // 7 % {len(TEXTS)}]"
            )
            statements += [f"UPDATE {table} SET {filled}" for table in self.tables]
        return statements

    def twin(self) -> Company:
        """Return a company with the same tables and few rows that answers at once: to discover the catalog."""
        few = {name: min(rows, _ROWS_OF_TWIN) for name, rows in self.tables.items()}
        return replace(self, latency=0.0, slots=5, tables=few)
