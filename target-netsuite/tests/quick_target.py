"""The target as a command, with less patience between its tries."""

from __future__ import annotations

from tests.target_runs import QuickTarget

from target_netsuite.__main__ import main

if __name__ == "__main__":
    main(QuickTarget)
