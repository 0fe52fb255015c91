"""Which time zone the account keeps its SuiteQL times in, found from what NetSuite itself says."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from suitetalk.errors import STATEMENT_FAILURES, ConfigurationError
from suitetalk.records import Records
from suitetalk.suiteql import SuiteQL
from suitetalk.values import instant

logger = logging.getLogger(__name__)

SQL_TIME_FORMAT = "YYYY-MM-DD HH24:MI:SS"
"""Oracle's name of the one format times are read and written in."""

PYTHON_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
"""The same format for Python."""

SETTING = "account_timezone"

_STEP = timedelta(minutes=15)  # every offset in use is a multiple of this
_SLACK = timedelta(seconds=90)  # record bodies are cut to the minute
_FURTHEST = timedelta(hours=15)  # more than any zone is from UTC
_ROWS = (1, 3, 3)  # that are compared, one try after the other
_TABLES_WITH_RECORDS = ("customer", "vendor", "employee", "contact", "transaction")
_ANY_TABLES: tuple[str, ...] = ("currency", *_TABLES_WITH_RECORDS, "account", "item", "subsidiary")
_ORDERS = ("", " DESC")
_AT_ONCE = 8
_COLUMNS = 48  # of one statement: more than 100 may answer no rows [section 14.2]
_YEARS = 24  # that fill two statements
# Likelier than the other zones with the same offsets.
_PREFERRED = [
    "America/Los_Angeles",
    "America/Denver",
    "America/Phoenix",
    "America/Chicago",
    "America/New_York",
    "America/Halifax",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Mexico_City",
    "America/Bogota",
    "Europe/London",
    "Europe/Paris",
    "Europe/Berlin",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Africa/Johannesburg",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Asia/Hong_Kong",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Perth",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Australia/Brisbane",
    "Australia/Sydney",
    "Pacific/Auckland",
    "UTC",
]


@dataclass(frozen=True)
class _Sighting:
    """One instant as the account's clock and as UTC show it, both without a zone."""

    local: datetime
    utc: datetime

    def fits(self, zone: ZoneInfo) -> bool:
        shown = self.utc.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)
        return abs(shown - self.local) <= _SLACK


zone_names = cache(available_timezones)  # which looks into some six hundred files


def zone_named(name: str) -> ZoneInfo:
    """Return the zone a user named.

    Raises:
        ConfigurationError: there is no such zone.
    """
    if name not in zone_names():
        raise ConfigurationError(SETTING, f"is {name!r}; it must be an IANA name such as America/Los_Angeles.")
    return ZoneInfo(name)


@dataclass(frozen=True)
class DetectedZone:
    """What was found out about the account's clock.

    Attributes:
        zone: its time zone.
        converts_to_utc: whether SYS_EXTRACT_UTC turns times of the zone into UTC in this account.
        witness: the table that showed that; empty where none did.
    """

    zone: ZoneInfo
    converts_to_utc: bool
    witness: str = ""


def detect_zone(suiteql: SuiteQL, records: Records, *, by_few: bool = False) -> DetectedZone:
    """Find the account's time zone.

    Two witnesses: the same stamp read from a record body, which is in UTC [section_157305090645], and from
    SuiteQL, which is in account time; and SYS_EXTRACT_UTC [section_158513731864] over two dozen years.
    Where they disagree the record bodies are believed.

    Args:
        suiteql: where to ask for stamps.
        records: where to read bodies.
        by_few: whether the newest records and the last years are enough, to spare requests.

    Raises:
        ConfigurationError: neither witness could be heard; the text names the setting to use instead.
    """
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        moments = _moments(_YEARS)[: _COLUMNS if by_few else None]
        tables, orders = (_ANY_TABLES[:2], _ORDERS[-1:]) if by_few else (_ANY_TABLES, _ORDERS)
        asked = threads.submit(_sightings_by_function, suiteql, moments, tables)
        for rows in _ROWS:  # where many records change, some do between the two readings
            from_records = _sightings_in_records(suiteql, records, threads, orders, rows)
            witness, from_function = asked.result()
            zone = _fitting(from_records + from_function)
            if not from_records or (zone and (from_function or rows > 1)):
                break
    if not zone and from_records and from_function:
        logger.warning("SYS_EXTRACT_UTC contradicts the record service about the account's time zone and is not used")
        zone, from_function = _fitting(from_records), []
    if not zone:
        raise ConfigurationError(
            SETTING,
            "is missing, and the account's time zone could not be found; set it to a name such as Europe/Paris.",
        )
    logger.info("The account's time zone is taken to be %s (setting %s)", zone.key, SETTING)
    return DetectedZone(zone, bool(from_function), witness if from_function else "")


def set_zone(suiteql: SuiteQL, zone: ZoneInfo) -> DetectedZone:
    """Find out whether SYS_EXTRACT_UTC [section_158513731864] turns the times of a zone that is set into UTC."""
    witness, sightings = _sightings_by_function(suiteql, _moments(_YEARS))
    converts = bool(sightings) and all(sighting.fits(zone) for sighting in sightings)
    return DetectedZone(zone, converts, witness if converts else "")


