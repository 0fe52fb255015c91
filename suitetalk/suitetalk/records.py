"""The record service: one record at a time, and lists of ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from suitetalk.errors import ConnectionFailedError, IncompleteResultError
from suitetalk.pages import PAGE_SIZE, Page, all_pages, check_lines, page_parameters, read_page
from suitetalk.record_actions import RecordActions
from suitetalk.record_forms import RecordForms
from suitetalk.record_path import record_path
from suitetalk.sublist_lines import adds_lines
from suitetalk.validation import Validation, validation_headers, view_parameters


class Records(RecordActions, RecordForms):
    """Get, list, create, update, upsert and delete records, and what its bases add. Thread-safe.

    A record is addressed by its internal id or by `eid:` and its external id [section_156335203191].
    """

    def get(
        self,
        record_type: str,
        record_id: str,
        *,
        expand_sub_resources: bool = False,
        expand: Sequence[str] = (),
        fields: Sequence[str] = (),
        simple_enum_format: bool = False,
    ) -> dict[str, Any]:
        """Return one record [section_1545142037]; fields that are null are absent.

        Args:
            record_type: such as `salesOrder`.
            record_id: internal id, or `eid:` and the external id.
            expand_sub_resources: embed sublists and subrecords instead of links to them.
            expand: embed these only.
            fields: these body fields only.
            simple_enum_format: enumerations as their bare id.

        Raises:
            NotFoundError: there is no such record, or the role may not see it.
            IncompleteResultError: an expanded sublist has fewer lines than NetSuite counted in it.
            NetSuiteError: NetSuite refused.
        """
        parameters = {
            **view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields),
            **({"simpleEnumFormat": "true"} if simple_enum_format else {}),
        }
        path = record_path(record_type, record_id)
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
        return read_page(
            self._transport.request("GET", record_path(record_type), parameters=parameters, repeatable=True)
        )

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

    def create(
        self,
        record_type: str,
        body: Mapping[str, Any],
        *,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> str:
        """Create a record and return its internal id [section_1545141395].

        Never repeated on its own when the answer is lost, because a second try would create a second record.

        Args:
            record_type: such as `customer`.
            body: its fields.
            name_validation: what to do about names of fields that do not exist.
            value_validation: what to do about values of the wrong form.

        Raises:
            OutcomeUnknownError: the answer was lost.
            NetSuiteError: NetSuite refused; misspelt field names are refused too.
        """
        headers = validation_headers(name_validation, value_validation)
        path = record_path(record_type)
        return self._transport.request("POST", path, headers=headers, body=body, repeatable=False).created_id()

    def update(
        self,
        record_type: str,
        record_id: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
        replace_selected_fields: bool = False,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> str:
        """Change a record [section_1545142173] and return its internal id, empty when NetSuite does not give it.

        A field that is None is cleared.

        Repeated on its own when the answer is lost only if that cannot add sublist lines twice: lines of
        sublists without a key are added by each PATCH, unless the sublist is replaced [section_1545295601].

        Args:
            record_type: such as `customer`.
            record_id: internal id, or `eid:` and the external id.
            body: fields to change.
            replace: names of sublists whose lines the body gives in full.
            replace_selected_fields: take the names in `replace` for those of body fields too; of them, those that
                the body lacks are emptied.
            name_validation: what to do about names of fields that do not exist.
            value_validation: what to do about values of the wrong form.

        Raises:
            NotFoundError: there is no such record.
            OutcomeUnknownError: the answer was lost and repeating may do harm.
            NetSuiteError: NetSuite refused; misspelt field names are refused too.
        """
        return self._transport.request(
            "PATCH",
            record_path(record_type, record_id),
            parameters={
                **({"replaceSelectedFields": "true"} if replace_selected_fields else {}),
                **({"replace": ",".join(replace)} if replace else {}),
            },
            headers=validation_headers(name_validation, value_validation),
            body=body,
            repeatable=not adds_lines(body, replace),
        ).located_id

    def upsert(
        self,
        record_type: str,
        external_id: str,
        body: Mapping[str, Any],
        *,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> str:
        """Create the record with this external id, or update it when it exists [section_156335203191].

        Returns its internal id, empty when NetSuite does not give it, which no page promises.

        Args:
            record_type: such as `customer`.
            external_id: letters, digits, `_` and `-` only.
            body: its fields.
            name_validation: what to do about names of fields that do not exist.
            value_validation: what to do about values of the wrong form.

        Raises:
            OutcomeUnknownError: the answer was lost and repeating may do harm.
            NetSuiteError: NetSuite refused; misspelt field names are refused too.
        """
        return self._transport.request(
            "PUT",
            record_path(record_type, f"eid:{external_id}"),
            headers=validation_headers(name_validation, value_validation),
            body=body,
            repeatable=not adds_lines(body, ()),
        ).located_id

    def delete(self, record_type: str, record_id: str) -> None:
        """Delete a record [section_1545142287].

        Raises:
            NotFoundError: there is no such record; also when a first try deleted it and its answer was lost.
            NetSuiteError: NetSuite refused.
        """
        self._transport.request("DELETE", record_path(record_type, record_id), repeatable=True)


def _id_of(item: Mapping[str, Any], record_type: str) -> str:
    if not item.get("id"):
        raise ConnectionFailedError(f"The list of {record_type} holds an entry without an id; check `base_url`.")
    return str(item["id"])
