"""What the role may list, query and read: readable, empty, or not permitted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from suitetalk.client import NetSuite
from suitetalk.doctor.finding import Finding, failed, ok, unknown, warning
from suitetalk.errors import NetSuiteError, NotFoundError, PermissionDeniedError, SuiteTalkError

_PROBES = ("customer", "currency", "employee", "account", "vendor")
_WORKBOOK = (
    "enable Setup > Company > Enable Features > Analytics > SuiteAnalytics Workbook, and give the role the permission "
    "Reports > SuiteAnalytics Workbook."
)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


def check_services(netsuite: NetSuite) -> Iterator[Finding]:
    """Check whether the role may list records and query at all, whatever the type."""
    yield _any_of("listing", "list", lambda name: netsuite.records.list(name, limit=1))
    yield _any_of("suiteql", "query", lambda name: netsuite.suiteql.page(f"SELECT id FROM {name}", limit=1))


def check_type(netsuite: NetSuite, name: str) -> Finding:
    """Tell whether a record type or table is readable, empty or not permitted."""
    try:
        page = netsuite.records.list(name, limit=1)
    except NotFoundError:
        return _as_table(netsuite, name)
    except PermissionDeniedError as error:
        return failed(
            name,
            f"not permitted: {error.detail}.",
            f"give the role the permission for {name}, at least View; without SuiteAnalytics Workbook no type can be "
            "listed.",
        )
    except SuiteTalkError as error:
        return unknown(name, f"cannot be listed: {error}")
    if not page.total:
        return warning(
            name,
            "empty: the role may list it and sees no record.",
            "if there should be some, look at the role's restrictions (subsidiary, department, own records only).",
        )
    return _read_one(netsuite, name, str(page.items[0].get("id")) if page.items else "", page.total)


def check_types(netsuite: NetSuite, names: Sequence[str]) -> Iterator[Finding]:
    """Check each of these."""
    return (check_type(netsuite, name) for name in names)


def _read_one(netsuite: NetSuite, name: str, record_id: str, total: int) -> Finding:
    try:
        netsuite.records.get(name, record_id)
    except NotFoundError:
        pass  # deleted in between
    except NetSuiteError as error:
        return warning(
            name,
            f"readable by list and SuiteQL ({total} records), but record {record_id} is refused: {error.detail}.",
            "single records are loaded as for editing, so raise the permission's level to Edit, or read by SuiteQL.",
        )
    except SuiteTalkError as error:
        return unknown(name, str(error))
    return ok(name, f"readable: {total} records.")


def _as_table(netsuite: NetSuite, name: str) -> Finding:
    """Look for a table of this name, since there is no such record type for the role."""
    unseen = failed(
        name,
        "not permitted, or there is no such record type or table.",
        "check the name with `suitetalk types`, and give the role the permission to view it; the feature it belongs to "
        "must be enabled too.",
    )
    if not _NAME.fullmatch(name):
        return unseen
    try:
        rows = netsuite.suiteql.page(f"SELECT COUNT(*) AS n FROM {name}", limit=1).items
    except NetSuiteError:
        return unseen
    except SuiteTalkError as error:
        return unknown(name, str(error))
    count = str(rows[0].get("n", "0")) if rows else "0"
    return ok(name, f"readable by SuiteQL: {count} rows.") if count != "0" else warning(name, "empty: no rows.")


def _any_of(check: str, verb: str, attempt: Callable[[str], object]) -> Finding:
    """Try one type after the other until one works; without the permission none does."""
    refusals: list[SuiteTalkError] = []
    for name in _PROBES:
        try:
            attempt(name)
        except SuiteTalkError as error:
            refusals.append(error)
        else:
            return ok(check, f"The role may {verb}.")
    telling = next((error for error in refusals if isinstance(error, PermissionDeniedError)), refusals[0])
    words = telling.detail if isinstance(telling, NetSuiteError) else str(telling).rstrip(".")
    return failed(check, f"The role may not {verb} any of {', '.join(_PROBES)}: {words}.", _WORKBOOK)
