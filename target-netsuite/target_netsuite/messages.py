"""Singer lines in, validated."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

import msgspec
from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.validators import extend
from singer_sdk.io_base import GenericSingerReader

from target_netsuite.errors import MISSING_KEY, SCHEMA_MISMATCH, InvalidRecordError, MessageError

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_REQUIRED: dict[str, dict[str, type]] = {
    "SCHEMA": {"stream": str, "schema": dict},
    "RECORD": {"stream": str, "record": dict},
    "STATE": {"value": object},
    "ACTIVATE_VERSION": {"stream": str},
    "BATCH": {"stream": str},
}
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


class MessageReader(GenericSingerReader[str]):
    """Hands each message to the callback of its type; numbers with a fraction come as Decimal.

    The SDK's reader logs a traceback and the whole line when it cannot be read; this one ends with a sentence.
    """

    def __init__(self, on_stop: Callable[[BaseException], None]) -> None:
        """Prepare; `on_stop` is called when reading ends before the input does."""
        super().__init__()
        self._on_stop = on_stop

    @property
    def default_input(self) -> IO[str]:
        """The standard input, as it is now."""
        return sys.stdin

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Read to the end of the input, and return how many messages of each type there were.

        Raises:
            MessageError: a line is not a message, or its type is unknown.
        """
        counts: Counter[str] = Counter()
        try:
            for number, line in _lines(file_input or self.default_input):
                message = _message(number, self.deserialize_json(line), callbacks)
                callbacks[message["type"]](message)
                counts[message["type"]] += 1
        except BaseException as error:
            self._on_stop(error)
            raise
        return counts

    def deserialize_json(self, line: str) -> Any:
        """Return what a line holds, None when that is not JSON."""
        try:
            return _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return None


def _lines(file_input: IO[str]) -> Iterator[tuple[int, str]]:
    """Yield numbered lines, without the blank ones."""
    number = 0
    try:
        for number, line in enumerate(file_input, 1):
            if line.strip():
                yield number, line
    except UnicodeDecodeError as error:
        raise MessageError(f"The input after line {number} is not UTF-8 text ({error.reason}).") from None


def _message(number: int, content: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the line's content if it is a message that can be worked with."""
    if not isinstance(content, dict):
        raise MessageError(
            f"Input line {number} is not a complete JSON object; the tap may have ended in the middle of it. "
            "Nothing after the last STATE written is acknowledged."
        )
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in known:
        raise MessageError(f"Input line {number} has the message type {kind!r}, which this target does not know.")
    for name, expected in _REQUIRED[kind].items():
        if not isinstance(content.get(name), expected) or name not in content:
            raise MessageError(f"Input line {number}, a {kind} message, lacks a usable `{name}`.")
    return content


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


_Validator = extend(  # type: ignore[no-untyped-call]  # the stubs leave it so
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


class RecordValidation:
    """Checks the records of one stream."""

    def __init__(
        self, stream: str, schema: Mapping[str, Any], key_properties: Sequence[str], *, by_schema: bool = True
    ) -> None:
        """Prepare.

        Args:
            stream: its name, for messages.
            schema: its JSON Schema; formats of texts are not checked here.
            key_properties: columns each record must have.
            by_schema: whether to check against the schema at all.

        Raises:
            MessageError: the schema is not a JSON Schema.
        """
        try:
            _Validator.check_schema(schema)
        except SchemaError as error:
            raise MessageError(
                f"The schema of stream `{stream}` is not a JSON Schema: {_short(error.message)} at {error.json_path}."
            ) from None
        self._validator = _Validator(schema) if by_schema else None
        self._plain_types = PlainTypes(schema)
        self._key_properties = key_properties

    def check_keys(self, record: Mapping[str, Any]) -> None:
        """Make sure the key is there.

        Raises:
            InvalidRecordError: a key column is missing.
        """
        for column in self._key_properties:
            if column not in record:
                raise InvalidRecordError(column, f"the key column `{column}` is missing", MISSING_KEY)

    def check(self, record: Mapping[str, Any]) -> None:
        """Make sure the record is what the schema says.

        Raises:
            InvalidRecordError: it is not; the first problem is reported.
        """
        if self._validator is None or self._plain_types.match(record):
            return
        error = next(self._validator.iter_errors(record), None)
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
