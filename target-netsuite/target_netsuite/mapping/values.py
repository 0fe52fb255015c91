"""Values as the record service takes them."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from suitetalk import NetSuiteError, Records
from suitetalk.errors import is_refusal
from suitetalk.http.response import PAGE_SIZE
from suitetalk.values import choices, iso
from target_netsuite.errors import BAD_ENUM_VALUE, MISSING_KEY, WRONG_TYPE, InvalidRecordError
from target_netsuite.intents import Reference
from target_netsuite.settings.streams import EXTERNAL_ID, INTERNAL_ID, ReferenceSettings

logger = logging.getLogger(__name__)

HYPERMEDIA = "links"
DISPLAY_NAME = "refName"
_REFERENCE = frozenset({"id", "externalId", DISPLAY_NAME, HYPERMEDIA})
_PAGING = frozenset({HYPERMEDIA, "count", "hasMore", "offset", "totalResults"})
_LONGEST = 80  # characters
ABSENT: Any = object()
"""Stands for a value that is not there at all."""

Convert = Callable[[Any], Any]
"""Turns a value, never None, into what is sent, None to clear the field, `ABSENT` for nothing; raises UnfitError."""

_DAY = "date such as 2026-07-21"
_MOMENT = "date-time such as 2026-07-21T17:32:28Z"
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
_SEPARATED = re.compile(r"[+-]?([0-9]{1,3}([,.'\u2019\u00a0\u202f ][0-9]{3})+([.,][0-9]+)?|[0-9]+,[0-9]+)", re.ASCII)
"""A number as people write it: with thousands separators, or a comma before the decimals."""

_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}
SelectOptions = Callable[[str, str], "Mapping[str, str] | None"]
"""Returns id by label of what may be chosen in a field of a record type, None when NetSuite does not say."""

_ID = "id such as 107"
_CHOICES_NAMED = 20  # in a message
_MOST_PAGES = 20


class UnfitError(Exception):
    """A value does not fit; who knows its column says so in full."""

    def __init__(self, problem: str, code: str = WRONG_TYPE) -> None:
        """Take what comes after the column's name in the sentence, and what kind of fault it is."""
        super().__init__(problem)
        self.problem = problem
        self.code = code


def unfit(value: Any, wanted: str) -> UnfitError:
    """Return the error for a value that is not what is wanted, such as `date such as 2026-07-21`."""
    return UnfitError(f"is {shown(value)}, which is not {article(wanted)} {wanted}")


def article(noun: str) -> str:
    """Return the article of a noun."""
    return "an" if noun[0] in "aeio" else "a"


def shown(value: Any) -> str:
    """Return a value as it can stand in a sentence."""
    text = repr(value) if isinstance(value, (str, bool)) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def at(column: str, error: UnfitError | InvalidRecordError) -> InvalidRecordError:
    """Return the error with the column, or with the column and what is at fault in it."""
    if isinstance(error, UnfitError):
        return InvalidRecordError(column, f"`{column}` {error.problem}" if column else error.problem, error.code)
    if not error.column:  # an element of an array of single values
        return InvalidRecordError(column, f"`{column}` {error.problem}", error.code)
    path = error.column if error.column.startswith("[") else f".{error.column}"
    return InvalidRecordError(column + path, f"in `{column}`: {error.problem}", error.code)


def unchanged(value: Any) -> Any:
    """Return a value of no known kind as it is, without what only answers have.

    Raises:
        UnfitError: it is a number that JSON has no form for.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (float, Decimal)) and not math.isfinite(value):
        raise unfit(value, "number JSON can carry")
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else cleaned(value)


def text(value: Any) -> str:
    """Return a text; numbers and dates are written out.

    Raises:
        UnfitError: it is not a single value, or is a boolean.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise unfit(value, "text")
    number(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def integer(value: Any) -> int:
    """Return a whole number, even if it is written as text or as 7.0.

    Raises:
        UnfitError: it is none.
    """
    found = number(value)
    if found != int(found):
        raise unfit(value, "whole number")
    return int(found)


def number(value: Any) -> int | float | Decimal:
    """Return a number with all its digits, even if it is written as text.

    Raises:
        UnfitError: it is none.
    """
    if isinstance(value, str):
        return _read(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)) or not math.isfinite(value):
        raise unfit(value, "number")
    return value


