"""A setting is described once, where its field stands; its check, its option and its row in the README come from that.

`setting` gives a dataclass field its description. `described` lists the fields of a class with what was said of them:
`command.py` makes the options of it, `scripts/describe_settings.py` the tables of the README.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from inspect import get_annotations
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["Described", "SettingsError", "check_values", "described", "setting", "unknown_name"]

_KEY = "described"


class SettingsError(ValueError):
    """A setting that cannot work; the message is one sentence for a person."""


@dataclass(frozen=True, kw_only=True)
class _Description:
    text: str
    option: str | None
    metavar: str | None
    choices: tuple[str, ...]
    at_least: float | None
    read: Callable[[str], Any] | None
    command_default: Any
    open_point: bool


def setting(  # noqa: PLR0913 - a name for each thing to say
    default: Any,
    text: str,
    *,
    option: str | None = None,
    metavar: str | None = None,
    choices: tuple[str, ...] = (),
    at_least: float | None = None,
    read: Callable[[str], Any] | None = None,
    command_default: Any = None,
    open_point: bool = False,
) -> Any:
    """The field of a setting.

    Args:
        default: its value where nobody chooses one; of a dictionary each gets a copy.
        text: what it does, a sentence for people.
        option: its option, or both of a flag, such as `--quick/--slow`; without it the option has the field's name.
        metavar: how `--help` names the option's value.
        choices: the words it takes, in any case.
        at_least: the lowest number it takes.
        read: makes a value of the option's text; for options that may be repeated, one of their values.
        command_default: what the command takes in place of `default`.
        open_point: no source says what NetSuite does here.
    """
    description = _Description(
        text=text, option=option, metavar=metavar, choices=choices, at_least=at_least, read=read,
        command_default=command_default, open_point=open_point,
    )  # fmt: skip
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata={_KEY: description})
    return field(default=default, metadata={_KEY: description})


@dataclass(frozen=True, kw_only=True)
class Described(_Description):
    """A setting, its option and where it belongs.

    Attributes:
        name: the field's name; `role.analytics` for a field of a setting that is a dataclass itself.
        kind: what it holds: bool, int, float, str or Path, or what a read text gives.
        default: its value where nobody chooses one.
        repeated: whether it holds several values, and the option may be given several times.
        group: the first line of the docstring of the class that the field is in.
    """

    name: str
    kind: Any
    default: Any
    repeated: bool
    group: str

    @property
    def flag(self) -> str:
        """Its option as it is declared."""
        if self.option is not None:
            return self.option
        words = self.name.rpartition(".")[2].replace("_", "-")
        return f"--{words}/--no-{words}" if self.kind is bool else f"--{words}"


def described(cls: type, prefix: str = "") -> Iterator[Described]:
    """The settings of a dataclass in the order of its fields; those of a dataclass inside it in the place of that."""
    hints = get_type_hints(cls)
    for each in fields(cls):
        hint = hints[each.name]
        if isinstance(hint, type) and is_dataclass(hint):
            yield from described(hint, f"{prefix}{each.name}.")
        elif _KEY in each.metadata:
            yield _described(cls, each, hint, prefix)


def _described(cls: type, each: Field[Any], hint: Any, prefix: str) -> Described:
    repeated = get_origin(hint) is not None and type(None) not in get_args(hint)
    kind = next(iter(get_args(hint)), hint)  # `Path | None` is a path
    owner = next(base for base in cls.__mro__ if each.name in get_annotations(base))
    default = each.default_factory() if each.default_factory is not MISSING else each.default
    return Described(
        **vars(each.metadata[_KEY]), name=prefix + each.name, kind=kind, default=default, repeated=repeated,
        group=(owner.__doc__ or "").partition("\n")[0].rstrip("."),
    )  # fmt: skip


def check_values(settings: Any) -> None:
    """Refuse values outside of what the descriptions say.

    Raises:
        SettingsError: a number is too low, or a word is not among the choices.
    """
    for each in fields(settings):
        value, description = getattr(settings, each.name), each.metadata.get(_KEY)
        if description is None or value is None:
            continue
        if description.choices and str(value).lower() not in {choice.lower() for choice in description.choices}:
            raise SettingsError(f"{each.name} must be one of {', '.join(description.choices)}.")
        if description.at_least is not None and value < description.at_least:
            least = "not be negative" if description.at_least == 0 else f"be {description.at_least:g} or more"
            raise SettingsError(f"{each.name} must {least}.")


def unknown_name(what: str, name: str, known: Iterable[str]) -> SettingsError:
    """The refusal of a name that means nothing, with what may be meant."""
    close = get_close_matches(name.lower(), {each.lower() for each in known}, 1)
    return SettingsError(f"There is no {what} '{name}'{f'; did you mean {close[0]}?' if close else '.'}")
