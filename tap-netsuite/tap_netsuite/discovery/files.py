"""From the file cabinet to the entry of its stream."""

from __future__ import annotations

from typing import Any

from suitetalk import NetSuite, NotFoundError, PermissionDeniedError, SuiteTalkError
from tap_netsuite.discovery.found import Finding, Found, Status, StreamEntry
from tap_netsuite.settings import FILE_STREAM, Files

_TEXT = {"type": ["string", "null"]}
_PROPERTIES: dict[str, dict[str, Any]] = {
    "id": {"type": ["string", "null"], "description": "Internal id of the file."},
    "name": {**_TEXT, "description": "Name of the file."},
    "folder": {**_TEXT, "description": "Internal id of the folder it is in."},
    "media_type": {**_TEXT, "description": "Kind of content, such as application/pdf."},
    "size": {"type": ["integer", "null"], "description": "Size as NetSuite states it."},
    "last_modified": {**_TEXT, "format": "date-time", "description": "When the file was changed."},
    "address": {
        **_TEXT,
        "description": "Address of the file: that for a browser where NetSuite gives it, else REST's.",
    },
    "details": {"type": ["object", "null"], "description": "All that NetSuite says of the file, by its own names."},
}
_CONTENTS: dict[str, dict[str, Any]] = {
    "content": {**_TEXT, "contentEncoding": "base64", "description": "What is in the file, in base64."},
    "content_problem": {**_TEXT, "description": "Why there is no content, such as a file larger than 10 MB."},
}


def file_stream(netsuite: NetSuite, wanted: Files | None) -> list[Found]:
    """Return the entry of the stream of files, and whether it can be read; nothing where it is not wanted."""
    if wanted is None:
        return []
    try:
        total = netsuite.files.list(limit=1).total
    except PermissionDeniedError as refusal:
        return [(None, Finding(FILE_STREAM, Status.NOT_PERMITTED, refusal.detail))]
    except NotFoundError:
        note = "the account has no file cabinet service; NetSuite brings it with a release of 2026"
        return [(None, Finding(FILE_STREAM, Status.FAILED, note))]
    except SuiteTalkError as failure:
        return [(None, Finding(FILE_STREAM, Status.FAILED, str(failure), is_sure=False))]
    properties = {**_PROPERTIES, **(_CONTENTS if wanted == "contents" else {})}
    entry = StreamEntry(FILE_STREAM, {"type": "object", "properties": properties}, ("id",))
    return [(entry, Finding(FILE_STREAM, Status.READABLE if total else Status.EMPTY))]
