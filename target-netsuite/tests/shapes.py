"""A record type as NetSuite's catalog would describe it, with a field of each kind."""

from __future__ import annotations

from typing import Any

from suitetalk.metadata import fields_of
from target_netsuite.intents import Intent
from target_netsuite.mapping.catalog import RecordShape
from target_netsuite.mapping.record import RecordMapping
from target_netsuite.mapping.values import SelectOptions
from target_netsuite.settings import StreamSettings

_LINKS = {"type": "array", "readOnly": True}
_TEXT = {"type": "string"}
_NUMBER = {"type": "number", "format": "double"}
REFERENCE = {"type": "object", "properties": {"id": _TEXT, "externalId": _TEXT, "refName": _TEXT, "links": _LINKS}}


def enum(*choices: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"id": {"type": "string", "enum": list(choices)}, "refName": _TEXT}}


def sublist(keys: list[str], **fields: Any) -> dict[str, Any]:
    key = {"x-ns-sublistkey": {"present": True, "value": {"new": keys, "existing": keys}}} if keys else {}
    items = {"type": "array", "items": {"type": "object", "properties": fields, **key}}
    return {"type": "object", "properties": {"links": _LINKS, "items": items, "totalResults": {"type": "integer"}}}


ORDER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "externalId": _TEXT,
        "memo": _TEXT,
        "tranId": _TEXT,
        "otherRefNum": _TEXT,
        "total": {**_NUMBER, "readOnly": True},
        "exchangeRate": _NUMBER,
        "priority": {"type": "integer"},
        "toBePrinted": {"type": "boolean"},
        "isInactive": {"type": "boolean"},
        "tranDate": {"type": "string", "format": "date"},
        "startsAt": {"type": "string", "format": "date-time"},
        "entity": REFERENCE,
        "salesRep": REFERENCE,
        "orderStatus": enum("A", "B", "PENDING_APPROVAL"),
        "custbody_regions": {
            "type": "object",
            "properties": {"links": _LINKS, "items": {"type": "array", "items": REFERENCE}},
        },
        "billingAddress": {
            "type": "object",
            "properties": {"addr1": _TEXT, "city": _TEXT, "country": enum("US", "DE")},
        },
        "item": sublist(
            ["line"],
            line={"type": "integer", "readOnly": True},
            lineUniqueKey={"type": "integer", "readOnly": True},
            item=REFERENCE,
            quantity=_NUMBER,
            rate=_NUMBER,
            description=_TEXT,
            custcol_day={"type": "string", "format": "date"},
            inventoryDetail={
                "type": "object",
                "properties": {
                    "inventoryAssignment": sublist(["internalId"], receiptInventoryNumber=_TEXT, quantity=_NUMBER)
                },
            },
        ),
        "salesTeam": sublist([], employee=REFERENCE, contribution=_NUMBER),
        "accountingBook": {"type": "object"},
        "links": _LINKS,
    },
}

ORDER = RecordShape("salesOrder", fields_of(ORDER_SCHEMA))


def mapping(
    settings: dict[str, Any],
    shape: RecordShape | None = ORDER,
    schema: dict[str, Any] | None = None,
    options: SelectOptions | None = None,
    **checks: bool,
) -> RecordMapping:
    """Return the mapping of a stream `orders`."""
    stream = StreamSettings.from_mapping("orders", {"record_type": "salesOrder", **settings})
    return RecordMapping(stream, schema or {"properties": {}}, shape, options, **checks)


def intent(settings: dict[str, Any], record: dict[str, Any], shape: RecordShape | None = ORDER, **more: Any) -> Intent:
    """Return what one record of a stream `orders` asks for."""
    rows = more.pop("rows", None)
    return mapping(settings, shape, **more).intent(record, 1, {}, rows)
