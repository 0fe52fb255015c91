"""What is learned about record types while writing."""

from __future__ import annotations

import logging

from suitetalk import NetSuite, NetSuiteError, OutcomeUnknownError, PermissionDeniedError, SuiteTalkError
from target_netsuite.writing.outcomes import is_refusal

logger = logging.getLogger(__name__)

_NO_BATCHES = frozenset({400, 403, 404, 405, 406, 415})
_NO_RIGHT_TO_LIST = "USER_ERROR"  # with or without the word permission [PO-client, measured]


class RecordTypes:
    """Which types exist, and which take no batches. Thread-safe: at worst something is learned twice."""

    def __init__(self, netsuite: NetSuite) -> None:
        """Ask this account."""
        self._netsuite = netsuite
        self._known: set[str] = set()
        self._without_batches: set[str] = set()
        self._without_jobs: set[str] = set()

    def takes_batches(self, record_type: str) -> bool:
        """Tell whether no batch of the type has been refused as a whole."""
        return record_type not in self._without_batches

    def takes_jobs(self, record_type: str) -> bool:
        """Tell whether no request of its own in the background has been refused."""
        return record_type not in self._without_jobs

    def refused_alone(self, record_type: str, error: SuiteTalkError) -> None:
        """Take note of a request of its own that was not taken into the background, be it refused or done at once."""
        if isinstance(error, OutcomeUnknownError) or (isinstance(error, NetSuiteError) and error.status in _NO_BATCHES):
            self._without_jobs.add(record_type)

    def refused_batch(self, record_type: str, error: SuiteTalkError) -> None:
        """Take note of a batch that was refused as a whole, unless that was for one of its records."""
        if not isinstance(error, NetSuiteError) or error.status not in _NO_BATCHES or error.path.startswith("items["):
            return
        if record_type not in self._without_batches:
            self._without_batches.add(record_type)
            logger.warning(
                "Records of type %s are written one by one, since a batch was refused: %s", record_type, error
            )

    def exists(self, record_type: str) -> None:
        """Take note that the type exists."""
        self._known.add(record_type)

    def is_there(self, record_type: str) -> bool:
        """Tell whether the type exists: a misspelt one answers 404 too, and nothing would ever be deleted.

        Raises:
            SuiteTalkError: it could not be found out now.
        """
        if record_type in self._known:
            return True
        try:
            self._netsuite.records.list(record_type, limit=1)
        except NetSuiteError as error:
            if not is_refusal(error):
                raise
            # Listing needs more permissions than deleting; where they are missing, the type is there.
            if not isinstance(error, PermissionDeniedError) and error.code != _NO_RIGHT_TO_LIST:
                return False
        self._known.add(record_type)
        return True
