"""Names in settings: of tables, streams and columns."""

from __future__ import annotations

import re
from typing import Any

from suitetalk import ConfigurationError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

RECORD_PREFIX = "record_"
"""How the names of record streams begin."""


def names(setting: str, value: Any) -> tuple[str, ...]:
    """Check a list of SuiteQL names and return them in lower case.

    Raises:
        ConfigurationError: it is something else.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError(setting, f"is {value!r}; it must be a list of names.")
    for name in value:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(setting, f"names {name!r}; names are letters, digits and _ only.")
    return tuple(name.lower() for name in value)


def stream_name(setting: str, value: Any) -> str:
    """Check the name of a stream and return it as it is given.

    Raises:
        ConfigurationError: it cannot be one, or is kept for another kind of stream.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ConfigurationError(setting, f"is {value!r}; it must be letters, digits and _ only.")
    return value


def check_stream_names(setting: str, given: list[str], others: tuple[str, ...] = ()) -> None:
    """Make sure that no stream has the name of another.

    Args:
        setting: what names the streams.
        given: their names.
        others: names that other settings gave.

    Raises:
        ConfigurationError: two have the same, or one is like that of a record stream.
    """
    for name in given:
        if given.count(name) > 1 or name in others or name.startswith(RECORD_PREFIX):
            raise ConfigurationError(setting, f"has a name that is taken, {name!r}; give each stream one of its own.")
