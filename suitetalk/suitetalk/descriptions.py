"""Settings, each described once, as a field of a dataclass; schema, check and documentation come from that.

```python
@dataclass(frozen=True, kw_only=True)
class Reading:
    lookback_seconds: int = setting(60, "Look-back", "Reads this many seconds again.", minimum=0, unit="seconds")
    tables: tuple[str, ...] = setting((), "Tables", "Tables to read.", example=["customer"])
```

`read(Reading, config)` checks a mapping, `schema_of(Reading)` describes it. The type of the field says which values
there are: `str`, `bool`, `int`, `float`, `Decimal`, `datetime`, `Path`, a `Literal` or an `Enum`, another dataclass,
`tuple[X, ...]` for a list, `Mapping[str, X]` for an object with an entry for each name, and
`Annotated[X, Special(...)]` for anything else. What concerns several settings at once goes into the dataclass's method
`check(place)`, which is called with the name of the setting that contains them, empty at the top.
"""

from __future__ import annotations

import json
import os
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from enum import Enum
from functools import cache, partial
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, overload

from suitetalk.errors import ConfigurationError
from suitetalk.values import instant

__all__ = [
    "Special",
    "Stray",
    "check_environment",
    "group",
    "json_values",
    "place_of",
    "read",
    "read_one",
    "schema_of",
    "setting",
    "stray_names",
    "stray_variables",
]

_T = TypeVar("_T")
_IN_JSON: dict[str, type] = {"boolean": bool, "integer": int, "object": dict, "array": list}
_FLAGS_OF_THE_SDK = ("yes", "on", "no", "off")
# How many of two names' letters agree, in order: `reject` and `rejects` have 0.92, `job_timeout` and another setting,
# `probe_timeout`, 0.82.
_CLOSE, _CLOSE_WITHOUT_THE_FIRST_LETTER = 0.75, 0.9
_VARIABLES_OF_THE_SDK = ("loglevel",)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, eq=False)
class Special:
    """A kind of value that is read by a function: `Annotated[str, Special(zone)]`.

    Attributes:
        read: returns what the settings hold, or raises ValueError with what is wrong, such as "is 'x'; it must be y.".
            Where the schema is that of text it gets text.
        schema: JSON Schema of the value.
        strip: whether blanks around a text are dropped.
    """

    read: Callable[[Any], Any]
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    strip: bool = True


@dataclass(frozen=True)
class _Description:
    title: str = ""
    description: str = ""
    name: str = ""
    secret: bool = False
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    unit: str = ""
    example: Any = None
    alone: bool = False


@dataclass(frozen=True)
class _Kind:
    """One kind of value.

    Attributes:
        schema: its JSON Schema.
        read: place and value -> what the settings hold; raises ConfigurationError.
        plain: text of an environment variable -> the JSON value it stands for; what is wrong stays as it is.
    """

    schema: dict[str, Any]
    read: Callable[[str, Any], Any]
    plain: Callable[[Any], Any]


@dataclass(frozen=True)
class _Setting:
    attribute: str
    name: str
    kind: _Kind
    description: _Description
    default: Any
    is_required: bool


@overload
def setting(default: types.EllipsisType, title: str, description: str, **facts: Any) -> Any: ...
@overload
def setting(
    default: _T,
    title: str,
    description: str,
    *,
    name: str = "",
    secret: bool = False,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    example: Any = None,
    alone: bool = False,
) -> _T: ...
def setting(default: Any, title: str, description: str, **facts: Any) -> Any:
    """Describe a setting; it is the value of a dataclass's field.

    Args:
        default: what it is where it is not given; `...` for a setting that must be given.
        title: a word or two.
        description: one or two sentences.
        facts: what else there is to say. `name`, where it is not that of the field; `secret` for what must not be
            shown; the smallest number (`minimum`, or `above` where it is not itself allowed) and the largest
            (`maximum`), and their `unit`; an `example` of a list or an object; `alone` for the setting that a plain
            text instead of an object stands for.
    """
    given = _Description(title, description, **facts)
    metadata = {"setting": given}
    if default is ...:
        return field(metadata=metadata, repr=not given.secret)
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata, repr=not given.secret)
    return field(default=default, metadata=metadata, repr=not given.secret)


