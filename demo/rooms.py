"""Where the demo keeps its things."""

from __future__ import annotations

import fcntl
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.failure import DemoError

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
"""The commands of the environment that runs the demo."""

_PREFIX = "netsuite-demo-"


class Rooms:
    """What is kept from run to run, and what is not.

    Attributes:
        kept: the plugins that Meltano installed, and the logs of the last run.
        fleeting: database, state, keys and sockets of this run. Its path is short, as sockets want it.
    """

    def __init__(self, kept: Path = REPOSITORY / ".demo") -> None:
        """Use these folders; nothing is made yet."""
        self.kept = kept
        self.fleeting = Path()
        self._pointer = kept / "fleeting"

    @property
    def logs(self) -> Path:
        """Folder of the last run's logs."""
        return self.kept / "logs"

    @property
    def homes(self) -> dict[str, str]:
        """The environment variables that keep programs out of the user's home, which need not be there.

        Their configuration is not among them: who has set an index or a proxy there needs it here.
        """
        kinds = ("cache", "data", "state")
        return {f"XDG_{kind.upper()}_HOME": str(self.kept / kind) for kind in kinds}

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep a second demo out of these rooms.

        Raises:
            DemoError: one is in already.
        """
        self.kept.mkdir(exist_ok=True)
        with (self.kept / "lock").open("w", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError("Another demo is running in this folder; wait for it or interrupt it.") from None
            yield

    def furnish(self) -> None:
        """Make the rooms of a new run."""
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir()
        self.fleeting = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._pointer.write_text(str(self.fleeting), encoding="utf-8")

    def clear(self) -> None:
        """Remove what is not kept, even that of a run that was killed."""
        if self._pointer.exists():
            left = Path(self._pointer.read_text(encoding="utf-8"))
            if left.name.startswith(_PREFIX):
                shutil.rmtree(left, ignore_errors=True)
            self._pointer.unlink()
