"""What the role may do, and the account's facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from suitetalk.client import NetSuite
from suitetalk.doctor.finding import Finding, failed, ok, unknown, warning
from suitetalk.errors import InvalidRequestError, NetSuiteError, NotFoundError, PermissionDeniedError, SuiteTalkError
from suitetalk.record_tables import table_of
from suitetalk.timezone import SETTING, detect_zone
from suitetalk.values import date_formats

_PROBES = ("customer", "currency", "employee", "account", "vendor")
_WORKBOOK = (
    "enable Setup > Company > Enable Features > Analytics > SuiteAnalytics Workbook, and give the role the permission "
    "Reports > SuiteAnalytics Workbook."
)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_UNSEEN = re.compile(r"was not found|Invalid search type", re.IGNORECASE)  # [5.8]
_LANGUAGES = (
    *("en-US", "en-GB", "de-DE", "fr-FR", "fr-CA", "es-ES", "es-MX", "pt-BR", "it-IT", "nl-NL", "sv-SE", "da-DK"),
    *("nb-NO", "fi-FI", "pl-PL", "cs-CZ", "hu-HU", "ro-RO", "ru-RU", "tr-TR", "ja-JP", "ko-KR", "zh-CN", "zh-TW"),
    *("th-TH", "vi-VN", "id-ID", "he-IL", "ar"),
)
_NO_LANGUAGE = "zz"
_DATES = (
    ("customer", "datecreated"),
    ("employee", "datecreated"),
    ("item", "createddate"),
    ("transaction", "createddate"),
)


def check_services(netsuite: NetSuite) -> Iterator[Finding]:
    """Check whether the role may list records and query at all, whatever the type."""
    yield _any_of("listing", "list", lambda name: netsuite.records.list(name, limit=1))
    yield _any_of("suiteql", "query", lambda name: netsuite.suiteql.page(f"SELECT id FROM {name}", limit=1))


def check_types(netsuite: NetSuite, names: Sequence[str]) -> Iterator[Finding]:
    """Check each of these."""
    return (check_type(netsuite, name) for name in names)


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
            f"empty: the role may list it and sees no record; {_how_writable(netsuite, name)}.",
            "if there should be some, look at the role's restrictions (subsidiary, department, own records only).",
        )
    return _read_one(netsuite, name, str(page.items[0].get("id")) if page.items else "", page.total)


@dataclass(frozen=True)
class TypeAccess:
    """What there is to know of a record type, each by trying it: `yes`, `no`, or `not known`.

    Attributes:
        name: of the type.
        title: its name for people, empty where the catalog gives none.
        table: the SuiteQL table that holds its records.
        listed: whether the role may list its records.
        queried: whether the role may query the table.
        written: whether the role may create a record, by asking for the form, which saves nothing.
    """

    name: str
    title: str
    table: str
    listed: str
    queried: str
    written: str


def access_to(netsuite: NetSuite, name: str) -> TypeAccess:
    """Try what the role may do with a record type, in four requests."""
    titles: list[str] = []
    table = table_of(name)
    _tried(lambda: titles.append(str(netsuite.metadata.json_schema(name).get("title") or "")))
    return TypeAccess(
        name,
        "".join(titles),
        table,
        listed=_tried(lambda: netsuite.records.list(name, limit=1)),
        queried=_tried(lambda: netsuite.suiteql.page(f"SELECT COUNT(*) AS n FROM {table}", limit=1)),
        written=_tried(lambda: netsuite.records.create_form(name)),
    )


def _tried(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except (NotFoundError, PermissionDeniedError):
        return "no"
    except SuiteTalkError as error:
        is_unseen = isinstance(error, NetSuiteError) and _UNSEEN.search(error.detail)
        return "no" if is_unseen else "not known"
    return "yes"


def check_facts(netsuite: NetSuite) -> Iterator[Finding]:
    """Check all of these."""
    yield check_limits(netsuite)
    yield check_language(netsuite)
    yield check_date_format(netsuite)
    yield check_time_zone(netsuite)


def check_limits(netsuite: NetSuite) -> Finding:
    """Ask how many requests may be in flight, which only the Administrator role may."""
    try:
        limits = netsuite.system.governance_limits()
    except SuiteTalkError:
        return unknown(
            "concurrency",
            "Only the Administrator role may read the limit; it is found by trying.",
            "see Setup > Integration > Integration Governance.",
        )
    account, own = limits.get("accountConcurrencyLimit"), limits.get("integrationConcurrencyLimit")
    reserved = f", {own} of them for this integration" if own is not None else ""
    return ok("concurrency", f"The account allows {account} requests at once{reserved}.")


def check_language(netsuite: NetSuite) -> Finding:
    """Find the company's language by which NetSuite lets pass in Accept-Language; reading the time does no harm."""
    refusal = _refusal_of_language(netsuite, _NO_LANGUAGE)
    if refusal is None:
        return unknown("language", "NetSuite does not reveal the company's language.")
    for name in dict.fromkeys([*_named_languages(refusal), *_LANGUAGES]):
        if _refusal_of_language(netsuite, name) is None:
            return ok("language", f"The company's language is {name}; requests ask for none.")
    return unknown("language", "The company's language is none of the usual ones; requests ask for none.")


