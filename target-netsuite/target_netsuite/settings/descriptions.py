"""What each setting is, as JSON Schema, in the words `--about` and the documentation show."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from suitetalk import CONNECTION_SETTINGS
from target_netsuite.reporting.settings import REPORT_SETTINGS
from target_netsuite.settings.stream_descriptions import STREAMS
from target_netsuite.settings.stream_settings import LOAD_METHODS, WRITE_MODES
from target_netsuite.settings.target_settings import CATALOG_CACHE_SECONDS, VALIDATIONS

TARGET_SETTINGS: dict[str, dict[str, Any]] = {
    "streams": STREAMS,
    "load_method": {
        "type": "string",
        "enum": list(LOAD_METHODS),
        "title": "Load method",
        "description": "What becomes of records of streams without an operation: append-only creates them, upsert "
        "creates or updates them, overwrite also deletes those that no longer come (mirror). Without it the operation "
        "follows from the ids that a stream has.",
    },
    "write_mode": {
        "type": "string",
        "enum": list(WRITE_MODES),
        "default": "auto",
        "title": "Write mode",
        "description": "How records are written where a stream does not say: batch (asynchronous jobs of a hundred), "
        "single (a request for each, several at a time), or auto (whichever the record type and the account allow).",
    },
    "journal": {
        "type": "string",
        "title": "Journal",
        "description": "File in which writes are noted before they are sent, so that a run that was killed can be "
        "started again; off for none. Without it the file is in the user's own folder.",
    },
    **REPORT_SETTINGS,
    "name_validation": {
        "type": "string",
        "enum": list(VALIDATIONS),
        "default": "error",
        "title": "Validation of names",
        "description": "What becomes of a record with a field that does not exist: error refuses it, warning and "
        "ignore leave it to NetSuite, which drops the field.",
    },
    "value_validation": {
        "type": "string",
        "enum": list(VALIDATIONS),
        "default": "error",
        "title": "Validation of values",
        "description": "What becomes of a record with a value of the wrong form: error refuses it, warning and ignore "
        "leave it to NetSuite.",
    },
    "catalog_cache_seconds": {
        "type": "integer",
        "minimum": 0,
        "default": CATALOG_CACHE_SECONDS,
        "title": "Age of the kept catalog",
        "description": "Seconds for which what is known of record types is taken from the user's cache folder; 0 keeps "
        "nothing.",
    },
    "refresh_catalog": {
        "type": "boolean",
        "default": False,
        "title": "Refresh the catalog",
        "description": "Read the record types anew, however young the kept catalog is.",
    },
}
"""JSON Schema of each setting that is not about the connection."""

CONFIG_JSONSCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {**deepcopy(CONNECTION_SETTINGS), **TARGET_SETTINGS},
    "required": ["account_id", "client_id", "certificate_id", "streams"],
}
