"""What NetSuite's catalog says of a record type, for mapping records to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from suitetalk import FieldShape
from target_netsuite.mapping.names import Names
from target_netsuite.settings.paths import Path


class RecordShape:
    """The fields of a record type, those in lines and subrecords too, found by any spelling of their names.

    Paths are names from the outside in, spelled as the catalog does, without marks for lines: `("item", "quantity")`.
    """

    def __init__(self, record_type: str, fields: Iterable[FieldShape], required: Sequence[str] = ()) -> None:
        """Take what `MetadataCatalog.fields` says.

        Args:
            record_type: spelled as the catalog does.
            fields: its fields.
            required: names of body fields the catalog calls mandatory, which it is not known to do [section 6.3].
        """
        self.record_type = record_type
        self.required = tuple(required)
        self._fields = {tuple(field.name.split(".")): field for field in fields}
        members: dict[Path, list[str]] = {}
        for path in self._fields:
            members.setdefault(path[:-1], []).append(path[-1])
        self._names = {place: Names(names) for place, names in members.items()}

    @property
    def fields(self) -> list[FieldShape]:
        """All fields, those of sublists and subrecords too."""
        return list(self._fields.values())

    def field(self, path: Path) -> FieldShape | None:
        """Return the field at a path that is spelled as in the catalog."""
        return self._fields.get(path)

    def tells_of(self, place: Path) -> bool:
        """Tell whether the catalog says what fields there are in a place; of references, for one, it does not."""
        return place in self._names

    def find(self, place: Path, name: str) -> Path | None:
        """Return the path of a field in the body, which is the place `()`, or in a sublist or subrecord."""
        names = self._names.get(place)
        found = names.find(name) if names else None
        return (*place, found) if found else None

    def nearest(self, place: Path, name: str) -> str | None:
        """Return the name of the field there whose name is most like this one, None when none is."""
        names = self._names.get(place)
        return names.nearest(name) if names else None

    def is_key(self, path: Path) -> bool:
        """Tell whether a field finds the lines of its sublist again."""
        sublist = self._fields.get(path[:-1])
        return sublist is not None and path[-1].lower() in {key.lower() for key in sublist.keys}

    @property
    def sublists(self) -> dict[str, FieldShape]:
        """The sublists of the body, by name."""
        return {path[0]: field for path, field in self._fields.items() if len(path) == 1 and field.kind == "sublist"}
