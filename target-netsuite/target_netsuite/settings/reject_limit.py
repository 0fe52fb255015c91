"""How many records may be refused before a run counts as failed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from suitetalk import ConfigurationError
from target_netsuite.settings.entries import decimal


@dataclass(frozen=True)
class RejectLimit:
    """The setting `max_rejects`.

    Attributes:
        most: records, or percent of all settled ones.
        in_percent: which of the two.
    """

    most: Decimal = Decimal(0)
    in_percent: bool = False

    @classmethod
    def parse(cls, given: Any) -> RejectLimit:
        """Read a number such as 50, or a percentage such as `5%`; none at all when it is absent.

        Raises:
            ConfigurationError: it is neither.
        """
        if given is None or given == "":
            return cls()
        in_percent = isinstance(given, str) and given.strip().endswith("%")
        most = decimal(given.strip().removesuffix("%").strip() if isinstance(given, str) else given)
        if most is None or most < 0 or (in_percent and most > 100) or (not in_percent and most % 1):  # noqa: PLR2004
            raise ConfigurationError(
                "max_rejects", f"is {given!r}; it must be a number of records such as 50, or a percentage such as 5%."
            )
        return cls(most, in_percent)

    def allows(self, refused: int, settled: int) -> bool:
        """Tell whether so many refused records of so many settled ones leave the run a success."""
        return refused * 100 <= self.most * settled if self.in_percent else refused <= self.most
