"""A type's fields by name."""

from __future__ import annotations

from collections.abc import Iterable

from suitetalk import FieldShape

_SUB_RESOURCES = frozenset({"sublist", "subrecord", "multi-select"})


class Shapes:
    """The fields of one record type; names are matched in any case, as NetSuite does."""

    def __init__(self, fields: Iterable[FieldShape] | None) -> None:
        """Take what the catalog says; None where it says nothing about the type."""
        self._by_name = {field.name.lower(): field for field in fields or ()}
        self.is_known = fields is not None

    def field(self, path: str) -> FieldShape | None:
        """Return a field by its path, such as `email` or `item.quantity`; None for one that the catalog lacks."""
        return self._by_name.get(path.lower())

    def kind(self, path: str) -> str:
        """Return what a field holds, see `FieldShape.kind`; empty where that is not known."""
        field = self.field(path)
        return field.kind if field else ""

    def is_read_only(self, path: str) -> bool:
        """Tell whether NetSuite says that a field cannot be written."""
        field = self.field(path)
        return field is not None and field.read_only

    def keys(self, sublist: str) -> tuple[str, ...]:
        """Return the names that find a line of a sublist again; empty where there are none, or nothing is known."""
        field = self.field(sublist)
        return field.keys if field else ()

    def is_sub_resource(self, path: str) -> bool:
        """Tell whether a GET shows a field in full only where it is expanded [section_1545142037]."""
        return self.kind(path) in _SUB_RESOURCES