def boolean(value: Any) -> bool:
    """Return true or false; T and F, yes and no, 1 and 0 are understood too.

    Raises:
        UnfitError: it is none of these.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)) and value in (0, 1):
        return bool(value)
    found = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise unfit(value, "boolean such as true or false")
    return found


def day(value: Any) -> str:
    """Return a date; of a date-time its date as it is written, whatever its zone.

    Raises:
        UnfitError: it is neither.
    """
    if isinstance(value, str):
        value = _parsed(value, _DAY)
    if not isinstance(value, date):
        raise unfit(value, _DAY)
    return date(value.year, value.month, value.day).isoformat()


def moment(value: Any) -> str:
    """Return a point in time in UTC; one without a zone is taken for UTC, parts of a second are cut.

    Raises:
        UnfitError: it is none.
    """
    if isinstance(value, str):
        value = _parsed(value, _MOMENT)
    if not isinstance(value, date):
        raise unfit(value, _MOMENT)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - it is given its zone below
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    try:
        return iso(aware.replace(microsecond=0))
    except ValueError:
        raise UnfitError(f"is {value}, which lies outside the calendar in UTC") from None


def _read(value: str) -> int | Decimal:
    digits = value.strip()
    if _WHOLE_NUMBER.fullmatch(digits):
        return int(digits)
    if _NUMBER.fullmatch(digits):
        return Decimal(digits)
    if _SEPARATED.fullmatch(digits):
        raise UnfitError(
            f"is {shown(value)}, which has a thousands separator or a decimal comma; send it like 1000.50, with a "
            "point before the decimals and nothing between the thousands"
        )
    raise unfit(value, "number")


def _parsed(value: str, wanted: str) -> datetime:
    # Python 3.10 reads the same texts as later versions, since singer_sdk brings a backport of fromisoformat.
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise unfit(value, wanted) from None


def plain_text(value: Any) -> str:
    """Return an id or the like as text, even if it looks like a number.

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
    """Return the converter of a multi-select: arrays, `items` of an answer, or the text that SuiteQL gives."""

    def converted(value: Any) -> dict[str, Any]:
        parts = listed(value)
        if parts is None:
            if is_empty(value):
                raise unfit(value, "list of ids such as 12,13")
            parts = choices(value) if isinstance(value, str) else [value]
        return {"items": [convert(part.strip() if isinstance(part, str) else part) for part in parts]}

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
    try:
        found = plain_text(value)
    except UnfitError:
        raise UnfitError(f"is {shown(value)}, and there is no {_sought(settings)} {shown(value)}") from None
    return (settings.template.fill({"value": found}) or "") if settings.template else found


def _sought(settings: ReferenceSettings) -> str:
    """Return what a value is looked for as, such as `term named`."""
    if settings.by == INTERNAL_ID:
        return f"{settings.record_type or 'record'} with the id"
    if settings.by == EXTERNAL_ID:
        return f"{settings.record_type} with the external id"
    return f"{settings.record_type} {'named' if settings.by.lower() == 'name' else f'whose {settings.by} is'}"


class Enumeration:
    """Converter of one enumeration: by id, or by label as far as NetSuite gives the labels."""

    def __init__(self, choices: tuple[str, ...], labels: Callable[[], Mapping[str, str] | None]) -> None:
        """Take the ids of the catalog, and what asks for the id of each label; it is asked once, and only if needed."""
        self._ids = {choice.lower(): choice for choice in choices}
        self._ask = labels
        self._asked = False
        self._labels: Mapping[str, str] | None = None
        self._asked_for: Mapping[str, str] | None = None

    def __call__(self, value: Any) -> dict[str, Any]:
        """Return the choice as an object.

        Raises:
            UnfitError: it is not a choice.
        """
        if isinstance(value, Mapping):
            return by_id(value)
        try:
            text = plain_text(value)
        except UnfitError:
            raise UnfitError(f"is {shown(value)}, and there is no choice named {shown(value)}") from None
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
        raise UnfitError(
            f"is {shown(text)}, which is neither an id nor a label that can be chosen ({self._choices()}){hint}",
            BAD_ENUM_VALUE,
        )

    def _choices(self) -> str:
        named = self._asked_for or self._ids.values()
        names = [shown(name) for name in named]
        return ", ".join(names[:_CHOICES_NAMED]) + (", …" if len(names) > _CHOICES_NAMED else "")

    def _known_labels(self) -> Mapping[str, str] | None:
        if not self._asked:
            found = self._asked_for = self._ask()
            # An id that only the form knows counts too: the catalog's list is not complete [section 3.4].
            by_id_too = {} if found is None else {identifier.lower(): identifier for identifier in found.values()}
            labels = {label.lower(): identifier for label, identifier in (found or {}).items()}
            self._labels = {**by_id_too, **labels} if found else None
            self._asked = True
        return self._labels


