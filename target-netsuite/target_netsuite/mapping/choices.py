"""Values that choose: enumerations, references and multi-selects [section_1545142146, section_1545142093]."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from target_netsuite.errors import BAD_ENUM_VALUE, MISSING_KEY
from target_netsuite.intents import Reference
from target_netsuite.mapping.converters import Convert
from target_netsuite.mapping.documents import DISPLAY_NAME, elements, reference
from target_netsuite.mapping.unfit import UnfitError, shown, unfit
from target_netsuite.settings.reference_settings import EXTERNAL_ID, INTERNAL_ID, ReferenceSettings

SelectOptions = Callable[[str, str], "Mapping[str, str] | None"]
"""Returns id by label of what may be chosen in a field of a record type, None when NetSuite does not tell."""

# The help centre does not say what stands between the ids of a multi-select in SuiteQL [section 5.3].
_BETWEEN_IDS = re.compile("[,\x05]")
_ID = "id such as 107"


def plain_text(value: Any) -> str:
    """Return an id or the like as text, also where it looks like a number.

    Raises:
        UnfitError: it is none.
    """
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not (found := str(value).strip()):
        raise unfit(value, _ID)
    return found


def by_id(value: Any) -> dict[str, Any]:
    """Return a reference by what an object or a bare id says.

    Raises:
        UnfitError: it is neither.
    """
    if isinstance(value, Mapping):
        found = reference(value)
        return {"id": plain_text(found["id"])} if "id" in found else found or dict(value)
    return {"id": plain_text(value)}


def many(convert: Convert) -> Convert:
    """Return the converter of a multi-select: arrays, `items` of an answer, or ids with commas between them."""

    def converted(value: Any) -> dict[str, Any]:
        listed = elements(value)
        if listed is None:
            texts = _BETWEEN_IDS.split(value) if isinstance(value, str) else [value]
            listed = [part for part in texts if not isinstance(part, str) or part.strip()]
        return {"items": [convert(part.strip() if isinstance(part, str) else part) for part in listed]}

    return converted


def looked_up(settings: ReferenceSettings) -> Convert:
    """Return the converter of a reference to a record whose internal id has to be looked up."""
    if settings.by == INTERNAL_ID:
        return by_id if settings.template is None else lambda value: by_id(_known_by(settings, value))
    by = "externalId" if settings.by == EXTERNAL_ID else settings.by

    def converted(value: Any) -> Any:
        if isinstance(value, list):
            return {"items": [converted(part) for part in value]}
        return Reference(settings.record_type, by, _known_by(settings, value))

    return converted


def _known_by(settings: ReferenceSettings, value: Any) -> str:
    """Return the text to look for; of an object that was read from NetSuite the part that is meant."""
    if isinstance(value, Mapping):
        member = "id" if settings.template or settings.by == INTERNAL_ID else DISPLAY_NAME
        member = "externalId" if member == DISPLAY_NAME and settings.by == EXTERNAL_ID else member
        if value.get(member) is None:
            raise UnfitError(
                f"has no `{member}`, which its setting in `references` needs; give that a `template` such as {{value}} "
                "to go by its id, or another `by`",
                MISSING_KEY,
            )
        value = value[member]
    found = plain_text(value)
    return (settings.template.fill({"value": found}) or "") if settings.template else found


class Enumeration:
    """Converter of one enumeration: by id, or by label as far as NetSuite tells the labels."""

    def __init__(self, choices: tuple[str, ...], labels: Callable[[], Mapping[str, str] | None]) -> None:
        """Take the ids of the catalog, and what asks for the id of each label; it is asked once, and only if needed."""
        self._ids = {choice.lower(): choice for choice in choices}
        self._ask = labels
        self._asked = False
        self._labels: Mapping[str, str] | None = None

    def __call__(self, value: Any) -> dict[str, Any]:
        """Return the choice as an object.

        Raises:
            UnfitError: it is no choice.
        """
        if isinstance(value, Mapping):
            return by_id(value)
        text = plain_text(value)
        found = self._ids.get(text.lower())
        return {"id": found} if found is not None else self._by_label(text)

    def _by_label(self, text: str) -> dict[str, Any]:
        labels = self._known_labels()
        if labels is None:
            return {DISPLAY_NAME if self._ids else "id": text}
        if text.lower() in labels:
            return {"id": labels[text.lower()]}
        known = [*self._ids.values(), *labels]
        close = get_close_matches(text.lower(), [name.lower() for name in known], n=1)
        hint = f"; did you mean {next(name for name in known if name.lower() == close[0])!r}?" if close else ""
        raise UnfitError(f"is {shown(text)}, which is no id or label that can be chosen{hint}", BAD_ENUM_VALUE)

    def _known_labels(self) -> Mapping[str, str] | None:
        if not self._asked:
            found = self._ask()
            # An id that only the form knows counts too: the catalog's list is not complete [section 3.4].
            by_id_too = {} if found is None else {identifier.lower(): identifier for identifier in found.values()}
            labels = {label.lower(): identifier for label, identifier in (found or {}).items()}
            self._labels = {**by_id_too, **labels} if found else None
            self._asked = True
        return self._labels
