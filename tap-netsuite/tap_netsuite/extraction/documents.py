"""Reading records with their sublists and subrecords, one by one or by the hundred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from suitetalk import (
    BATCH_SIZE,
    Batches,
    IncompleteResultError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    Records,
    SuiteTalkError,
)
from tap_netsuite.record_view import RecordView

_OF_ONE_RECORD = (InvalidRequestError, PermissionDeniedError, IncompleteResultError)


@dataclass(frozen=True)
class Document:
    """What became of one record.

    Attributes:
        record_id: its internal id.
        body: the record; None when it is gone, or refused and nowhere else to be had.
        refusal: NetSuite's refusal of this record, such as one locked by a workflow; None when there was none.
    """

    record_id: str
    body: dict[str, Any] | None = None
    refusal: SuiteTalkError | None = None


class Documents(Protocol):
    """Reads records by their ids. Thread-safe."""

    @property
    def at_once(self) -> int:
        """How many ids to give at once."""
        ...

    def read(self, record_ids: tuple[str, ...]) -> list[Document]:
        """Return what became of each record, in the order of the ids.

        Raises:
            SuiteTalkError: something that is no matter of one record.
        """
        ...


class SingleDocuments:
    """One request for each record."""

    at_once = 1

    def __init__(self, records: Records, record_type: str, view: RecordView) -> None:
        """Read records of a type."""
        self._records = records
        self._record_type = record_type
        self._view = view

    def read(self, record_ids: tuple[str, ...]) -> list[Document]:
        """Return what became of each record; see `Documents`."""
        return [self._read(record_id) for record_id in record_ids]

    def _read(self, record_id: str) -> Document:
        view = self._view
        try:
            body = self._records.get(
                self._record_type,
                record_id,
                expand_sub_resources=view.expands_all,
                expand=view.expand,
                fields=view.fields,
                simple_enum_format=view.simple_enums,
            )
        except SuiteTalkError as error:
            return _without_body(record_id, error)
        return Document(record_id, body)


class BatchDocuments:
    """Asynchronous jobs of a hundred records; each record's result is a request of its own besides [section 7.3]."""

    at_once = BATCH_SIZE

    def __init__(self, batches: Batches, single: Documents, record_type: str, view: RecordView) -> None:
        """Read records of a type; those that a job does not deliver are read one by one, whatever the job says."""
        self._batches = batches
        self._single = single
        self._record_type = record_type
        self._view = view

    def read(self, record_ids: tuple[str, ...]) -> list[Document]:
        """Return what became of each record; see `Documents`."""
        view = self._view
        results = self._batches.get(
            self._record_type,
            record_ids,
            expand_sub_resources=view.expands_all,
            expand=view.expand,
            fields=view.fields,
            parallel=True,
            jobs_at_once=1,
        )
        bodies = {result.record_id: result.body for result in results if result.body is not None}
        return [
            Document(record_id, bodies[record_id]) if record_id in bodies else self._single.read((record_id,))[0]
            for record_id in record_ids
        ]


def _without_body(record_id: str, error: SuiteTalkError) -> Document:
    """Take a record that is gone, or refused by itself, for one without a body; raise everything else."""
    if isinstance(error, NotFoundError):
        return Document(record_id)
    if isinstance(error, _OF_ONE_RECORD):
        return Document(record_id, refusal=error)
    raise error
