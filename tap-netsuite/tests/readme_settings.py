"""The table of settings in the README, as `--about` gives it; run as a script it writes the table."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_MARKS = re.compile(r"(<!-- settings: .* -->\n).*(<!-- /settings -->)", re.DOTALL)


def table() -> str:
    """Return the table of settings that `--about` gives."""
    command = [sys.executable, "-m", "tap_netsuite", "--about", "--format=markdown"]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = told.partition("## Settings")[2].splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith("|"))


def with_table(text: str) -> str:
    """Return the README with the table between its marks."""
    return _MARKS.sub(lambda marks: f"{marks[1]}{table()}{marks[2]}", text)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