class FormOptions:
    """Asks NetSuite for select options [article_0115100241]."""

    def __init__(self, records: Records) -> None:
        """Send through these."""
        self._records = records

    def __call__(self, record_type: str, field: str) -> dict[str, str] | None:
        """Return the id of each label; a label that two choices have is left out.

        Args:
            record_type: such as `customer`.
            field: a body field, or sublist and field such as `item.commitInventory`.

        Returns:
            None when NetSuite does not say, as for a field of a subrecord, or has more of them than can be chosen by
            label within reason.

        Raises:
            SuiteTalkError: NetSuite was not reached.
        """
        found: dict[str, set[str]] = {}
        for number in range(_MOST_PAGES):
            try:
                page = self._records.select_options(record_type, field, offset=number * PAGE_SIZE)
            except NetSuiteError as error:
                if not is_refusal(error):
                    raise
                logger.debug("What may be chosen in %s of %s is not known: %s", field, record_type, error)
                return None
            for option in page.items:
                found.setdefault(str(option.get("refName", "")), set()).add(str(option.get("id", "")))
            if not page.has_more:
                return {label: next(iter(ids)) for label, ids in found.items() if label and len(ids) == 1}
        return None


def date_format(schema: Any) -> str | None:
    """Return `date` or `date-time` when a column's JSON Schema says so, directly or in one of its choices."""
    if not isinstance(schema, Mapping):
        return None
    if schema.get("format") in ("date", "date-time"):
        return str(schema["format"])
    choices = [*_listed(schema, "anyOf"), *_listed(schema, "oneOf")]
    return next((found for choice in choices if (found := date_format(choice))), None)


def is_array(schema: Any) -> bool:
    """Tell whether a column's JSON Schema says that it may be an array, directly or in one of its choices."""
    if not isinstance(schema, Mapping):
        return False
    types = schema.get("type")
    if types == "array" or (isinstance(types, list) and "array" in types):
        return True
    return any(map(is_array, [*_listed(schema, "anyOf"), *_listed(schema, "oneOf")]))


def _listed(schema: Mapping[str, Any], name: str) -> list[Any]:
    choices = schema.get(name)
    return choices if isinstance(choices, list) else []


def cleaned(value: Any) -> Any:
    """Return a value without what says where it is and how it reads, as answers have it [section_1545142037].

    `links` go, and the counts of sublists; of a reference or an enumeration only the id stays, or what there is in
    place of it.
    """
    if isinstance(value, Mapping):
        if is_reference(value):
            return reference(value)
        noise = _PAGING if isinstance(value.get("items"), list) else (HYPERMEDIA,)
        return {name: cleaned(part) for name, part in value.items() if name not in noise}
    return [cleaned(part) for part in value] if isinstance(value, list) else value


def is_reference(value: Mapping[str, Any]) -> bool:
    """Tell a reference or an enumeration from other objects."""
    return bool(value) and value.keys() <= _REFERENCE


def reference(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reference is best known by: its id, else its external id, else its name; {} for nothing."""
    known = ((name, value.get(name)) for name in ("id", "externalId", DISPLAY_NAME))
    return next(({name: part} for name, part in known if part is not None), {})


def elements(value: Any) -> list[Any] | None:
    """Return the elements of an array, or of the `items` of a sublist, which may be null; None when it is neither."""
    if isinstance(value, Mapping):
        value = [] if value.get("items", ABSENT) is None else value.get("items")
    return value if isinstance(value, list) else None


def listed(value: Any) -> list[Any] | None:
    """Return the same as `elements`, of an array or object that comes as JSON text too."""
    return elements(from_json(value))


def from_json(value: Any) -> Any:
    """Return the array or object of a text that holds one as JSON, decimals with all their digits; else the value.

    Databases without arrays have them as text, and so do CSV files.
    """
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError):
        return value


def is_empty(value: Any) -> bool:
    """Tell whether a value is a text with nothing in it, which is what CSV files and sheets have for nothing."""
    return isinstance(value, str) and not value.strip()


def is_blank(value: Any) -> bool:
    """Tell whether there is nothing in a value: null, empty text, or an array or object of nothing but these."""
    if isinstance(value, Mapping):
        return all(map(is_blank, value.values()))
    if isinstance(value, list):
        return all(map(is_blank, value))
    return value is None or value is ABSENT or is_empty(value)


BY_KIND: dict[str, Convert] = {
    "text": text,
    "integer": integer,
    "number": number,
    "boolean": boolean,
    "date": day,
    "date-time": moment,
}
"""Converters of kinds that need nothing but the value."""
