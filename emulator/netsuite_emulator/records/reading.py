"""Records, their sublists and subrecords as GET answers them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column, RecordType, Sublist
from netsuite_emulator.company.record_types import STATUSES
from netsuite_emulator.errors import nonexistent_id
from netsuite_emulator.exchange import Answer, Call, Page, collection, singular
from netsuite_emulator.records.store import RecordStore
from netsuite_emulator.records.sublists import row_key

__all__ = ["RecordReader", "SubResources"]


class RecordReader:
    """Writes one answer; made for each request. Names looked up once are remembered until something is written."""

    def __init__(self, store: RecordStore, calendar: AccountCalendar, base: str, query: Mapping[str, str]) -> None:
        """`base` is the address of the record service; `query` the request's parameters."""
        self._store = store
        self._calendar = calendar
        self._base = base
        self._query = query
        self._everything = query.get("expandSubResources", "").lower() == "true"
        self._expanded = {name.strip().lower() for name in query.get("expand", "").split(",")}
        self._bare = query.get("simpleEnumFormat", "").lower() == "true"
        self._references: dict[tuple[str, str, Any], dict[str, Any] | None] = store.storage.remembered()

    def record(self, record_type: RecordType, identifier: int) -> dict[str, Any]:
        """The whole record, or the body fields that `fields` names."""
        company = self._store.company
        row = self._store.row(company.tables[record_type.table], record_type.key, identifier) or {}
        address = f"{self._base}/{record_type.path}/{identifier}"
        own = f"{address}?{urlencode(self._query)}" if self._query else address
        answer: dict[str, Any] = {"links": [{"rel": "self", "href": own}], "id": str(identifier)}
        wanted = {name.strip().lower() for name in self._query.get("fields", "").split(",") if name.strip()}
        if self._everything:
            wanted = set()
        for column in company.fields(record_type):
            if wanted and (column.field or "").lower() not in wanted:
                continue
            sign = -record_type.sign if "signed" in column.marks else 1
            self._put(answer, column, row, address, sign)
        if not wanted:
            for sublist in record_type.sublists:
                answer[sublist.name] = self.sublist(record_type, sublist, identifier)
        return {"links": answer.pop("links"), **dict(sorted(answer.items()))}

    def sublist(self, record_type: RecordType, sublist: Sublist, identifier: int) -> dict[str, Any]:
        """A sublist inside its record: a link, or the rows where they are asked for."""
        address = f"{self._base}/{record_type.path}/{identifier}/{sublist.name}"
        if not self._expands(sublist.name):
            return {"links": [{"rel": "self", "href": address}]}
        items = [self.line(record_type, sublist, row, address) for row in self.sublist_rows(sublist, identifier)]
        return {"links": [{"rel": "self", "href": address}], "items": items, "totalResults": len(items)}

    def sublist_rows(self, sublist: Sublist, identifier: int) -> list[dict[str, Any]]:
        """The stored rows of a sublist, in order."""
        table = self._store.company.tables[sublist.table]
        key = "id" if sublist.table == "transactionline" else table.key[0]
        condition = f'"{sublist.parent}" = ? AND {sublist.where}'
        return self._store.rows(table, condition, [identifier], f'"{key}"')

    def line(self, record_type: RecordType, sublist: Sublist, row: dict[str, Any], address: str) -> dict[str, Any]:
        """One row of a sublist."""
        own = f"{address}/{row_key(sublist, row)}"
        answer: dict[str, Any] = {"links": [{"rel": "self", "href": own}]}
        for column in self._store.company.line_fields(sublist):
            sign = record_type.sign if "signed" in column.marks else 1
            self._put(answer, column, row, own, sign)
        if "internalId" in answer:
            answer["id"] = answer["internalId"]
        return answer

    def address(self, column: Column, number: int, link: str) -> dict[str, Any]:
        """The address that a column leads to."""
        table = self._store.company.tables["entityaddress"]
        row = self._store.row(table, "nkey", number) or {}
        answer: dict[str, Any] = {"links": [{"rel": "self", "href": link}]}
        for part in column.parts or table.columns:
            self._put(answer, part, row, link, 1)
        return answer

    def subrecord(self, column: Column, value: Any, link: str, *, in_full: bool = True) -> dict[str, Any]:
        """A subrecord that is kept as JSON, or a sublist in one: a link, or all of it."""
        links = {"links": [{"rel": "self", "href": link}]}
        if not in_full:
            return links
        if column.kind == "sublist":
            lines = replace(column, kind="subrecord")
            items = [self.subrecord(lines, row, f"{link}/{number}") for number, row in enumerate(value, 1)]
            return {**links, "items": items, "totalResults": len(items)}
        answer: dict[str, Any] = links
        for part in column.parts:
            name = str(part.field)
            if name in value:
                answer[name] = self._part(part, value[name], f"{link}/{quote(name)}")
        return answer

    def _part(self, part: Column, value: Any, link: str) -> Any:
        match part.kind:
            case "reference":
                return self.reference(part, int(value))
            case "choice":
                return self._choice(value, value)
            case "multiselect":
                return self.multiselect(part, value, link)
            case "subrecord" | "sublist":
                return self.subrecord(part, value, link)
        return value

    def multiselect(self, column: Column, value: str, link: str) -> dict[str, Any]:
        """The chosen values of a multi-select field."""
        items = [self.reference(column, int(part)) for part in value.split(", ")]
        return {
            "links": [{"rel": "self", "href": link}],
            "items": items,
            "count": len(items),
            "hasMore": False,
            "offset": 0,
            "totalResults": len(items),
        }

    def reference(self, column: Column, value: Any) -> dict[str, Any] | None:
        """A reference: links, id and name."""
        key = (self._base, column.target, value)
        if key not in self._references:
            self._references[key] = self._look_up(column, value)
        return self._references[key]

    def _look_up(self, column: Column, value: Any) -> dict[str, Any] | None:
        table = self._store.company.tables.get(column.target)
        if table is None:
            return {"links": [], "id": str(value)} if not column.target else None
        path = self._store.path_of(column, value)
        links = [{"rel": "self", "href": f"{self._base}/{path}/{value}"}] if path else []
        name = self._store.display(table, value)
        return {"links": links, "id": str(value), **({"refName": name} if name else {})}

    def _put(self, answer: dict[str, Any], column: Column, row: dict[str, Any], address: str, sign: int) -> None:
        value = row.get(column.name)
        if value is None or not column.field or (column.field, column.kind) == ("id", "id"):
            return
        rendered = self._value(column, value, row, f"{address}/{quote(column.field)}", sign)
        if rendered is not None:
            answer[column.field] = rendered

    def _value(self, column: Column, value: Any, row: dict[str, Any], link: str, sign: int) -> Any:  # noqa: C901, PLR0911, PLR0912 - one for each kind
        match column.kind:
            case "reference":
                return self.reference(column, value)
            case "subrecord":
                return self.subrecord(column, json.loads(value), link, in_full=self._expands(column.field or ""))
            case "choice":
                return self._choice(value, column.choices.get(value, value))
            case "status":
                label = STATUSES.get(row.get("type") or "", {}).get(value, value)
                return self._choice(label, label)  # the label is the id, too [seunsodimu/laguna_partner]
            case "flag":
                return value == "T"
            case "number":
                return float(value * sign) or 0.0
            case "date":
                return value.isoformat()
            case "datetime":
                return self.moment(value)
            case "multiselect":
                if self._expands(column.field or ""):
                    return self.multiselect(column, value, link)
                return {"links": [{"rel": "self", "href": link}]}
            case "address":
                if self._expands(column.field or ""):
                    return self.address(column, value, link)
                return {"links": [{"rel": "self", "href": link}]}
            case "id":
                return int(value) if column.name == "internalid" else str(value)
        return value

    def _choice(self, key: str, name: str) -> Any:
        return key if self._bare else {"id": key, "refName": name}

    def moment(self, value: datetime) -> str:
        """A stamp in UTC, cut to the minute [section_157305090645, seunsodimu/laguna_partner]."""
        return f"{self._calendar.to_utc(value):%Y-%m-%dT%H:%M}:00Z"

    def _expands(self, name: str) -> bool:
        return self._everything or name.lower() in self._expanded


