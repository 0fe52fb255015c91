"""All checks, in the order in which one needs the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests

from suitetalk.client import NetSuite
from suitetalk.doctor.account import check_facts, check_services, check_types
from suitetalk.doctor.finding import Finding, Outcome, failed, ok
from suitetalk.doctor.login import check_address, check_clock, check_ends, check_login
from suitetalk.errors import ConfigurationError
from suitetalk.http.governor import RetryPolicy
from suitetalk.http.session import Session
from suitetalk.settings import ConnectionSettings

WANTED_TYPES = ("customer", "vendor", "employee", "salesOrder", "invoice")
"""The types that are checked unless others are named."""

_PATIENCE = RetryPolicy(attempts=4)


def examine(
    config: Mapping[str, Any], types: Sequence[str] = WANTED_TYPES, *, session: requests.Session | None = None
) -> Iterator[Finding]:
    """Check everything that a real account needs; nothing is written to it.

    Args:
        config: connection settings as the plugins take them.
        types: record types or SuiteQL tables that are wanted.
        session: stands in for the network.

    Yields:
        One finding per check, as soon as it is made; after a failure on which all further ones depend, none.
    """
    try:
        settings = ConnectionSettings.from_mapping(config)
        netsuite = NetSuite(settings, retry=_PATIENCE, session=session)
    except ConfigurationError as error:
        yield failed("settings", str(error))
        return
    with netsuite:
        yield ok("settings", f"All that a login to account {settings.account.realm} needs is there.")
        with session or Session() as plain:
            findings, answered = check_address(settings.account, plain, settings.request_timeout)
        yield from findings
        if not answered:
            return
        works = True
        for finding in check_login(netsuite, by_signature=settings.auth_method == "token_based"):
            works = works and finding.outcome is not Outcome.FAILED
            yield finding
        if works:
            if not any(finding.check == "clock" for finding in findings):
                yield check_clock(netsuite)
            yield from check_services(netsuite)
            yield from check_types(netsuite, types)
            yield from check_ends(netsuite, settings)
            yield from check_facts(netsuite)
