"""How our commands run and end."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from suitetalk.errors import InvalidArgumentError, SuiteTalkError
from suitetalk.redaction import printable

TRACEBACK_VARIABLE = "NETSUITE_TRACEBACK"
"""Environment variable that, when set, lets tracebacks through."""

_INTERRUPTED = 130
_BROKEN_PIPE = 141
_STANDARD_ERROR = 2
_FILES = ("--config", "--catalog", "--state")
_KINDS = {list: "array", str: "text", bool: "boolean"}
_LARGE = 128 * 1024  # bytes; what glibc itself begins with
_MANY = 10_000  # objects; a page of rows makes a thousand


def run_command(
    command: Callable[[], object],
    expected: tuple[type[BaseException], ...] = (),
    codes: Mapping[type[BaseException], int] = MappingProxyType({}),
) -> NoReturn:
    """Run a command to its end and leave the process.

    Args:
        command: what to run; its own SystemExit passes through.
        expected: errors whose text is meant for the user, besides SuiteTalkError.
        codes: exit codes of errors other than 1; the first kind that fits counts.

    Raises:
        SystemExit: always; 0 on success, 1 or one of `codes` on an error, 130 after Ctrl-C, 141 when the reader of
            the output left.
    """
    _occupy_closed_descriptors()
    try:
        _check_output()
        command()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # Python would complain once more when it flushes what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_BROKEN_PIPE)
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        sys.stderr.write(f"Error: {printable(_sentence(error, expected))}\n")
        sys.exit(next((code for kind, code in codes.items() if isinstance(error, kind)), 1))
    sys.exit(0)


def _sentence(error: Exception, expected: tuple[type[BaseException], ...]) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, (SuiteTalkError, *expected)):
        return text
    if type(error).__name__ == "JSONDecodeError":  # there are several of that name
        return f"A setting or a file is not JSON ({text}); correct it."
    if isinstance(error, OSError):
        return f"{text.rstrip('. ') or type(error).__name__}; correct the path, its rights, or make room on the disk."
    return (
        f"Something unexpected happened ({type(error).__name__}: {text}); "
        f"set {TRACEBACK_VARIABLE}=1 and run again for the details to report."
    )


def _check_output() -> None:
    if sys.stdout is None:
        raise InvalidArgumentError("Standard output is closed, so nothing can be written; open it, or redirect it.")


def _occupy_closed_descriptors() -> None:
    """Keep a file that is opened later from becoming the standard output or error that somebody closed."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end of the process


def check_files(arguments: Sequence[str]) -> None:
    """Make sure that the files a Singer command is given can be read, and hold JSON objects.

    Args:
        arguments: of the command line; `--config ENV` is not a file.

    Raises:
        InvalidArgumentError: one cannot be used; the text names the option, the file and what is wrong.
    """
    for place, argument in enumerate(arguments):
        option, is_joined, value = argument.partition("=")
        path = value if is_joined else next(iter(arguments[place + 1 :]), "")
        if option in _FILES and path and path != "ENV":
            _check_file(option, path)


def _check_file(option: str, path: str) -> None:
    which = f"The file {path} given with {option}"
    try:
        content = Path(path).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidArgumentError(f"{which} cannot be read ({why}); correct the path or its rights.") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidArgumentError(
            f"{which} is UTF-16, as Windows PowerShell writes it; save it as UTF-8 without a byte order mark."
        )
    if content.startswith(b"\xef\xbb\xbf"):
        raise InvalidArgumentError(f"{which} begins with a byte order mark; save it as UTF-8 without one.")
    try:
        value = json.loads(content)
    except UnicodeDecodeError:
        raise InvalidArgumentError(f"{which} is not UTF-8 text; save it as UTF-8.") from None
    except ValueError as error:
        hint = "correct it"
        if option == "--state" and _is_of_lines(content):
            hint = "it holds several states, one a line; keep the last line alone"
        raise InvalidArgumentError(f"{which} is not JSON ({error}); {hint}.") from None
    except RecursionError:
        raise InvalidArgumentError(f"{which} is nested too deeply; correct it.") from None
    if not isinstance(value, dict):
        kind = "null" if value is None else f"a JSON {_KINDS.get(type(value), 'number')}"
        raise InvalidArgumentError(f"{which} holds {kind}; it must be a JSON object in braces.")
    if option == "--catalog" and not isinstance(value.get("streams"), list):
        raise InvalidArgumentError(f"{which} has no list `streams`; make it with --discover.")


def _is_of_lines(content: bytes) -> bool:
    lines = content.strip().splitlines()
    try:
        return len(lines) > 1 and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # M_MMAP_THRESHOLD and M_ARENA_MAX in malloc.h


def give_back_freed_memory() -> None:
    """Have the C library keep no more memory than is in use, for the whole process; before threads are made.

    Answers and bodies are blocks of up to a megabyte, made by many threads. Left to itself glibc takes each freed one
    for a sign to keep those of its size, between others that live on, and keeps what each thread has freed apart, so
    memory would grow with the number of blocks that ever were. Other C libraries than glibc have no such settings and
    are left alone.
    """
    if sys.platform == "linux" and (set_option := getattr(ctypes.CDLL(None), "mallopt", None)):
        set_option(_MMAP_THRESHOLD, _LARGE)
        set_option(_ARENA_MAX, 1)  # most is allocated one thread at a time anyway


def collect_seldom() -> None:
    """Have Python search for cycles seldom, and not among what was imported; for the whole process, after its imports.

    It would search several times a page, for cycles that rows do not make: a tenth of the time of a run.
    """
    gc.freeze()
    gc.set_threshold(_MANY)
