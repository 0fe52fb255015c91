"""The command `tap-netsuite`."""

from __future__ import annotations

from singer_sdk.exceptions import SingerSDKError

from suitetalk.command import run_command
from tap_netsuite.tap import TapNetSuite


def main() -> None:
    """Run the tap and leave with its exit code."""
    run_command(TapNetSuite.cli, expected=(SingerSDKError,))


if __name__ == "__main__":
    main()
