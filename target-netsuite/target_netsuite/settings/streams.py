"""One stream: schema and check."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from suitetalk import ConfigurationError
from target_netsuite.intents import LineMode, Operation
from target_netsuite.settings.entries import (
    EACH,
    Path,
    check_known,
    clashing,
    field_path,
    flag,
    members,
    names,
    number,
    path_text,
    text,
    word,
)
from target_netsuite.settings.template import Template, TextTemplate

INTERNAL_ID = "internal_id"
EXTERNAL_ID = "external_id"
KNOWN = ("record_type", "by", "template")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_EXAMPLE = '{"entity": {"record_type": "customer", "by": "external_id"}}'


@dataclass(frozen=True)
class ReferenceSettings:
    """How the record is found that a field refers to.

    Attributes:
        record_type: its type, such as `customer`.
        by: `internal_id`, `external_id`, or the name of a field of it such as `entityId`.
        template: what makes the value that is looked for out of the column's, as `{value}`, and other columns; None
            for the column's value itself.
    """

    record_type: str
    by: str
    template: TextTemplate | None = None

    @classmethod
    def from_mapping(cls, place: str, given: Any) -> ReferenceSettings:
        """Check one entry.

        Raises:
            ConfigurationError: something is missing or wrong.
        """
        if not isinstance(given, Mapping):
            raise ConfigurationError(place, 'must be an object such as {"record_type": "customer", "by": "entityId"}.')
        check_known(place, given, KNOWN)
        record_type = text(place, given, "record_type")
        by = text(place, given, "by") or EXTERNAL_ID
        if by != INTERNAL_ID and record_type is None:
            raise ConfigurationError(f"{place}.record_type", "is missing; name the type that is referred to.")
        if not _NAME.fullmatch(by):
            raise ConfigurationError(
                f"{place}.by", f"is {by!r}; it must be internal_id, external_id or the name of a field."
            )
        template = text_template(place, given, "template")
        if template and set(template.columns) != {"value"}:
            raise ConfigurationError(f"{place}.template", f"is {template.text!r}; write it like CUST-{{value}}.")
        return cls(record_type or "", by, template)


def parse_references(place: str, given: Mapping[str, Any]) -> dict[Path, ReferenceSettings]:
    """Check the setting `references` below `place`; it is empty when it is absent.

    Raises:
        ConfigurationError: it is wrong.
    """
    entries = members(place, given, "references", _EXAMPLE)
    found = {}
    for name, entry in entries.items():
        here = f"{place}.references.{name}"
        path = field_path(here, name)
        found[path[:-1] if path[-1] == "id" and len(path) > 1 else path] = ReferenceSettings.from_mapping(here, entry)
    return found


def text_template(place: str, given: Mapping[str, Any], name: str) -> TextTemplate | None:
    """Return a template of any text, None when it is absent.

    Raises:
        ConfigurationError: it is none.
    """
    value = text(place, given, name)
    try:
        return TextTemplate.parse(value) if value is not None else None
    except ValueError as error:
        raise ConfigurationError(f"{place}.{name}", f"{error}.") from None


def parse_fields(place: str, given: Mapping[str, Any]) -> dict[str, Path] | None:
    """Check the setting `fields` below `place`: column -> path; None when it is absent.

    Raises:
        ConfigurationError: it is wrong.
    """
    value = given.get("fields")
    place = f"{place}.fields"
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value:
        raise ConfigurationError(
            place, 'must be an object of column and field, such as {"name": "companyName"}; without it all columns go.'
        )
    return {column: field_path(f"{place}.{column}", field) for column, field in value.items()}


def parse_constants(place: str, given: Mapping[str, Any]) -> dict[Path, Any]:
    """Check the setting `constants` below `place`: path -> value.

    Raises:
        ConfigurationError: it is wrong.
    """
    entries = members(place, given, "constants", '{"subsidiary": "1"}')
    return {field_path(f"{place}.constants.{name}", name): value for name, value in entries.items()}


def parse_templates(place: str, given: Mapping[str, Any]) -> dict[Path, TextTemplate]:
    """Check the setting `templates` below `place`: path -> text with columns in braces.

    Raises:
        ConfigurationError: it is wrong.
    """
    entries = members(place, given, "templates", '{"memo": "Order {number} of {shop}"}')
    found = {}
    for name in entries:
        template = text_template(f"{place}.templates", entries, name)
        if template is None:
            raise ConfigurationError(f"{place}.templates.{name}", "is empty; write it like Order {number}.")
        found[field_path(f"{place}.templates.{name}", name)] = template
    return found


def check_clashes(place: str, fields: Mapping[str, Path] | None, *others: Mapping[Path, Any]) -> None:
    """Make sure no field is filled twice.

    Raises:
        ConfigurationError: one is.
    """
    paths = [*(fields or {}).values(), *(path for other in others for path in other)]
    clash = clashing(paths)
    if clash:
        raise ConfigurationError(f"{place}.fields", f"fills the field `{path_text(clash)}` more than once.")


def check_columns(place: str, named: Mapping[str, Collection[str]], columns: Collection[str]) -> None:
    """Make sure that a stream has every column that settings name; a schema without columns tells nothing.

    Args:
        place: of the settings, such as `streams.customers`.
        named: the columns that each setting below it names.
        columns: what the stream has.

    Raises:
        ConfigurationError: it lacks one.
    """
    for setting, wanted in named.items() if columns else ():
        for column in wanted:
            if column not in columns and re.split(r"[.\[]", column, maxsplit=1)[0] not in columns:
                raise ConfigurationError(
                    f"{place}.{setting}",
                    f"names the column `{column}`, which the stream does not have; it has "
                    f"{', '.join(sorted(columns))}.",
                )


LINE_MODES: tuple[LineMode, ...] = get_args(LineMode)
_SUBLIST_KNOWN = ("mode", "keys", "column", "stream", "parent_key", "fields", "constants", "templates", "references")


@dataclass(frozen=True)
class SublistSettings:
    """One entry of `sublists`, checked.

    Attributes:
        mode: see `LineMode`; None for replace where `replace` names the sublist, else merge where there are keys, else
            append.
        keys: fields that tell which line is meant; empty for those of the catalog.
        column: column with an array of objects, each of them a line; None when there is none.
        stream: child stream, each row of it a line; None when there is none.
        parent_key: column of the child stream -> column of this stream with the same value.
        fields: column of a line -> path below the line, None for all columns under their own names.
        constants: path below the line -> value.
        templates: path below the line -> text made of the line's columns.
        references: path below the line -> how its value names a record.
    """

    mode: LineMode | None = None
    keys: tuple[str, ...] = ()
    column: str | None = None
    stream: str | None = None
    parent_key: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Path] | None = None
    constants: Mapping[Path, Any] = field(default_factory=dict)
    templates: Mapping[Path, TextTemplate] = field(default_factory=dict)
    references: Mapping[Path, ReferenceSettings] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, place: str, given: Any) -> SublistSettings:
        """Check one entry.

        Raises:
            ConfigurationError: something is wrong.
        """
        if not isinstance(given, Mapping):
            raise ConfigurationError(place, 'must be an object such as {"mode": "merge", "column": "lines"}.')
        check_known(place, given, _SUBLIST_KNOWN)
        mode = word(place, given, "mode", LINE_MODES)
        settings = cls(
            mode=next((known for known in LINE_MODES if known == mode), None),
            keys=names(place, given, "keys"),
            column=text(place, given, "column"),
            stream=text(place, given, "stream"),
            parent_key=_parent_key(place, given),
            fields=parse_fields(place, given),
            constants=parse_constants(place, given),
            templates=parse_templates(place, given),
            references=parse_references(place, given),
        )
        settings._check(place)
        return settings

    def check_columns(self, place: str, columns: Collection[str]) -> None:
        """Make sure that the child stream has every column that is named here.

        Raises:
            ConfigurationError: it lacks one.
        """
        check_columns(place, {"parent_key": self.parent_key, "fields": self.fields or ()}, columns)

    def _check(self, place: str) -> None:
        check_clashes(place, self.fields, self.constants, self.templates)
        if self.column and self.stream:
            raise ConfigurationError(f"{place}.stream", "and `column` are both given; lines come from one of them.")
        if self.fields and not (self.column or self.stream):
            raise ConfigurationError(f"{place}.column", "is missing; say which column has the lines that `fields` map.")
        if bool(self.stream) != bool(self.parent_key):
            raise ConfigurationError(
                f"{place}.parent_key",
                'and `stream` belong together; say which columns are the same, such as {"order_id": "id"}.',
            )


def parse_sublists(place: str, given: Mapping[str, Any]) -> dict[str, SublistSettings]:
    """Check the setting `sublists` below `place`; it is empty when it is absent.

    Raises:
        ConfigurationError: it is wrong.
    """
    entries = members(place, given, "sublists", '{"item": {"mode": "merge", "column": "lines"}}')
    return {name: SublistSettings.from_mapping(f"{place}.sublists.{name}", entry) for name, entry in entries.items()}


def _parent_key(place: str, given: Mapping[str, Any]) -> dict[str, str]:
    entries = members(place, given, "parent_key", '{"order_id": "id"}')
    for child, parent in entries.items():
        if not isinstance(parent, str) or not parent:
            raise ConfigurationError(f"{place}.parent_key.{child}", f"is {parent!r}; it must be the name of a column.")
    return dict(entries)


WriteMode = Literal["auto", "batch", "single"]
OnUnknownOutcome = Literal["stop", "repeat", "skip"]
Unwritable = Literal["refuse", "leave_out"]
EmptyText = Literal["null", "absent", "refuse"]
LinesWhenEmpty = Literal["keep", "remove"]

MIRROR = "mirror"
OPERATIONS = (*(operation.value for operation in Operation), MIRROR)
WRITE_MODES: tuple[WriteMode, ...] = get_args(WriteMode)
ON_UNKNOWN_OUTCOME: tuple[OnUnknownOutcome, ...] = get_args(OnUnknownOutcome)
UNWRITABLE: tuple[Unwritable, ...] = get_args(Unwritable)
EMPTY_TEXT: tuple[EmptyText, ...] = get_args(EmptyText)
LINES_WHEN_EMPTY: tuple[LinesWhenEmpty, ...] = get_args(LinesWhenEmpty)
DELETE_BY = (Operation.DELETE.value, Operation.INACTIVATE.value)
LOAD_METHODS = {"append-only": Operation.CREATE.value, "upsert": Operation.UPSERT.value, "overwrite": MIRROR}
"""The operation of streams that name none, by Singer's `load_method`."""

