"""The command `tap-netsuite`."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from tap_netsuite.tap import TapNetSuite

_SWITCH_SECONDS = 0.0005  # by default, a thread that has an answer to take waits ten times as long for one at work


def main(tap: type[TapNetSuite] | None = None) -> NoReturn:
    """Run the command and leave the process.

    Raises:
        SystemExit: always; 0 when everything was read, 1 on an error, 2 on a wrong command line, 130 and 143 when it
            was interrupted, 141 when the reader of its output left.
    """
    if sys.argv[1:] == ["--version"] and sys.stdout is not None:  # without the SDK, most of whose time is its imports
        sys.stdout.write(f"tap-netsuite v{version('netsuite-singer')}, Meltano SDK v{version('singer-sdk')}\n")
        sys.exit(0)
    from suitetalk.process import give_back_freed_memory, run_command  # noqa: PLC0415 - see above

    give_back_freed_memory()
    sys.setswitchinterval(_SWITCH_SECONDS)
    run_command(lambda: _run(tap))


def _run(tap: type[TapNetSuite] | None) -> None:
    from suitetalk import SuiteTalkError  # noqa: PLC0415 - see above
    from suitetalk.process import check_files, collect_seldom  # noqa: PLC0415 - see above
    from tap_netsuite.account import EarlyAccount  # noqa: PLC0415 - see above

    check_files(sys.argv[1:])
    early = EarlyAccount(sys.argv[1:]) if tap is None else None
    from singer_sdk.exceptions import SingerSDKError  # noqa: PLC0415 - most of the start, beside the login

    from tap_netsuite.sync import ReaderLeftError  # noqa: PLC0415 - see above
    from tap_netsuite.tap import TapNetSuite  # noqa: PLC0415 - see above

    collect_seldom()
    chosen = tap or TapNetSuite
    chosen.early = early
    try:
        chosen.cli()
    except ReaderLeftError:
        raise BrokenPipeError from None
    except Exception as error:  # whatever it is, it goes on to where its sentence is made
        logging.disable()  # of threads that are still at work: the sentence that follows is the last word
        if isinstance(error, SingerSDKError):
            raise SuiteTalkError(str(error)) from error
        raise


if __name__ == "__main__":
    main()