def group() -> Any:
    """Make a dataclass's field one that holds settings which stand beside the others, not inside a setting.

    They are read by the dataclass's own `from_mapping` where it has one.
    """
    return field(metadata={"group": True})


def place_of(place: str, name: str) -> str:
    """Return the full name of a setting inside another one; `place` is empty at the top."""
    return f"{place}.{name}" if place else name


def read(settings: type[_T], given: Mapping[str, Any], place: str = "", **defaults: Any) -> _T:
    """Check a mapping of settings.

    Args:
        settings: the dataclass that describes them.
        given: setting -> value; None and empty text mean the same as absent. At the top other names are left alone.
        place: the setting that they are in, such as `streams.customers`; empty at the top.
        defaults: values of fields that are not settings, or where the mapping does not say.

    Raises:
        ConfigurationError: one is missing, unknown or wrong; the text names it.
    """
    described: Any = settings  # a dataclass, which a type variable cannot say
    if place:
        _check_names(described, given, place)
    values = dict(defaults)
    for each in fields(described):
        if each.metadata.get("group"):
            kind = _hints(described)[each.name]
            values[each.name] = kind.from_mapping(given) if hasattr(kind, "from_mapping") else read(kind, given, place)
    for one in _settings(described):
        value = given.get(one.name)
        if not _is_absent(value):
            values[one.attribute] = one.kind.read(place_of(place, one.name), value)
        elif one.is_required and one.attribute not in values:
            raise ConfigurationError(place_of(place, one.name), f"is missing: {one.description.description}")
    made = settings(**values)
    check = getattr(made, "check", None)
    if check:
        check(place)
    return made


def read_one(settings: type[Any], name: str, value: Any) -> Any:
    """Check one setting without the others, and return what the settings would hold.

    Raises:
        ConfigurationError: it cannot be used.
    """
    return next(one.kind.read(name, value) for one in _all_settings(settings) if one.name == name)


def schema_of(settings: type[Any]) -> dict[str, Any]:
    """Return the JSON Schema of a dataclass of settings."""
    described = _all_settings(settings)
    schema: dict[str, Any] = {"type": "object", "properties": {one.name: _schema(one) for one in described}}
    needed = [one.name for one in described if one.is_required]
    return {**schema, "required": needed} if needed else schema


