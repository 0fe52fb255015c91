"""The settings of one stream."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from suitetalk import ConfigurationError
from suitetalk.descriptions import Special, read, setting
from target_netsuite.intents import Case, LineMode, Operation
from target_netsuite.settings.entries import EACH, Path, Template, TextTemplate, clashing, field_path, path_text

INTERNAL_ID = "internal_id"
EXTERNAL_ID = "external_id"
MIRROR = "mirror"

WriteMode = Literal["auto", "batch", "single"]
OnUnknownOutcome = Literal["stop", "repeat", "skip"]
OperationName = Literal["create", "update", "upsert", "delete", "inactivate", "mirror"]
EmptyText = Literal["null", "absent", "refuse"]
LinesWhenEmpty = Literal["keep", "remove"]
LoadMethod = Literal["append-only", "upsert", "overwrite"]

_OPERATION_OF: Mapping[LoadMethod, OperationName] = {
    "append-only": "create",
    "upsert": "upsert",
    "overwrite": "mirror",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MARK_OF_LINES = re.compile(r"(\.items)?\[\]$")


def _record_type(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"is {text!r}, which is not a record type such as customer.")
    return text


def _by(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"is {text!r}; it must be internal_id, external_id or the name of a field.")
    return text


def _template(text: str) -> Template:
    try:
        return Template.parse(text)
    except ValueError as error:
        raise ValueError(f"{error}.") from None


def _text_template(text: str) -> TextTemplate:
    if not text:
        raise ValueError("is empty; write it like Order {number}.")
    try:
        return TextTemplate.parse(text)
    except ValueError as error:
        raise ValueError(f"{error}.") from None


def _value_template(text: str) -> TextTemplate:
    template = _text_template(text)
    if set(template.columns) != {"value"}:
        raise ValueError(f"is {text!r}; write it like CUST-{{value}}.")
    return template


def _reference_path(text: str) -> Path:
    path = field_path(text)
    return path[:-1] if path[-1] == "id" and len(path) > 1 else path


def _without_mark(text: str) -> str:
    return _MARK_OF_LINES.sub("", text)


RecordType = Annotated[str, Special(_record_type)]
FieldPath = Annotated[Path, Special(field_path)]
ReferencePath = Annotated[Path, Special(_reference_path)]
ReplacedName = Annotated[str, Special(_without_mark)]
AnyText = Annotated[TextTemplate, Special(_text_template, strip=False)]
ColumnName = Annotated[str, Special(str, strip=False)]


@dataclass(frozen=True)
class ReferenceSettings:
    """How the record is found that a field refers to.

    Attributes:
        by: `internal_id`, `external_id`, or the name of a field of it such as `entityId`.
        template: what makes the value that is looked for out of the column's; None for the column's value itself.
    """

    record_type: str = setting(
        "", "Record type", "Type of the record that is referred to; needed unless by is internal_id."
    )
    by: Annotated[str, Special(_by)] = setting(
        EXTERNAL_ID,
        "By",
        "What the value is: internal_id, external_id, or the name of a field of that record such as entityId or name.",
    )
    template: Annotated[TextTemplate, Special(_value_template, strip=False)] | None = setting(
        None,
        "Template",
        "Text to look for, such as CUST-{value}; {value} is the column's value, or the id of a reference that was read "
        "from NetSuite.",
    )

    def check(self, place: str) -> None:
        """Make sure that it is known where to look.

        Raises:
            ConfigurationError: the type is missing.
        """
        if self.by != INTERNAL_ID and not self.record_type:
            raise ConfigurationError(f"{place}.record_type", "is missing; name the type that is referred to.")


@dataclass(frozen=True, kw_only=True)
class RowSettings:
    """What a record and a line have in common: how columns become fields.

    Attributes:
        fields: column -> path, None for all columns under their own names.
        references: path -> how its value names a record.
    """

    fields: Mapping[ColumnName, FieldPath] | None = setting(
        None,
        "Fields",
        "Column -> field. Without it all columns are sent under their own names, except id, id_field, _sdc_ columns "
        "and, when external_id is given, externalId.",
        example={"name": "companyName", "owner": "salesRep.id", "lines[].qty": "item.items[].quantity"},
    )
    constants: Mapping[FieldPath, Any] = setting(
        {}, "Constants", "Field -> value that is the same for all.", example={"subsidiary": "1"}
    )
    templates: Mapping[FieldPath, AnyText] = setting(
        {}, "Templates", "Field -> text with columns in braces.", example={"memo": "Order {number} of {shop}"}
    )
    references: Mapping[ReferencePath, ReferenceSettings] = setting(
        {},
        "References",
        "Field -> how its value names a record. Without it a value is an internal id.",
        example={"entity": {"record_type": "customer", "by": "external_id"}},
    )

    def check(self, place: str) -> None:
        """Make sure that some field is filled, and none twice.

        Raises:
            ConfigurationError: that is not so.
        """
        if self.fields is not None and not self.fields:
            raise ConfigurationError(
                f"{place}.fields",
                'must be an object of column and field, such as {"name": "companyName"}; without it all columns are '
                "sent.",
            )
        clash = clashing([*(self.fields or {}).values(), *self.constants, *self.templates])
        if clash:
            raise ConfigurationError(f"{place}.fields", f"fills the field `{path_text(clash)}` more than once.")


@dataclass(frozen=True, kw_only=True)
class SublistSettings(RowSettings):
    """One entry of `sublists`.

    Attributes:
        keys: fields that tell which line is meant; empty for those of the catalog.
        column: column with an array of objects, each of them a line; None when there is none.
        stream: child stream, each row of it a line; None when there is none.
    """

    mode: LineMode | None = setting(
        None,
        "Mode",
        "append leaves existing lines alone, merge updates those with the same key, replace also removes the rest. "
        "Without it: replace when the stream's replace names the sublist, else merge when it has keys, else append.",
    )
    keys: tuple[str, ...] = setting(
        (),
        "Keys",
        "Fields that tell which line is meant; those of NetSuite's catalog when absent.",
        example=["item"],
    )
    column: str | None = setting(None, "Column", "Column with an array of objects, one for each line.")
    stream: str | None = setting(None, "Child stream", "Stream with a record for each line.")
    parent_key: Mapping[str, str] = setting(
        {}, "Parent key", "Column of the child stream -> column of this one.", example={"order_id": "id"}
    )
    fields: Mapping[ColumnName, FieldPath] | None = setting(
        None,
        "Fields",
        "Column of a line -> field of the line. Without it all columns are sent under their own names.",
        example={"sku": "item", "qty": "quantity"},
    )

    def check_columns(self, place: str, columns: Collection[str]) -> None:
        """Make sure that the child stream has every column that is named here.

        Raises:
            ConfigurationError: it lacks one.
        """
        check_columns(place, {"parent_key": self.parent_key, "fields": self.fields or ()}, columns)

    def check(self, place: str) -> None:
        """Make sure that it is known where the lines come from.

        Raises:
            ConfigurationError: two settings contradict each other, or one is missing.
        """
        super().check(place)
        if self.column and self.stream:
            raise ConfigurationError(f"{place}.stream", "and `column` are both given; lines come from one of them.")
        if self.fields and not (self.column or self.stream):
            raise ConfigurationError(f"{place}.column", "is missing; say which column has the lines that `fields` map.")
        if bool(self.stream) != bool(self.parent_key):
            raise ConfigurationError(
                f"{place}.parent_key",
                'and `stream` belong together; say which columns are the same, such as {"order_id": "id"}.',
            )


@dataclass(frozen=True)
class MatchSettings:
    """The setting `match`: a record is the one whose field equals the column's value."""

    column: str = setting(..., "Column", "Column with the value to look for.")
    field: str = setting(..., "Field", "Field that has this value, such as email.")
    case: Case = setting(
        "refuse",
        "Case",
        "What to do when no record has the very value, but one has it with other upper and lower case: refuse the "
        "record, ignore the difference and take that one, or exact, which takes them for two different values.",
    )


