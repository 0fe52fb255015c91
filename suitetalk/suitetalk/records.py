"""The record service: one record at a time, and lists of ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from suitetalk.errors import ConnectionFailedError, IncompleteResultError, SuiteTalkError
from suitetalk.pages import PAGE_SIZE, Page, all_pages, check_lines, page_parameters, read_page
from suitetalk.transport import Transport

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
_STRICT = {"X-NetSuite-PropertyNameValidation": "error"}


class Records:
    """Get, list, create, update, upsert and delete records. Thread-safe.

    A record is addressed by its internal id or by `eid:` and its external id [section_156335203191].
    """

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def get(
        self,
        record_type: str,
        record_id: str,
        *,
        expand_sub_resources: bool = False,
        fields: Sequence[str] = (),
        simple_enum_format: bool = False,
    ) -> dict[str, Any]:
        """Return one record [section_1545142037]; fields that are null are absent.

        Args:
            record_type: such as `salesOrder`.
            record_id: internal id, or `eid:` and the external id.
            expand_sub_resources: embed sublists and subrecords instead of links to them.
            fields: these body fields only.
            simple_enum_format: enumerations as their bare id.

        Raises:
            NotFoundError: there is no such record, or the role may not see it.
            IncompleteResultError: an expanded sublist has fewer lines than NetSuite counted in it.
            NetSuiteError: NetSuite refused.
        """
        parameters = {
            **({"expandSubResources": "true"} if expand_sub_resources else {}),
            **({"fields": ",".join(fields)} if fields else {}),
            **({"simpleEnumFormat": "true"} if simple_enum_format else {}),
        }
        path = _path(record_type, record_id)
        body = self._transport.request("GET", path, parameters=parameters, repeatable=True).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(f"GET {path} was answered with no record; check `base_url`.")
        check_lines(body, f"GET {path}")
        return body

    def list(self, record_type: str, *, q: str | None = None, limit: int = PAGE_SIZE, offset: int = 0) -> Page:
        """Return one page of a type's records, each with `id` and `links` only [section_1540810951].

        Args:
            record_type: such as `customer`.
            q: filter such as `companyName START_WITH "A"` [section_1545222128].
            limit: records of the page, at most 1000.
            offset: records to leave out before it, a multiple of `limit` [section_156414087576].

        Raises:
            NetSuiteError: NetSuite refused; a missing permission comes as PermissionDeniedError.
        """
        parameters = {**page_parameters(limit, offset), **({"q": q} if q else {})}
        return read_page(self._transport.request("GET", _path(record_type), parameters=parameters, repeatable=True))

    def ids(self, record_type: str, *, q: str | None = None) -> Iterator[str]:
        """Return the internal ids of all records of a type, in no particular order, each once.

        Raises:
            IncompleteResultError: NetSuite counted more records than it listed, or the list shrank while it was read.
            NetSuiteError: NetSuite refused.
        """
        seen: set[str] = set()
        total = 0
        name = f"The list of {record_type}"
        for page in all_pages(lambda offset: self.list(record_type, q=q, offset=offset), name):
            total = page.total
            new = dict.fromkeys(_id_of(item, record_type) for item in page.items)
            yield from (record_id for record_id in new if record_id not in seen)
            seen.update(new)
        if len(seen) < total:
            raise IncompleteResultError(
                f"{name} delivered only {len(seen)} different records of {total}; run it again, or narrow it."
            )

    def create(self, record_type: str, body: Mapping[str, Any]) -> str:
        """Create a record and return its internal id [section_1545141395].

        Never repeated on its own when the answer is lost, because a second try would create a second record.

        Raises:
            OutcomeUnknownError: the answer was lost.
            NetSuiteError: NetSuite refused; misspelt field names are refused too.
        """
        return self._transport.request(
            "POST", _path(record_type), headers=_STRICT, body=body, repeatable=False
        ).created_id()

    def update(
        self,
        record_type: str,
        record_id: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
        replace_selected_fields: bool = False,
    ) -> None:
        """Change a record [section_1545142173]; a field that is None is cleared.

        Repeated on its own when the answer is lost only if that cannot add sublist lines twice: lines of
        sublists without a key are added by each PATCH, unless the sublist is replaced [section_1545295601].

        Args:
            record_type: such as `customer`.
            record_id: internal id, or `eid:` and the external id.
            body: fields to change.
            replace: names of sublists whose lines the body gives in full.
            replace_selected_fields: take the names in `replace` for those of body fields too; of them, those that
                the body lacks are emptied.

        Raises:
            NotFoundError: there is no such record.
            OutcomeUnknownError: the answer was lost and repeating may do harm.
            NetSuiteError: NetSuite refused; misspelt field names are refused too.
        """
        self._transport.request(
            "PATCH",
            _path(record_type, record_id),
            parameters={
                **({"replaceSelectedFields": "true"} if replace_selected_fields else {}),
                **({"replace": ",".join(replace)} if replace else {}),
            },
            headers=_STRICT,
            body=body,
            repeatable=not _adds_lines(body, replace),
        )

    def upsert(self, record_type: str, external_id: str, body: Mapping[str, Any]) -> None:
        """Create the record with this external id, or update it when it exists [section_156335203191].

        Raises:
            OutcomeUnknownError: the answer was lost and repeating may do harm.
            NetSuiteError: NetSuite refused; misspelt field names are refused too.
        """
        self._transport.request(
            "PUT",
            _path(record_type, f"eid:{external_id}"),
            headers=_STRICT,
            body=body,
            repeatable=not _adds_lines(body, ()),
        )

    def delete(self, record_type: str, record_id: str) -> None:
        """Delete a record [section_1545142287].

        Raises:
            NotFoundError: there is no such record; also when a first try deleted it and its answer was lost.
            NetSuiteError: NetSuite refused.
        """
        self._transport.request("DELETE", _path(record_type, record_id), repeatable=True)


def _path(record_type: str, record_id: str | None = None) -> str:
    # Dots alone would be taken for steps in the path, and so lead to something else.
    if not record_type.strip("."):
        raise SuiteTalkError("A record type is needed, such as customer.")
    path = f"/record/v1/{quote(record_type, safe='')}"
    if record_id is None:
        return path
    if not record_id.strip("."):
        raise SuiteTalkError(f"A record id is needed to address one {record_type}, not {record_id!r}.")
    kind, _, external_id = record_id.partition(":")
    if kind == "eid" and not _EXTERNAL_ID.fullmatch(external_id):
        raise SuiteTalkError(
            f"The external id {external_id!r} cannot address a {record_type}: only letters, digits, _ and - are "
            "possible there, so change it."
        )
    return f"{path}/{quote(record_id, safe=':')}"


def _id_of(item: Mapping[str, Any], record_type: str) -> str:
    if not item.get("id"):
        raise ConnectionFailedError(f"The list of {record_type} holds an entry without an id; check `base_url`.")
    return str(item["id"])


def _adds_lines(body: Mapping[str, Any], replace: Sequence[str]) -> bool:
    """Tell whether carrying the change out twice may leave lines there twice, in sublists at any depth.

    A replaced sublist has the lines of the body, but those it finds again by key are updated, sublists in them too.
    """
    replaced = {name.lower() for name in replace}
    lines = [_items(value) if name.lower() in replaced else value for name, value in body.items()]
    return any(_holds_lines(value) for value in lines)


def _holds_lines(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(_items(value)) or any(_holds_lines(inner) for inner in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_lines(inner) for inner in value)


def _items(value: Any) -> Any:
    """Return the lines of a sublist, empty when it is none; names count in any case."""
    found = (inner for name, inner in value.items() if name.lower() == "items") if isinstance(value, Mapping) else ()
    return next(iter(found), ())
