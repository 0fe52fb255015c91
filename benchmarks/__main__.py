"""`python -m benchmarks`: every part; `python -m benchmarks PART --help`: one of them and what can be chosen."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import ModuleType

from benchmarks.failure import BenchmarkError
from benchmarks.parts import cpu, discovery, memory, peers, pipe, quiet, shared, slots, writes

PARTS: dict[str, ModuleType] = {
    "peers": peers,
    "slots": slots,
    "shared": shared,
    "cpu": cpu,
    "memory": memory,
    "discovery": discovery,
    "pipe": pipe,
    "quiet": quiet,
    "writes": writes,
}


def main() -> int:
    """Run what was asked for and return the exit code: 1 where something could not be measured."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed, readers are compiled once and not at each start
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it ends what it started, as at Ctrl-C
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parts = parser.add_subparsers(dest="part", metavar="PART")
    for name, part in PARTS.items():
        one = parts.add_parser(name, help=part.__doc__, description=part.__doc__)
        part.add_options(one)
    chosen = parser.parse_args()
    wanted = [chosen] if chosen.part else [parser.parse_args([name]) for name in PARTS]
    try:
        complete = [PARTS[one.part].run(one) for one in wanted]
    except BenchmarkError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if all(complete) else 1


if __name__ == "__main__":
    sys.exit(main())