_RECORD_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MARK_OF_LINES = re.compile(r"(\.items)?\[\]$")
_MOST_PERCENT = 100
_KNOWN = (
    "record_type",
    "operation",
    "operation_column",
    "external_id",
    "id_field",
    "match",
    "fields",
    "constants",
    "templates",
    "references",
    "sublists",
    "replace",
    "replace_selected_fields",
    "skip_unchanged",
    "write_mode",
    "on_unknown_outcome",
    "unwritable",
    "empty_text",
    "lines_when_empty",
    "required",
    "delete_by",
    "mirror_max_percent",
    "mirror_transactions",
)


@dataclass(frozen=True)
class MatchSettings:
    """The setting `match`: a record is the one whose field equals the column's value."""

    column: str
    field: str


@dataclass(frozen=True)
class StreamSettings:
    """One entry of `streams`, checked.

    Attributes:
        stream: the stream's name.
        record_type: such as `customer`.
        operation: what becomes of its records, unless they are marked as deleted or say so themselves; that of a mirror
            is upsert.
        mirror: whether records that no longer come are deleted.
        operation_column: the column in which a record says what becomes of it, None when there is none.
        external_id: how a record's external id is made, None when it has none.
        id_field: the column with the internal id, None when there is none.
        match: how a record is found by one of its fields, None when it is not.
        fields: column -> path of the field, None for all columns under their own names.
        constants: path -> value.
        templates: path -> text made of columns.
        references: path -> how its value names a record.
        sublists: sublist -> where its lines come from.
        replace: fields and sublists that are replaced as a whole [section_1545142173].
        replace_selected_fields: see `suitetalk.Records.update`.
        skip_unchanged: whether records that are as wanted are left alone.
        write_mode: whether records are written in batches; auto for where that is quicker.
        on_unknown_outcome: what is done about a create whose fate NetSuite cannot tell.
        unwritable: what is done about columns that are not fields, or that cannot be written.
        empty_text: what empty text means to a field that is not text.
        lines_when_empty: what becomes of lines that are replaced, where single columns that fill them are all empty.
        required: paths of fields a record that may be created must fill.
        delete_by: delete or inactivate, for records marked as deleted, and those a mirror no longer gets.
        mirror_max_percent: most percent of the records there that a mirror may delete.
        mirror_transactions: whether a mirror may delete transactions.
    """

    stream: str
    record_type: str
    operation: Operation
    mirror: bool = False
    operation_column: str | None = None
    external_id: Template | None = None
    id_field: str | None = None
    match: MatchSettings | None = None
    fields: Mapping[str, Path] | None = None
    constants: Mapping[Path, Any] = field(default_factory=dict)
    templates: Mapping[Path, TextTemplate] = field(default_factory=dict)
    references: Mapping[Path, ReferenceSettings] = field(default_factory=dict)
    sublists: Mapping[str, SublistSettings] = field(default_factory=dict)
    replace: tuple[str, ...] = ()
    replace_selected_fields: bool = False
    skip_unchanged: bool = False
    write_mode: WriteMode = "auto"
    on_unknown_outcome: OnUnknownOutcome = "stop"
    unwritable: Unwritable = "refuse"
    empty_text: EmptyText = "null"
    lines_when_empty: LinesWhenEmpty = "keep"
    required: tuple[str, ...] = ()
    delete_by: Operation = Operation.DELETE
    mirror_max_percent: Decimal = Decimal(10)
    mirror_transactions: bool = False

    @classmethod
    def from_mapping(
        cls, stream: str, given: Any, load_method: str | None = None, write_mode: WriteMode = "auto"
    ) -> StreamSettings:
        """Check one entry.

        Args:
            stream: the stream's name.
            given: the entry.
            load_method: decides on the operation, when the entry does not; see `LOAD_METHODS`.
            write_mode: that of streams that name none.

        Raises:
            ConfigurationError: something is missing or wrong; the text names it.
        """
        place = f"streams.{stream}"
        if not isinstance(given, Mapping):
            raise ConfigurationError(place, 'must be an object such as {"record_type": "customer"}.')
        check_known(place, given, _KNOWN)
        named = word(place, given, "operation", OPERATIONS) or (LOAD_METHODS[load_method] if load_method else None)
        external_id = _external_id(place, given)
        id_field = text(place, given, "id_field")
        match = _match(place, given)
        settings = cls(
            stream=stream,
            record_type=_record_type(place, given),
            operation=_operation(named, findable=bool(external_id or match), id_field=id_field),
            mirror=named == MIRROR,
            operation_column=text(place, given, "operation_column"),
            external_id=external_id,
            id_field=id_field,
            match=match,
            fields=parse_fields(place, given),
            constants=parse_constants(place, given),
            templates=parse_templates(place, given),
            references=parse_references(place, given),
            sublists=parse_sublists(place, given),
            replace=tuple(_MARK_OF_LINES.sub("", name) for name in names(place, given, "replace")),
            replace_selected_fields=flag(place, given, "replace_selected_fields"),
            skip_unchanged=flag(place, given, "skip_unchanged"),
            write_mode=chosen(place, given, "write_mode", WRITE_MODES, write_mode),
            on_unknown_outcome=chosen(place, given, "on_unknown_outcome", ON_UNKNOWN_OUTCOME, "stop"),
            unwritable=chosen(place, given, "unwritable", UNWRITABLE, "refuse"),
            empty_text=chosen(place, given, "empty_text", EMPTY_TEXT, "null"),
            lines_when_empty=chosen(place, given, "lines_when_empty", LINES_WHEN_EMPTY, "keep"),
            required=names(place, given, "required"),
            delete_by=Operation(word(place, given, "delete_by", DELETE_BY) or Operation.DELETE),
            mirror_max_percent=number(place, given, "mirror_max_percent", 10, _MOST_PERCENT),
            mirror_transactions=flag(place, given, "mirror_transactions"),
        )
        settings._check(place)
        return settings

    def check_columns(self, columns: Collection[str]) -> None:
        """Make sure the stream has every column that is named here.

        Raises:
            ConfigurationError: it lacks one.
        """
        check_columns(f"streams.{self.stream}", self._columns(), columns)

    def _columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns each setting names; templates in lines name columns of these."""
        named: dict[str, tuple[str, ...]] = {
            "external_id": self.external_id.columns if self.external_id else (),
            "id_field": (self.id_field,) if self.id_field else (),
            "operation_column": (self.operation_column,) if self.operation_column else (),
            "match": (self.match.column,) if self.match else (),
            "fields": tuple(self.fields or ()),
        }
        for path, template in self.templates.items():
            if EACH not in path:
                named[f"templates.{'.'.join(path)}"] = template.columns
        for name, sublist in self.sublists.items():
            named[f"sublists.{name}.column"] = (sublist.column,) if sublist.column else ()
            named[f"sublists.{name}.parent_key"] = tuple(sublist.parent_key.values())
        return named

    def _check(self, place: str) -> None:
        check_clashes(place, self.fields, self.constants, self.templates)
        self._check_lines(place)
        self._check_ids(place)
        if self.external_id and self.match:
            raise ConfigurationError(
                f"{place}.match",
                "and `external_id` are both given; records are found by one of them. With `match`, the external id can "
                "still be written: name the column that has it in `fields`, with the field externalId.",
            )
        if self.operation is Operation.UPSERT and not (self.external_id or self.match):
            name = MIRROR if self.mirror else self.operation.value
            raise ConfigurationError(
                f"{place}.external_id", f"is missing; {name} needs it, such as CRM-{{id}}, or the setting `match`."
            )
        if self.operation is not Operation.CREATE and not (self.external_id or self.id_field or self.match):
            raise ConfigurationError(
                f"{place}.id_field",
                f"or `external_id` is missing; {self.operation.value} needs one of them, or `match`.",
            )

    def _check_lines(self, place: str) -> None:
        """Make sure that lines come from one place, and that there are lines where settings fill some."""
        fields = [_squeezed(path) for path in (self.fields or {}).values()]
        elsewhere = {name: _squeezed((name,)) for name, lines in self.sublists.items() if lines.column or lines.stream}
        for name, sublist in elsewhere.items():
            if any(path[:1] == sublist for path in fields):
                raise ConfigurationError(
                    f"{place}.sublists.{name}", "and `fields` fills its lines too; use one of them."
                )
        made = [*fields, *elsewhere.values()]
        for setting, filled in (("constants", self.constants), ("templates", self.templates)):
            for path in filled if self.fields is not None else ():
                lines = _squeezed(path[: len(path) - path[::-1].index(EACH)] if EACH in path else ())
                if lines and not any(one[: len(lines)] == lines[: len(one)] for one in made):
                    raise ConfigurationError(
                        f"{place}.{setting}.{path_text(path)}",
                        "fills lines that no column of `fields` makes; map a column to a field of them.",
                    )

    def _check_ids(self, place: str) -> None:
        """Make sure that nothing else fills the ids that the record is found by [section_1545141395]."""
        filled = {"fields": (self.fields or {}).values(), "constants": self.constants, "templates": self.templates}
        for setting, paths in filled.items():
            fields = {path[0].lower().replace("_", "") for path in paths if len(path) == 1}
            if self.external_id and "externalid" in fields:
                raise ConfigurationError(
                    f"{place}.{setting}", "fills `externalId`, which the setting `external_id` fills already."
                )
            if "id" in fields:
                raise ConfigurationError(
                    f"{place}.{setting}",
                    "fills `id`, which NetSuite chooses itself; `id_field` names the column that has it.",
                )


def parse_streams(
    given: Any, load_method: str | None = None, write_mode: WriteMode = "auto"
) -> dict[str, StreamSettings]:
    """Check the setting `streams`; for the other arguments see `StreamSettings.from_mapping`.

    Raises:
        ConfigurationError: it is missing or wrong.
    """
    if given is None or given == {}:
        raise ConfigurationError(
            "streams", 'is missing; say where each stream goes, such as {"customers": {"record_type": "customer"}}.'
        )
    if not isinstance(given, Mapping):
        raise ConfigurationError("streams", f"must be an object by stream name, not {type(given).__name__}.")
    return {
        stream: StreamSettings.from_mapping(stream, entry, load_method, write_mode) for stream, entry in given.items()
    }


def chosen(place: str, given: Mapping[str, Any], name: str, choices: tuple[Any, ...], default: Any) -> Any:
    """Return one of these words, the default when it is absent.

    Raises:
        ConfigurationError: it is another one.
    """
    return word(place, given, name, choices) or default


def _record_type(place: str, given: Mapping[str, Any]) -> str:
    value = text(place, given, "record_type")
    if value is None:
        raise ConfigurationError(f"{place}.record_type", "is missing; name one, such as customer.")
    if not _RECORD_TYPE.fullmatch(value):
        raise ConfigurationError(f"{place}.record_type", f"is {value!r}, which is not a record type such as customer.")
    return value


def _operation(named: str | None, *, findable: bool, id_field: str | None) -> Operation:
    if named is None:
        return Operation.UPSERT if findable else Operation.UPDATE if id_field else Operation.CREATE
    return Operation.UPSERT if named == MIRROR else Operation(named)


def _squeezed(path: Path) -> Path:
    """Return a path without marks for lines, and without what two spellings of it may differ in."""
    return tuple(name.lower().replace("_", "") for name in path if name != EACH)


def _external_id(place: str, given: Mapping[str, Any]) -> Template | None:
    value = text(place, given, "external_id")
    if value is None:
        return None
    try:
        return Template.parse(value)
    except ValueError as error:
        raise ConfigurationError(f"{place}.external_id", f"{error}.") from None


def _match(place: str, given: Mapping[str, Any]) -> MatchSettings | None:
    example = '{"column": "mail", "field": "email"}'
    entry = members(place, given, "match", example)
    if not entry:
        return None
    check_known(f"{place}.match", entry, ("column", "field"))
    column, name = (text(f"{place}.match", entry, part) for part in ("column", "field"))
    if column is None or name is None:
        raise ConfigurationError(f"{place}.match", f"lacks `column` or `field`; write it like {example}.")
    return MatchSettings(column, name)


_NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}

_TEMPLATES: dict[str, Any] = {
    **_TEXTS,
    "title": "Templates",
    "description": 'Field -> text over columns, such as {"memo": "Order {number} of {shop}"}.',
}

_CONSTANTS: dict[str, Any] = {
    "type": "object",
    "title": "Constants",
    "description": 'Field -> value that is the same for all, such as {"subsidiary": "1"}.',
}

_REFERENCES: dict[str, Any] = {
    "type": "object",
    "title": "References",
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "record_type": {
                "type": "string",
                "title": "Record type",
                "description": "Type of the record that is referred to.",
            },
            "by": {
                "type": "string",
                "title": "By",
                "description": "What the value is: internal_id, external_id (the default), or the name of a field of "
                "that record such as entityId or name.",
            },
            "template": {
                "type": "string",
                "title": "Template",
                "description": "Text to look for, with {value} for the column's value, or for the id of a reference "
                "that was read from NetSuite, such as CUST-{value}.",
            },
        },
    },
    "description": 'Field -> how its value names a record, such as {"entity": {"record_type": "customer", "by": '
    '"external_id"}}. Without it a value is an internal id.',
}

_SUBLISTS: dict[str, Any] = {
    "type": "object",
    "title": "Sublists",
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "mode": {
                "type": "string",
                "enum": list(LINE_MODES),
                "title": "Mode",
                "description": "append leaves the lines that are there alone, merge updates those with the same key, "
                "replace also removes the rest. Without it: replace when the stream's replace names the sublist, "
                "else merge when it has keys, else append.",
            },
            "keys": {
                **_NAMES,
                "title": "Keys",
                "description": "Fields that tell which line is meant; those of NetSuite's catalog when absent.",
            },
            "column": {
                "type": "string",
                "title": "Column",
                "description": "Column with an array of objects, a line each.",
            },
            "stream": {"type": "string", "title": "Child stream", "description": "Stream with a record for each line."},
            "parent_key": {
                **_TEXTS,
                "title": "Parent key",
                "description": 'Column of the child stream -> column of this one, such as {"order_id": "id"}.',
            },
            "fields": {
                **_TEXTS,
                "title": "Fields",
                "description": "Column of a line -> field of the line; all under their own names when absent.",
            },
            "constants": _CONSTANTS,
            "templates": _TEMPLATES,
            "references": _REFERENCES,
        },
    },
    "description": 'Sublist -> where its lines come from, such as {"item": {"mode": "merge", "column": "lines"}}.',
}

_STREAM: dict[str, dict[str, Any]] = {
    "record_type": {
        "type": "string",
        "title": "Record type",
        "description": "NetSuite's name of the record type, such as customer or customrecord_project.",
    },
    "operation": {
        "type": "string",
        "title": "Operation",
        "enum": list(OPERATIONS),
        "description": "What becomes of a record; mirror is upsert, and deletes records that no longer come. Without "
        "it: what load_method says, else upsert when external_id or match is given, update when id_field is, otherwise "
        "create. A record with _sdc_deleted_at is deleted whatever is said here.",
    },
    "operation_column": {
        "type": "string",
        "title": "Operation column",
        "description": "Column in which a record says what becomes of it: create, update, upsert, delete, inactivate, "
        "or c, i, insert, u, d. Null means what the stream's operation says; empty text is refused.",
    },
    "external_id": {
        "type": "string",
        "title": "External ID",
        "description": "Template of the external id over the record's columns, such as CRM-{id}. The result "
        "may consist of letters, digits, _ and -.",
    },
    "id_field": {
        "type": "string",
        "title": "Column with the internal id",
        "description": "Column with NetSuite's internal id; it goes before the external id.",
    },
    "match": {
        "type": "object",
        "title": "Match",
        "additionalProperties": False,
        "properties": {
            "column": {"type": "string", "title": "Column", "description": "Column with the value to look for."},
            "field": {"type": "string", "title": "Field", "description": "Field that has this value, such as email."},
        },
        "description": 'Finds the record by a field instead of external_id, such as {"column": "mail", "field": '
        '"email"}.',
    },
    "fields": {
        **_TEXTS,
        "title": "Fields",
        "description": 'Column -> field, such as {"name": "companyName", "owner": "salesRep.id", "lines[].qty": '
        '"item.items[].quantity"}. Without it all columns are sent under their own names, except id, id_field, '
        "_sdc_ columns and, when external_id is given, externalId.",
    },
    "constants": _CONSTANTS,
    "templates": _TEMPLATES,
    "references": _REFERENCES,
    "sublists": _SUBLISTS,
    "replace": {
        **_NAMES,
        "title": "Replace",
        "description": "Sublists and fields that are replaced as a whole instead of being added to.",
    },
    "replace_selected_fields": {
        "type": "boolean",
        "title": "Replace selected fields",
        "description": "Empty the fields that replace names where a record does not have them.",
    },
    "skip_unchanged": {
        "type": "boolean",
        "title": "Skip unchanged",
        "description": "Leave records alone that are in NetSuite already as they should be.",
    },
    "write_mode": {
        "type": "string",
        "enum": list(WRITE_MODES),
        "title": "Write mode",
        "description": "Like the setting of the same name for all streams.",
    },
    "on_unknown_outcome": {
        "type": "string",
        "enum": list(ON_UNKNOWN_OUTCOME),
        "title": "On unknown outcome",
        "description": "What is done about a create without external id whose answer was lost: stop the run, repeat it "
        "(there may be two then), or skip it (there may be none).",
    },
    "unwritable": {
        "type": "string",
        "enum": list(UNWRITABLE),
        "title": "Unwritable columns",
        "description": "What is done about columns that are not fields, or that cannot be written: refuse the "
        "record, or leave_out the column.",
    },
    "empty_text": {
        "type": "string",
        "enum": list(EMPTY_TEXT),
        "title": "Empty text",
        "description": "What empty text, as CSV files have it, means to a field that is not text: null, which clears "
        "it and is the default, absent, which leaves it alone, or refuse. A text field is cleared by it in any case.",
    },
    "lines_when_empty": {
        "type": "string",
        "enum": list(LINES_WHEN_EMPTY),
        "title": "Lines when empty",
        "description": "What becomes of the lines of a sublist that is replaced when the single columns that fill it "
        "are all empty: keep them, the default, or remove them.",
    },
    "required": {
        **_NAMES,
        "title": "Required fields",
        "description": "Fields that a record must fill to be created.",
    },
    "delete_by": {
        "type": "string",
        "enum": list(DELETE_BY),
        "title": "Delete by",
        "description": "What deletes a record that is marked with _sdc_deleted_at or that a mirror no longer gets: "
        "delete, or inactivate.",
    },
    "mirror_max_percent": {
        "type": "number",
        "minimum": 0,
        "maximum": 100,
        "title": "Most percent a mirror deletes",
        "description": "A mirror that would delete more of the records deletes none; 10 when absent.",
    },
    "mirror_transactions": {
        "type": "boolean",
        "title": "Mirror transactions",
        "description": "Let a mirror delete transactions too.",
    },
}

STREAMS: dict[str, Any] = {
    "type": "object",
    "title": "Streams",
    "description": "Where each stream goes, by stream name. A stream without an entry ends the run.",
    "additionalProperties": {
        "type": "object",
        "required": ["record_type"],
        "additionalProperties": False,
        "properties": _STREAM,
    },
}
