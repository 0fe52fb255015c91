"""Records that NetSuite refuses as documents, read from their SuiteQL table instead."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from suitetalk import NetSuiteError, SuiteQL
from tap_netsuite.discovery.probe import probe
from tap_netsuite.extraction.documents import Document, Documents
from tap_netsuite.extraction.source import Source
from tap_netsuite.once import Once
from tap_netsuite.record_view import FALLBACK_MARK, is_embedded
from tap_netsuite.values import Column, Kind, converter, kind_of

logger = logging.getLogger(__name__)

_UTC = ZoneInfo("UTC")


class WithTable:
    """Documents, and for refused ones the row of their table, as far as it has the record's body fields.

    Columns are the fields in lower case [section 6.3]; those the table does not have are not in the record, nor are
    sublists and subrecords.
    """

    def __init__(
        self,
        documents: Documents,
        suiteql: SuiteQL,
        table: str,
        schema: Mapping[str, Any],
        zone: Callable[[], ZoneInfo],
    ) -> None:
        """Read documents, and a table where they are refused.

        Args:
            documents: what is read first.
            suiteql: where the table is.
            table: its name.
            schema: the stream's.
            zone: the account's time zone, asked for when it is needed.
        """
        self.at_once = documents.at_once
        self._documents = documents
        self._suiteql = suiteql
        self._table = table
        self._properties = {name.lower(): (name, part) for name, part in schema["properties"].items()}
        self._zone = zone
        self._source = Once(self._find_source)

    def read(self, record_ids: tuple[str, ...]) -> list[Document]:
        """Return what became of each record; see `Documents`."""
        return [
            self._from_table(document) if document.refusal else document
            for document in self._documents.read(record_ids)
        ]

    def _from_table(self, document: Document) -> Document:
        try:
            source = self._source()
            rows = self._suiteql.page(source.page(f"id = {int(document.record_id)}"), limit=1).items
            fields = self._fields(source, rows[0]) if rows else {}
        except (NetSuiteError, ValueError) as error:
            logger.debug("Record %s is not to be had from %s: %s", document.record_id, self._table, error)
            return document
        if not fields:
            return document
        body = {"id": document.record_id, **fields, FALLBACK_MARK: True}
        return Document(document.record_id, body, document.refusal)

    def _fields(self, source: Source, row: Mapping[str, Any]) -> dict[str, Any]:
        fields = {}
        for column in source.columns:
            name, part = self._properties[column.name]
            if name != "id" and row.get(column.name) is not None:
                fields[name] = self._value(column, part, row[column.name])
        return fields

    def _value(self, column: Column, part: Mapping[str, Any], text: str) -> Any:
        value = converter(column.kind, self._zone() if column.kind is Kind.DATE_TIME else _UTC)(text)
        return {"id": value} if "properties" in part else value

    def _find_source(self) -> Source:
        """Return the columns the table has, of the kinds that the record has them in."""
        guesses = {
            name: Kind.TEXT if "properties" in part else kind_of(part)
            for name, (original, part) in self._properties.items()
            if part.get("type") and not is_embedded(part) and "array" not in part["type"] and original != FALLBACK_MARK
        }
        found = probe(self._suiteql, self._table, guesses).columns
        return Source(self._table, tuple(column for column in found if column.kind is guesses[column.name]))
