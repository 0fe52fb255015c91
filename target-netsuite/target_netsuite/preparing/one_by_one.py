"""Look-ups without SuiteQL: one request of the record service for each."""

from __future__ import annotations

import threading
from contextlib import suppress

from suitetalk import InvalidRequestError, NotFoundError, PermissionDeniedError, Records
from suitetalk.record_path import is_external_id
from target_netsuite.intents import Reference
from target_netsuite.preparing.found import Found
from target_netsuite.preparing.query_refusals import WORKBOOK, is_word

_ENOUGH = 100  # records that one value may fit before it is just ambiguous


class OneByOne:
    """Finds records by external id with GET, and by other fields with a filtered list. Thread-safe."""

    def __init__(self, records: Records) -> None:
        """Ask this service."""
        self._records = records
        self._lock = threading.Lock()
        self._types: dict[str, bool] = {}

    def find(self, sought: Reference) -> Found:
        """Return what fits.

        Raises:
            NetSuiteError: NetSuite cannot be asked now.
            ConnectionFailedError: no usable answer.
        """
        try:
            if sought.by.lower() == "externalid" and is_external_id(sought.value):
                return self._by_external_id(sought)
            return self._by_field(sought)
        except PermissionDeniedError as refusal:
            return _not_permitted(sought, refusal)
        except InvalidRequestError as refusal:
            return Found.refused(refusal)

    def _by_external_id(self, sought: Reference) -> Found:
        """Read the record's id [section_156335203191]."""
        try:
            document = self._records.get(sought.record_type, f"eid:{sought.value}", fields=("id",))
        except NotFoundError:
            if self._exists(sought.record_type):
                return Found()
            problem = f"NetSuite shows the role no record type {sought.record_type}"
            return Found(
                problem=problem, code="RECORD_TYPE_NOT_FOUND", advice="check the type and the role's permissions"
            )
        return Found((str(document.get("id", "")),))

    def _by_field(self, sought: Reference) -> Found:
        """List what has the value [section_1545222128]; the filter may take upper and lower case for the same."""
        if not is_word(sought.by):
            return Found(problem=f"{sought.by!r} is no name of a field", code="UNKNOWN_FIELD")
        text = sought.value.replace("\\", "\\\\").replace('"', '\\"')
        try:
            page = self._records.list(sought.record_type, q=f'{sought.by} IS "{text}"', limit=_ENOUGH)
        except NotFoundError as refusal:
            return Found.refused(refusal)
        ids = [str(item.get("id", "")) for item in page.items]
        return Found(tuple(one for one in ids if self._has(sought, one)))

    def _has(self, sought: Reference, internal_id: str) -> bool:
        """Tell whether a record has the very value that was sought."""
        document = self._records.get(sought.record_type, internal_id, fields=(sought.by,))
        held = {name.lower(): value for name, value in document.items()}.get(sought.by.lower())
        return isinstance(held, dict) or str(held) == sought.value

    def _exists(self, record_type: str) -> bool:
        """Tell whether there is such a type: of a misspelt one, too, NetSuite says that a record does not exist."""
        with self._lock:
            known = self._types.get(record_type)
        if known is None:
            known = True
            with suppress(PermissionDeniedError):  # lists need more permissions than reading; the type is there
                try:
                    self._records.list(record_type, limit=1)
                except NotFoundError:
                    known = False
            with self._lock:
                self._types[record_type] = known
        return known


def _not_permitted(sought: Reference, refusal: PermissionDeniedError) -> Found:
    return Found(
        problem=f"the role may neither use SuiteQL nor lists of {sought.record_type}",
        code="LOOKUP_NOT_PERMITTED",
        status=refusal.status,
        advice=f"give the role {WORKBOOK} and the permission to view {sought.record_type}",
    )
