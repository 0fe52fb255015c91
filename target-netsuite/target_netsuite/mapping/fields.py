"""Where a value goes, and faults in settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from suitetalk import FieldShape
from target_netsuite.errors import MISSING_KEY, READ_ONLY_FIELD, UNKNOWN_FIELD
from target_netsuite.mapping.catalog import RecordShape, squeezed
from target_netsuite.mapping.values import (
    ABSENT,
    BY_KIND,
    Convert,
    Enumeration,
    SelectOptions,
    UnfitError,
    by_id,
    is_empty,
    looked_up,
    many,
    plain_text,
    unchanged,
)
from target_netsuite.settings.entries import EACH, Path, parse_path
from target_netsuite.settings.streams import ReferenceSettings, StreamSettings

SUB_RESOURCES = ("sublist", "subrecord", "multi-select")
"""Kinds that an answer may have as a mere link [section_1545142037]."""

_NEVER_SENT = ("links", "refName")
_IDS = (("id",), ("externalId",))
_UNKNOWN = frozenset({UNKNOWN_FIELD})
_UNWRITABLE = frozenset({UNKNOWN_FIELD, READ_ONLY_FIELD})


class FieldRules:
    """What is known of the fields of one stream's records."""

    def __init__(
        self,
        settings: StreamSettings,
        shape: RecordShape | None,
        options: SelectOptions | None = None,
        *,
        check_names: bool = True,
        check_values: bool = True,
    ) -> None:
        """Prepare.

        Args:
            settings: what `streams` says.
            shape: what the catalog says, None when it cannot be read.
            options: asks for labels of enumerations.
            check_names: whether a field the catalog does not have is a fault; else it goes as it is.
            check_values: whether a value that does not fit is a fault; else it goes as it is.
        """
        self.shape = shape
        self.stream = settings.stream
        self.left_out: set[Path] = set()  # and said so
        self.leave_out = settings.unwritable == "leave_out"
        self.empty_text = settings.empty_text
        self.keeps_lines = settings.lines_when_empty == "keep"
        self._settings = settings
        self._options = options
        self._check_names = check_names
        self._check_values = check_values
        self._references = {_canonical(path): found for path, found in _references(settings)}
        self._line_keys = {
            _squeezed((name, *key.split("."))) for name, sublist in settings.sublists.items() for key in sublist.keys
        }

    def row_settings(self, place: Path) -> RowSettings:
        """Return the constants and templates of the body or of the lines of a sublist."""
        lines = self._settings.sublists.get(self._sublist_name(place)) if len(place) == 1 else None
        constants, templates = lines.constants if lines else {}, lines.templates if lines else {}
        return RowSettings(
            constants={**_below(place, self._settings.constants), **constants},
            templates={**_below(place, self._settings.templates), **templates},
        )

    def is_own_number(self, place: Path, column: str) -> bool:
        """Tell whether a column of a line or subrecord is the number NetSuite gave it, which no other record has."""
        if not place or column.lower() != "id":
            return False
        sublist = self._settings.sublists.get(self._sublist_name(place))
        is_key = "id" in (sublist.keys if sublist else ()) or (self.shape and self.shape.is_key((*place, "id")))
        return not is_key

    def sublists_named(self) -> set[Path]:
        """Return the paths of the sublists whose lines columns named in `fields` fill."""
        paths = (self._settings.fields or {}).values()
        return {self.spelled(path[: path.index(EACH)]) for path in paths if EACH in path}

    def spelled(self, path: Path, place: Path = ()) -> Path:
        """Return a path below a place as the catalog spells it; what it does not have stays as it is."""
        found: list[str] = []
        for name in path:
            here = self.shape.find((*place, *found), name) if self.shape else None
            found.append(here[-1] if here else name)
        return tuple(found)

    def unless_empty(self, convert: Convert) -> Convert:
        """Return the converter of what is not text, to which empty text is nothing, as the setting says."""
        if self.empty_text == "refuse":
            return convert
        return partial(_unless_empty, convert, None if self.empty_text == "null" else ABSENT)

    def spelled_marked(self, path: Path, place: Path = ()) -> Path:
        """Return the same for a path with marks for lines, which stay where they are."""
        spelled = iter(self.spelled(tuple(name for name in path if name != EACH), place))
        return tuple(name if name == EACH else next(spelled) for name in path)

    def destination(self, place: Path, path: Path, form: str | None = None) -> Destination | Fault | None:
        """Return where a value goes.

        Args:
            place: `()` for the body, or the path of the sublist or subrecord the value goes into.
            path: the field's path below it, without marks for lines.
            form: `date` or `date-time` when the stream's schema says so, for fields the catalog does not describe.

        Returns:
            None for what is never sent, since only answers have it.
        """
        found = self._found(place, path, form)
        if isinstance(found, Destination) and _squeezed((*place, *path)) in self._line_keys:
            return Destination(found.path, partial(_key_of_line, found.convert), found.kind)
        return found

    def _found(self, place: Path, path: Path, form: str | None) -> Destination | Fault | None:
        reference = self._references.get(_canonical((*place, *path)))
        if reference and path[-1] == "id" and len(path) > 1:
            path = path[:-1]
        if self.shape is None or (place and not self.shape.tells_of(place)):
            return Destination(path, self.unless_empty(looked_up(reference)) if reference else self._by_form(form))
        found = place
        for depth, name in enumerate(path, 1):
            here = self.shape.find(found, name)
            field = self.shape.field(here) if here else None
            if here is None or field is None:
                return self._unknown(place, found, path, form)
            if field.read_only and not self.shape.is_key(here):
                return Fault("is read-only in NetSuite", READ_ONLY_FIELD)
            found, below = here, path[depth:]
            if not below:
                return Destination(found[len(place) :], self._converter(found, field, reference), field.kind)
            if not self.shape.tells_of(found):  # a part of a reference, such as its id
                convert = plain_text if below in _IDS else unchanged
                is_part = field.kind in ("reference", "enum")
                return Destination((*found[len(place) :], *below), self.unless_empty(convert) if is_part else convert)
        return None

    def _by_form(self, form: str | None) -> Convert:
        return self.unless_empty(BY_KIND[form]) if form in BY_KIND else unchanged

    def _converter(self, path: Path, field: FieldShape, reference: ReferenceSettings | None) -> Convert:
        convert = self._fitting(path, field, reference)
        convert = convert if self._check_values or reference else partial(_as_it_is, convert)
        return convert if field.kind == "text" and not reference else self.unless_empty(convert)

    def _fitting(self, path: Path, field: FieldShape, reference: ReferenceSettings | None) -> Convert:
        if reference:
            convert = looked_up(reference)
            return many(convert) if field.kind == "multi-select" else convert
        if field.kind == "enum":
            return Enumeration(field.choices, partial(self._labels, ".".join(path)))
        if field.kind == "reference":
            return by_id
        return many(by_id) if field.kind == "multi-select" else BY_KIND.get(field.kind, unchanged)

    def _labels(self, field: str) -> Mapping[str, str] | None:
        return self._options(self.shape.record_type, field) if self._options and self.shape else None

    def _unknown(self, place: Path, found: Path, path: Path, form: str | None) -> Destination | Fault | None:
        name = path[len(found) - len(place)]
        if name in _NEVER_SENT or (place and name == "id"):
            return None
        if not self._check_names and not self.leave_out:
            return Destination(path, self._by_form(form))
        nearest = self.shape.nearest(found, name) if self.shape else None
        where = f" in `{'.'.join(found)}`" if found else ""
        hint = f"; did you mean `{nearest}`?" if nearest else ""
        return Fault(
            f"fills `{name}`, which is not a field{where} of {self._settings.record_type}{hint}",
            UNKNOWN_FIELD,
        )

    def _sublist_name(self, place: Path) -> str:
        return next((name for name in self._settings.sublists if self.spelled((name,)) == place), "")


