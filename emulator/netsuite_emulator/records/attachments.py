"""Attaches contacts and files to records [article_0113084334]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import invalid_content, nonexistent_id, user_error

if TYPE_CHECKING:
    from netsuite_emulator.company.description import RecordType
    from netsuite_emulator.records.store import RecordStore

__all__ = ["ATTACHMENT_TABLE", "Attachments"]

ATTACHMENT_TABLE = (
    "CREATE TABLE IF NOT EXISTS attachment "
    "(recordtype VARCHAR, record BIGINT, attachedtype VARCHAR, attached BIGINT, role VARCHAR)"
)


class Attachments:
    """Called while the storage is `writing`."""

    def __init__(self, store: RecordStore) -> None:
        """Keep what is attached in the table `attachment`."""
        self._store = store

    def attach(self, record_type: RecordType, identifier: int, other: str, name: str, body: Any) -> None:
        """Attach a contact or a file; what is attached already takes the new role.

        Raises:
            NetSuiteError: it is neither, or there is none of that id.
        """
        key = self._key(record_type, identifier, other, name)
        role = None
        if body is not None:
            given = body.get("role") if isinstance(body, dict) else None
            if not isinstance(given, dict) or given.get("id") is None:
                raise invalid_content('The body can name a role: {"role": {"id": "-10"}}.', "role")
            role = str(given["id"])
        self._delete(key)
        self._store.storage.rows("INSERT INTO attachment VALUES (?, ?, ?, ?, ?)", [*key, role])

    def detach(self, record_type: RecordType, identifier: int, other: str, name: str) -> None:
        """Undo that.

        Raises:
            NetSuiteError: it is not attached.
        """
        key = self._key(record_type, identifier, other, name)
        if not self._delete(key):
            raise user_error(f"The {other} {name} is not attached to this record.")

    def _key(self, record_type: RecordType, identifier: int, other: str, name: str) -> list[Any]:
        kind = other.lower()
        if kind == "contact":
            return [record_type.path, identifier, kind, self._store.find(self._store.company.record_types[kind], name)]
        if kind == "file":
            return [record_type.path, identifier, kind, self._file(name)]
        raise user_error(f"Only contacts and files can be attached, not {other}.")

    def _file(self, name: str) -> int:
        found = None
        if name.isascii() and name.isdigit():
            found = self._store.storage.row("SELECT id FROM file WHERE id = ?", [int(name)])
        if found is None:
            raise nonexistent_id()
        return int(found[0])

    def _delete(self, key: list[Any]) -> bool:
        deleted = self._store.storage.row(
            "DELETE FROM attachment WHERE recordtype = ? AND record = ? AND attachedtype = ? AND attached = ?", key
        )
        return bool(deleted and deleted[0])
