"""Records against their schema, in whichever draft of JSON Schema the tap writes it.

`checkable` brings a schema into the form of draft 2020-12 and takes out what cannot be checked; `RecordValidation`
checks the records of one stream by what is left.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from target_netsuite.errors import MISSING_KEY, SCHEMA_MISMATCH, InvalidRecordError

logger = logging.getLogger(__name__)

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float, Decimal),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}
_SAY_NO_MORE = frozenset({"type", "format", "title", "description", "default", "examples", "$schema", "$id"})
_OF_A_RECORD = _SAY_NO_MORE | {"properties", "required", "additionalProperties"}
_LONGEST_PROBLEM = 300  # characters
_NAMED = 5  # places in a schema that a sentence names
_LARGEST_EXPONENT = 400  # of a number that is divided exactly; a double ends at 308

_OF_ONE = frozenset(
    {
        "additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
        "unevaluatedItems", "unevaluatedProperties",
    }
)  # fmt: skip
_OF_A_LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_DEFINITIONS = frozenset({"definitions", "$defs"})
_OF_NAMES = _DEFINITIONS | {"dependencies", "dependentSchemas", "patternProperties", "properties"}
_WITH_PARTS = _OF_ONE | _OF_A_LIST | _OF_NAMES
"""Keywords that hold schemas: one, a list of them, or some by name."""

_NOT_LOOSENED = frozenset({"not", "oneOf", "if"})
"""Where a part of what is below is not checked, these say something else, so that they go as a whole."""

_OF_OTHER_NAMES = ("patternProperties", "additionalProperties", "unevaluatedProperties")
_FOR_READERS = frozenset({"$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$comment", "$vocabulary"})
_Path = tuple[Any, ...]
"""Where something stands in a schema: names, and numbers in lists."""

_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def checkable(schema: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what of a schema can be checked, in the form of draft 2020-12, and the places of what cannot.

    Draft 4 is what Singer is defined on, and taps mix it with later ones; so each keyword is taken by its own form. A
    record that the whole schema allows is allowed by what is left, too.

    Args:
        schema: as the tap sent it; it stays as it is.
    """
    kept: dict[str, Any] = _modern(schema)
    left_out: list[str] = []
    while faults := [tuple(error.absolute_path) for error in _META.iter_errors(kept)] or list(_unusable(kept)):
        places = [_cut(kept, path) for path in dict.fromkeys(faults)]
        left_out += [".".join(map(str, place)) for place in places if place]
    return kept, sorted(left_out)


def _modern(schema: Any) -> Any:
    """Return a copy of a schema in which the keywords of older drafts have become those of 2020-12."""
    if not isinstance(schema, Mapping):
        return schema
    found = {name: _modern_part(name, value) for name, value in schema.items() if not _is_for_readers(name, value)}
    for limit, excluded in (("maximum", "exclusiveMaximum"), ("minimum", "exclusiveMinimum")):
        if isinstance(found.get(excluded), bool) and found.pop(excluded) and limit in found:
            found[excluded] = found.pop(limit)
    if isinstance(found.get("items"), list):
        first = found.pop("items")
        found |= {"prefixItems": first} if first else {}
        if "additionalItems" in found:
            found["items"] = found.pop("additionalItems")
    dependencies = found.pop("dependencies", None)
    if isinstance(dependencies, Mapping):
        found["dependentRequired"] = {name: part for name, part in dependencies.items() if isinstance(part, list)}
        found["dependentSchemas"] = {name: part for name, part in dependencies.items() if not isinstance(part, list)}
    return found


def _modern_part(name: str, value: Any) -> Any:
    if name in {*_OF_A_LIST, "items"} and isinstance(value, list):
        return [_modern(part) for part in value]
    if name in _OF_NAMES and isinstance(value, Mapping):
        return {key: _modern(part) for key, part in value.items()}
    if isinstance(value, Decimal) and _is_integer(None, value) and value.adjusted() < _LARGEST_EXPONENT:
        return int(value)
    return _modern(value) if name in _OF_ONE else value


def _is_for_readers(name: str, value: Any) -> bool:
    """Tell whether a keyword checks nothing; null, which some taps write for what they do not know, is one as well."""
    return name in _FOR_READERS or (value is None and name not in {"const", "default"})