@dataclass(frozen=True)
class Destination:
    """A field that a value goes to.

    Attributes:
        path: below the row's place, spelled as the catalog does.
        convert: turns the value, never None, into what is sent.
        kind: the catalog's, empty when it is not known.
    """

    path: Path
    convert: Convert
    kind: str = ""


@dataclass(frozen=True)
class Fault:
    """Why a value cannot go where it should.

    Attributes:
        problem: what comes after the column's name in the sentence.
        code: what kind of fault it is.
    """

    problem: str
    code: str


@dataclass(frozen=True)
class RowSettings:
    """What is filled in each row of one place, the body `()` or a sublist, beside its columns; paths are below it."""

    constants: Mapping[Path, Any]
    templates: Mapping[Path, Any]


def _unless_empty(convert: Convert, nothing: Any, value: Any) -> Any:
    return nothing if is_empty(value) else convert(value)


def _key_of_line(convert: Convert, value: Any) -> Any:
    if is_empty(value):
        raise UnfitError("is empty text, and lines are told apart by it", MISSING_KEY)
    return convert(value)


def _as_it_is(convert: Convert, value: Any) -> Any:
    try:
        return convert(value)
    except UnfitError:
        return unchanged(value)


def _canonical(path: Path) -> Path:
    """Return a path by which a field is found again, however it is spelled, and whether its id is named or it is."""
    names = _squeezed(path)
    return names[:-1] if len(names) > 1 and names[-1] == "id" else names


