"""Settings out of environment variables and blanks, before they are checked one by one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from suitetalk import ConfigurationError


def without_blanks(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that are null or empty text, which mean the same as absent ones.

    Of a stream's entry only null means that: it is what templates of configurations leave behind.
    """
    given = {name: value for name, value in config.items() if value is not None and value != ""}
    streams = given.get("streams")
    if isinstance(streams, Mapping):
        given["streams"] = {stream: _without_nulls(entry) for stream, entry in streams.items()}
    return given


def _without_nulls(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    return {name: value for name, value in entry.items() if value is not None}


def check_environment(prefix: str, schema: Mapping[str, Any]) -> None:
    """Find the environment variable the SDK could not read, since its own error does not name it.

    Raises:
        ConfigurationError: a variable does not hold what its setting needs.
    """
    expected = {"integer": int, "object": dict, "array": list}
    for name, described in schema["properties"].items():
        variable = prefix + name.upper()
        kinds = described.get("type", ())
        kind = next((kind for kind in expected if kind in kinds and "string" not in kinds), None)
        if kind and variable in os.environ and not isinstance(_json(os.environ[variable]), expected[kind]):
            raise ConfigurationError(name, f"in the environment variable {variable} is no JSON {kind}.")


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
