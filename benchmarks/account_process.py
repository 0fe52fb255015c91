"""The emulator as its own process, so that nothing shares its interpreter: `python -m benchmarks.account_process`.

Reads one line of JSON from standard input, `{"settings": {…}, "statements": […]}`, writes one with the ways to sign in,
`{"certificate": {…}, "token": {…}}`, and ends when its input does, however the caller ends.
"""

from __future__ import annotations

import json
import sys

from netsuite_emulator import Emulator, Settings


def main() -> None:
    """Serve until standard input ends."""
    wanted = json.loads(sys.stdin.readline())
    with Emulator(Settings(**wanted["settings"])) as emulator:
        for statement in wanted["statements"]:
            emulator.execute(statement)
        ways = {"certificate": emulator.connection, "token": emulator.token_based_connection}
        sys.stdout.write(json.dumps(ways) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
