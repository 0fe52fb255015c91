"""A command run in this process: quick, and right for what it says and does, though not for how a process lives."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

import pytest


class Ended(NamedTuple):
    """How a command ended: exit code, and what it wrote."""

    code: int
    out: str
    err: str


def run_here(
    main: Callable[[], object],
    arguments: Sequence[str],
    *,
    stdin: str | bytes = "",
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run what a console script runs.

    Args:
        main: what leaves with SystemExit.
        arguments: those of the command line, without the command's name.
        stdin: what it can read.
        environment: all of its environment variables; those of this process unless given.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin), encoding="utf-8")
    with (
        patch.dict(os.environ, os.environ if environment is None else environment, clear=True),
        patch.multiple(sys, argv=["command", *arguments], stdin=given, stdout=out, stderr=err),
        _process_as_before(),
        pytest.raises(SystemExit) as leaving,
    ):
        main()
    return Ended(int(leaving.value.code or 0), _written(out), _written(err))


@contextmanager
def _process_as_before() -> Iterator[None]:
    """Take back what a command sets for its whole process, and keep its log apart from that of the tests."""
    root, interval, hook = logging.getLogger(), sys.getswitchinterval(), sys.excepthook
    handlers, level = root.handlers, root.level
    root.handlers = []
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.disable(logging.NOTSET)
        sys.setswitchinterval(interval)
        sys.excepthook = hook


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
