"""`python -m demo`."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        # Inside, because it takes a moment in which Ctrl-C may come.
        from demo.stage import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
