"""The stream `_audit`: for each stream of a run, what was emitted and what NetSuite counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from singer_sdk import Stream, Tap

from tap_netsuite.progress import StreamAudit

AUDIT_STREAM = "_audit"

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
        "deletions": {
            "type": ["string", "null"],
            "description": "How rows that are gone from NetSuite are made known: all rows read (ACTIVATE_VERSION), "
            "deletion log, keys compared, lines of re-read transactions, _sdc_set_read_at; or not known.",
        },
        "message": {"type": ["string", "null"], "description": "What went wrong."},
    },
}


class AuditStream(Stream):
    """Takes the result of each stream when it is over; the name lets its SCHEMA come before all of them."""

    name = AUDIT_STREAM
    replication_method = "FULL_TABLE"

    def __init__(self, tap: Tap) -> None:
        """Make the stream."""
        super().__init__(tap, schema=_SCHEMA, name=AUDIT_STREAM)
        self.primary_keys = ["run_started_at", "stream"]

    @property
    def emit_activate_version_messages(self) -> bool:
        """Whether a run's records replace those of earlier runs: no, they are a history."""
        return False

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002 - the SDK's form
        """Return none: records are written as streams end."""
        return ()

    def write(self, audit: StreamAudit) -> None:
        """Write what is known of a stream, if this one is selected."""
        if self.selected:
            self._write_record_message(audit.record())
