"""Whether a record is what its stream's schema promises."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.validators import extend

from target_netsuite.errors import MISSING_KEY, SCHEMA_MISMATCH, InvalidRecordError, MessageError
from target_netsuite.plain_types import PlainTypes

_LONGEST_PROBLEM = 300  # characters


def _is_integer(_: Any, value: Any) -> bool:
    """Take 7.0 for an integer, as JSON Schema does, also when it is exact."""
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
            MessageError: the schema is no JSON Schema.
        """
        try:
            _Validator.check_schema(schema)
        except SchemaError as error:
            raise MessageError(
                f"The schema of stream `{stream}` is no JSON Schema: {_short(error.message)} at {error.json_path}."
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
            InvalidRecordError: it is not; the first problem is told.
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
