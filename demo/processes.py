"""The processes that the demo starts, and how none of them outlives it.

Each gets its own session, so that Ctrl-C reaches the demo alone and the demo stops the others in order, and a mark
in its environment, which its descendants inherit: by it they are found even when whoever started them is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

import psutil

MARK = "NETSUITE_DEMO_ROOM"
_SECONDS_TO_END = 10.0


class Processes:
    """Starts processes and stops what is left of them."""

    def __init__(self, room: Path, deferred: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """Mark processes as belonging to this room; in `deferred()` nothing interrupts."""
        self._room = room
        self._deferred = deferred
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        command: Sequence[str | Path],
        *,
        output: BinaryIO,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        user: tuple[int, int] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process whose whole output goes to a file.

        Args:
            command: program and arguments.
            output: where stdout and stderr go.
            directory: where it runs.
            environment: instead of this process's.
            user: user id and group id to run as, when started by root.
        """
        with self._deferred():
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env={**(os.environ if environment is None else environment), MARK: str(self._room)},
                start_new_session=True,
                user=user[0] if user else None,
                group=user[1] if user else None,
                extra_groups=[] if user else None,
            )
            self._started.append(process)
        return process

    def stop_all(self) -> None:
        """Ask what still runs to end, the youngest first, and kill what does not; then look for strays."""
        for process in reversed(self._started):
            if process.poll() is None:
                stop(process)
        self._started.clear()
        self.kill_strays()

    def kill_strays(self) -> None:
        """Kill every process that carries the mark of this room, also those of a run that was killed."""
        strays = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in strays:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(strays, timeout=_SECONDS_TO_END)

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            return process.pid != os.getpid() and process.environ().get(MARK) == str(self._room)
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and its session: SIGINT, which all of ours end well on, and SIGKILL after a while."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
