"""Write two pages of the site from the code: every command with its options, and every public name of `suitetalk`.

`make docs` runs this. The links in them are those of pages in docs/.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import suitetalk
from netsuite_emulator.command import main as emulator
from netsuite_emulator.options import described
from netsuite_emulator.settings import Settings
from suitetalk.cli.app import app
from tap_netsuite.tap import TapNetSuite
from target_netsuite.target import TargetNetSuite

_WIDTH = 110
_COMMANDS = """# Commands

Every command with its options, as `--help` shows them.
"""
_LIBRARY = """# Public names of suitetalk

What `from suitetalk import …` gives, with every public method and attribute. [suitetalk as a library](library.md) shows
how to use it. Names that begin with `_`, and modules below `suitetalk` that this page does not mention, may change in
any version. A name in brackets, such as [section_4609939018], is the page of NetSuite's help that a rule is from.
"""
_ABOUT_VALUES = "Not a class or function; its value is `{}`."


def main() -> None:
    """Write the pages into the folder that the command line names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in {"commands.md": commands_page, "library-reference.md": library_page}.items():
        (folder / name).write_text(page(), encoding="utf-8")


def commands_page() -> str:
    """Return the page of all commands: the plugins, the emulator, and each command of `suitetalk`."""
    plugins = {"tap-netsuite": TapNetSuite.cli, "target-netsuite": TargetNetSuite.cli}
    settings = {each.flag for each in described(Settings)}
    sections = [
        *(_command(name, command, 2) for name, command in plugins.items()),
        _command("netsuite-emulator", emulator, 2, without=settings)
        + "\nIts settings are options too: [the emulator's settings](../emulator/README.md#settings) lists them.\n",
        _command("suitetalk", app, 2),
        *(_command(name, command, 3) for name, command in _below("suitetalk", app)),
    ]
    return "\n".join([_COMMANDS, *sections])


