"""The command `target-netsuite`."""

from __future__ import annotations

import sys
from typing import NoReturn

from singer_sdk.exceptions import SingerSDKError

from suitetalk.errors import InvalidArgumentError
from suitetalk.process import check_files, give_back_freed_memory, run_command
from target_netsuite.errors import StateReaderLeftError, TargetError
from target_netsuite.target import TargetNetSuite

_WITHOUT_INPUT = ("--input", "--replay", "--about", "--help", "--version")


def main(target: type[TargetNetSuite] = TargetNetSuite) -> NoReturn:
    """Run the command and leave the process.

    Raises:
        SystemExit: always; 0 when all records were written, 1 when some were refused or the run was stopped,
            2 on a wrong command line, 130 and 143 when it was interrupted, 141 when the reader of the STATE left.
    """
    give_back_freed_memory()
    run_command(lambda: _run(target), expected=(TargetError, SingerSDKError))


def _run(target: type[TargetNetSuite]) -> None:
    check_files(sys.argv[1:])
    if sys.stdin is None and not any(argument.startswith(_WITHOUT_INPUT) for argument in sys.argv[1:]):
        raise InvalidArgumentError("Standard input is closed; pipe a tap's output into the target, or use --input.")
    for stream in filter(None, (sys.stdin, sys.stdout)):
        stream.reconfigure(encoding="utf-8", errors="strict")
    try:
        target.cli()
    except StateReaderLeftError:
        raise BrokenPipeError from None


if __name__ == "__main__":
    main()
