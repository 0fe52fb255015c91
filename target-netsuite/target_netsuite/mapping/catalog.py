"""What NetSuite's metadata catalog says of record types: their fields, by any spelling of their names.

`Catalog` reads each type once. `RecordShape` finds the fields that columns and settings mean, `TypeFields` those of
bodies and documents, where only the case of a name may differ.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches

from suitetalk import FieldShape, MetadataCatalog, NetSuite, NetSuiteError, NotFoundError, Records
from suitetalk.errors import is_refusal
from suitetalk.metadata import fields_of
from target_netsuite.errors import UnknownRecordTypeError
from target_netsuite.settings.entries import Path

logger = logging.getLogger(__name__)

_SUB_RESOURCES = frozenset({"sublist", "subrecord", "multi-select"})


def read_shape(netsuite: NetSuite, record_type: str, *, refresh: bool = False) -> RecordShape | None:
    """Return what the catalog says of a record type; None, and a warning, when the role may not see it.

    Args:
        netsuite: the account.
        record_type: as it is set, in any spelling such as `sales_order`.
        refresh: whether NetSuite is asked although the catalog's copy on disk has the type.

    Raises:
        UnknownRecordTypeError: neither the catalog nor the record service knows the type.
        NetSuiteError: NetSuite is not itself, or the login was refused.
        ConnectionFailedError: NetSuite was not reached.
    """
    with ThreadPoolExecutor(1) as threads:  # most names are right, so the schema need not wait for the list of types
        as_written = threads.submit(netsuite.metadata.json_schema, record_type, refresh=refresh)
        names = _names(netsuite.metadata)
    spelled = names.find(record_type) or record_type
    try:
        is_right = spelled == record_type
        schema = as_written.result() if is_right else netsuite.metadata.json_schema(spelled, refresh=refresh)
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
        if isinstance(error, NotFoundError) and _is_missing(netsuite.records, spelled):
            near = names.nearest(record_type)
            raise UnknownRecordTypeError(
                f"is {record_type!r}, which NetSuite does not have or does not show to the role"
                f"{f'; did you mean {near!r}?' if near else '; `suitetalk types` lists what there is.'}"
            ) from None
        logger.warning(
            "NetSuite's catalog does not show the record type %s to this role, so its records are sent without being "
            "checked and converted (%s)",
            record_type,
            error,
        )
        return None
    required = schema.get("required")
    named = [str(name) for name in required] if isinstance(required, list) else []
    return RecordShape(spelled, fields_of(schema), named)


class Catalog:
    """What the catalog says of the record types of a run; each is read once. Thread-safe."""

    def __init__(self, netsuite: NetSuite) -> None:
        """Read from this account's catalog."""
        self._netsuite = netsuite
        self._known: dict[str, RecordShape | None] = {}
        self._read_again: set[str] = set()
        self._lock = threading.Lock()

    def of(self, record_type: str) -> RecordShape | None:
        """Return the shape of a type, None when the role may not see it.

        Raises:
            UnknownRecordTypeError: there is no such type.
            SuiteTalkError: the catalog cannot be read now.
        """
        with self._lock:
            name = record_type.lower()
            if name not in self._known:
                self._known[name] = read_shape(self._netsuite, record_type)
            return self._known[name]

    def again(self, record_type: str) -> RecordShape | None:
        """As `of`, but not from a copy on disk, which may be older than a field; NetSuite is asked once for a type."""
        with self._lock:
            name = record_type.lower()
            if name not in self._read_again:
                self._known[name] = read_shape(self._netsuite, record_type, refresh=True)
                self._read_again.add(name)
            return self._known[name]

    def fields(self, record_type: str) -> Sequence[FieldShape] | None:
        """Return the fields of a type, None when the role may not see it."""
        shape = self.of(record_type)
        return shape.fields if shape else None


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


class TypeFields:
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


class Names:
    """Names that are known, found again by other spellings of them."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take the names as they are spelled; when two differ in nothing else, only their own spelling finds them."""
        self._lower: dict[str, set[str]] = {}
        self._squeezed: dict[str, set[str]] = {}
        self._all = tuple(names)
        for name in self._all:
            self._lower.setdefault(name.lower(), set()).add(name)
            self._squeezed.setdefault(squeezed(name), set()).add(name)

    def find(self, name: str) -> str | None:
        """Return the name that is meant; None when there is none, or it is not clear which.

        The same letters go before the same letters in other case, and these before other underscores.
        """
        for found in (self._lower.get(name.lower(), set()), self._squeezed.get(squeezed(name), set())):
            if name in found:
                return name
            if len(found) == 1:
                return next(iter(found))
        return None

    def nearest(self, name: str) -> str | None:
        """Return the known name that is most like this one, None when none is."""
        by_squeezed = {squeezed(known): known for known in self._all}
        close = get_close_matches(squeezed(name), by_squeezed, n=1)
        return by_squeezed[close[0]] if close else None


def squeezed(name: str) -> str:
    """Return a name without what two spellings of it may differ in: `company_name` and `companyName` are one."""
    return name.lower().replace("_", "")


def _is_missing(records: Records, record_type: str) -> bool:
    """Tell whether there is no such type: what exists is listed, or refused for want of a permission."""
    try:
        records.list(record_type, limit=1)
    except NotFoundError:
        return True
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
    return False


def _names(catalog: MetadataCatalog) -> Names:
    try:
        return Names(catalog.record_types())
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
        return Names(())