def json_values(settings: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping of settings as JSON has them: without those that are empty, and numbers as numbers.

    What environment variables hold is text, which a check against the JSON Schema would refuse.
    """
    kinds = {one.name: one.kind for one in _all_settings(settings)}
    return {
        name: kinds[name].plain(value) if name in kinds else value
        for name, value in given.items()
        if not _is_absent(value)
    }


def check_environment(settings: type[Any], prefix: str) -> None:
    """Find the environment variable that the SDK could not read, or took for false: it does not name it.

    Args:
        settings: the dataclass that describes them.
        prefix: how the names of the variables begin.

    Raises:
        ConfigurationError: a variable does not hold what its setting needs.
    """
    for one in _all_settings(settings):
        variable, kind = prefix + one.name.upper(), one.kind.schema.get("type")
        text = os.environ.get(variable)
        is_list_of_names = kind == "array" and one.kind.schema["items"].get("type") == "string"  # may be a,b,c
        if text is None or kind not in _IN_JSON or is_list_of_names or text.lower() in _FLAGS_OF_THE_SDK:
            continue
        if not isinstance(one.kind.plain(text), _IN_JSON[kind]):
            what = "true or false" if kind == "boolean" else f"a JSON {kind}"
            raise ConfigurationError(one.name, f"in the environment variable {variable} is not {what}.")


@dataclass(frozen=True)
class Stray:
    """A name that is given and is not that of a setting.

    Attributes:
        name: as it is given.
        meant: the setting whose name is close to it, empty when there is none.
        prefix: that of environment variables when it is one of these, else empty.
    """

    name: str
    meant: str = ""
    prefix: str = ""

    @property
    def error(self) -> ConfigurationError:
        """What is wrong with it, with the name that was probably meant."""
        variable = f"{self.prefix}{self.meant.upper()}" if self.prefix else self.meant
        where = f"in the environment variable {self.prefix}{self.name.upper()} " if self.prefix else ""
        end = f"; did you mean `{variable}`?" if self.meant else " and has no effect."
        return ConfigurationError(self.name, f"{where}does not exist{end}")


def stray_names(known: Collection[str], given: Iterable[str]) -> list[Stray]:
    """Return the given names that are not known, in order; those that Meltano adds for itself begin with `_`."""
    return [Stray(name, _closest(name, known)) for name in given if name not in known and not name.startswith("_")]


def stray_variables(known: Mapping[str, Mapping[str, Any]], prefix: str) -> list[Stray]:
    """Return environment variables of a plugin that do not stand for a setting, in alphabetical order.

    Meltano sets some itself, which are left out: those of its extras, as in `TAP_NETSUITE__SELECT`, of what is inside a
    setting, as in `TARGET_NETSUITE_STREAMS_PEOPLE_MIRROR`, and those of plugins that inherit from this one, as in
    `TAP_NETSUITE_EU_ACCOUNT_ID` for `tap-netsuite--eu`.

    Args:
        known: JSON Schema of each setting.
        prefix: how the names of the variables begin.
    """
    names = sorted(name.removeprefix(prefix).lower() for name in os.environ if name.startswith(prefix))
    containers = tuple(f"{name}_" for name, schema in known.items() if schema.get("type") == "object")
    others = [
        name
        for name in names
        if name not in known and name not in _VARIABLES_OF_THE_SDK and "__" not in f"_{name}"
        and not name.startswith(containers)
    ]  # fmt: skip
    heirs = {_heir(name, known) for name in others} - {""}
    return [
        Stray(name, _closest(name, known), prefix)
        for name in others
        if not any(name.startswith(f"{heir}_") for heir in heirs)
    ]


def _heir(name: str, known: Collection[str]) -> str:
    """Return what stands before a setting's name, as the name of an inherited plugin does; empty for anything else."""
    longest = max((each for each in known if name.endswith(f"_{each}")), key=len, default="")
    return name.removesuffix(f"_{longest}") if longest and _closest(name, known) in ("", longest) else ""


def _closest(name: str, known: Collection[str]) -> str:
    """Return the known name that is close to another one, or of which one begins like the other; empty for neither."""
    plain = _letters(name)
    close = {each: _likeness(_letters(each), plain) for each in known}
    alike = max((each for each in close if close[each]), key=lambda each: close[each], default="")
    beginnings = [each for each in known if _begins_alike(each, name)]
    return alike or (beginnings[0] if len(beginnings) == 1 else "")


def _begins_alike(known: str, name: str) -> bool:
    """Tell whether one consists of the other's first words, such as `dry` of `dry_run`, or `dry_run_only`."""
    ours, theirs = known.lower().split("_"), name.lower().replace("-", "_").split("_")
    return ours[: len(theirs)] == theirs or (len(ours) > 1 and theirs[: len(ours)] == ours)


def _likeness(one: str, other: str) -> float:
    found = SequenceMatcher(None, one, other).ratio()
    return found if found >= (_CLOSE if one[:1] == other[:1] else _CLOSE_WITHOUT_THE_FIRST_LETTER) else 0.0


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


@cache
def _hints(settings: Any) -> dict[str, Any]:
    return get_type_hints(settings, include_extras=True)


@cache
def _settings(settings: Any) -> tuple[_Setting, ...]:
    """Return the settings a dataclass describes itself; those of its base come last."""
    own = vars(settings).get("__annotations__", {})
    described = sorted(fields(settings), key=lambda each: each.name not in own)
    return tuple(_setting(each, _hints(settings)[each.name]) for each in described if "setting" in each.metadata)


def _all_settings(settings: Any) -> tuple[_Setting, ...]:
    """Return the settings of a dataclass and of its groups, in order."""
    groups = {each.name for each in fields(settings) if each.metadata.get("group")}
    if not groups:
        return _settings(settings)
    own = {one.attribute: one for one in _settings(settings)}
    found: list[_Setting] = []
    for each in fields(settings):
        if each.name in groups:
            found += _all_settings(_hints(settings)[each.name])
        elif each.name in own:
            found.append(own[each.name])
    return tuple(found)


def _setting(described: Field[Any], hint: Any) -> _Setting:
    description: _Description = described.metadata["setting"]
    is_required = described.default is MISSING and described.default_factory is MISSING
    return _Setting(
        described.name,
        description.name or described.name,
        _kind(hint, description),
        description,
        None if described.default is MISSING else described.default,
        is_required,
    )


def _schema(one: _Setting) -> dict[str, Any]:
    given, default = one.description, one.default
    schema = {**one.kind.schema, "title": given.title, "description": given.description}
    if isinstance(default, Enum):
        default = default.value
    if isinstance(default, Decimal):
        default = int(default) if default == default.to_integral_value() else float(default)
    if isinstance(default, (str, int, float)) and default != "":
        schema["default"] = default
    if given.secret:
        schema["secret"] = True
    if given.example is not None:
        schema["examples"] = [given.example]
    return schema


def _check_names(settings: type[Any], given: Mapping[str, Any], place: str) -> None:
    known = [one.name for one in _all_settings(settings)]
    for name in given:
        if name not in known:
            meant = _closest(str(name), known)
            end = f"did you mean `{meant}`?" if meant else f"there are {', '.join(known)}."
            raise ConfigurationError(place_of(place, str(name)), f"is not known; {end}")


def _kind(hint: Any, given: _Description) -> _Kind:
    """Return the kind of value that a type stands for."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):  # X | None; what a setting without a value is, is the default's affair
        return _kind(next(each for each in arguments if each is not type(None)), given)
    if origin is tuple:
        return _list(_kind(arguments[0], _Description()), given)
    if origin is not None and origin not in (Annotated, Literal):
        return _object(_kind(arguments[0], _Description()), _kind(arguments[1], _Description()), given)
    return _members(hint, given) if is_dataclass(hint) else _simple(hint, given)


def _simple(hint: Any, given: _Description) -> _Kind:
    if hint is bool:
        return _Kind({"type": "boolean"}, _flag, _plain_flag)
    if hint in (int, float, Decimal):
        return _number_kind(hint, given)
    if hint is Any:
        return _Kind({}, lambda _place, value: value, _same)
    if get_origin(hint) is Literal:
        return _choice({str(word): word for word in get_args(hint)})
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice({str(word.value): word for word in hint})
    return _special(get_args(hint)[1] if get_origin(hint) is Annotated else _SPECIAL[hint])


def _same(value: Any) -> Any:
    return value


def _text(place: str, value: Any, *, strip: bool = True) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(place, f"must be text, not {type(value).__name__}; put it in quotes.")
    return value.strip() if strip else value  # files and environment variables like to end in a line break


def _special(special: Special) -> _Kind:
    def taken(place: str, value: Any) -> Any:
        if special.schema.get("type") == "string":
            value = _text(place, value, strip=special.strip)
        try:
            return special.read(value)
        except ValueError as error:
            raise ConfigurationError(place, str(error)) from None

    return _Kind(dict(special.schema), taken, _same)


def _moment(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError:
        raise ValueError(f"is {text!r}; write it like 2024-01-31 or 2024-01-31T00:00:00Z.") from None


_SPECIAL = {
    str: Special(_same),
    Path: Special(lambda text: Path(text).expanduser()),
    datetime: Special(_moment, {"type": "string", "format": "date-time"}),
}


def _choice(words: Mapping[str, Any]) -> _Kind:
    def taken(place: str, value: Any) -> Any:
        word = _text(place, value)
        if word not in words:
            raise ConfigurationError(place, f"is {word!r}; it must be one of {', '.join(words)}.")
        return words[word]

    return _Kind({"type": "string", "enum": list(words)}, taken, _same)


def _flag(place: str, value: Any) -> bool:
    found = _plain_flag(value)
    if not isinstance(found, bool):
        raise ConfigurationError(place, f"is {value!r}; it must be true or false.")
    return found


def _plain_flag(value: Any) -> Any:
    return _FLAGS.get(value.strip().lower(), value) if isinstance(value, str) else value


def _number_kind(hint: Any, given: _Description) -> _Kind:
    limits = {"minimum": given.minimum, "exclusiveMinimum": given.above, "maximum": given.maximum}
    schema = {"type": "integer" if hint is int else "number"} | {
        name: limit for name, limit in limits.items() if limit is not None
    }
    return _Kind(schema, partial(_number, hint, given), partial(_plain_number, hint))


def _number(hint: Any, given: _Description, place: str, value: Any) -> Any:
    found = _plain_number(hint, value)
    is_number = not isinstance(found, bool) and isinstance(found, int if hint is int else (int, float, Decimal))
    if not is_number or not isfinite(found) or not _is_in_range(given, found):
        what = f"{'a whole number' if hint is int else 'a number'}{' of ' * bool(given.unit)}{given.unit}"
        raise ConfigurationError(place, f"is {value!r}; it must be {what}{_range(given)}.")
    return hint(str(found)) if hint is Decimal else hint(found)


def _is_in_range(given: _Description, number: Any) -> bool:
    return (
        (given.minimum is None or number >= given.minimum)
        and (given.above is None or number > given.above)
        and (given.maximum is None or number <= given.maximum)
    )


def _range(given: _Description) -> str:
    if given.above is not None:
        return f" above {given.above}" + ("" if given.maximum is None else f", at most {given.maximum}")
    if given.minimum is None:
        return "" if given.maximum is None else f", at most {given.maximum}"
    return f" from {given.minimum} " + ("up" if given.maximum is None else f"to {given.maximum}")


def _plain_number(hint: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return int(value) if hint is int and isinstance(value, float) and value.is_integer() else value
    if not value.strip().isascii():
        return value
    try:
        exact = Decimal(value.strip())
    except InvalidOperation:
        return value
    if not exact.is_finite():
        return value
    return int(exact) if exact == exact.to_integral_value() else value if hint is int else float(exact)


def _decoded(value: Any) -> Any:
    """Return what a text with JSON stands for."""
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _list(entry: _Kind, given: _Description) -> _Kind:
    holds_names = entry.schema.get("type") == "string"

    def taken(place: str, value: Any) -> tuple[Any, ...]:
        value = _decoded(value)
        if not isinstance(value, (list, tuple)):
            shown = "" if given.secret else f"is {value!r}; it "
            raise ConfigurationError(place, f"{shown}must be a list{_such_as(given)}.")
        found = []
        for number, one in enumerate(value):
            if holds_names and (one is None or one == ""):
                raise ConfigurationError(f"{place}[{number}]", "is empty; name something, or remove it.")
            found.append(entry.read(f"{place}[{number}]", one))
        return tuple(dict.fromkeys(found)) if holds_names else tuple(found)

    def plain(value: Any) -> Any:
        decoded = _decoded(value)
        return [entry.plain(one) for one in decoded] if isinstance(decoded, (list, tuple)) else value

    return _Kind({"type": "array", "items": entry.schema}, taken, plain)


def _object(key: _Kind, entry: _Kind, given: _Description) -> _Kind:
    def taken(place: str, value: Any) -> dict[Any, Any]:
        value = _decoded(value)
        if not isinstance(value, Mapping):
            raise ConfigurationError(place, f"must be an object{_such_as(given)}.")
        return {key.read(f"{place}.{name}", name): entry.read(f"{place}.{name}", one) for name, one in value.items()}

    def plain(value: Any) -> Any:
        decoded = _decoded(value)
        return {name: entry.plain(one) for name, one in decoded.items()} if isinstance(decoded, Mapping) else value

    schema: dict[str, Any] = {"type": "object"}
    return _Kind({**schema, "additionalProperties": entry.schema} if entry.schema else schema, taken, plain)


def _members(settings: Any, given: _Description) -> _Kind:
    described = _all_settings(settings)
    alone = next((one for one in described if one.description.alone), None)
    schema = {**schema_of(settings), "additionalProperties": False}
    if alone:
        schema["type"] = ["string", "object"]

    def taken(place: str, value: Any) -> Any:
        value = _decoded(value)
        if alone and isinstance(value, str):
            value = {alone.name: value}
        if not isinstance(value, Mapping):
            names = [one.name for one in described if one.is_required] or [one.name for one in described]
            such = _such_as(given) or f" with {', '.join(names)}"
            raise ConfigurationError(place, f"must be an object{such}.")
        return read(settings, value, place)

    def plain(value: Any) -> Any:
        decoded = _decoded(value)
        return json_values(settings, decoded) if isinstance(decoded, Mapping) else value

    return _Kind(schema, taken, plain)


def _such_as(given: _Description) -> str:
    return "" if given.example is None else f" such as {json.dumps(given.example)}"
