"""What `sublists` says: where the lines of a sublist come from, and how they meet those that are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from suitetalk import ConfigurationError
from target_netsuite.intents import LineMode
from target_netsuite.settings.entries import check_known, members, names, text, word
from target_netsuite.settings.field_settings import (
    check_clashes,
    check_columns,
    parse_constants,
    parse_fields,
    parse_templates,
)
from target_netsuite.settings.paths import Path
from target_netsuite.settings.reference_settings import ReferenceSettings, parse_references
from target_netsuite.template import TextTemplate

LINE_MODES: tuple[LineMode, ...] = get_args(LineMode)
_KNOWN = ("mode", "keys", "column", "stream", "parent_key", "fields", "constants", "templates", "references")


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
        check_known(place, given, _KNOWN)
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
