"""The source of airbyte-source-netsuite, but for its address: runs with the Python that has that package."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from airbyte_cdk.entrypoint import launch
from source_netsuite.source import SourceNetsuite


class SourceWithAddress(SourceNetsuite):  # type: ignore[misc] # not installed here, so of no known type
    """Goes where the setting `base_url` says instead of to NetSuite."""

    def base_url(self, config: Mapping[str, Any]) -> str:
        """Return the address, without a slash at the end."""
        return str(config["base_url"])


if __name__ == "__main__":
    launch(SourceWithAddress(), sys.argv[1:])
