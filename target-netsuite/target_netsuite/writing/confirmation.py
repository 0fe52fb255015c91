"""Asking in bulk whether records are as they were wanted: one request instead of one for each result."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from suitetalk import NetSuiteError
from target_netsuite.intents import Write
from target_netsuite.journal.members import is_unfindable
from target_netsuite.writing.outcomes import is_refusal

logger = logging.getLogger(__name__)

Confirm = Callable[[Sequence[Write]], Mapping[int, str]]
"""Says which writes are done, by their place: every field that was sent reads back equal, or the record is gone; with
the record's internal id, empty when it is not known."""


class Confirmation:
    """Confirms writes as long as NetSuite lets it. Thread-safe."""

    def __init__(self, confirm: Confirm | None) -> None:
        """Ask with `confirm`; None for never."""
        self._confirm = confirm

    def of(self, writes: Sequence[Write]) -> dict[int, str]:
        """Return the internal ids of the writes that are certainly done, by place.

        A create without an external id leaves nothing to ask for, so it is never among them.

        Raises:
            SuiteTalkError: NetSuite could not be asked for now; a refusal ends the asking for good instead.
        """
        places = [place for place, write in enumerate(writes) if not is_unfindable(write)]
        if self._confirm is None or not places:
            return {}
        try:
            found = self._confirm([writes[place] for place in places])
        except NetSuiteError as error:
            if not is_refusal(error):
                raise
            self._confirm = None
            logger.warning("Results of batches are read one by one, since NetSuite cannot be asked in bulk: %s", error)
            return {}
        return {places[place]: internal_id for place, internal_id in found.items()}