@dataclass(frozen=True, kw_only=True)
class StreamSettings(RowSettings):
    """One entry of `streams`.

    Attributes:
        stream: the stream's name.
        replace: fields and sublists that are replaced as a whole [section_1545142173].
        replace_selected_fields: see `suitetalk.Records.update`.
        required: paths of fields a record that may be created must fill.
    """

    stream: str
    record_type: RecordType = setting(
        ..., "Record type", "NetSuite's name of the record type, such as customer or customrecord_project."
    )
    named_operation: OperationName | None = setting(
        None,
        "Operation",
        "What to do with a record; mirror is upsert, and deletes records that no longer come. Without it: what "
        "load_method says, else upsert when external_id or match is given, update when id_field is, otherwise create. "
        "A record with _sdc_deleted_at is deleted in any case.",
        name="operation",
    )
    operation_column: str | None = setting(
        None,
        "Operation column",
        "Column in which a record says what to do with it: create, update, upsert, delete, inactivate, or c, i, "
        "insert, u, d. Where it is null, the stream's operation applies; empty text is refused.",
    )
    external_id: Annotated[Template, Special(_template)] | None = setting(
        None,
        "External ID",
        "Template that makes the external id from the record's columns, such as CRM-{id}. The result may consist of "
        "letters, digits, _ and -.",
    )
    id_field: str | None = setting(
        None,
        "Column with the internal id",
        "Column with NetSuite's internal id; it takes precedence over the external id.",
    )
    match: MatchSettings | None = setting(
        None,
        "Match",
        "Finds the record by one of its fields instead of by external_id.",
        example={"column": "mail", "field": "email"},
    )
    sublists: Mapping[str, SublistSettings] = setting(
        {}, "Sublists", "Sublist -> where its lines come from.", example={"item": {"mode": "merge", "column": "lines"}}
    )
    replace: tuple[ReplacedName, ...] = setting(
        (),
        "Replace",
        "Sublists and fields that are replaced as a whole instead of being added to.",
        example=["addressBook"],
    )
    replace_selected_fields: bool = setting(
        False, "Replace selected fields", "Empty the fields that replace names where a record does not have them."
    )
    skip_unchanged: bool = setting(
        False, "Skip unchanged", "Do not write records that NetSuite already has with the same values."
    )
    write_mode: WriteMode | None = setting(
        None, "Write mode", "Overrides the setting of the same name for all streams."
    )
    on_unknown_outcome: OnUnknownOutcome = setting(
        "stop",
        "On unknown outcome",
        "What to do about a create without external id whose answer was lost: stop the run, repeat it (there may be "
        "two records then), or skip it (there may be none).",
    )
    unwritable: Literal["refuse", "leave_out"] = setting(
        "refuse",
        "Unwritable columns",
        "What to do about columns that match no field, or a field that cannot be written: refuse the record, or "
        "leave_out the column.",
    )
    empty_text: EmptyText = setting(
        "null",
        "Empty text",
        "What empty text, as CSV files have it, means to a field that is not text: null, which clears it, absent, "
        "which leaves it alone, or refuse. A text field is cleared by it in any case.",
    )
    lines_when_empty: LinesWhenEmpty = setting(
        "keep",
        "Lines when empty",
        "What to do with the lines of a sublist that is replaced when the single columns that fill it are all empty: "
        "keep them, or remove them.",
    )
    required: tuple[str, ...] = setting(
        (), "Required fields", "Fields that a record must fill to be created.", example=["email"]
    )
    deletes_by: Literal["delete", "inactivate"] = setting(
        "delete",
        "Delete by",
        "How to delete a record that is marked with _sdc_deleted_at or that a mirror no longer gets: delete, or "
        "inactivate.",
        name="delete_by",
    )
    mirror_max_percent: Decimal = setting(
        Decimal(10),
        "Most percent a mirror deletes",
        "A mirror that would delete a larger share of the records deletes none.",
        minimum=0,
        maximum=100,
    )
    mirror_trusts_end: bool = setting(
        False,
        "Mirror trusts the end",
        "Take the end of the input for the end of the stream, for taps that send neither ACTIVATE_VERSION nor STATE. "
        "What a tap that dies between two lines did not send is deleted then.",
    )
    mirror_transactions: bool = setting(False, "Mirror transactions", "Let a mirror delete transactions too.")

    @classmethod
    def from_mapping(
        cls, stream: str, given: Any, load_method: LoadMethod | None = None, write_mode: WriteMode = "auto"
    ) -> StreamSettings:
        """Check one entry.

        Args:
            stream: the stream's name.
            given: the entry.
            load_method: decides on the operation, when the entry does not.
            write_mode: that of streams that name none.

        Raises:
            ConfigurationError: something is missing or wrong; the text names it.
        """
        place = f"streams.{stream}"
        if not isinstance(given, Mapping):
            raise ConfigurationError(place, 'must be an object such as {"record_type": "customer"}.')
        operation = _OPERATION_OF[load_method] if load_method else None
        return read(cls, given, place, stream=stream, named_operation=operation, write_mode=write_mode)

    @property
    def mirror(self) -> bool:
        """Whether records that no longer come are deleted."""
        return self.named_operation == MIRROR

    @cached_property
    def operation(self) -> Operation:
        """What to do with its records, unless they are marked as deleted or say so themselves; a mirror's is upsert."""
        if self.named_operation is None:
            findable = self.external_id or self.match
            return Operation.UPSERT if findable else Operation.UPDATE if self.id_field else Operation.CREATE
        return Operation.UPSERT if self.mirror else Operation(self.named_operation)

    @cached_property
    def delete_by(self) -> Operation:
        """Delete or inactivate, for records marked as deleted, and those a mirror no longer gets."""
        return Operation(self.deletes_by)

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

    def check(self, place: str) -> None:
        """Make sure that its records can be found, and are found in one way.

        Raises:
            ConfigurationError: two settings contradict each other, or one is missing.
        """
        super().check(place)
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
        filled: dict[str, Mapping[Path, Any]] = {"constants": self.constants, "templates": self.templates}
        for where, paths in filled.items():
            for path in paths if self.fields is not None else ():
                lines = _squeezed(path[: len(path) - path[::-1].index(EACH)] if EACH in path else ())
                if lines and not any(one[: len(lines)] == lines[: len(one)] for one in made):
                    raise ConfigurationError(
                        f"{place}.{where}.{path_text(path)}",
                        "fills lines that no column of `fields` makes; map a column to a field of them.",
                    )

    def _check_ids(self, place: str) -> None:
        """Make sure that nothing else fills the ids that the record is found by [section_1545141395]."""
        filled = {"fields": (self.fields or {}).values(), "constants": self.constants, "templates": self.templates}
        for where, paths in filled.items():
            fields = {path[0].lower().replace("_", "") for path in paths if len(path) == 1}
            if self.external_id and "externalid" in fields:
                raise ConfigurationError(
                    f"{place}.{where}", "fills `externalId`, which the setting `external_id` fills already."
                )
            if "id" in fields:
                raise ConfigurationError(
                    f"{place}.{where}",
                    "fills `id`, which NetSuite assigns; `id_field` names the column that has it.",
                )


def _squeezed(path: Path) -> Path:
    """Return a path without marks for lines, and without what two spellings of it may differ in."""
    return tuple(name.lower().replace("_", "") for name in path if name != EACH)


def parse_streams(
    given: Any, load_method: LoadMethod | None = None, write_mode: WriteMode = "auto"
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


def check_columns(place: str, named: Mapping[str, Collection[str]], columns: Collection[str]) -> None:
    """Make sure that a stream has every column that settings name; a schema without columns says nothing.

    Args:
        place: of the settings, such as `streams.customers`.
        named: the columns that each setting below it names.
        columns: what the stream has.

    Raises:
        ConfigurationError: it lacks one.
    """
    for where, wanted in named.items() if columns else ():
        for column in wanted:
            if column not in columns and re.split(r"[.\[]", column, maxsplit=1)[0] not in columns:
                raise ConfigurationError(
                    f"{place}.{where}",
                    f"names the column `{column}`, which the stream does not have; it has "
                    f"{', '.join(sorted(columns))}.",
                )
