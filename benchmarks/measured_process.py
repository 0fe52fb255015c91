"""Running a command and measuring it: time, processor time and memory of it and its children, of nobody else."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.failure import BenchmarkError, end_of

_LONGEST = 3600.0
_MEGABYTE = 1_000_000
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Usage:
    """What a process needed.

    Attributes:
        seconds: from start to end.
        cpu_seconds: user and system time.
        peak_megabytes: most memory resident at once, of the largest process; in millions of bytes. Never less than the
            starting process had, since the kernel counts the moment between fork and exec.
    """

    seconds: float
    cpu_seconds: float
    peak_megabytes: float


def measure(
    command: Sequence[str], output: Path, environment: Mapping[str, str] | None = None, source: Path | None = None
) -> Usage:
    """Run a command to its end, with its output in a file that no reader holds up, and its log in `output.log`.

    Args:
        command: program and arguments.
        output: file for standard output.
        environment: variables besides those of this process.
        source: file for standard input; nothing is there to be read if None.

    Raises:
        BenchmarkError: it failed, or did not end within an hour.
    """
    log = output.with_name(output.name + ".log")
    with output.open("wb") as lines, log.open("wb") as messages, (source or Path(os.devnull)).open("rb") as given:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=given, stdout=lines, stderr=messages, env={**os.environ, **(environment or {})}
        )
        status, used = _wait(process)
        seconds = time.perf_counter() - begun
    if status != 0:
        raise BenchmarkError(f"{Path(command[0]).name} ended with exit code {status}:\n{end_of(log) or end_of(output)}")
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * _MAXRSS_UNIT / _MEGABYTE)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """Wait with `wait4`, which alone tells what this one process and the children it waited for have used."""
    alarm = threading.Timer(_LONGEST, process.kill)
    alarm.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        alarm.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used
