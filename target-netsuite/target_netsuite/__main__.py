"""The command `target-netsuite`."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from target_netsuite.target import TargetNetSuite

_WITHOUT_INPUT = ("--input", "--replay", "--about", "--help", "--version")


def main(target: type[TargetNetSuite] | None = None) -> NoReturn:
    """Run the command and leave the process.

    Raises:
        SystemExit: always; 0 when all records were written, 1 when some were refused or the run was stopped,
            2 on a wrong command line, 130 and 143 when it was interrupted, 141 when the reader of the STATE left.
    """
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:  # without the SDK, most of whose time is its imports
        sys.stdout.write(f"target-netsuite v{version('netsuite-singer')}, Meltano SDK v{version('singer-sdk')}\n")
        sys.exit(0)
    from singer_sdk.exceptions import SingerSDKError  # noqa: PLC0415 - see above

    from suitetalk.process import give_back_freed_memory, run_command  # noqa: PLC0415 - see above
    from target_netsuite.errors import TargetError  # noqa: PLC0415 - see above

    give_back_freed_memory()
    run_command(lambda: _run(target), expected=(TargetError, SingerSDKError))


def _run(target: type[TargetNetSuite] | None) -> None:
    from suitetalk.errors import InvalidArgumentError  # noqa: PLC0415 - see above
    from suitetalk.process import check_files, collect_seldom  # noqa: PLC0415 - see above
    from target_netsuite.errors import StateReaderLeftError  # noqa: PLC0415 - see above
    from target_netsuite.target import TargetNetSuite  # noqa: PLC0415 - see above

    check_files(sys.argv[1:])
    collect_seldom()
    if sys.stdin is None and not any(argument.startswith(_WITHOUT_INPUT) for argument in sys.argv[1:]):
        raise InvalidArgumentError("Standard input is closed; pipe a tap's output into the target, or use --input.")
    for stream in filter(None, (sys.stdin, sys.stdout)):
        stream.reconfigure(encoding="utf-8", errors="strict")
    try:
        (target or TargetNetSuite).cli()
    except StateReaderLeftError:
        raise BrokenPipeError from None


if __name__ == "__main__":
    main()
