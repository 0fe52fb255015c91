"""Record -> intent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suitetalk import ConfigurationError
from target_netsuite.errors import (
    BAD_KEY,
    FIELD_FILLED_TWICE,
    MISSING_FIELD,
    MISSING_KEY,
    UNKNOWN_FIELD,
    UNKNOWN_OPERATION,
    InvalidRecordError,
)
from target_netsuite.intents import Intent, LineRule, Match, Operation
from target_netsuite.mapping.catalog import RecordShape
from target_netsuite.mapping.fields import Fault, FieldRules, misnamed
from target_netsuite.mapping.row import RowMapping, without_nulls
from target_netsuite.mapping.values import (
    ABSENT,
    SelectOptions,
    UnfitError,
    at,
    date_format,
    elements,
    is_array,
    is_empty,
    plain_text,
)
from target_netsuite.settings.entries import EACH, Path, id_text, parse_path
from target_netsuite.settings.streams import StreamSettings, SublistSettings

DELETED_AT = "_sdc_deleted_at"
_INACTIVE = "isInactive"
_WORDS = {
    **{operation.value: operation for operation in Operation},
    "c": Operation.CREATE,
    "i": Operation.CREATE,
    "insert": Operation.CREATE,
    "u": Operation.UPDATE,
    "d": Operation.DELETE,
}


class RecordMapping:
    """Turns the records of one stream into intents, as its settings, its schema and NetSuite's catalog say."""

    def __init__(
        self,
        settings: StreamSettings,
        schema: Mapping[str, Any],
        shape: RecordShape | None = None,
        options: SelectOptions | None = None,
        *,
        check_names: bool = True,
        check_values: bool = True,
    ) -> None:
        """Prepare.

        Args:
            settings: what `streams` says.
            schema: JSON Schema of the stream.
            shape: the record type in the catalog; None when that cannot be read, and nothing is checked or converted
                by it.
            options: id by label of what may be chosen in a field, None when NetSuite does not say.
            check_names: whether a field the catalog does not have refuses the record; else it goes to NetSuite.
            check_values: whether a value that does not fit its field refuses the record; else it goes to NetSuite.
        """
        self._settings = settings
        self._columns = tuple(schema.get("properties", {}))
        self._record_type = shape.record_type if shape else settings.record_type
        rules = FieldRules(settings, shape, options, check_names=check_names, check_values=check_values)
        self._body = RowMapping(
            rules,
            fields=None if settings.fields is None else settings.fields.items(),
            arrays={column for column, part in schema.get("properties", {}).items() if is_array(part)},
            formats={column: date_format(part) for column, part in schema.get("properties", {}).items()},
            elsewhere=_sent_elsewhere(settings),
            used=_used_elsewhere(settings),
        )
        self._lines = LineRules(settings, rules)
        self._required = [
            (name, _spelled(rules, name)) for name in (*settings.required, *(shape.required if shape else ()))
        ]
        self._match_field = rules.spelled((settings.match.field,))[0] if settings.match else ""
        self._can_inactivate = shape is None or shape.field((_INACTIVE,)) is not None
        self._misnamed = misnamed(settings, rules)

    def has_unknown_names(self) -> bool:
        """Tell whether the settings, or columns of the schema, name fields that the catalog does not have."""
        return bool(self._misnamed or self._body.unknown(self._columns))

    def check_settings(self) -> None:
        """Make sure that the settings name fields that can be filled: else every single record would be refused.

        Raises:
            ConfigurationError: they name another one.
        """
        for setting, fault in self._misnamed.items():
            end = "" if fault.problem.endswith("?") else "."
            raise ConfigurationError(f"streams.{self._settings.stream}.{setting}", f"{fault.problem}{end}")

    def operation(self, record: Mapping[str, Any], otherwise: Operation | None = None) -> Operation:
        """Return what is to become of a record: its deletion mark, then its operation column, then the stream says.

        Args:
            record: as it came.
            otherwise: what is to become of a record that says nothing itself, instead of what the stream says.

        Raises:
            InvalidRecordError: its operation column says something else.
        """
        if record.get(DELETED_AT) is not None:
            return self._settings.delete_by
        column = self._settings.operation_column
        said = record.get(column) if column else None
        if said is None:
            return otherwise or self._settings.operation
        operation = _WORDS.get(said.strip().lower()) if isinstance(said, str) else None
        if operation is None:
            known = ", ".join(_WORDS)
            raise InvalidRecordError(
                column or "",
                f"`{column}` is {said!r}, which is not an operation; use one of {known}, or null",
                UNKNOWN_OPERATION,
            )
        return operation

    def intent(
        self,
        record: Mapping[str, Any],
        number: int,
        key: Mapping[str, Any],
        rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        otherwise: Operation | None = None,
    ) -> Intent:
        """Return what a record asks for.

        Args:
            record: as it came.
            number: the record's number in its stream, from 1.
            key: what identifies it, for messages.
            rows: rows of child streams by the name of the sublist they are lines of, as in `sublists`.
            otherwise: see `operation`.

        Raises:
            InvalidRecordError: it cannot be written, since a part of it is missing or unusable.
        """
        operation = self.operation(record, otherwise)
        internal_id, external_id, match = self._found_by(record, operation)
        body = self._content(record, operation, external_id, match, rows or {})
        return Intent(
            stream=self._settings.stream,
            number=number,
            key=key,
            operation=operation,
            record_type=self._record_type,
            internal_id=internal_id,
            external_id=external_id,
            match=match,
            body=body,
            lines=self._lines.of(body),
            replace=self._lines.replaced_fields,
            replace_selected_fields=self._settings.replace_selected_fields,
            payload=record,
        )

    def _found_by(self, record: Mapping[str, Any], operation: Operation) -> tuple[str | None, str | None, Match | None]:
        """Return internal id, external id and match, as far as they are needed."""
        settings = self._settings
        template, column, match = settings.external_id, settings.id_field, settings.match
        if operation is Operation.CREATE:
            return None, template.fill(record) if template else None, None
        internal_id = None
        if column and (record.get(column) is not None or not (template or match)):
            internal_id = id_text(record, column, "the internal id")
        if template and (internal_id is None or operation is Operation.UPSERT):
            return internal_id, template.fill(record), None
        if internal_id is None and match:
            return None, None, Match(self._match_field, _match_text(record, match.column), match.case)
        if internal_id is None:
            raise InvalidRecordError(
                DELETED_AT if record.get(DELETED_AT) is not None else settings.operation_column or "",
                f"the record is to be changed or deleted ({operation.value}), but neither `id_field` nor `external_id` "
                f"nor `match` of `streams.{settings.stream}` says which record that is in NetSuite",
                MISSING_KEY,
            )
        return internal_id, None, None

    def _content(
        self,
        record: Mapping[str, Any],
        operation: Operation,
        external_id: str | None,
        match: Match | None,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> dict[str, Any]:
        """Return the body; null clears a field [section_1545142173], and says nothing when there is none yet."""
        if operation is Operation.DELETE:
            return {}
        if operation is Operation.INACTIVATE:
            return self._inactive()
        body, lines = self._body.values(record), self._lines.values(record, rows)
        twice = next((name for name in lines if name in body), None)
        if twice:
            raise InvalidRecordError(
                twice, f"a column fills `{twice}`, and the setting `sublists` does too", FIELD_FILLED_TWICE
            )
        body = self._lines.ruled({**body, **lines})
        if operation is Operation.CREATE:
            body = without_nulls(body)
            if external_id is not None:
                body["externalId"] = external_id
        if match and operation is Operation.UPSERT:
            body.setdefault(match.field, match.value)  # else the next run would not find what this one creates
        if operation is not Operation.UPDATE:
            self._check_required(body)
        return body

    def _inactive(self) -> dict[str, Any]:
        if not self._can_inactivate:
            raise InvalidRecordError(
                DELETED_AT, f"{self._record_type} has no field `{_INACTIVE}`; use delete instead", UNKNOWN_FIELD
            )
        return {_INACTIVE: True}

    def _check_required(self, body: Mapping[str, Any]) -> None:
        for name, path in self._required:
            if not _is_filled(body, path):
                raise InvalidRecordError(
                    name, f"`{name}` is missing, and a record of {self._record_type} needs it", MISSING_FIELD
                )


def _sent_elsewhere(settings: StreamSettings) -> set[str]:
    """Return columns that are not sent under their own names, though they may be called as a field is.

    The internal id cannot be chosen by a client [section_1545141395], and the template fills `externalId`.
    """
    columns = {"id", settings.id_field, settings.operation_column, "externalId" if settings.external_id else None}
    columns |= {sublist.column for sublist in settings.sublists.values()}
    return {column for column in columns if column}


def _used_elsewhere(settings: StreamSettings) -> set[str]:
    """Return columns that have done their work where they are not a field."""
    columns = set(settings.external_id.columns) if settings.external_id else set()
    columns |= {settings.match.column} if settings.match else set()
    columns |= {column for template in settings.templates.values() for column in template.columns}
    return columns | {column for sublist in settings.sublists.values() for column in sublist.parent_key.values()}


def _match_text(record: Mapping[str, Any], column: str) -> str:
    value = record.get(column)
    if value is None or is_empty(value):
        raise InvalidRecordError(column, f"`{column}` is empty, and the setting `match` needs it", MISSING_KEY)
    try:
        return plain_text(value)
    except UnfitError:
        raise at(
            column, UnfitError("must be text or a whole number, since the setting `match` needs it", BAD_KEY)
        ) from None


def _spelled(rules: FieldRules, name: str) -> Path:
    return rules.spelled_marked(parse_path(name) or (name,))


def _is_filled(value: Any, path: Path) -> bool:
    """Tell whether there is something at a path, in all lines where it leads into lines."""
    for depth, name in enumerate(path):
        if name == EACH:
            lines = value.get("items") if isinstance(value, Mapping) else None
            return all(_is_filled(line, path[depth + 1 :]) for line in lines or ())
        value = value.get(name) if isinstance(value, Mapping) else None
    return value is not None and value != ""


class LineRules:
    """What `sublists`, `replace` and the catalog say of the sublists of one stream."""

    def __init__(self, settings: StreamSettings, rules: FieldRules) -> None:
        """Prepare."""
        named = {rules.spelled((name,))[0]: (name, sublist) for name, sublist in settings.sublists.items()}
        in_catalog = rules.shape.sublists if rules.shape else {}
        filled = {path[0] for path in rules.sublists_named() if len(path) == 1}
        replaced = {rules.spelled((name,))[0] for name in settings.replace}
        self._rules: dict[str, LineRule] = {}
        for sublist in {**in_catalog, **named, **dict.fromkeys(filled)}:
            keys = in_catalog[sublist].keys if sublist in in_catalog else ()
            given = named[sublist][1] if sublist in named else SublistSettings()
            spelled = tuple(rules.spelled((key,), (sublist,))[0] for key in given.keys or keys)
            mode = given.mode or ("replace" if sublist in replaced else "merge" if spelled else "append")
            self._rules[sublist] = LineRule(mode, spelled)
        self.replaced_fields = tuple(sorted(replaced - self._rules.keys()))
        where = {name: rules.destination((), (name,)) for name in settings.sublists}
        self._faults = {name: found for name, found in where.items() if isinstance(found, Fault)}
        self._mappings = [
            (sublist, name, given, _line_mapping(rules, (sublist,), given)) for sublist, (name, given) in named.items()
        ]

    def of(self, body: Mapping[str, Any]) -> dict[str, LineRule]:
        """Return the rules of the sublists that are in a body."""
        return {sublist: rule for sublist, rule in self._rules.items() if sublist in body}

    def values(
        self, record: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> dict[str, dict[str, Any] | None]:
        """Return the sublists that are filled from a separate column, or from the rows of a child stream.

        A column that is null makes a sublist null; what that means, `ruled` says.

        Raises:
            InvalidRecordError: a line cannot be sent.
        """
        found: dict[str, dict[str, Any] | None] = {}
        for sublist, name, given, mapping in self._mappings:
            source, column = (rows, name) if given.stream else (record, given.column or "")
            if column not in source:
                continue
            self._check_known(name)
            lines = source[column]
            if isinstance(lines, str) and is_empty(lines):
                lines = mapping.nothing_for(lines)
            if lines is not ABSENT:
                found[sublist] = None if lines is None else {"items": _mapped(given.stream or column, mapping, lines)}
        return found

    def _check_known(self, name: str) -> None:
        fault = self._faults.get(name)
        if fault:
            raise InvalidRecordError(name, f"`{name}` of the setting `sublists` {fault.problem}", fault.code)

    def ruled(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body in which a sublist that is null says what its rule means by it.

        NetSuite empties a sublist that is null even where nothing is to be replaced [section_1545295601]; here null
        empties one that is to be replaced, and leaves the lines of others alone. No lines at all are the same.
        """
        for sublist, rule in self._rules.items():
            if sublist not in body:
                continue
            lines = elements(body[sublist])
            if lines:
                body[sublist] = {"items": lines}
            elif lines is not None or body[sublist] is None:
                if rule.mode == "replace":
                    body[sublist] = {"items": []}
                else:
                    del body[sublist]
        return body


def _line_mapping(rules: FieldRules, place: Path, given: SublistSettings) -> RowMapping:
    used = {column for template in given.templates.values() for column in template.columns}
    fields = None if given.fields is None else given.fields.items()
    return RowMapping(rules, place, fields, elsewhere=given.parent_key, used=used)


def _mapped(column: str, mapping: RowMapping, lines: Any) -> list[dict[str, Any]]:
    try:
        return mapping.lines(list(lines) if isinstance(lines, tuple) else lines)
    except (UnfitError, InvalidRecordError) as error:
        raise at(column, error) from None
