"""Parts of a record by their own addresses [section_159894563219, chapter_156337267817]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import nonexistent_id
from netsuite_emulator.exchange import Answer, collection, singular
from netsuite_emulator.paging import Page
from netsuite_emulator.records.reading import RecordReader, line_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netsuite_emulator.company.description import Column, RecordType, Sublist
    from netsuite_emulator.records.store import RecordStore

__all__ = ["SubResources"]


class SubResources:
    """Answers `GET /{type}/{id}/{sub}` and what is below it."""

    def __init__(self, store: RecordStore, reader: RecordReader, base: str, query: Mapping[str, str]) -> None:
        """`base` is the address of the record service."""
        self._store = store
        self._reader = reader
        self._base = base
        self._query = query

    def answer(self, record_type: RecordType, identifier: int, path: list[str]) -> Answer:
        """The part that `path` names.

        Raises:
            NetSuiteError: 404, there is no such part.
        """
        address = f"{self._base}/{record_type.path}/{identifier}"
        for sublist in record_type.sublists:
            if sublist.name.lower() == path[0].lower():
                return self._sublist(record_type, sublist, identifier, path[1:])
        row = self._store.row(self._store.company.tables[record_type.table], record_type.key, identifier) or {}
        if len(path) == 1:
            for column in self._store.company.fields(record_type):
                if (column.field or "").lower() == path[0].lower():
                    return self._field(column, row, f"{address}/{column.field}")
        raise nonexistent_id()

    def _sublist(self, record_type: RecordType, sublist: Sublist, identifier: int, path: list[str]) -> Answer:
        address = f"{self._base}/{record_type.path}/{identifier}/{sublist.name}"
        rows = self._reader.sublist_rows(sublist, identifier)
        if not path:
            page = Page.read(address, self._query, len(rows) or 1)
            shown = rows[page.offset : page.offset + page.limit]
            return collection(page.answer([self._item(record_type, sublist, row, address) for row in shown], len(rows)))
        for row in rows:
            if str(line_key(sublist, row)) == path[0]:
                return self._line(record_type, sublist, row, [address, *path])
        raise nonexistent_id()

    def _item(self, record_type: RecordType, sublist: Sublist, row: dict[str, Any], address: str) -> dict[str, Any]:
        if self._query.get("expandSubResources", "").lower() == "true":
            return self._reader.line(record_type, sublist, row, address)
        return {"links": [{"rel": "self", "href": f"{address}/{line_key(sublist, row)}"}]}

    def _line(self, record_type: RecordType, sublist: Sublist, row: dict[str, Any], path: list[str]) -> Answer:
        if len(path) == 2:  # noqa: PLR2004 - the sublist and the key
            return singular(self._reader.line(record_type, sublist, row, path[0]))
        for column in self._store.company.line_fields(sublist):
            if (column.field or "").lower() == path[2].lower():
                return self._field(column, row, "/".join(path))
        raise nonexistent_id()

    def _field(self, column: Column, row: dict[str, Any], link: str) -> Answer:
        value = row.get(column.name)
        if value is None:
            raise nonexistent_id()
        if column.kind == "address":
            return singular(self._reader.address(value, link))
        if column.kind == "multiselect":
            return collection(self._reader.multiselect(column, value, link))
        if column.kind == "reference":
            path = self._store.path_of(column, value)
            target = self._store.company.record_types.get(path or "")
            if target is not None:
                return singular(self._reader.record(target, value))
        raise nonexistent_id()
