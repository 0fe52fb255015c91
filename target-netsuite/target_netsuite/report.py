"""What is said about the records: a line for each refused one, and the counts at the end."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from suitetalk import NetSuiteError
from target_netsuite.errors import InvalidRecordError
from target_netsuite.intents import Operation
from target_netsuite.operations import Outcome

REFUSED = "refused"
_COUNTED = (*(outcome.value for outcome in Outcome), REFUSED)


class Report:
    """Counts outcomes per stream, and reports refusals as they come."""

    def __init__(self, logger: logging.Logger) -> None:
        """Write to this logger: `REFUSED: {…}` as errors, `SUMMARY: {…}` as information.

        In the former, `record` counts the stream's records from 1.
        """
        self._logger = logger
        self._counts: dict[str, Counter[str]] = {}

    @property
    def refused(self) -> int:
        """Refused records of all streams."""
        return sum(counts[REFUSED] for counts in self._counts.values())

    @property
    def settled(self) -> int:
        """Records of all streams that were carried out or refused."""
        return sum(self._settled_of(stream) for stream in self._counts)

    def expect(self, stream: str) -> None:
        """Let a stream appear in the summary even when no record of it comes."""
        self._counts.setdefault(stream, Counter())

    def done(self, stream: str, outcome: Outcome) -> None:
        """Count a record that was carried out; one already gone is among the deleted too."""
        self._count(stream, outcome.value)
        if outcome is Outcome.ALREADY_GONE:
            self._count(stream, Outcome.DELETED.value)

    def invalid(self, stream: str, key: Mapping[str, Any], operation: Operation, error: InvalidRecordError) -> None:
        """Report a record that was found unusable before it was sent."""
        self._refuse(stream, key, operation, {"stage": "invalid", "path": error.column, "message": error.problem})

    def rejected(self, stream: str, key: Mapping[str, Any], operation: Operation, error: NetSuiteError) -> None:
        """Report a record that NetSuite refused."""
        reason = {
            "stage": "rejected",
            "status": error.status,
            "code": error.code,
            "path": error.path,
            "message": error.detail,
            "advice": error.advice,
        }
        self._refuse(stream, key, operation, reason)

    def summarize(self) -> None:
        """Report the counts, one line per stream."""
        for stream, counts in self._counts.items():
            self._logger.info("SUMMARY: %s", as_line({"stream": stream, **{name: counts[name] for name in _COUNTED}}))

    def _refuse(self, stream: str, key: Mapping[str, Any], operation: Operation, reason: dict[str, Any]) -> None:
        self._count(stream, REFUSED)
        about = {"stream": stream, "record": self._settled_of(stream), "key": dict(key), "operation": operation.value}
        said = {name: value for name, value in reason.items() if value != ""}
        self._logger.error("REFUSED: %s", as_line({**about, **said}))

    def _settled_of(self, stream: str) -> int:
        counts = self._counts[stream]
        return sum(counts.values()) - counts[Outcome.ALREADY_GONE.value]

    def _count(self, stream: str, what: str) -> None:
        self._counts.setdefault(stream, Counter())[what] += 1


def as_line(content: Mapping[str, Any]) -> str:
    """Return one line of JSON; what JSON has no form for is written as text."""
    return json.dumps(content, default=str, ensure_ascii=False)
