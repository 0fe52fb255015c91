"""What fills the fields of a body or of a line: columns, constants and templates."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from suitetalk import ConfigurationError
from target_netsuite.settings.entries import members
from target_netsuite.settings.paths import Path, clashing, field_path, path_text
from target_netsuite.settings.reference_settings import text_template
from target_netsuite.template import TextTemplate


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
