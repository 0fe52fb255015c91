"""Writes CSV files as Singer messages, as CSV taps do: each column is text, and an empty cell is empty text."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any


def write(message: dict[str, Any]) -> None:
    """Write a message."""
    sys.stdout.write(json.dumps(message) + "\n")


def main() -> None:
    """Write the files that are named as stream=path; the first column of each is its key, but for lines."""
    for stream, path in (argument.split("=") for argument in sys.argv[1:]):
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = rows.fieldnames or []
            schema = {"type": "object", "properties": {name: {"type": ["string", "null"]} for name in columns}}
            keys = columns[:2] if "lines" in stream else columns[:1]
            write({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": keys})
            for row in rows:
                write({"type": "RECORD", "stream": stream, "record": row})
    write({"type": "STATE", "value": {"done": True}})


if __name__ == "__main__":
    main()
