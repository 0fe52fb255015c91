"""Settings of the streams of saved datasets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitetalk import ConfigurationError
from tap_netsuite.setting_names import check_stream_names, stream_name
from tap_netsuite.values import Kind

DATASET_PREFIX = "dataset_"
"""How the names of dataset streams begin, unless they are given others."""

ALL = "*"
"""What stands for all datasets the role can see."""

_KINDS = {"string": Kind.TEXT, "number": Kind.DECIMAL, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")

DATASET_SETTINGS: dict[str, dict[str, Any]] = {
    "datasets": {
        "type": "array",
        "items": {
            "type": ["string", "object"],
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "description": "Id of the dataset, or its name in NetSuite."},
                "name": {"type": "string", "description": "Name of the stream; dataset_ and the id when absent."},
                "primary_keys": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Columns that identify a row.",
                },
                "types": {
                    "type": "object",
                    "additionalProperties": {"enum": list(_KINDS)},
                    "description": "Types of columns that are no text: number, integer or boolean.",
                },
            },
        },
        "title": "Datasets",
        "description": "Saved datasets as further streams: ids, or entries with an id, name, primary_keys and types; "
        "* for all that the role can see.",
    },
}
"""JSON Schema of each of these settings."""


@dataclass(frozen=True)
class Dataset:
    """A saved dataset that is wanted as a stream.

    Attributes:
        id: its id, or its name in NetSuite; `*` stands for all.
        name: name of the stream; empty to have it made of the id.
        primary_keys: columns that identify a row, in lower case, may be empty.
        types: pairs of a column in lower case and the JSON Schema type of its values.
    """

    id: str
    name: str = ""
    primary_keys: tuple[str, ...] = ()
    types: tuple[tuple[str, str], ...] = ()

    @property
    def kinds(self) -> dict[str, Kind]:
        """What columns hold that are known without asking, by their names; keys are text unless said otherwise."""
        return {**dict.fromkeys(self.primary_keys, Kind.TEXT), **{name: _KINDS[word] for name, word in self.types}}


def dataset_stream(dataset_id: str) -> str:
    """Return the name of the stream of a dataset that was given none."""
    return DATASET_PREFIX + _NOT_IN_NAMES.sub("_", dataset_id.lower())


def datasets(value: Any, taken: tuple[str, ...]) -> tuple[Dataset, ...]:
    """Check the setting `datasets`.

    Args:
        value: the setting.
        taken: names that other streams have been given.

    Raises:
        ConfigurationError: an entry is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(entry, (str, Mapping)) for entry in value):
        raise ConfigurationError("datasets", "must be a list of ids, or of entries with an `id`.")
    checked = tuple(_dataset(f"datasets[{number}]", entry) for number, entry in enumerate(value))
    check_stream_names("datasets", [each.name or dataset_stream(each.id) for each in checked], taken)
    return checked


def _dataset(where: str, entry: str | Mapping[str, Any]) -> Dataset:
    given = {"id": entry} if isinstance(entry, str) else entry
    dataset_id, name = given.get("id"), given.get("name") or ""
    if not isinstance(dataset_id, str) or not dataset_id.strip(". "):
        raise ConfigurationError(f"{where}.id", "is missing; give the id of a saved dataset, or * for all.")
    if dataset_id == ALL and set(given) != {"id"}:
        raise ConfigurationError(where, "stands for all datasets; give name, primary_keys and types with one id each.")
    return Dataset(
        id=dataset_id.strip(),
        name=stream_name(f"{where}.name", name) if name else "",
        primary_keys=_columns(f"{where}.primary_keys", given.get("primary_keys")),
        types=_types(f"{where}.types", given.get("types")),
    )


def _columns(where: str, value: Any) -> tuple[str, ...]:
    """Return names of a dataset's columns, which may have any letters."""
    listed = [] if value is None else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(name, str) and name for name in listed):
        raise ConfigurationError(where, f"is {value!r}; it must be a list of columns.")
    return tuple(dict.fromkeys(name.lower() for name in listed))


def _types(where: str, value: Any) -> tuple[tuple[str, str], ...]:
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise ConfigurationError(where, f"is {value!r}; it must say the type of each column, by name.")
    for column, word in given.items():
        if not isinstance(word, str) or word not in _KINDS:
            raise ConfigurationError(
                where, f"has {word!r} for {column}; it must be string, number, integer or boolean, and dates stay text."
            )
    return tuple((column.lower(), word) for column, word in given.items())
