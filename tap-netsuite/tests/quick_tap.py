"""The tap as a command, with less patience between its tries."""

from __future__ import annotations

from tests.tap_runs import QuickTap

from tap_netsuite.__main__ import main

if __name__ == "__main__":
    main(QuickTap)
