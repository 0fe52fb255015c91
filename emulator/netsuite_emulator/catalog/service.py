"""The metadata catalog [section_1540810174, section_1545129726]."""

from __future__ import annotations

from typing import Any

from netsuite_emulator.catalog.open_api import open_api
from netsuite_emulator.catalog.schemas import NS_LINK, SchemaWriter
from netsuite_emulator.company.description import Company, RecordType
from netsuite_emulator.errors import NetSuiteError, hidden_record_type, invalid_method
from netsuite_emulator.exchange import Answer, Call
from netsuite_emulator.settings import Settings

__all__ = ["Catalog"]

_SCHEMA, _OPEN_API = "application/schema+json", "application/swagger+json"


class Catalog:
    """Describes the record types the role may see."""

    def __init__(self, settings: Settings, company: Company) -> None:
        """Describe `company`."""
        self._describes_record = settings.metadata_describes_record
        self._company = company
        self._single_selected = settings.single_selected
        self._schemas = SchemaWriter(company, typed=not settings.untyped_fields)

    def answer(self, call: Call, path: list[str]) -> Answer:
        """Answer `GET /record/v1/metadata-catalog[/{type}]`.

        Args:
            call: the request.
            path: what follows `metadata-catalog`.

        Raises:
            NetSuiteError: the request is refused.
        """
        if call.method != "GET":
            raise invalid_method("metadata-catalog", frozenset({"GET"}))
        accept = call.headers.get("accept", "*/*").lower()
        names = [name for name in path if name]
        if not names:
            chosen = self._selected(call.query.get("select"))
            if _OPEN_API in accept:
                return Answer(200, open_api(self._company, chosen, call.base), content_type=_OPEN_API)
            entries = [self._entry(kind, call.base) for kind in chosen]
            one = self._single_selected and len(entries) == 1 and "select" in call.query
            return Answer(200, entries[0] if one else {"items": entries})
        if len(names) > 1 or "," in names[0]:
            raise _malformed()
        kind = self._company.record_types.get(names[0].lower())
        if kind is None and names[0].lower() == "nslink":
            return Answer(200, NS_LINK, content_type=_SCHEMA)
        if kind is None or not self._company.sees(kind) or not kind.described:
            raise hidden_record_type(names[0])
        if _OPEN_API in accept:
            return Answer(200, open_api(self._company, [kind], call.base), content_type=_OPEN_API)
        if _SCHEMA in accept:
            return Answer(200, self._schemas.schema(kind), content_type=_SCHEMA)
        return Answer(200, self._entry(kind, call.base))

    def _selected(self, select: str | None) -> list[RecordType]:
        # The list is not sorted [yemming/netsuite_mid_platform_v01].
        seen = [kind for kind in self._company.record_types.values() if self._company.sees(kind)]
        if select is None:
            return seen[::2] + seen[1::2]
        if " " in select:
            raise _malformed()
        wanted = {name.lower() for name in select.split(",")}
        return [kind for kind in seen if kind.path in wanted]

    def _entry(self, kind: RecordType, base: str) -> dict[str, Any]:
        address = f"{base}/record/v1/metadata-catalog/{kind.path}"
        canonical = _SCHEMA if self._describes_record else "application/json"
        describes: dict[str, str] = {"rel": "describes", "href": address}
        if self._describes_record:
            describes = {
                "rel": "describes", "href": f"{base}/record/v1/{kind.path}", "mediaType": "application/json",
            }  # fmt: skip
        links = [
            {"rel": "canonical", "href": address, "mediaType": canonical},
            {"rel": "alternate", "href": address, "mediaType": _OPEN_API},
            {"rel": "alternate", "href": address, "mediaType": _SCHEMA},
            describes,
        ]
        return {"name": kind.path, "links": links}


def _malformed() -> NetSuiteError:
    return NetSuiteError(
        400, "INVALID_REQUEST", "Invalid list of record types. Separate the names by commas, without blanks."
    )
