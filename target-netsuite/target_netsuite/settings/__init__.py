"""The target's settings: how they are described, and how they are checked."""

from target_netsuite.settings.streams import (
    MatchSettings,
    ReferenceSettings,
    StreamSettings,
    SublistSettings,
    parse_streams,
)
from target_netsuite.settings.target import CONFIG_JSONSCHEMA, Settings, with_dots

__all__ = [
    "CONFIG_JSONSCHEMA",
    "MatchSettings",
    "ReferenceSettings",
    "Settings",
    "StreamSettings",
    "SublistSettings",
    "parse_streams",
    "with_dots",
]
