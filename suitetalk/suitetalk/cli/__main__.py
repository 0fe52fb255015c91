"""Where the command starts, and how it ends."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from suitetalk.cli.app import NAME, VARIABLE, app
from suitetalk.cli.exit_codes import BY_ERROR, USAGE
from suitetalk.process import run_command


def main() -> NoReturn:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):  # None when it is closed
        if isinstance(stream, TextIOWrapper):
            _make_readable(stream)
    run_command(_run, expected=(click.ClickException,), codes=BY_ERROR)


def _make_readable(stream: TextIOWrapper) -> None:
    """Write UTF-8 to programs, wherever this runs; show on a terminal what it can show."""
    if stream.isatty():
        stream.reconfigure(errors="replace")
    else:
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def _run() -> None:
    if os.environ.get(VARIABLE):
        sys.exit(shell_complete(app, {}, NAME, VARIABLE, os.environ[VARIABLE]))
    try:
        with app.make_context(NAME, sys.argv[1:]) as context:
            app.invoke(context)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(USAGE)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else NAME
        sys.stderr.write(f"Error: {error.format_message().rstrip('.')}; see {path} --help.\n")
        sys.exit(USAGE)
    except click.exceptions.Exit as leaving:
        sys.stdout.flush()
        sys.exit(leaving.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None


if __name__ == "__main__":
    main()