def _unusable(schema: Mapping[str, Any]) -> Iterator[_Path]:
    """Yield the places of keywords that are well formed and still of no use, in a schema that is."""
    for path, part in _schemas(schema, ()):
        for name in ("$dynamicRef", "$recursiveRef"):
            if name in part:
                yield (*path, name)
        if "pattern" in part and not _is_pattern(part["pattern"]):
            yield (*path, "pattern")
        if not all(map(_is_pattern, part.get("patternProperties", ()))):  # what they leave over is unknown as well
            yield from ((*path, name) for name in _OF_OTHER_NAMES if name in part)
        if "$ref" in part and not _leads_somewhere(part["$ref"], schema):
            yield (*path, "$ref")


def _schemas(schema: Any, path: _Path) -> Iterator[tuple[_Path, Mapping[str, Any]]]:
    """Yield a schema and all below it that say something, with their places."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for name, value in schema.items():
        if name in _OF_NAMES and isinstance(value, Mapping):
            for key, part in value.items():
                yield from _schemas(part, (*path, name, key))
        elif name in _OF_A_LIST and isinstance(value, list):
            for number, part in enumerate(value):
                yield from _schemas(part, (*path, name, number))
        elif name in _OF_ONE:
            yield from _schemas(value, (*path, name))


def _is_pattern(text: str) -> bool:
    """Tell whether Python reads a regular expression; those of other languages can say more."""
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _leads_somewhere(reference: str, schema: Any) -> bool:
    """Tell whether a reference leads to a place in the same schema; nothing is fetched from elsewhere."""
    if not reference.startswith("#"):
        return False
    for step in unquote(reference[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list) and name.isdecimal() and int(name) < len(schema):
            schema = schema[int(name)]
        elif isinstance(schema, Mapping) and name in schema:
            schema = schema[name]
        else:
            return False
    return reference[1:2] in ("", "/") and isinstance(schema, (Mapping, bool))


def _cut(schema: Any, path: _Path) -> _Path | None:
    """Take out of a schema what is at fault: a keyword, a definition, or a part, which allows everything then.

    Args:
        schema: the whole of it; it is changed.
        path: where the fault is, at a keyword or a part or deeper.

    Returns:
        The place of what went, None when it had gone already.
    """
    place = 0
    try:
        while True:
            name, below = path[place], path[place + 1 :]
            if name in _NOT_LOOSENED or name not in _WITH_PARTS or not below:
                schema.pop(name)
                return path[: place + 1]
            if name in _DEFINITIONS:
                schema[name].pop(below[0])
                return path[: place + 2]
            if name not in _OF_ONE and len(below) == 1:
                schema[name][below[0]] = {}
                return path
            schema = schema[name] if name in _OF_ONE else schema[name][below[0]]
            place += 1 if name in _OF_ONE else 2
    except (AttributeError, KeyError, IndexError, TypeError):
        return None


class PlainTypes:
    """What the types of its values alone say about a record.

    It never says that a record does not match: what it cannot decide is left to the validator.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Take what is simple in a valid JSON Schema."""
        properties = schema.get("properties", {})
        self._required = tuple(schema.get("required", ()))
        self._types = {column: types for column, part in properties.items() if (types := _types(part)) is not None}
        self._is_simple = (
            _says_no_more(schema, _OF_A_RECORD)
            and schema.get("type") in ("object", ["object"], None)
            and (schema.get("additionalProperties", True) is True)
            and self._types.keys() == properties.keys()
        )

    def match(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record certainly matches; exact types, so that True is not an integer and 7.0 is looked at."""
        if not self._is_simple:
            return False
        types = self._types
        for column, value in record.items():
            allowed = types.get(column)
            if allowed is not None and type(value) not in allowed:
                return False
        return all(column in record for column in self._required)


def _types(part: Any) -> frozenset[type] | None:
    """Return the types of a column's values, None when its schema says more than that."""
    if not isinstance(part, Mapping) or not _says_no_more(part, _SAY_NO_MORE):
        return None
    names = part.get("type", list(_TYPES))
    names = [names] if isinstance(names, str) else names
    return frozenset(kind for name in names for kind in _TYPES[name])


def _says_no_more(schema: Mapping[str, Any], than: frozenset[str]) -> bool:
    return all(name in than or name.startswith("x-") for name in schema)