class SubResources:
    """Answers `GET /{type}/{id}/{sub}` and what is below it."""

    def __init__(self, store: RecordStore, reader: RecordReader, call: Call, previous: str) -> None:
        """`previous` is the relation of the link to the page before."""
        self._store = store
        self._reader = reader
        self._call = call
        self._previous = previous
        self._base = f"{call.base}/record/v1"
        self._query = call.query

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
            page = Page.read(self._call, address, len(rows) or 1, self._previous)
            shown = rows[page.offset : page.offset + page.limit]
            return collection(page.answer([self._item(record_type, sublist, row, address) for row in shown], len(rows)))
        for row in rows:
            if row_key(sublist, row) == path[0]:
                return self._line(record_type, sublist, row, [address, *path])
        raise nonexistent_id()

    def _item(self, record_type: RecordType, sublist: Sublist, row: dict[str, Any], address: str) -> dict[str, Any]:
        if self._query.get("expandSubResources", "").lower() == "true":
            return self._reader.line(record_type, sublist, row, address)
        return {"links": [{"rel": "self", "href": f"{address}/{row_key(sublist, row)}"}]}

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
            return singular(self._reader.address(column, value, link))
        if column.kind == "subrecord":
            return singular(self._reader.subrecord(column, json.loads(value), link))
        if column.kind == "multiselect":
            return collection(self._reader.multiselect(column, value, link))
        if column.kind == "reference":
            path = self._store.path_of(column, value)
            target = self._store.company.record_types.get(path or "")
            if target is not None:
                return singular(self._reader.record(target, value))
        raise nonexistent_id()
