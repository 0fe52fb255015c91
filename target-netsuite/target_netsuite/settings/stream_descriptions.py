"""What each setting of a stream is, as JSON Schema."""

from __future__ import annotations

from typing import Any

from target_netsuite.settings.stream_settings import (
    DELETE_BY,
    ON_UNKNOWN_OUTCOME,
    OPERATIONS,
    UNWRITABLE,
    WRITE_MODES,
)
from target_netsuite.settings.sublist_settings import LINE_MODES

_NAMES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}

_TEMPLATES: dict[str, Any] = {
    **_TEXTS,
    "title": "Templates",
    "description": 'Field -> text over columns, such as {"memo": "Order {number} of {shop}"}.',
}

_CONSTANTS: dict[str, Any] = {
    "type": "object",
    "title": "Constants",
    "description": 'Field -> value that is the same for all, such as {"subsidiary": "1"}.',
}

_REFERENCES: dict[str, Any] = {
    "type": "object",
    "title": "References",
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "record_type": {
                "type": "string",
                "title": "Record type",
                "description": "Type of the record that is referred to.",
            },
            "by": {
                "type": "string",
                "title": "By",
                "description": "What the value is: internal_id, external_id (the default), or the name of a field of "
                "that record such as entityId or name.",
            },
            "template": {
                "type": "string",
                "title": "Template",
                "description": "Text to look for, with {value} for the column's value, or for the id of a reference "
                "that was read from NetSuite, such as CUST-{value}.",
            },
        },
    },
    "description": 'Field -> how its value names a record, such as {"entity": {"record_type": "customer", "by": '
    '"external_id"}}. Without it a value is an internal id.',
}

_SUBLISTS: dict[str, Any] = {
    "type": "object",
    "title": "Sublists",
    "additionalProperties": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "mode": {
                "type": "string",
                "enum": list(LINE_MODES),
                "title": "Mode",
                "description": "append leaves the lines that are there alone, merge updates those with the same key, "
                "replace also removes the rest. Without it: replace when the stream's replace names the sublist, "
                "else merge when it has keys, else append.",
            },
            "keys": {
                **_NAMES,
                "title": "Keys",
                "description": "Fields that tell which line is meant; those of NetSuite's catalog when absent.",
            },
            "column": {
                "type": "string",
                "title": "Column",
                "description": "Column with an array of objects, a line each.",
            },
            "stream": {"type": "string", "title": "Child stream", "description": "Stream with a record for each line."},
            "parent_key": {
                **_TEXTS,
                "title": "Parent key",
                "description": 'Column of the child stream -> column of this one, such as {"order_id": "id"}.',
            },
            "fields": {
                **_TEXTS,
                "title": "Fields",
                "description": "Column of a line -> field of the line; all under their own names when absent.",
            },
            "constants": _CONSTANTS,
            "templates": _TEMPLATES,
            "references": _REFERENCES,
        },
    },
    "description": 'Sublist -> where its lines come from, such as {"item": {"mode": "merge", "column": "lines"}}.',
}

_STREAM: dict[str, dict[str, Any]] = {
    "record_type": {
        "type": "string",
        "title": "Record type",
        "description": "NetSuite's name of the record type, such as customer or customrecord_project.",
    },
    "operation": {
        "type": "string",
        "title": "Operation",
        "enum": list(OPERATIONS),
        "description": "What becomes of a record; mirror is upsert, and deletes records that no longer come. Without "
        "it: what load_method says, else upsert when external_id or match is given, update when id_field is, otherwise "
        "create. A record with _sdc_deleted_at is deleted whatever is said here.",
    },
    "operation_column": {
        "type": "string",
        "title": "Operation column",
        "description": "Column in which a record says what becomes of it: create, update, upsert, delete, inactivate, "
        "or c, i, insert, u, d. Empty means what the stream's operation says.",
    },
    "external_id": {
        "type": "string",
        "title": "External ID",
        "description": "Template of the external id over the record's columns, such as CRM-{id}. The result "
        "may consist of letters, digits, _ and -.",
    },
    "id_field": {
        "type": "string",
        "title": "Column with the internal id",
        "description": "Column with NetSuite's internal id; it goes before the external id.",
    },
    "match": {
        "type": "object",
        "title": "Match",
        "additionalProperties": False,
        "properties": {
            "column": {"type": "string", "title": "Column", "description": "Column with the value to look for."},
            "field": {"type": "string", "title": "Field", "description": "Field that has this value, such as email."},
        },
        "description": 'Finds the record by a field instead of external_id, such as {"column": "mail", "field": '
        '"email"}.',
    },
    "fields": {
        **_TEXTS,
        "title": "Fields",
        "description": 'Column -> field, such as {"name": "companyName", "owner": "salesRep.id", "lines[].qty": '
        '"item.items[].quantity"}. Without it all columns are sent under their own names, except id, id_field, '
        "_sdc_ columns and, when external_id is given, externalId.",
    },
    "constants": _CONSTANTS,
    "templates": _TEMPLATES,
    "references": _REFERENCES,
    "sublists": _SUBLISTS,
    "replace": {
        **_NAMES,
        "title": "Replace",
        "description": "Sublists and fields that are replaced as a whole instead of being added to.",
    },
    "replace_selected_fields": {
        "type": "boolean",
        "title": "Replace selected fields",
        "description": "Empty the fields that replace names where a record does not have them.",
    },
    "skip_unchanged": {
        "type": "boolean",
        "title": "Skip unchanged",
        "description": "Leave records alone that are in NetSuite already as they should be.",
    },
    "write_mode": {
        "type": "string",
        "enum": list(WRITE_MODES),
        "title": "Write mode",
        "description": "Like the setting of the same name for all streams.",
    },
    "on_unknown_outcome": {
        "type": "string",
        "enum": list(ON_UNKNOWN_OUTCOME),
        "title": "On unknown outcome",
        "description": "What is done about a create without external id whose answer was lost: stop the run, repeat it "
        "(there may be two then), or skip it (there may be none).",
    },
    "unwritable": {
        "type": "string",
        "enum": list(UNWRITABLE),
        "title": "Unwritable columns",
        "description": "What is done about columns that are no field, or one that cannot be written: refuse the "
        "record, or leave_out the column.",
    },
    "required": {
        **_NAMES,
        "title": "Required fields",
        "description": "Fields that a record must fill to be created.",
    },
    "delete_by": {
        "type": "string",
        "enum": list(DELETE_BY),
        "title": "Delete by",
        "description": "What deletes a record that is marked with _sdc_deleted_at or that a mirror no longer gets: "
        "delete, or inactivate.",
    },
    "mirror_max_percent": {
        "type": "number",
        "minimum": 0,
        "maximum": 100,
        "title": "Most percent a mirror deletes",
        "description": "A mirror that would delete more of the records deletes none; 10 when absent.",
    },
    "mirror_transactions": {
        "type": "boolean",
        "title": "Mirror transactions",
        "description": "Let a mirror delete transactions too.",
    },
}

STREAMS: dict[str, Any] = {
    "type": "object",
    "title": "Streams",
    "description": "Where each stream goes, by stream name. A stream without an entry ends the run.",
    "additionalProperties": {
        "type": "object",
        "required": ["record_type"],
        "additionalProperties": False,
        "properties": _STREAM,
    },
}