def _below(name: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Yield each command of a group with its full name, those of groups in it too."""
    for each, command in group.commands.items():
        yield f"{name} {each}", command
        if isinstance(command, click.Group):
            yield from _below(f"{name} {each}", command)


def _command(name: str, command: click.Command, level: int, without: frozenset[str] | set[str] = frozenset()) -> str:
    with click.Context(command, info_name=name, max_content_width=_WIDTH) as context:
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        rows = [
            record
            for parameter in command.get_params(context)
            if isinstance(parameter, click.Option) and "--help" not in parameter.opts
            if (record := parameter.get_help_record(context)) and without.isdisjoint(_flags(parameter))
        ]
    text = _paragraphs(inspect.cleandoc(command.help or ""))
    options = "".join(f"| `{_cell(option)}` | {_cell(_prose(said))} |\n" for option, said in rows)
    table = f"\n| Option | |\n| --- | --- |\n{options}" if options else ""
    return f"{'#' * level} {name}\n\n```\n{usage}\n```\n\n{text}\n{table}"


def _flags(parameter: click.Parameter) -> set[str]:
    return {
        "/".join(filter(None, (one, other))) for one in parameter.opts for other in parameter.secondary_opts or [""]
    }


def library_page() -> str:
    """Return the page of the library's public names, in the order of the alphabet: the client first."""
    names = {name: getattr(suitetalk, name) for name in suitetalk.__all__}
    client, errors, others = "The client", "Errors", "Functions and values"
    groups: dict[str, list[str]] = {client: [suitetalk.NetSuite.__name__], errors: [], others: []}
    for name, thing in names.items():
        title = others if not inspect.isclass(thing) else errors if issubclass(thing, BaseException) else client
        if name not in groups[client]:
            groups[title].append(name)
    sections = [f"## {title}\n\n" + "\n".join(_name(one, names[one]) for one in ones) for title, ones in groups.items()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join([_LIBRARY, *sections]))


def _name(name: str, thing: Any) -> str:
    if inspect.isclass(thing):
        return _class(name, thing)
    if inspect.isfunction(thing):
        return f"### {name}\n\n{_signature(name, thing)}{_documented(thing)}"
    return f"### {name}\n\n{_ABOUT_VALUES.format(_short(thing))}\n"


def _class(name: str, thing: type) -> str:
    bases = [base.__name__ for base in thing.__bases__ if base.__name__ in suitetalk.__all__]
    kind = f"A kind of {' and '.join(f'[{base}](#{base.lower()})' for base in bases)}.\n\n" if bases else ""
    by_others = issubclass(thing, BaseException) or getattr(thing, "_is_protocol", False)  # nobody makes one to use it
    made = "" if by_others else _signature(name, thing)
    members = "".join(_member(member, vars(thing)[member]) for member in vars(thing) if not member.startswith("_"))
    return f"### {name}\n\n{kind}{made}{_documented(thing)}{members and chr(10)}{members}"


def _member(name: str, member: Any) -> str:
    """Return an entry for a method or property of a class; fields are in its signature."""
    called = getattr(member, "__func__", member)
    if isinstance(member, (property, functools.cached_property)):
        getter = member.fget if isinstance(member, property) else member.func
        kind = str(inspect.signature(getter).return_annotation) if getter else ""
        shown = f"[{kind}](#{kind.lower()})" if kind in suitetalk.__all__ else f"`{kind}`"
        return f"- **`{name}`**: {shown}\n\n{_indented(_paragraphs(inspect.getdoc(member) or ''))}\n\n"
    if not inspect.isfunction(called):
        return ""
    return f"- **`{name}`**\n\n{_indented(_signature(name, called) + _documented(called))}\n\n"


def _signature(name: str, thing: Any) -> str:
    """Return how something is called, on one line, or on one for each parameter where that is too long."""
    signature = inspect.signature(thing)
    given = [_shown(one) for one in signature.parameters.values() if one.name not in {"self", "cls"}]
    result = signature.empty if inspect.isclass(thing) else _Shown(signature.return_annotation)
    parts = str(signature.replace(parameters=given, return_annotation=result))
    if len(name + parts) > _WIDTH:
        inside, _, after = parts.rpartition(")")
        parts = "(\n" + "".join(f"    {part},\n" for part in _split(inside[1:])) + f"){after}"
    return f"```py\n{name}{parts}\n```\n\n"


def _shown(parameter: inspect.Parameter) -> inspect.Parameter:
    default, kind = parameter.default, parameter.annotation
    return parameter.replace(
        default=default if default is parameter.empty else _Shown(_short(default)),
        annotation=kind if kind is parameter.empty else _Shown(kind),
    )


class _Shown:
    """Text that a signature shows as it is."""

    def __init__(self, text: Any) -> None:
        self._text = text if isinstance(text, str) else inspect.formatannotation(text)

    def __repr__(self) -> str:
        return self._text


def _short(value: Any) -> str:
    """Return a value without places in memory, and without its contents where these are long."""
    text = repr(value)
    if inspect.isroutine(value):
        return "…" if value.__name__ == "<lambda>" else value.__name__
    if text.startswith("<factory"):
        return "…"
    return f"{type(value).__name__}(…)" if " at 0x" in text or len(text) > _WIDTH else text


def _split(inside: str) -> list[str]:
    """Return the parameters of a signature, which may have commas in brackets."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _documented(thing: Any) -> str:
    text = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    if not text or text.startswith(f"{getattr(thing, '__name__', '')}("):  # what a dataclass writes of itself
        return ""
    return _sections(inspect.cleandoc(text)) + "\n"


def _sections(text: str) -> str:
    """Turn the sections of a Google-style docstring into lists."""
    text = re.sub(r"^Example(s?):$", r"**Example\1**", text, flags=re.MULTILINE)
    pieces = re.split(r"^(Args|Returns|Yields|Raises|Attributes):\n", text, flags=re.MULTILINE)
    shown = [_paragraphs(pieces[0].strip())]
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        inside, _, after = re.sub(r"\n(?=\S)", "\0", body, count=1).partition("\0")
        entries = [" ".join(entry.split()) for entry in re.split(r"\n(?=    \S|  \S)", "\n" + inside) if entry.strip()]
        named = title in {"Args", "Raises", "Attributes"}
        lines = [re.sub(r"^(\*{0,2}\w+)(?: \([^)]*\))?: ", r"`\1`: ", entry) if named else entry for entry in entries]
        shown.append(f"{title}:\n\n" + "\n".join(f"- {line}" for line in lines))
        shown.append(_paragraphs(after.strip()))
    return "\n\n".join(filter(None, shown)) + "\n"


def _paragraphs(text: str) -> str:
    """Return text whose lines are joined, except those of lists and of what is indented."""
    blocks = re.split(r"\n\s*\n", text.replace("\b\n", ""))
    return "\n\n".join(
        f"```\n{inspect.cleandoc(block)}\n```" if block.startswith("    ") else _prose(block)
        for block in blocks
        if block
    )


def _prose(text: str) -> str:
    """Return text on one line, in which what looks like a tag is none."""
    joined = " ".join(text.split())
    return "".join(part if n % 2 else part.replace("<", "&lt;").replace("*", r"\*") for n, part in _by_code(joined))


def _by_code(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(re.split(r"(`[^`]*`)", text))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.rstrip().splitlines())


if __name__ == "__main__":
    main()