def _squeezed(path: Path) -> Path:
    return tuple(squeezed(name) for name in path if name != EACH)


def _references(settings: StreamSettings) -> Iterator[tuple[Path, ReferenceSettings]]:
    yield from settings.references.items()
    for name, sublist in settings.sublists.items():
        for path, found in sublist.references.items():
            yield (name, *path), found


def _below(place: Path, entries: Mapping[Path, Any]) -> dict[Path, Any]:
    """Return the entries of one place, by their paths below it."""
    wanted = _canonical(place)
    found = {}
    for path, value in entries.items():
        marks = [index for index, name in enumerate(path) if name == EACH]
        last = marks[-1] if marks else -1
        if _squeezed(path[: max(last, 0)]) == wanted:
            found[path[last + 1 :]] = value
    return found


def misnamed(settings: StreamSettings, rules: FieldRules) -> dict[str, Fault]:
    """Return the settings that name what is not a field, or fill what cannot be written, and what is wrong with them.

    Args:
        settings: of the stream; `fields` are not looked at where they may be left out.
        rules: what the catalog says; nothing is wrong as far as it cannot be read.
    """
    found = {}
    for setting, path, codes in _named(settings):
        fault = _fault(rules, path)
        if fault and fault.code in codes:
            is_filled = codes is _UNWRITABLE
            found[setting] = fault if is_filled else Fault(fault.problem.replace("fills", "names", 1), fault.code)
    for name in settings.sublists:
        if (kind := _kind(rules, (name,))) not in ("", "sublist"):
            found[f"sublists.{name}"] = Fault(f"names a field ({kind}), not a sublist", UNKNOWN_FIELD)
    for path in settings.references:
        if _kind(rules, path) in ("sublist", "subrecord"):
            found[f"references.{_text(path)}"] = Fault("does not name a reference; name the field in it", UNKNOWN_FIELD)
    return found


def _kind(rules: FieldRules, path: Path) -> str:
    found = rules.destination((), path)
    return found.kind if isinstance(found, Destination) else ""


def _named(settings: StreamSettings) -> Iterator[tuple[str, Path, frozenset[str]]]:
    """Return each setting that names a field, the field's path, and what must not be said of it."""
    for column, path in (settings.fields or {}).items():
        if settings.unwritable == "refuse":
            yield f"fields.{column}", path, _UNWRITABLE
    for kind, filled in (("constants", settings.constants), ("templates", settings.templates)):
        for path in filled:
            yield f"{kind}.{_text(path)}", path, _UNWRITABLE
    for path in settings.references:
        yield f"references.{_text(path)}", path, _UNKNOWN
    for kind, names in (("required", settings.required), ("replace", settings.replace)):
        for name in names:
            yield kind, parse_path(name) or (name,), _UNKNOWN
    yield from _named_in_lines(settings)


def _named_in_lines(settings: StreamSettings) -> Iterator[tuple[str, Path, frozenset[str]]]:
    for name, sublist in settings.sublists.items():
        place = f"sublists.{name}"
        yield place, (name,), _UNKNOWN
        for key in sublist.keys:
            yield f"{place}.keys", (name, EACH, key), _UNKNOWN
        for column, path in (sublist.fields or {}).items():
            if settings.unwritable == "refuse":
                yield f"{place}.fields.{column}", (name, EACH, *path), _UNWRITABLE
        for kind, filled in (("constants", sublist.constants), ("templates", sublist.templates)):
            for path in filled:
                yield f"{place}.{kind}.{_text(path)}", (name, EACH, *path), _UNWRITABLE
        for path in sublist.references:
            yield f"{place}.references.{_text(path)}", (name, EACH, *path), _UNKNOWN


def _fault(rules: FieldRules, path: Path) -> Fault | None:
    place: Path = ()
    part: Path = ()
    for name in (*path, EACH):
        if name != EACH:
            part = (*part, name)
            continue
        if not part:
            continue
        found = rules.destination(place, part)
        if isinstance(found, Fault):
            return found
        place, part = rules.spelled((*place, *part)), ()
    return None


def _text(path: Path) -> str:
    return ".".join(name for name in path if name != EACH)
