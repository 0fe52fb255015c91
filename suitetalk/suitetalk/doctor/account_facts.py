"""What holds for the whole account: limit, language, date format, time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from suitetalk.client import NetSuite
from suitetalk.doctor.finding import Finding, ok, unknown
from suitetalk.errors import InvalidRequestError, SuiteTalkError
from suitetalk.timezone import SETTING, detect_zone

_LANGUAGES = (
    *("en-US", "en-GB", "de-DE", "fr-FR", "fr-CA", "es-ES", "es-MX", "pt-BR", "it-IT", "nl-NL", "sv-SE", "da-DK"),
    *("nb-NO", "fi-FI", "pl-PL", "cs-CZ", "hu-HU", "ro-RO", "ru-RU", "tr-TR", "ja-JP", "ko-KR", "zh-CN", "zh-TW"),
    *("th-TH", "vi-VN", "id-ID", "he-IL", "ar"),
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NO_LANGUAGE = "zz"
_DATES = (
    ("transaction", "trandate"),
    ("customer", "datecreated"),
    ("employee", "datecreated"),
    ("item", "createddate"),
)
_FORMATS = (
    *("M/D/YYYY", "D/M/YYYY", "D-Mon-YYYY", "D.M.YYYY", "D-MONTH-YYYY", "D MONTH, YYYY", "YYYY/M/D", "YYYY-M-D"),
    *("DD/MM/YYYY", "DD-Mon-YYYY", "DD.MM.YYYY", "DD-MONTH-YYYY", "DD MONTH, YYYY", "MM/DD/YYYY", "YYYY/MM/DD"),
    *("YYYY-MM-DD", "DD-MM-YYYY", "DD/MM/YY", "DD.MM.YY", "MM/DD/YY", "D/M/YY", "M/D/YY", "D.M.YY"),
)
_TOKENS = re.compile("YYYY|YY|MONTH|Mon|MM|M|DD|D")


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
        return unknown("language", "NetSuite does not tell the company's language.")
    named = [name for name in re.findall(r"\b[a-z]{2}[-_][A-Z]{2}\b", refusal) if name != _NO_LANGUAGE]
    for name in dict.fromkeys([*named, *_LANGUAGES]):
        if _refusal_of_language(netsuite, name) is None:
            return ok("language", f"The company's language is {name}; requests ask for none.")
    return unknown("language", "The company's language is none of the usual ones; requests ask for none.")


def check_date_format(netsuite: NetSuite) -> Finding:
    """Compare dates as SuiteQL shows them with the same dates in a known form."""
    fitting: list[str] = []
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
        fitting = formats_of(pairs) if pairs else fitting
        if len(fitting) == 1:
            break
    if not fitting:
        return unknown("date format", "No date could be compared.")
    return ok("date format", f"Dates are shown as {' or '.join(fitting)}.")


def check_time_zone(netsuite: NetSuite) -> Finding:
    """Find the account's time zone by what NetSuite says of known moments."""
    try:
        zone = detect_zone(netsuite.suiteql, netsuite.records).zone
    except SuiteTalkError as error:
        return unknown("time zone", str(error), f"set `{SETTING}` where the plugins ask for it.")
    return ok("time zone", f"Times in SuiteQL are those of {zone.key}.")


def check_facts(netsuite: NetSuite) -> Iterator[Finding]:
    """Check all of these."""
    yield check_limits(netsuite)
    yield check_language(netsuite)
    yield check_date_format(netsuite)
    yield check_time_zone(netsuite)


def formats_of(pairs: list[tuple[str, str]]) -> list[str]:
    """Return the date formats that turn each known date into what is shown."""
    known = []
    for shown, text in pairs:
        try:
            known.append((shown.lower(), date.fromisoformat(text)))
        except ValueError:
            continue
    return [name for name in _FORMATS if known and all(_shows(name, day, shown) for shown, day in known)]


def _shows(name: str, day: date, shown: str) -> bool:
    written = _written(name, day).lower()
    return shown == written or shown.startswith(f"{written} ")


def _written(name: str, day: date) -> str:
    month = _MONTHS[day.month - 1]
    parts = {
        "YYYY": f"{day.year:04}",
        "YY": f"{day.year % 100:02}",
        "MM": f"{day.month:02}",
        "M": str(day.month),
        "DD": f"{day.day:02}",
        "D": str(day.day),
        "MONTH": month,
        "Mon": month[:3],
    }
    return _TOKENS.sub(lambda token: parts[token[0]], name)


def _refusal_of_language(netsuite: NetSuite, name: str) -> str | None:
    """Return NetSuite's words against a language, None when it takes it or cannot be asked."""
    try:
        netsuite.raw.request("GET", "serverTime", service="system", headers={"Accept-Language": name})
    except InvalidRequestError as error:
        return error.detail if error.code == "INVALID_HEADER" else None
    except SuiteTalkError:
        return None
    return None
