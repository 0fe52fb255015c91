"""Count the files of ours that one row and one record pass through.

`python scripts/count_files.py` reads a small table with a catalog, then upserts a record, both on the emulator, and
prints the files in which a function runs meanwhile, on any thread; `--list` names them. What runs while modules are
imported does not count, nor does the emulator.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import io
import json
import pkgutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from netsuite_emulator import Emulator, Settings
from tap_netsuite.tap import TapNetSuite
from target_netsuite.target import TargetNetSuite

_PACKAGES = ("suitetalk", "tap_netsuite", "target_netsuite")
_TABLE = "department"


def entered(action: Callable[[], None]) -> list[str]:
    """Return the files of ours, as package paths, in which a function runs during an action, on any thread."""
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # the body of a class is none
            seen.add(frame.f_code.co_filename)

    threading.settrace(note)
    sys.settrace(note)
    try:
        action()
    finally:
        sys.settrace(None)
        threading.settrace(None)
    roots = {Path(sys.modules[name].__file__ or "").parent for name in _PACKAGES}
    return sorted(
        str(path.relative_to(root.parent))
        for path in map(Path, seen)
        for root in roots
        if path.is_absolute() and path.is_relative_to(root)
    )


def one_table(config: dict[str, Any]) -> Callable[[], None]:
    """Return the reading of a small table with a catalog, which is discovered before."""
    catalog = json.loads(json.dumps(TapNetSuite(config=config).catalog_dict))
    catalog["streams"] = [entry for entry in catalog["streams"] if entry["tap_stream_id"] == _TABLE]
    for part in catalog["streams"][0]["metadata"]:
        if not part["breadcrumb"]:
            part["metadata"]["selected"] = True

    def read() -> None:
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with contextlib.redirect_stdout(output):
            TapNetSuite(config=config, catalog=catalog).sync_all()
        if b'"RECORD"' not in output.buffer.getvalue():
            sys.exit(f"No row of {_TABLE} was read.")

    return read


def one_record(config: dict[str, Any]) -> Callable[[], None]:
    """Return the upsert of a record."""
    stream = "customer"
    messages = [
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": ["id"]},
        {"type": "RECORD", "stream": stream, "record": {"id": "1", "companyName": "One", "subsidiary": {"id": "1"}}},
    ]
    rules = {"record_type": stream, "operation": "upsert", "external_id": "COUNT-{id}"}
    settings = {**config, "streams": {stream: rules}}

    def write() -> None:
        target = TargetNetSuite(config=settings)
        target.listen(io.StringIO("".join(json.dumps(message) + "\n" for message in messages)))

    return write


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="name the files")
    names = parser.parse_args().list
    for package in _PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as home, Emulator(Settings(scale=0.05)) as emulator:
        config = {**emulator.connection, "catalog_cache_seconds": 0, "journal": str(Path(home, "journal.sqlite"))}
        tap = {name: value for name, value in config.items() if name != "journal"}
        target = {name: value for name, value in config.items() if name != "catalog_cache_seconds"}
        for what, action in (("one small table read", one_table(tap)), ("one record upserted", one_record(target))):
            files = entered(action)
            print(f"{what}: {len(files)} files")
            if names:
                print("\n".join(f"  {name}" for name in files))


if __name__ == "__main__":
    main()
