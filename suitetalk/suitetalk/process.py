"""How our commands run and end."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NoReturn

from suitetalk.errors import SuiteTalkError

TRACEBACK_VARIABLE = "NETSUITE_TRACEBACK"
"""Environment variable that, when set, lets tracebacks through."""

_INTERRUPTED = 130
_BROKEN_PIPE = 141


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
    try:
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
        sys.stderr.write(f"Error: {_sentence(error, expected)}\n")
        sys.exit(next((code for kind, code in codes.items() if isinstance(error, kind)), 1))
    sys.exit(0)


def _sentence(error: Exception, expected: tuple[type[BaseException], ...]) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, (SuiteTalkError, *expected)):
        return text
    if type(error).__name__ == "JSONDecodeError":  # there are several of that name
        return f"A file given with --config, --catalog or --state, or a setting, is not JSON ({text}); correct it."
    if isinstance(error, OSError):
        return f"{text.rstrip('. ') or type(error).__name__}; correct the path, its rights, or make room on the disk."
    return (
        f"Something unexpected happened ({type(error).__name__}: {text}); "
        f"set {TRACEBACK_VARIABLE}=1 and run again for the details to report."
    )


_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # M_MMAP_THRESHOLD and M_ARENA_MAX in malloc.h
_LARGE = 128 * 1024  # bytes; what glibc itself begins with


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
