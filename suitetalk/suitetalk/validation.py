"""How strictly NetSuite reads the body of a write, and how much of a record it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Validation = Literal["error", "warning", "ignore"]
"""What NetSuite does about a fault in a body: refuse it, say so in a header of the answer, or nothing."""


def validation_headers(names: Validation, values: Validation | None) -> dict[str, str]:
    """Return the headers that say how a body is to be read [section_156570709583].

    Args:
        names: for field names that do not exist. NetSuite's own choice is a warning, which loses data in silence.
        values: for values of the wrong form; None leaves it to NetSuite, which refuses them.
    """
    return {
        "X-NetSuite-PropertyNameValidation": names,
        **({"X-NetSuite-PropertyValueValidation": values} if values else {}),
    }


def view_parameters(*, expand_sub_resources: bool, expand: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """Return the query parameters that say how much of a record to show [section_1545142037, article_1217103046]."""
    return {
        **({"expandSubResources": "true"} if expand_sub_resources else {}),
        **({"expand": ",".join(expand)} if expand else {}),
        **({"fields": ",".join(fields)} if fields else {}),
    }
