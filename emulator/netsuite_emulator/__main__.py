"""The command `netsuite-emulator`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; without what it needs say so."""
    try:
        from netsuite_emulator.command import main as command  # noqa: PLC0415 - it needs what may not be installed
    except ModuleNotFoundError as missing:
        sys.exit(f"Error: {missing.name} is not installed; the emulator needs the extra `emulator` of netsuite-singer.")
    except ImportError as unusable:
        sys.exit(f"Error: {unusable}")
    command()


if __name__ == "__main__":
    main()
