"""What `references` says: how a field's value names another record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import ConfigurationError
from target_netsuite.settings.entries import check_known, members, text
from target_netsuite.settings.paths import Path, field_path
from target_netsuite.template import TextTemplate

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
