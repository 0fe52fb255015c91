"""The target's settings: how they are described, and how they are checked."""

from target_netsuite.settings.descriptions import CONFIG_JSONSCHEMA
from target_netsuite.settings.environment import check_environment, without_blanks
from target_netsuite.settings.levels import with_dots
from target_netsuite.settings.reference_settings import ReferenceSettings
from target_netsuite.settings.stream_settings import MatchSettings, StreamSettings, parse_streams
from target_netsuite.settings.sublist_settings import SublistSettings
from target_netsuite.settings.target_settings import Settings

__all__ = [
    "CONFIG_JSONSCHEMA",
    "MatchSettings",
    "ReferenceSettings",
    "Settings",
    "StreamSettings",
    "SublistSettings",
    "check_environment",
    "parse_streams",
    "with_dots",
    "without_blanks",
]
