"""The stream `_audit`: for each stream of a run, what was emitted and what NetSuite counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import monotonic
from typing import Any

from singer_sdk import Stream, Tap

from suitetalk import IncompleteResultError
from tap_netsuite.values import iso

AUDIT_STREAM = "_audit"
_LEAST_SECONDS = 0.1

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stream": {"type": "string", "description": "Name of the stream."},
        "run_started_at": {"type": "string", "format": "date-time", "description": "When the run began."},
        "finished_at": {"type": "string", "format": "date-time", "description": "When the stream was over."},
        "replication_method": {"type": "string", "description": "FULL_TABLE or INCREMENTAL."},
        "rows_emitted": {"type": "integer", "description": "Records written, repeated ones included, deletions not."},
        "rows_counted": {
            "type": ["integer", "null"],
            "description": "Rows that NetSuite counts within the same bounds; null when it was not asked.",
        },
        "result": {"type": "string", "description": "complete, gap, failed, or not counted."},
        "message": {"type": ["string", "null"], "description": "What went wrong."},
    },
}


@dataclass
class StreamAudit:
    """What is known of one stream of a run.

    Attributes:
        stream: its name.
        started: when the run began.
        replication_method: how it was read.
        emitted: records written.
        counted: rows that NetSuite counts; None when it was not asked, or has not answered yet.
        error: why it could not be read, or not in full.
        left: rows still to come, as far as NetSuite has counted them; None when it has not.
        began: when its turn came to be written, on the clock that `seconds` is measured with.
        finished: when it was over, likewise; None before.
    """

    stream: str
    started: datetime
    replication_method: str
    emitted: int = 0
    counted: int | None = None
    error: Exception | None = None
    left: int | None = None
    began: float = field(default_factory=monotonic)
    finished: float | None = None

    @property
    def result(self) -> str:
        """How it ended: complete, gap, failed, or not counted; not finished, as long as it has not."""
        if self.error:
            return "gap" if isinstance(self.error.__cause__, IncompleteResultError) else "failed"
        if self.finished is None:
            return "not finished"
        if self.counted is None:
            return "not counted"
        return "complete" if self.counted <= self.emitted else "gap"

    @property
    def seconds(self) -> float:
        """How long it has been written; what was read before its turn came takes next to no time."""
        return (self.finished or monotonic()) - self.began

    @property
    def rows_per_second(self) -> float | None:
        """Records written in a second; None where it took too little time to say."""
        return self.emitted / self.seconds if self.seconds >= _LEAST_SECONDS else None

    def record(self) -> dict[str, Any]:
        """Return it as a record of the stream `_audit`."""
        return {
            "stream": self.stream,
            "run_started_at": iso(self.started),
            "finished_at": iso(datetime.now(timezone.utc)),
            "replication_method": self.replication_method,
            "rows_emitted": self.emitted,
            "rows_counted": self.counted,
            "result": self.result,
            "message": str(self.error) if self.error else None,
        }


class AuditStream(Stream):
    """Takes the result of each stream when it is over; the name lets its SCHEMA come before all of them."""

    name = AUDIT_STREAM
    replication_method = "FULL_TABLE"

    def __init__(self, tap: Tap) -> None:
        """Make the stream."""
        super().__init__(tap, schema=_SCHEMA, name=AUDIT_STREAM)
        self.primary_keys = ["run_started_at", "stream"]

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002 - the SDK's form
        """Return none: records are written as streams end."""
        return ()

    def write(self, audit: StreamAudit) -> None:
        """Write what is known of a stream, if this one is selected."""
        if self.selected:
            self._write_record_message(audit.record())
