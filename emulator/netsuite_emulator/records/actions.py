"""Record actions: `POST /{type}/{id}/@{action}` [section_156631158782]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.records.rows import update

if TYPE_CHECKING:
    from datetime import datetime

    from netsuite_emulator.company.description import RecordType
    from netsuite_emulator.records.store import RecordStore

__all__ = ["ActionError", "perform_action"]

_APPROVED, _REJECTED, _PENDING = "2", "3", "A"
_ACTIONS = ("approve", "confirm", "reject")


class ActionError(NetSuiteError):
    """An action that fails says so at the top of its body, too."""

    content_type = "application/vnd.oracle.resource; type=error"

    def __init__(self, detail: str) -> None:
        """Keep why."""
        super().__init__(400, "USER_ERROR", detail, top_code="USER_ERROR")

    def body(self) -> dict[str, Any]:
        """The body."""
        return {**super().body(), "detail": self.detail}


def perform_action(store: RecordStore, record_type: RecordType, identifier: int, name: str, now: datetime) -> None:
    """Approve, confirm (the same) or reject a transaction that waits for it.

    Raises:
        ActionError: the type or the record does not take the action.
    """
    if name.lower() not in _ACTIONS or record_type.table != "transaction":
        raise ActionError(f"The action '{name}' is not available for {record_type.name}.")
    row = store.row(store.company.tables["transaction"], "id", identifier) or {}
    if row.get("status") != _PENDING or row.get("approvalstatus") == _REJECTED:
        raise ActionError(f"The action '{name}' cannot be performed: the record does not wait for approval.")
    values: dict[str, Any] = {"lastmodifieddate": now, "approvalstatus": _REJECTED}
    if name.lower() != "reject":
        values |= {"approvalstatus": _APPROVED, "status": "B"}
    update(store, "transaction", values, identifier)
