"""What all streams of the tap have in common."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk.helpers.conform import TypeConformanceLevel

from suitetalk import SuiteTalkError
from tap_netsuite.account import Account


class StreamError(SuiteTalkError):
    """A stream could not be read; the text names it."""


class NetSuiteStream(Stream):
    """A stream that keeps its own bookmarks.

    Values are typed when they are read, so the SDK need not conform them once more. Bookmarks move when the
    rows before them have been written, not with each record, so records need no order within a slice.
    """

    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap, account: Account, name: str, schema: dict[str, Any]) -> None:
        """Make the stream; nothing is sent yet."""
        super().__init__(tap, schema=schema, name=name)
        self.account = account

    @abstractmethod
    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the records."""

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:  # noqa: ARG002 - the SDK's form
        """Yield the records.

        Raises:
            StreamError: anything that went wrong, with the stream's name before it.
        """
        count = 0
        try:
            for record in self.read():
                count += 1
                yield record
        except SuiteTalkError as error:
            raise StreamError(f"Stream {self.name}: {error}") from error
        self.logger.info("%s: %d records read; of those asked for, NetSuite counts none more", self.name, count)

    def get_replication_key_signpost(self, context: Mapping[str, Any] | None = None) -> None:
        """Return none: the bookmark is not taken from records, so nothing has to cap it."""

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Log what the SDK says of the stream, but its word of an unhandled error: each ends in a sentence of ours."""
        if level < logging.ERROR:
            super().log(message, *args, level=level, **kwargs)

    def _increment_stream_state(
        self, latest_record: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> None:
        """Leave the bookmark alone; `acknowledge` moves it."""

    def acknowledge(self, bookmark: Any) -> None:
        """Say that everything below this value of the replication key has been passed on, and write STATE.

        Rows that leave in BATCH files are not written yet; there the SDK writes STATE after each file.
        """
        state = self.stream_state
        if state.get("replication_key_value") == bookmark and state.get("replication_key") == self.replication_key:
            return
        state.update(replication_key=self.replication_key, replication_key_value=bookmark)
        self.state_manager.is_flushed = False
        if self.get_batch_config(self.config) is None:
            self._write_state_message()
