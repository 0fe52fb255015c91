"""Batches: one request for up to 100 records of a type [article_0127092747]."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netsuite_emulator.errors import NetSuiteError, invalid_content, invalid_parameter

if TYPE_CHECKING:
    from netsuite_emulator.exchange import Call

__all__ = ["is_batch", "split"]

_MOST_RECORDS = 100
_TYPE = 3  # segments of an address that ends with the type: record, v1, type
_ID = re.compile(r"(?:eid:)?'[^']*'|[^,']+")


def is_batch(call: Call) -> bool:
    """Whether a request is about several records."""
    prefer = call.headers.get("prefer", "").lower()
    if call.method in ("POST", "PATCH", "PUT"):
        return "type=collection" in call.headers.get("content-type", "").replace(" ", "").lower()
    return "ids" in call.query or (
        call.method == "DELETE" and "respond-async" in prefer and len(call.segments) == _TYPE
    )


def split(call: Call) -> list[Call | NetSuiteError]:
    """The requests a batch stands for, one for each record; a refusal stands for a record that cannot be told.

    Raises:
        NetSuiteError: the batch as a whole is refused.
    """
    if len(call.segments) != _TYPE:
        raise _invalid("A batch is about records of one type. It cannot address a record or a sub-resource.")
    calls: list[Call | NetSuiteError]
    if call.method in ("GET", "DELETE"):
        if call.method == "GET" and not call.flag("expandRecords"):
            raise invalid_parameter("The parameter 'ids' needs 'expandRecords=true'.", "expandRecords")
        names = _ids(call.query.get("ids", ""))
        calls = [_part(call, name) for name in names]
    else:
        calls = [_item(call, item, number) for number, item in enumerate(_items(call))]
    if len(calls) > _MOST_RECORDS:
        raise _invalid(f"A batch can have at most {_MOST_RECORDS} records, not {len(calls)}.")
    return calls


def _ids(text: str) -> list[str]:
    """`1,eid:x,eid:'test 5'`, taken apart."""
    names, place = [], 0
    while place < len(text):
        match = _ID.match(text, place)
        if match is None or text[match.end() : match.end() + 1] not in ("", ","):
            raise invalid_parameter("The ids cannot be read. Separate them by commas.", "ids")
        names.append(match[0].strip())
        place = match.end() + 1
    if not names or text.endswith(","):
        raise invalid_parameter("Provide the ids of the records.", "ids")
    return names


def _items(call: Call) -> list[Any]:
    body = call.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise invalid_content("The body of a batch must be an object with an array 'items'.", "items")
    return items


def _item(call: Call, item: Any, number: int) -> Call | NetSuiteError:
    place = f"items[{number}]"
    if not isinstance(item, dict):
        return invalid_content("The items of a batch must be objects.", place)
    if call.method == "POST":
        return _part(call, None, item)
    identifier, external = item.get("id"), item.get("externalId")
    if call.method == "PATCH" and identifier is not None:
        return _part(call, str(identifier), {name: value for name, value in item.items() if name != "id"})
    if external is None:
        return invalid_content("The item names no record: provide its id or externalId.", place)
    kept = {name: value for name, value in item.items() if name not in ("id", "externalId")}
    return _part(call, f"eid:{external}", kept)


def _part(call: Call, name: str | None, body: Any = None) -> Call:
    segments = call.segments if name is None else (*call.segments, name)
    return replace(
        call,
        segments=segments,
        path="/services/rest/" + "/".join(segments),
        query={key: value for key, value in call.query.items() if key not in ("ids", "expandRecords")},
        headers={**call.headers, "content-type": "application/json"},
        body=b"" if body is None else json.dumps(body).encode(),
    )


def _invalid(detail: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_REQUEST", detail)
