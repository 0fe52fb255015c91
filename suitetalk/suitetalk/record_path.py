"""Where a record is addressed."""

from __future__ import annotations

import re
from urllib.parse import quote

from suitetalk.errors import SuiteTalkError

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")


def record_path(record_type: str, record_id: str | None = None) -> str:
    """Return the path of a type, or of one record of it, below `/services/rest`.

    Args:
        record_type: such as `salesOrder`.
        record_id: internal id, or `eid:` and the external id [section_156335203191].

    Raises:
        SuiteTalkError: there is no such address.
    """
    # Dots alone would be taken for steps in the path, and so lead to something else.
    if not record_type.strip("."):
        raise SuiteTalkError("A record type is needed, such as customer.")
    path = f"/record/v1/{quote(record_type, safe='')}"
    return path if record_id is None else f"{path}/{id_segment(record_type, record_id)}"


def is_external_id(text: str) -> bool:
    """Tell whether an external id can stand in a path behind `eid:` [section_156334828635]."""
    return _EXTERNAL_ID.fullmatch(text) is not None


def id_segment(record_type: str, record_id: str) -> str:
    """Return a record's id as a step of a path.

    Raises:
        SuiteTalkError: it addresses no record.
    """
    if not record_id.strip("."):
        raise SuiteTalkError(f"A record id is needed to address one {record_type}, not {record_id!r}.")
    kind, _, external_id = record_id.partition(":")
    if kind == "eid" and not is_external_id(external_id):
        raise SuiteTalkError(
            f"The external id {external_id!r} cannot address a {record_type}: only letters, digits, _ and - are "
            "possible there, so change it."
        )
    return quote(record_id, safe=":")