def _is_integer(_: Any, value: Any) -> bool:
    """Take 7.0 for an integer, as JSON Schema does, even when it is exact."""
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return bool(Draft202012Validator.TYPE_CHECKER.is_type(value, "integer"))


def _multiple_of(validator: Any, divisor: Any, value: Any, _: Any) -> Iterator[ValidationError]:
    """Divide exactly: by 1e-38, which taps write for numbers of any precision, decimals cannot be."""
    if validator.is_type(value, "number") and not _is_multiple(value, divisor):
        yield ValidationError(f"{value!r} is not a multiple of {divisor!r}")


def _is_multiple(value: Any, divisor: Any) -> bool:
    exact = [Decimal(repr(one)) if isinstance(one, float) else one for one in (value, divisor)]
    decimals = [one for one in exact if isinstance(one, Decimal)]
    if not all(one.is_finite() for one in decimals):
        return False
    if any(abs(one.adjusted()) > _LARGEST_EXPONENT for one in decimals):
        return True
    return Fraction(exact[0]) % Fraction(exact[1]) == 0


_Validator = extend(  # type: ignore[no-untyped-call]  # the stubs leave it so
    Draft202012Validator,
    {"multipleOf": _multiple_of},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


class RecordValidation:
    """Checks the records of one stream.

    What of its schema cannot be checked is not checked, and `warn` is told so.
    """

    def __init__(
        self,
        stream: str,
        schema: Mapping[str, Any],
        key_properties: Sequence[str],
        *,
        by_schema: bool = True,
        warn: Callable[[str], None] = logger.warning,
    ) -> None:
        """Prepare.

        Args:
            stream: its name, for messages.
            schema: its JSON Schema; formats of texts are not checked here.
            key_properties: columns each record must have.
            by_schema: whether to look at the schema at all.
            warn: takes a sentence.
        """
        self._stream = stream
        self._key_properties = key_properties
        self._validator: Any = None
        self._plain_types = PlainTypes({})
        self._warn = warn
        if by_schema:
            self._prepare(schema)

    def _prepare(self, schema: Mapping[str, Any]) -> None:
        try:
            kept, left_out = checkable(schema)
        except RecursionError:
            self._warn(f"Records of stream `{self._stream}` are not checked against its schema, which is too deep.")
            return
        self._validator, self._plain_types = _Validator(kept), PlainTypes(kept)
        if left_out:
            named = ", ".join(f"`{place}`" for place in left_out[:_NAMED]) + (", …" if len(left_out) > _NAMED else "")
            self._warn(
                f"Records of stream `{self._stream}` are not checked against parts of its schema that cannot be used: "
                f"{named}."
            )

    def check_keys(self, record: Mapping[str, Any]) -> None:
        """Make sure the key is there.

        Raises:
            InvalidRecordError: a key column is missing, or empty text.
        """
        for column in self._key_properties:
            if column not in record:
                raise InvalidRecordError(column, f"the key column `{column}` is missing", MISSING_KEY)
            if record[column] == "":
                raise InvalidRecordError(column, f"the key column `{column}` is empty", MISSING_KEY)

    def check(self, record: Mapping[str, Any]) -> None:
        """Make sure the record is what the schema says.

        Raises:
            InvalidRecordError: it is not; the first problem is reported.
        """
        if self._validator is None or self._plain_types.match(record):
            return
        try:
            error = next(self._validator.iter_errors(record), None)
        except RecursionError:  # a definition that refers to itself
            self._validator = None
            self._warn(
                f"Records of stream `{self._stream}` are not checked against its schema, which refers to itself."
            )
            return
        if error is not None:
            words = re.sub(r"Decimal\('([^']*)'\)", r"\1", error.message)
            raise InvalidRecordError(
                _place(error), f"the record does not match the stream's schema: {_short(words)}", SCHEMA_MISMATCH
            )


def _place(error: ValidationError) -> str:
    """Return the column, and what is below it, that the schema finds fault with."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required" and isinstance(error.instance, Mapping):
        wanted: Any = error.validator_value
        path += [name for name in wanted if name not in error.instance][:1]
    return ".".join(path)


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_PROBLEM else f"{words[:_LONGEST_PROBLEM]}…"
