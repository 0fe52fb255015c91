"""What `streams` says about one stream."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from suitetalk import ConfigurationError
from target_netsuite.intents import Operation
from target_netsuite.settings.entries import check_known, flag, members, names, number, text, word
from target_netsuite.settings.field_settings import (
    check_clashes,
    check_columns,
    parse_constants,
    parse_fields,
    parse_templates,
)
from target_netsuite.settings.paths import EACH, Path
from target_netsuite.settings.reference_settings import ReferenceSettings, parse_references
from target_netsuite.settings.sublist_settings import SublistSettings, parse_sublists
from target_netsuite.template import Template, TextTemplate

WriteMode = Literal["auto", "batch", "single"]
OnUnknownOutcome = Literal["stop", "repeat", "skip"]
Unwritable = Literal["refuse", "leave_out"]

MIRROR = "mirror"
OPERATIONS = (*(operation.value for operation in Operation), MIRROR)
WRITE_MODES: tuple[WriteMode, ...] = get_args(WriteMode)
ON_UNKNOWN_OUTCOME: tuple[OnUnknownOutcome, ...] = get_args(OnUnknownOutcome)
UNWRITABLE: tuple[Unwritable, ...] = get_args(Unwritable)
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
        unwritable: what is done about columns that are no field, or one that cannot be written.
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
        raise ConfigurationError(f"{place}.record_type", f"is {value!r}, which is no record type such as customer.")
    return value


def _operation(named: str | None, *, findable: bool, id_field: str | None) -> Operation:
    if named is None:
        return Operation.UPSERT if findable else Operation.UPDATE if id_field else Operation.CREATE
    return Operation.UPSERT if named == MIRROR else Operation(named)


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
