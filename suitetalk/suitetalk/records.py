"""The record service, whole: read, write, actions, forms."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from suitetalk.all_rows import listed_ids
from suitetalk.errors import ConnectionFailedError, InvalidArgumentError, OutcomeUnknownError
from suitetalk.http.response import PAGE_SIZE, Answer, Page, check_lines, page_of, page_parameters, read_page
from suitetalk.http.transport import Transport

logger = logging.getLogger(__name__)

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
_ACCEPT = "application/vnd.oracle.resource+json; type="
_OPTIONS = "_selectOptions"
_LEFT_OUT = "X-NetSuite-PropertyValidation"
_OF_A_CHOICE = frozenset({"id", "externalid", "refname", "links"})


Validation = Literal["error", "warning", "ignore"]
"""What NetSuite does about a fault in a body: refuse it, say so in a header of the answer, or nothing."""


class Records:
    """Reads and writes records, and asks for forms and select options. Thread-safe.

    A record is addressed by its internal id or by `eid:` and its external id [section_156335203191]. What may have
    been carried out already and would do harm a second time is not repeated when its answer is lost.
    """

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport
        self._told: set[tuple[str, str]] = set()

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
        """
        parameters = {
            **view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields),
            **({"simpleEnumFormat": "true"} if simple_enum_format else {}),
        }
        path = record_path(record_type, record_id)
        body = self._transport.request("GET", path, parameters=parameters, repeatable=True).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(
                f"GET {path} was answered with something that is not a record; check `base_url`."
            )
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

        A list of several pages is read until two readings agree, because records move between its pages when others
        come or go.

        Raises:
            IncompleteResultError: NetSuite counted more records than it listed, or each reading found others.
        """
        yield from listed_ids(lambda offset: self.list(record_type, q=q, offset=offset), f"The list of {record_type}")

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
        answer = self._transport.request("POST", path, headers=headers, body=body, repeatable=False)
        warn_of_left_out(answer, record_type, self._told)
        return answer.created_id()

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
        answer = self._transport.request(
            "PATCH",
            record_path(record_type, record_id),
            parameters={
                **({"replaceSelectedFields": "true"} if replace_selected_fields else {}),
                **({"replace": ",".join(replace)} if replace else {}),
            },
            headers=validation_headers(name_validation, value_validation),
            body=body,
            repeatable=not adds_lines(body, replace),
        )
        warn_of_left_out(answer, record_type, self._told)
        return answer.located_id

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
        answer = self._transport.request(
            "PUT",
            record_path(record_type, f"eid:{external_id}"),
            headers=validation_headers(name_validation, value_validation),
            body=body,
            repeatable=not adds_lines(body, ()),
        )
        warn_of_left_out(answer, record_type, self._told)
        return answer.located_id

    def delete(self, record_type: str, record_id: str) -> None:
        """Delete a record [section_1545142287].

        Raises:
            NotFoundError: there is no such record; even when a first try deleted it and its answer was lost.
        """
        self._transport.request("DELETE", record_path(record_type, record_id), repeatable=True)

    def transform(
        self,
        record_type: str,
        record_id: str,
        target_type: str,
        body: Mapping[str, Any] | None = None,
        *,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> str:
        """Make a record of another type out of one, and return its internal id [section_157901123882].

        Args:
            record_type: such as `salesOrder`.
            record_id: internal id, or `eid:` and the external id.
            target_type: such as `invoice`.
            body: fields that shall differ from what NetSuite carries over.
            name_validation: what to do about names of fields that do not exist.
            value_validation: what to do about values of the wrong form.

        Raises:
            OutcomeUnknownError: the answer was lost.
        """
        if not target_type.strip("."):
            raise InvalidArgumentError(f"A record type to transform the {record_type} into is needed, such as invoice.")
        path = f"{record_path(record_type, record_id)}/!transform/{quote(target_type, safe='')}"
        headers = validation_headers(name_validation, value_validation)
        answer = self._transport.request("POST", path, headers=headers, body=body, repeatable=False)
        warn_of_left_out(answer, target_type, self._told)
        return answer.created_id()

    def action(
        self, record_type: str, record_id: str, name: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Carry out an action such as `confirm` and return NetSuite's answer [section_156631158782].

        Its key `result` tells whether the action succeeded.

        Raises:
            OutcomeUnknownError: the answer was lost or cannot be read.
            NetSuiteError: NetSuite refused, or the action failed.
        """
        step = name.removeprefix("@")
        if not step.strip("."):
            raise InvalidArgumentError("The name of an action is needed, such as confirm.")
        path = f"{record_path(record_type, record_id)}/@{quote(step, safe='')}"
        answer = self._transport.request("POST", path, body=body, repeatable=False)
        return _result(answer)

    def attach(
        self, record_type: str, record_id: str, other_type: str, other_id: str, *, role: str | None = None
    ) -> None:
        """Attach a contact or a file to a record [article_0113084334].

        Args:
            record_type: such as `customer`.
            record_id: internal id, or `eid:` and the external id.
            other_type: `contact` or `file`.
            other_id: its id, in the same two forms.
            role: id of the role a contact has there.

        Raises:
            OutcomeUnknownError: the answer was lost.
        """
        path = _tie_path(record_type, record_id, "attach", other_type, other_id)
        body = {"role": {"id": role}} if role else None
        self._transport.request("POST", path, body=body, repeatable=False)

    def detach(self, record_type: str, record_id: str, other_type: str, other_id: str) -> None:
        """Undo what `attach` did [article_0113084334]; arguments and errors are those of `attach`."""
        path = _tie_path(record_type, record_id, "detach", other_type, other_id)
        self._transport.request("POST", path, repeatable=False)

    def create_form(
        self,
        record_type: str,
        body: Mapping[str, Any] | None = None,
        *,
        expand_sub_resources: bool = False,
        expand: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Return a new record as its form would be filled after these entries [article_1217103046].

        Args:
            record_type: such as `salesOrder`.
            body: what has been entered so far.
            expand_sub_resources: embed all sublists and subrecords.
            expand: embed these only.
            fields: these body fields only.
        """
        view = view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields)
        return self._ask("POST", record_path(record_type), "create-form", view, body)

    def edit_form(
        self,
        record_type: str,
        record_id: str,
        body: Mapping[str, Any] | None = None,
        *,
        expand_sub_resources: bool = False,
        expand: Sequence[str] = (),
        fields: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Return a record as its form would be filled after these changes; see `create_form`.

        Raises:
            NotFoundError: there is no such record.
        """
        view = view_parameters(expand_sub_resources=expand_sub_resources, expand=expand, fields=fields)
        return self._ask("PATCH", record_path(record_type, record_id), "edit-form", view, body)

    def select_options(
        self,
        record_type: str,
        field: str,
        *,
        record_id: str | None = None,
        body: Mapping[str, Any] | None = None,
        q: str | None = None,
        limit: int = PAGE_SIZE,
        offset: int = 0,
    ) -> Page:
        """Return a page of what may be chosen in a field, each with `id` and `refName` [article_0115100241].

        Args:
            record_type: such as `journalEntry`.
            field: a body field, or sublist and field such as `line.dueToFromSubsidiary`.
            record_id: an existing record; None for a new one.
            body: what has been entered so far, which may decide what can be chosen.
            q: filter with CONTAIN, IS or START_WITH.
            limit: options of the page, at most 1000.
            offset: options to leave out before it, a multiple of `limit`.

        Raises:
            ConnectionFailedError: the answer holds no options.
            NetSuiteError: NetSuite refused, as for a field that offers no choice.
        """
        method = "POST" if record_id is None else "PATCH"
        path = record_path(record_type, record_id)
        parameters = {"fields": field, **page_parameters(limit, offset), **({"q": q} if q else {})}
        answer = self._ask(method, path, "select-options", parameters, body)
        return page_of(_options_in(answer), f"{method} {path}")

    def _ask(
        self, method: str, path: str, kind: str, parameters: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        answer = self._transport.request(
            method, path, parameters=parameters, headers={"Accept": _ACCEPT + kind}, body=body or {}, repeatable=True
        )
        form = answer.json()
        if not isinstance(form, dict):
            raise ConnectionFailedError(
                f"{answer.request} was answered with something that is not a form; check `base_url`."
            )
        return form


def record_path(record_type: str, record_id: str | None = None) -> str:
    """Return the path of a type, or of one record of it, below `/services/rest`.

    Args:
        record_type: such as `salesOrder`.
        record_id: internal id, or `eid:` and the external id [section_156335203191].

    Raises:
        InvalidArgumentError: there is no such address.
    """
    # Dots alone would be taken for steps in the path, and so lead to something else.
    if not record_type.strip("."):
        raise InvalidArgumentError("A record type is needed, such as customer.")
    path = f"/record/v1/{quote(record_type, safe='')}"
    return path if record_id is None else f"{path}/{id_segment(record_type, record_id)}"


def validation_headers(names: Validation, values: Validation | None) -> dict[str, str]:
    """Return the headers that say how a body is to be read [section_156570709583].

    Args:
        names: for field names that do not exist. NetSuite's own choice is a warning, which loses data in silence.
        values: for values of the wrong form; None leaves it to NetSuite, which refuses them.
    """
    return {
        "X-NetSuite-PropertyNameValidation": names,
        **({"X-NetSuite-PropertyValueValidation": values} if values else {}),
    }


def warn_of_left_out(answer: Answer, record_type: str, told: set[tuple[str, str]]) -> None:
    """Warn of the properties that NetSuite has left out of a write and names in a header [section 14.1].

    Args:
        answer: of the write.
        record_type: what was written.
        told: what was warned of before, which is not repeated.
    """
    names = answer.headers.get(_LEFT_OUT, "").strip()
    if names and (record_type, names) not in told:
        told.add((record_type, names))
        logger.warning(
            "NetSuite wrote %s without %s, which do not exist there or have values of the wrong form; correct them, "
            "or let NetSuite refuse such records: `name_validation` and `value_validation` `error`",
            record_type,
            ", ".join(name.strip() for name in names.split(",")),
        )


def view_parameters(*, expand_sub_resources: bool, expand: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Return the query parameters that say how much of a record to show [section_1545142037, article_1217103046]."""
    return {
        **({"expandSubResources": "true"} if expand_sub_resources else {}),
        **({"expand": ",".join(expand)} if expand else {}),
        **({"fields": ",".join(fields)} if fields else {}),
    }


def is_external_id(text: str) -> bool:
    """Tell whether an external id can stand in a path after `eid:` [section_156334828635]."""
    return _EXTERNAL_ID.fullmatch(text) is not None


def id_segment(record_type: str, record_id: str) -> str:
    """Return a record's id as a step of a path.

    Raises:
        InvalidArgumentError: it addresses no record.
    """
    if not isinstance(record_id, str):
        raise InvalidArgumentError(f"A record id is text such as '107', not {record_id!r}.")
    if not record_id.strip("."):
        raise InvalidArgumentError(f"A record id is needed to address one {record_type}, not {record_id!r}.")
    kind, _, external_id = record_id.partition(":")
    if kind == "eid" and not is_external_id(external_id):
        raise InvalidArgumentError(
            f"The external id {external_id!r} cannot address one {record_type}: only letters, digits, _ and - are "
            "possible there, so change it."
        )
    return quote(record_id, safe=":")


def _result(answer: Answer) -> dict[str, Any]:
    try:
        result = answer.json() if answer.content else {}
    except ConnectionFailedError:
        result = None
    if not isinstance(result, dict):
        raise OutcomeUnknownError(
            f"{answer.request} was answered without a result (status {answer.status}), so what it did is unknown; "
            "look at the record before repeating it."
        )
    return result


def _tie_path(
    record_type: str, record_id: str, verb: Literal["attach", "detach"], other_type: str, other_id: str
) -> str:
    if not other_type.strip("."):
        raise InvalidArgumentError(f"Say what to {verb}: contact or file.")
    other = f"{quote(other_type, safe='')}/{id_segment(other_type, other_id)}"
    return f"{record_path(record_type, record_id)}/!{verb}/{other}"


def _options_in(value: Any) -> Any:
    """Return the options, wherever the field they belong to stands."""
    if not isinstance(value, dict):
        return None
    found = (_options_in(inner) for inner in value.values())
    return value[_OPTIONS] if _OPTIONS in value else next(filter(None, found), None)


def adds_lines(body: Mapping[str, Any], replace: Sequence[str]) -> bool:
    """Tell whether carrying the change out twice may leave lines there twice, in sublists at any depth.

    A replaced sublist has the lines of the body, but those it finds again by key are updated, sublists in them too.
    """
    replaced = {name.lower() for name in replace}
    lines = [_items(value) if name.lower() in replaced else value for name, value in body.items()]
    return any(_holds_lines(value) for value in lines)


def _holds_lines(value: Any) -> bool:
    if value is None or isinstance(value, (str, int, float)):
        return False  # most values, and quicker to tell than that they are not a Mapping
    if isinstance(value, Mapping):
        return _adds(_items(value)) or any(_holds_lines(inner) for inner in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_lines(inner) for inner in value)


def _adds(lines: Any) -> bool:
    """Tell whether lines would be added; choices of a multi-select, which have the same form, are only set."""
    return bool(lines) and not (isinstance(lines, (list, tuple)) and all(map(_is_choice, lines)))


def _is_choice(line: Any) -> bool:
    return isinstance(line, Mapping) and bool(line) and {name.lower() for name in line} <= _OF_A_CHOICE


def _items(value: Any) -> Any:
    """Return the lines of a sublist, empty when it is none; names count in any case."""
    found = (inner for name, inner in value.items() if name.lower() == "items") if isinstance(value, Mapping) else ()
    return next(iter(found), ())
