"""The command `tap-netsuite`."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

from singer_sdk.exceptions import SingerSDKError

from suitetalk.process import check_files, give_back_freed_memory, run_command
from tap_netsuite.sync import ReaderLeftError
from tap_netsuite.tap import TapNetSuite

_SWITCH_SECONDS = 0.0005  # by default, a thread that has an answer to take waits ten times as long for one at work


def main(tap: type[TapNetSuite] = TapNetSuite) -> NoReturn:
    """Run the command and leave the process.

    Raises:
        SystemExit: always; 0 when everything was read, 1 on an error, 2 on a wrong command line, 130 and 143 when it
            was interrupted, 141 when the reader of its output left.
    """
    give_back_freed_memory()
    sys.setswitchinterval(_SWITCH_SECONDS)
    run_command(lambda: _run(tap), expected=(SingerSDKError,))


def _run(tap: type[TapNetSuite]) -> None:
    check_files(sys.argv[1:])
    try:
        tap.cli()
    except ReaderLeftError:
        raise BrokenPipeError from None
    except Exception:
        logging.disable()  # of threads that are still at work: the sentence that follows is the last word
        raise


if __name__ == "__main__":
    main()