def company_language(netsuite: NetSuite) -> str | None:
    """Return the company's language where NetSuite names it when it refuses another one."""
    refusal = _refusal_of_language(netsuite, _NO_LANGUAGE)
    return next(iter(_named_languages(refusal or "")), None)


def _named_languages(refusal: str) -> list[str]:
    return [name for name in re.findall(r"\b[a-z]{2}[-_][A-Z]{2}\b", refusal) if name != _NO_LANGUAGE]


@dataclass(frozen=True)
class ShownDates:
    """How SuiteQL shows dates that are not formatted.

    Attributes:
        formats: the formats that fit all that were seen, the likeliest first.
        with_times: whether date-times have their time of day.
    """

    formats: tuple[str, ...]
    with_times: bool


def shown_dates(netsuite: NetSuite) -> ShownDates | None:
    """Compare dates as SuiteQL shows them with the same dates in a known form; None where there are none to see."""
    fitting: list[str] = []
    with_times = False
    for table, column in _DATES:
        statement = (
            f"SELECT {column} AS shown, TO_CHAR({column}, 'YYYY-MM-DD') AS known FROM {table} "
            f"WHERE {column} IS NOT NULL ORDER BY {column} DESC"
        )
        try:
            rows = netsuite.suiteql.page(statement, limit=200).items
        except SuiteTalkError:
            continue
        pairs = [(str(row["shown"]), str(row["known"])) for row in rows if {"shown", "known"} <= row.keys()]
        fitting = date_formats(pairs) if pairs else fitting
        with_times |= any(":" in shown for shown, _ in pairs)
        if len(fitting) == 1:
            break
    return ShownDates(tuple(fitting), with_times) if fitting else None


def check_date_format(netsuite: NetSuite) -> Finding:
    """Tell in which format SuiteQL shows dates."""
    shown = shown_dates(netsuite)
    if shown is None:
        return unknown("date format", "No date could be compared.")
    return ok("date format", f"Dates are shown as {' or '.join(shown.formats)}.")


def check_time_zone(netsuite: NetSuite) -> Finding:
    """Find the account's time zone by what NetSuite says of known moments."""
    try:
        zone = detect_zone(netsuite.suiteql, netsuite.records).zone
    except SuiteTalkError as error:
        return unknown("time zone", str(error), f"set `{SETTING}` where the plugins ask for it.")
    return ok("time zone", f"Times in SuiteQL are those of {zone.key}.")


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
    return ok(name, f"readable: {total} records; {_how_writable(netsuite, name, record_id)}.")


def _how_writable(netsuite: NetSuite, name: str, record_id: str = "") -> str:
    """Ask for the form to edit a record with, or to make one, which saves nothing [article_1217103046]."""
    what, level = ("change them", "Edit") if record_id else ("create one", "Create")
    try:
        if record_id:
            netsuite.records.edit_form(name, record_id)
        else:
            netsuite.records.create_form(name)
    except PermissionDeniedError:
        return f"the role may not {what}, which needs the permission at level {level}"
    except SuiteTalkError:
        return f"whether the role may {what} is not known"
    return f"the role may {what}"


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


def _refusal_of_language(netsuite: NetSuite, name: str) -> str | None:
    """Return NetSuite's words against a language, None when it takes it or cannot be asked."""
    try:
        netsuite.raw.request("GET", "serverTime", service="system", headers={"Accept-Language": name})
    except InvalidRequestError as error:
        return error.detail if error.code == "INVALID_HEADER" else None
    except SuiteTalkError:
        return None
    return None
