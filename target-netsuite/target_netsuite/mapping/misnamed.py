"""Settings of a stream that name fields which cannot be filled."""

from __future__ import annotations

from collections.abc import Iterator

from target_netsuite.errors import READ_ONLY_FIELD, UNKNOWN_FIELD
from target_netsuite.mapping.field_rules import Destination, Fault, FieldRules
from target_netsuite.settings.paths import EACH, Path, parse_path
from target_netsuite.settings.stream_settings import StreamSettings

_UNKNOWN = frozenset({UNKNOWN_FIELD})
_UNWRITABLE = frozenset({UNKNOWN_FIELD, READ_ONLY_FIELD})


def misnamed(settings: StreamSettings, rules: FieldRules) -> dict[str, Fault]:
    """Return the settings that name what is no field, or fill what cannot be written, and what is wrong with them.

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
            found[f"sublists.{name}"] = Fault(f"names a field ({kind}) and no sublist", UNKNOWN_FIELD)
    for path in settings.references:
        if _kind(rules, path) in ("sublist", "subrecord"):
            found[f"references.{_text(path)}"] = Fault("names no reference; name the field in it", UNKNOWN_FIELD)
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
