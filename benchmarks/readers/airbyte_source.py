"""airbyte-source-netsuite with its address method replaced: runs with the Python that has that package."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.entrypoint import launch
from source_netsuite.source import SourceNetsuite


def base_url(_source: SourceNetsuite, config: Mapping[str, Any]) -> str:
    """Return what the setting `base_url` says instead of NetSuite's address."""
    return str(config["base_url"])


if __name__ == "__main__":
    SourceNetsuite.base_url = base_url  # a subclass would not find its own specification
    launch(SourceNetsuite(), sys.argv[1:])
