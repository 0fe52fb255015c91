"""The settings of what is reported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from suitetalk import ConfigurationError

REPORT_SETTINGS: dict[str, Any] = {
    "rejects": {
        "type": "string",
        "title": "File of rejects",
        "description": "File that gets one JSON line for each failed record, with the reason and the record itself. It "
        "is appended to, and `--replay` sends its records again.",
    },
    "receipts": {
        "type": "string",
        "title": "File of receipts",
        "description": "File that gets one JSON line for each record that did not fail, with its internal id in "
        "NetSuite. It is appended to.",
    },
    "differences": {
        "type": "string",
        "title": "File of differences",
        "description": "File that gets one JSON line for each field that is changed, or in a dry run would be. It is "
        "appended to. Of a dry run the log shows the first 20 of each stream in any case.",
    },
    "max_rejects": {
        "type": ["string", "integer"],
        "title": "Failed records that are accepted",
        "description": "How many records may fail before the run ends with exit code 1: a number, or a share of all "
        "records such as 5%.",
        "default": 0,
    },
    "dry_run": {
        "type": "boolean",
        "title": "Dry run",
        "description": "Read what is there and say what would change, but write nothing: neither to NetSuite nor to "
        "the files of rejects and receipts.",
        "default": False,
    },
}

_FILES = ("rejects", "receipts", "differences")
_LIMIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", re.ASCII)
_WHOLE = 100


@dataclass(frozen=True)
class MaxRejects:
    """How many records of a run may fail.

    Attributes:
        limit: a number of records, or percent of all records.
        is_percent: which of the two.
    """

    limit: Decimal = Decimal(0)
    is_percent: bool = False

    @classmethod
    def parse(cls, given: Any) -> MaxRejects:
        """Read a whole number from 0, or a text with one or with percent such as `5%`.

        Raises:
            ConfigurationError: it is neither.
        """
        text = str(given) if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
        found = _LIMIT.fullmatch(text)
        limit, is_percent = (Decimal(found[1]), found[2] == "%") if found else (Decimal(-1), False)
        if limit < 0 or (limit > _WHOLE if is_percent else limit % 1):
            raise ConfigurationError("max_rejects", f"is {given!r}; it must be a whole number, or percent such as 5%.")
        return cls(limit, is_percent)

    def allows(self, refused: int, settled: int) -> bool:
        """Tell whether so many refused records of all settled ones are accepted."""
        return refused * _WHOLE <= self.limit * settled if self.is_percent else refused <= self.limit

    def __str__(self) -> str:
        """Return it as it is written in the settings."""
        return f"{self.limit}{'%' if self.is_percent else ''}"


@dataclass(frozen=True)
class ReportSettings:
    """The settings of what is reported, checked; paths are None where nothing is to be written.

    Attributes:
        rejects: file of failed records.
        receipts: file of all others.
        differences: file of fields that change.
        max_rejects: failed records that are accepted.
        dry_run: whether nothing is written.
    """

    rejects: Path | None = None
    receipts: Path | None = None
    differences: Path | None = None
    max_rejects: MaxRejects = MaxRejects()
    dry_run: bool = False

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> ReportSettings:
        """Check these settings; others in the mapping are left alone.

        Raises:
            ConfigurationError: one is wrong, or two name the same file.
        """
        paths = {name: _path(name, config.get(name)) for name in _FILES}
        named = {path.resolve(): name for name, path in paths.items() if path and not path.is_char_device()}
        for name, path in paths.items():
            if path and named.get(path.resolve(), name) != name:
                raise ConfigurationError(name, f"names the same file as `{named[path.resolve()]}`; name another one.")
        dry_run = config.get("dry_run", False)
        if not isinstance(dry_run, bool):
            raise ConfigurationError("dry_run", f"is {dry_run!r}; it must be true or false.")
        return cls(**paths, max_rejects=MaxRejects.parse(config.get("max_rejects", 0)), dry_run=dry_run)


def _path(name: str, given: Any) -> Path | None:
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise ConfigurationError(name, f"is {given!r}; it must be the path of a file.")
    return Path(given).expanduser()
