"""The texts of SuiteQL's refusals [BuildHero/lakeflow-community-connectors, julbrs/netsuite-api-client tests]."""

from __future__ import annotations

from netsuite_emulator.errors import NetSuiteError, invalid_parameter

__all__ = ["record_not_found", "unknown_identifier", "unknown_table", "unsupported"]

_PREFIX = "Invalid search query. Detailed unprocessed description follows. "


def unsupported() -> NetSuiteError:
    """The statement is not understood."""
    return invalid_parameter(f"{_PREFIX}Search error occurred: Invalid or unsupported search.", "q")


def unknown_table(name: str) -> NetSuiteError:
    """No such table."""
    return invalid_parameter(f"{_PREFIX}Invalid search type: {name}.", "q")


def record_not_found(name: str) -> NetSuiteError:
    """A table the role may not see."""
    return invalid_parameter(f"{_PREFIX}Search error occurred: Record '{name}' was not found.", "q")


def unknown_identifier(name: str, available: dict[str, str]) -> NetSuiteError:
    """No such column; the text names the tables of the query by their aliases."""
    listed = ", ".join(f"{alias}={table}" for alias, table in available.items())
    detail = f"Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{listed}}}."
    return invalid_parameter(_PREFIX + detail, "q")
