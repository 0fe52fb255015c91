"""Reads one customer with the settings on stdin, as a process of its own; prints what went wrong, if anything."""

from __future__ import annotations

import json
import sys

from suitetalk import ConnectionSettings, NetSuite, RetryPolicy, SuiteTalkError


def main() -> None:
    settings = ConnectionSettings.from_mapping(json.load(sys.stdin))
    try:
        with NetSuite(settings, retry=RetryPolicy(first_wait=0.01)) as netsuite:
            netsuite.records.get("customer", "7")
    except SuiteTalkError as error:
        print(error)  # noqa: T201 - its parent reads it
        sys.exit(1)


if __name__ == "__main__":
    main()
