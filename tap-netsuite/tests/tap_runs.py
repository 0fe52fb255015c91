"""Running the tap, in this process or as one of its own, and what came out of it."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
import tempfile
import threading
from contextlib import redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.run_here import run_here

from suitetalk import RetryPolicy
from tap_netsuite.__main__ import main
from tap_netsuite.tap import TapNetSuite

COMMAND = [sys.executable, "-m", "tap_netsuite"]
QUICK_COMMAND = [sys.executable, str(Path(__file__).with_name("quick_tap.py"))]
PATIENCE = 120  # seconds to wait for a process; how long it really takes proves nothing

Json = dict[str, Any]


class QuickTap(TapNetSuite):
    """Tries as often as the tap does, without long waits."""

    retry = RetryPolicy(attempts=8, first_wait=0.01, longest_wait=0.1)


@dataclass
class Run:
    """What one run of the tap said.

    Attributes:
        lines: its output, whole lines only.
        log: its log.
        error: what ended it, None when nothing did.
        exit_code: that of the process, None when there was none.
    """

    lines: list[str]
    log: str = ""
    error: BaseException | None = None
    exit_code: int | None = None

    @cached_property
    def messages(self) -> list[Json]:
        return [json.loads(line, parse_float=Decimal) for line in self.lines]

    def records(self, stream: str) -> list[Json]:
        return [
            message["record"]
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

    def schemas(self) -> dict[str, Json]:
        """Return the schemas of all streams but `_audit`."""
        schemas = {message["stream"]: message["schema"] for message in self.messages if message["type"] == "SCHEMA"}
        return {stream: schema for stream, schema in schemas.items() if stream != "_audit"}

    @property
    def states(self) -> list[Json]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> Json:
        """The last STATE, empty when there was none."""
        return self.states[-1] if self.states else {}

    @property
    def sentence(self) -> str:
        """The sentence that a process ends with."""
        return next(line for line in reversed(self.log.splitlines()) if line.startswith("Error: "))

    def bookmark(self, stream: str) -> Any:
        return self.state["bookmarks"][stream].get("replication_key_value")


def read(config: Json, catalog: Json | None = None, state: Json | None = None) -> Run:
    """Run the tap in this process; what ended it early is in `error`."""
    output, error = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), None
    with redirect_stdout(output):
        try:
            QuickTap(config=config, catalog=catalog, state=copy.deepcopy(state)).sync_all()
        except Exception as caught:  # noqa: BLE001 - the test looks at it
            error = caught
    wait_for_threads()
    return Run(output.buffer.getvalue().decode().splitlines(), error=error)


def discover(config: Json) -> Json:
    """Return the catalog of an account, asked for again unless the settings say otherwise."""
    catalog: Json = json.loads(json.dumps(QuickTap(config={"catalog_cache_seconds": 0, **config}).catalog_dict))
    return catalog


def wait_for_threads() -> None:
    """Let what a run still asks for come to its end, as the account may be stopped next."""
    for thread in threading.enumerate():
        if thread.name == "netsuite-question":
            thread.join(30)


def entry(catalog: Json, stream: str) -> Json:
    """Return the entry of one stream."""
    found: Json = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    return found


def names(catalog: Json) -> set[str]:
    """Return the streams of a catalog, but for `_audit`."""
    return {entry["tap_stream_id"] for entry in catalog["streams"]} - {"_audit"}


def metadata(stream_entry: Json, *breadcrumb: str) -> Json:
    """Return the metadata at a breadcrumb of an entry, to look at or to change."""
    found: Json = next(part["metadata"] for part in stream_entry["metadata"] if part["breadcrumb"] == list(breadcrumb))
    return found


def selected(catalog: Json, *streams: str, **changes: Any) -> Json:
    """Return the catalog with only these streams, selected; `changes` go to the metadata of each."""
    chosen = [copy.deepcopy(entry(catalog, stream)) for stream in streams]
    for stream_entry in chosen:
        metadata(stream_entry).update(selected=True, **{key.replace("_", "-"): value for key, value in changes.items()})
    return {"streams": chosen}


def command(
    directory: Path, config: Json, *arguments: str, catalog: Json | None = None, state: Json | None = None
) -> list[str]:
    """Return arguments of the command, with files for what they name."""
    files = {"config": config, "catalog": catalog, "state": state}
    given = list(arguments)
    for name, content in files.items():
        if content is not None:
            path = directory / f"{name}.json"
            path.write_text(json.dumps(content))
            given += [f"--{name}", str(path)]
    return given


class TapProcess(subprocess.Popen[str]):
    """The tap as a process; its log goes to a file, which no pipe can hold up."""

    def __init__(self, arguments: list[str], *, quick: bool = True, environment: dict[str, str] | None = None) -> None:
        self.log_file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed in __exit__
        started = [*(QUICK_COMMAND if quick else COMMAND), *arguments]
        super().__init__(started, text=True, stdout=subprocess.PIPE, stderr=self.log_file, env=environment)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.log_file.close()

    def line(self) -> str:
        """Read a line of the output."""
        assert self.stdout
        return self.stdout.readline()

    def leave(self) -> None:
        """Stop reading the output for good."""
        assert self.stdout
        self.stdout.close()

    def log(self) -> str:
        """Return the log so far."""
        self.log_file.seek(0)
        return self.log_file.read()

    def finished(self, before: str = "") -> Run:
        """Wait for the end and return what it said; `before` is what was read of its output already."""
        assert self.stdout
        lines = (before + self.stdout.read()).splitlines()
        return Run(lines, exit_code=self.wait(PATIENCE), log=self.log())


def run(arguments: list[str], *, environment: dict[str, str] | None = None) -> Run:
    """Run the command to its end, in this process."""
    ended = run_here(partial(main, QuickTap), arguments, environment=environment)
    wait_for_threads()
    return Run(ended.out.splitlines(), ended.err, exit_code=ended.code)


def run_process(arguments: list[str], *, quick: bool = True, environment: dict[str, str] | None = None) -> Run:
    """Run the command to its end, as a process."""
    with TapProcess(arguments, quick=quick, environment=environment) as process:
        return process.finished()