def is_still(found: DetectedZone, suiteql: SuiteQL, records: Records) -> bool:
    """Tell by one question, or a few where NetSuite does not convert, whether what was found earlier still holds."""
    if found.converts_to_utc:
        _, sightings = _sightings_by_function(suiteql, _moments(2), (found.witness,))
    else:
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            sightings = _sightings_in_records(suiteql, records, threads, _ORDERS[-1:], _ROWS[-1])
    return bool(sightings) and all(sighting.fits(found.zone) for sighting in sightings)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Turn a time on the account's clock into UTC.

    A time the clock shows twice, or skips, is taken as the earlier of the two instants it may be, so that a
    bookmark made from it is never later than a change.
    """
    return min(local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1))


def earliest_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a time on the account's clock that no stamp made at or after the moment is below.

    In the hour that the clock shows twice, later stamps can look earlier; there it is the hour before. At either end of
    the calendar the clock stands still.
    """
    try:
        local = moment.astimezone(zone)
        repeated = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
        turned_back = max((repeated[0] or timedelta()) - (repeated[1] or timedelta()), timedelta())
        return local.replace(tzinfo=None) - turned_back
    except OverflowError:
        return datetime.min if moment.year == datetime.min.year else moment.replace(tzinfo=None)  # noqa: DTZ901 - a clock's


def _fitting(sightings: list[_Sighting]) -> ZoneInfo | None:
    """Return the likeliest of the zones that show what was seen."""
    if not sightings:
        return None
    names = [*_PREFERRED, *sorted(zone_names() - set(_PREFERRED))]
    zones = (ZoneInfo(name) for name in names if name != "localtime")
    return next((zone for zone in zones if all(sighting.fits(zone) for sighting in sightings)), None)


def _sightings_in_records(
    suiteql: SuiteQL, records: Records, threads: ThreadPoolExecutor, orders: Sequence[str], most: int
) -> list[_Sighting]:
    """Compare stamps that both SuiteQL and the record service show: so many of the oldest and of the newest."""
    for table in _TABLES_WITH_RECORDS:
        rows = [row for rows in threads.map(partial(_stamps, suiteql, table, most), orders) for row in rows]
        seen = threads.map(partial(_seen_in_record, records, table), rows)
        found = [sighting for sighting in seen if sighting]
        if found:
            return found
    return []


def _stamps(suiteql: SuiteQL, table: str, most: int, order: str) -> list[dict[str, Any]]:
    kind = ", recordtype" if table == "transaction" else ""
    stamp = f"TO_CHAR(lastmodifieddate, '{SQL_TIME_FORMAT}') AS stamp"
    statement = (
        f"SELECT id{kind}, {stamp} FROM {table} WHERE lastmodifieddate IS NOT NULL ORDER BY lastmodifieddate{order}, id"
    )
    try:
        return suiteql.hasty.page(statement, limit=most).items
    except STATEMENT_FAILURES as error:
        logger.debug("No stamps from %s: %s", table, error)
        return []


def _seen_in_record(records: Records, table: str, row: dict[str, Any]) -> _Sighting | None:
    record_type = row.get("recordtype") or table
    try:
        body = records.get(record_type, str(row["id"]))
    except STATEMENT_FAILURES as error:
        logger.debug("No stamp from %s %s: %s", record_type, row.get("id"), error)
        return None
    stamp = next((value for name, value in body.items() if name.lower() == "lastmodifieddate"), None)
    local, utc = _time(row.get("stamp")), _instant(stamp)
    if local is None or utc is None:
        return None
    offset = local - utc
    # A record changed between the two readings says nothing about the zone.
    is_offset = abs(offset) < _FURTHEST and abs(offset - round(offset / _STEP) * _STEP) <= _SLACK
    return _Sighting(local, utc) if is_offset else None


def _moments(years: int) -> list[datetime]:
    """Return times of the seasons of the last years, the latest first."""
    now = datetime.now(timezone.utc).year
    months = [(now - past, month) for past in range(years) for month in (1, 4, 7, 10)]
    return [datetime(year, month, 15, 12) for year, month in months]  # noqa: DTZ001 - local times


def _sightings_by_function(
    suiteql: SuiteQL, moments: Sequence[datetime], tables: Sequence[str] = _ANY_TABLES
) -> tuple[str, list[_Sighting]]:
    """Ask SYS_EXTRACT_UTC about times, in as few statements as columns allow; return too which table showed it."""
    parts = [moments[place : place + _COLUMNS] for place in range(0, len(moments), _COLUMNS)]
    with ThreadPoolExecutor(_AT_ONCE) as threads:  # rows are held back until this is known, so all parts go at once
        for table in tables:
            found = [sighting for part in threads.map(partial(_in_utc, suiteql, table), parts) for sighting in part]
            if found:
                return table, found
    return "", []


def _in_utc(suiteql: SuiteQL, table: str, moments: Sequence[datetime]) -> list[_Sighting]:
    columns = ", ".join(
        f"TO_CHAR(SYS_EXTRACT_UTC(TO_TIMESTAMP('{moment:{PYTHON_TIME_FORMAT}}', '{SQL_TIME_FORMAT}')), "
        f"'{SQL_TIME_FORMAT}') AS t{number}"
        for number, moment in enumerate(moments)
    )
    try:
        rows = suiteql.hasty.page(f"SELECT {columns} FROM {table}", limit=1).items
    except STATEMENT_FAILURES as error:
        logger.debug("SYS_EXTRACT_UTC on %s: %s", table, error)
        return []
    read = [(moment, _time(row.get(f"t{number}"))) for row in rows for number, moment in enumerate(moments)]
    return [_Sighting(local, utc) for local, utc in read if utc is not None]


def _time(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), PYTHON_TIME_FORMAT)  # noqa: DTZ007 - account time has no zone
    except ValueError:
        return None


def _instant(text: Any) -> datetime | None:
    try:
        return instant(text).astimezone(timezone.utc).replace(tzinfo=None)
    except ValueError:
        return None
