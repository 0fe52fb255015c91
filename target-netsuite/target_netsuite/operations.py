"""Carrying out one write, until it is certain what became of it."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum

from suitetalk import (
    ConcurrencyLimitError,
    InvalidRequestError,
    LoginRefusedError,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    Records,
    RetryPolicy,
)
from suitetalk.retry import TryAgainError
from target_netsuite.intents import Operation
from target_netsuite.single_mapping import Write

_REFUSALS = range(400, 500)
_NOT_ABOUT_THE_RECORD = frozenset({407, 408})  # a proxy wants a login; the server tired of waiting


class Outcome(str, Enum):
    """What became of a record that was not refused."""

    CREATED = "created"
    UPDATED = "updated"
    UPSERTED = "upserted"
    DELETED = "deleted"
    ALREADY_GONE = "already_gone"


def is_refusal(error: NetSuiteError) -> bool:
    """Tell whether NetSuite refused this one record, so that others may still pass."""
    if isinstance(error, (LoginRefusedError, ConcurrencyLimitError)):
        return False
    return error.status in _REFUSALS and error.status not in _NOT_ABOUT_THE_RECORD


class Operations:
    """Creates, updates, upserts and deletes records, one at a time."""

    def __init__(self, records: Records, retry: RetryPolicy) -> None:
        """Write through `records`; `retry` says how often to look again for a record whose answer was lost."""
        self._records = records
        self._retry = retry
        self._known_types: set[str] = set()
        self._by_operation = {
            Operation.CREATE: self._create,
            Operation.UPDATE: self._update,
            Operation.UPSERT: self._upsert,
            Operation.DELETE: self._delete,
        }

    def carry_out(self, write: Write) -> Outcome:
        """Do it and say what came of it.

        Raises:
            NetSuiteError: NetSuite refused; see `is_refusal`.
            OutcomeUnknownError: it went out, its answer was lost, and there is no way to find out.
            ConnectionFailedError: NetSuite was not reached.
        """
        return self._by_operation[write.operation](write)

    def _create(self, write: Write) -> Outcome:
        if write.external_id is None:
            self._records.create(write.record_type, write.body)
        else:
            self._create_findable(write)
        return Outcome.CREATED

    def _create_findable(self, write: Write) -> None:
        """Create a record; when an answer is lost, look by external id whether it is there, and else try again."""
        lost = False

        def attempt() -> None:
            nonlocal lost
            try:
                self._records.create(write.record_type, write.body)
            except OutcomeUnknownError as error:
                lost = True
                if not self._exists(write):
                    raise TryAgainError(error) from None
            except InvalidRequestError:
                # An earlier try may have been carried out after it had been looked for in vain.
                if not (lost and self._exists(write)):
                    raise

        self._retry.run(attempt)

    def _update(self, write: Write) -> Outcome:
        self._records.update(write.record_type, write.address, write.body)
        return Outcome.UPDATED

    def _upsert(self, write: Write) -> Outcome:
        self._records.upsert(write.record_type, write.external_id or "", write.body)
        return Outcome.UPSERTED

    def _delete(self, write: Write) -> Outcome:
        try:
            self._records.delete(write.record_type, write.address)
        except NotFoundError:
            self._make_sure_of_type(write.record_type)
            return Outcome.ALREADY_GONE
        self._known_types.add(write.record_type)
        return Outcome.DELETED

    def _exists(self, write: Write) -> bool:
        try:
            self._records.get(write.record_type, write.address)
        except NotFoundError:
            return False
        return True

    def _make_sure_of_type(self, record_type: str) -> None:
        """Raise unless the type exists: a misspelt one answers 404 too, and nothing would ever be deleted."""
        if record_type in self._known_types:
            return
        with suppress(PermissionDeniedError):  # listing needs more permissions than deleting; the type is there
            self._records.list(record_type, limit=1)
        self._known_types.add(record_type)
