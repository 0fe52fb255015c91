"""What the documentation leaves open and accounts do differently, tried on the user's own account.

Each question is tried read-only, and all together take fewer than sixty requests. What is found holds no names, ids or
data of the account, so that it can be attached to a report: numbers of columns, words such as `works` or `refused`,
codes of errors, formats and zones. `netsuite-emulator --like` sets its switches by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from suitetalk.client import NetSuite
from suitetalk.doctor.account import company_language, shown_dates
from suitetalk.errors import (
    ConfigurationError,
    ConnectionFailedError,
    LoginNeededError,
    LoginRefusedError,
    NetSuiteError,
    SuiteTalkError,
)
from suitetalk.http.governor import Governor
from suitetalk.http.ledger import Permit
from suitetalk.http.response import Answer, Page
from suitetalk.raw import Body
from suitetalk.timezone import SQL_TIME_FORMAT, detect_zone

FORMAT, VERSION = "netsuite-account", 1
"""The format of the file, which has room for the account's shape besides its facts."""

MOST_REQUESTS = 59
PATIENCE = 30.0  # seconds for a statement, before it is called slow
WORKS, REFUSED, FAILS, SLOW, UNTRIED = "works", "refused", "fails", "slow", "not tried"

_SERVER_FAULT = 500
_MOST_COLUMNS = 500
_LIKELY_CAP = 100  # [section 14.2, unverified]
_TABLES = ("currency", "account", "employee", "customer", "vendor", "item", "transaction")
_TYPES = ("customer", "employee", "vendor", "contact")
_LOGS = ("deletedrecord", "deletedrecordinconnect")
_SHARED = ("account", "item", "department", "location")  # their column `subsidiary` is a multi-select
_NEVER = f"TO_DATE('2999-01-01 00:00:00', '{SQL_TIME_FORMAT}')"
_TIMESTAMP = f"TO_TIMESTAMP('2024-01-31 12:00:00', '{SQL_TIME_FORMAT}')"
_IN_UTC = f"TO_CHAR(SYS_EXTRACT_UTC(lastmodifieddate), '{SQL_TIME_FORMAT}')"
_HEADERS = f"SELECT id FROM transaction WHERE lastmodifieddate >= {_NEVER}"
_LINES = f"SELECT transaction FROM transactionline WHERE linelastmodifieddate >= {_NEVER}"

_STATEMENTS: dict[str, tuple[str, str]] = {
    "count": ("COUNT(*) of a table", "SELECT COUNT(*) AS n FROM {table}"),
    "count_where": ("COUNT(*) with a condition", "SELECT COUNT(*) AS n FROM {table} WHERE id IS NOT NULL"),
    "count_column": ("COUNT of a column", "SELECT COUNT(id) AS n FROM {table} WHERE id IS NOT NULL"),
    "count_distinct": ("COUNT(DISTINCT …)", "SELECT COUNT(DISTINCT id) AS n FROM {table}"),
    "count_transactions": ("COUNT(*) of all transactions", "SELECT COUNT(*) AS n FROM transaction"),
    "sys_extract_utc": (
        "SYS_EXTRACT_UTC of a TIMESTAMP",
        f"SELECT TO_CHAR(SYS_EXTRACT_UTC({_TIMESTAMP}), '{SQL_TIME_FORMAT}') AS n FROM {{table}}",
    ),
    "sys_extract_utc_of_stamps": (
        "SYS_EXTRACT_UTC of a column",
        f"SELECT {_IN_UTC} AS n FROM transaction WHERE lastmodifieddate >= {_NEVER}",
    ),
    "or_of_in_sets": (
        "OR of IN with subqueries",
        f"SELECT id FROM transaction WHERE id IN ({_HEADERS}) OR id IN ({_LINES})",
    ),
    "derived_table": ("a subquery in FROM", "SELECT n FROM (SELECT id AS n FROM {table})"),
    "derived_table_nested": (
        "a subquery in the FROM of another",
        "SELECT n FROM (SELECT n FROM (SELECT id AS n FROM {table}))",
    ),
    "sum_of_case": ("SUM(CASE …)", "SELECT SUM(CASE WHEN id IS NULL THEN 0 ELSE 1 END) AS n FROM {table}"),
    "hash": ("ORA_HASH", "SELECT SUM(ORA_HASH(id)) AS n FROM {table}"),
    "group_by_having": (
        "GROUP BY … HAVING",
        "SELECT type, COUNT(id) AS n FROM transaction GROUP BY type HAVING COUNT(id) > 0",
    ),
    "to_date_with_time": (
        "TO_DATE with a time of day",
        f"SELECT id FROM {{table}} WHERE TO_DATE('2024-01-31 12:00:00', '{SQL_TIME_FORMAT}') < {_NEVER}",
    ),
    "to_date_and_to_timestamp": (
        "TO_DATE and TO_TIMESTAMP in one statement",
        f"SELECT id FROM {{table}} WHERE {_TIMESTAMP} < {_NEVER}",
    ),
    "select_star": ("SELECT *", "SELECT * FROM {table}"),
    "rownum": ("ROWNUM", "SELECT id FROM {table} WHERE ROWNUM <= 1"),
    "fetch_first": ("FETCH FIRST", "SELECT id FROM {table} ORDER BY id FETCH FIRST 1 ROWS ONLY"),
    "with": ("WITH", "WITH one AS (SELECT id FROM {table}) SELECT id FROM one"),
    "listagg": ("LISTAGG", "SELECT LISTAGG(id, ',') WITHIN GROUP (ORDER BY id) AS n FROM {table}"),
    "sysdate": ("SYSDATE", "SELECT TO_CHAR(SYSDATE, 'YYYY') AS n FROM {table}"),
}


@dataclass(frozen=True)
class Fact:
    """One point, and what the account does.

    Attributes:
        name: in the file.
        title: in words.
        value: JSON; None where the account did not tell.
    """

    name: str
    title: str
    value: Any


class SpentError(Exception):
    """As many requests have been sent as may be."""


class Budget:
    """A limiter that lets a number of requests pass, one after the other, and then no more."""

    def __init__(self, most: int = MOST_REQUESTS) -> None:
        """Let so many pass."""
        self.left = most
        self._governor = Governor(1)

    def acquire(self) -> Permit:
        """Count a request.

        Raises:
            SpentError: there were enough.
        """
        if self.left <= 0:
            raise SpentError
        self.left -= 1
        return self._governor.acquire()

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Let the next one pass."""
        self._governor.release(permit, blocked=blocked)


def find_facts(netsuite: NetSuite) -> Iterator[Fact]:
    """Yield what an account does where the documentation leaves it open, as soon as it is known.

    What is not answered is None, or `not tried` once the client's `Budget` is spent.

    Raises:
        SuiteTalkError: the login is refused, so nothing can be asked.
    """
    asker = _Asker(netsuite)
    for name, (title, statement) in _STATEMENTS.items():
        asker.outcomes[name] = _or_untried(partial(asker.outcome, statement))
        yield Fact(name, title, asker.outcomes[name])
    for names, question in _QUESTIONS:
        found = _or_untried(partial(question, asker))
        values = found if isinstance(found, tuple) else (found,) * len(names)
        for (name, title), value in zip(names.items(), values, strict=True):
            yield Fact(name, title, value)


def document(facts: Sequence[Fact]) -> dict[str, Any]:
    """Return the content of the file."""
    return {"format": FORMAT, "version": VERSION, "facts": {fact.name: fact.value for fact in facts}, "shape": None}


def _or_untried(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except SpentError:
        return UNTRIED


class _Asker:
    """Asks one account."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.netsuite = netsuite
        self.suiteql = netsuite.suiteql.within(PATIENCE)
        self.outcomes: dict[str, str] = {}
        self._table = ""
        self._type = ""

    @property
    def table(self) -> str:
        """A small table that the role sees rows of."""
        for table in () if self._table else _TABLES:
            page = self.page(f"SELECT id FROM {table}")
            if page and page.items:
                self._table = table
                break
        return self._table or _TABLES[0]

    @property
    def record_type(self) -> str:
        """A record type with stamps that the role may list, and sees more than one record of."""
        for name in () if self._type else _TYPES:
            listed = self.ask(partial(self.netsuite.records.list, name, limit=1))
            if isinstance(listed, Page) and listed.total > 1:
                self._type = name
                break
        return self._type or _TYPES[0]

    def page(self, statement: str, *, limit: int = 1) -> Page | None:
        """Return the first row of a statement, None where it is refused."""
        answer = self.ask(lambda: self.suiteql.page(statement, limit=limit))
        return answer if isinstance(answer, Page) else None

    def outcome(self, statement: str) -> str:
        """Return in a word whether the account takes a statement."""
        return self.word(lambda: self.suiteql.page(statement.format(table=self.table), limit=1))

    def word(self, question: Callable[[], object]) -> str:
        """Return in a word whether the account takes a request."""
        answer = self.ask(question)
        if not isinstance(answer, SuiteTalkError):
            return WORKS
        if not isinstance(answer, NetSuiteError):
            return SLOW
        return FAILS if answer.status >= _SERVER_FAULT else REFUSED

    def code(self, question: Callable[[], object]) -> str:
        """Return status and code of a refusal, or that it works."""
        answer = self.ask(question)
        if isinstance(answer, NetSuiteError):
            return f"{answer.status} {answer.code}".strip()
        return SLOW if isinstance(answer, SuiteTalkError) else WORKS

    def raw(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON that any request is answered with, or its refusal."""
        return self.ask(lambda: self.netsuite.raw.request(method, path, **options).json())

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a record type, empty where the role does not see it."""
        schema = self.ask(lambda: self.netsuite.metadata.json_schema(self.record_type))
        return schema if isinstance(schema, Mapping) else {}

    @staticmethod
    def ask(question: Callable[[], Any]) -> Any:
        """Return an answer, or why there is none.

        Raises:
            SuiteTalkError: the login is refused.
        """
        try:
            return question()
        except (LoginRefusedError, LoginNeededError):
            raise
        except (NetSuiteError, ConnectionFailedError, ConfigurationError) as error:
            return error


def _columns(asker: _Asker) -> tuple[int | None, int]:
    """Return the number of columns that come where more do not, and the highest number that came.

    More columns than an account shows are answered with no rows, without an error [section 14.2, unverified].
    """
    highest = _MOST_COLUMNS
    if _comes(asker, highest):
        return None, highest
    lowest = 0
    for width in (_LIKELY_CAP, _LIKELY_CAP + 1):
        if lowest < width < highest:
            lowest, highest = (width, highest) if _comes(asker, width) else (lowest, width)
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        lowest, highest = (middle, highest) if _comes(asker, middle) else (lowest, middle)
    return (lowest or None), lowest


def _comes(asker: _Asker, width: int) -> bool:
    columns = ", ".join(f"id + {number} AS c{number}" for number in range(width))
    page = asker.page(f"SELECT {columns} FROM {asker.table}")
    return bool(page and page.items)


def _parameters(asker: _Asker) -> str:
    body = Body(json={"q": f"SELECT id FROM {asker.table} WHERE id > ?", "params": ["-999"]})
    return asker.word(lambda: _statement(asker, body))


def _statement(asker: _Asker, body: Body, **options: Any) -> Answer:
    headers = {"Prefer": "transient"}
    return asker.netsuite.raw.request(
        "POST", "suiteql", **{"service": "query", "body": body, "headers": headers, **options}
    )


def _forms(asker: _Asker) -> tuple[bool | None, str | None, str | None]:
    """Return how a fraction, a null and a name in capitals are written."""
    answer = asker.raw(
        "POST",
        "suiteql",
        service="query",
        headers={"Prefer": "transient"},
        parameters={"limit": "1"},
        body=Body(json={"q": f"SELECT 0.5 AS half, NULL AS nothing, id AS MixedCase FROM {asker.table}"}),
    )
    items = answer.get("items") if isinstance(answer, Mapping) else None
    if not items:
        return None, None, None
    row = {str(name).lower(): (str(name), value) for name, value in items[0].items()}
    half, name = str(row.get("half", ("", ""))[1]), row.get("mixedcase", ("",))[0]
    case = {"mixedcase": "lower", "MIXEDCASE": "upper", "MixedCase": "as written"}.get(name)
    leading = {"0.5": True, ".5": False}.get(half)
    return leading, "sent" if "nothing" in row else "left out", case


def _offset(asker: _Asker) -> tuple[str | None, str | None]:
    """Return what OFFSET in a statement does, and what `totalResults` counts.

    Ignored, OFFSET gives the first page each time [section 14.2].
    """
    statement = f"SELECT id FROM {asker.table} ORDER BY id"
    plain = asker.page(statement)
    counted = ("all rows" if plain.total > 1 else "rows of the page") if plain and plain.has_more else None
    body = Body(json={"q": f"{statement} OFFSET 1 ROWS"})  # which the library itself refuses
    shifted = asker.ask(lambda: _statement(asker, body, parameters={"limit": "1"}).json())
    if isinstance(shifted, NetSuiteError):
        return REFUSED, counted
    if not plain or not plain.has_more or not isinstance(shifted, Mapping):
        return None, counted
    shown = [item.get("id") for item in shifted.get("items", ())]
    return "ignored" if shown == [item["id"] for item in plain.items] else WORKS, counted


def _errors(asker: _Asker) -> tuple[str, str, str, str, str]:
    statement = f"SELECT id FROM {asker.table}"
    body = Body(json={"q": statement})
    return (
        asker.code(lambda: _statement(asker, body, headers={})),
        asker.code(lambda: _statement(asker, body, parameters={"limit": "1001"})),
        asker.code(lambda: asker.suiteql.page(statement, limit=1000, offset=99_000)),
        asker.code(lambda: asker.suiteql.page("SELECT id FROM nosuchtable", limit=1)),
        asker.code(lambda: asker.netsuite.records.list("nosuchtype", limit=1)),
    )


def _addresses(asker: _Asker) -> tuple[str | None, bool | None]:
    """Return how an id that cannot be one is refused, and whether a path may hold a blank [section 14.1]."""
    malformed = asker.raw("GET", f"{asker.record_type}/abc")
    blank = asker.raw("GET", f"{asker.record_type}/a%20b")
    code = f"{malformed.status} {malformed.code}".strip() if isinstance(malformed, NetSuiteError) else None
    refused = isinstance(blank, NetSuiteError)
    return code, not re.search("space|blank", blank.detail, re.IGNORECASE) if refused else None


def _catalog(asker: _Asker) -> tuple[str | None, str | None, bool | None]:
    """Return the forms of the metadata catalog: of one type that was selected, its link, and fields of an object."""
    answer = asker.raw("GET", "metadata-catalog", parameters={"select": "customer"})
    single = describes = None
    if isinstance(answer, Mapping):
        single = "list" if "items" in answer else "object"
        entry = next(iter(answer.get("items") or ()), answer)
        links = {link.get("rel"): str(link.get("href")) for link in entry.get("links", ())}
        if "describes" in links:
            describes = "metadata" if "metadata-catalog" in links["describes"] else "record"
    fields = [entry for entry in asker.schema().get("properties", {}).values() if isinstance(entry, Mapping)]
    untyped = any("properties" in entry and "type" not in entry for entry in fields) if fields else None
    return single, describes, untyped


def _previous(asker: _Asker) -> str | None:
    answer = asker.raw("GET", asker.record_type, parameters={"limit": "1", "offset": "1"})
    rels = {link.get("rel") for link in answer.get("links", ())} if isinstance(answer, Mapping) else set()
    return min(rels & {"prev", "previous"}, default=None)


def _dates(asker: _Asker) -> tuple[list[str] | None, str | None, str | None]:
    """Return how dates are shown, whether with the time of day, and whether `q` takes one after a date."""
    shown = shown_dates(asker.netsuite)
    if not shown:
        return None, None, None
    day = {"YYYY": "2020", "YY": "20", "MONTH": "January", "Mon": "Jan", "MM": "01", "DD": "15", "M": "1", "D": "15"}
    date = re.sub("|".join(day), lambda token: day[token[0]], shown.formats[0])
    filtered = asker.code(
        lambda: asker.netsuite.records.list(asker.record_type, q=f'lastModifiedDate AFTER "{date} 10:30 am"', limit=1)
    )
    times = WORKS if filtered == WORKS else REFUSED if "INVALID_PARAMETER" in filtered else None
    return list(shown.formats), "with time" if shown.with_times else "date only", times


def _zone(asker: _Asker) -> tuple[str | None, str | None]:
    found = asker.ask(lambda: detect_zone(asker.suiteql, asker.netsuite.records, by_few=True))
    if isinstance(found, SuiteTalkError):
        return None, None
    if not found.converts_to_utc:
        return found.zone.key, "contradicts it" if asker.outcomes.get("sys_extract_utc") == WORKS else None
    return found.zone.key, "agrees"


def _limits(asker: _Asker) -> tuple[int | None, int | None]:
    limits = asker.ask(asker.netsuite.system.concurrency_limits)
    if limits is None or isinstance(limits, SuiteTalkError):
        return None, None
    return limits.account, limits.integration


def _log(asker: _Asker) -> str | None:
    """Return the name of the log of deletions that the role can read."""
    for table in _LOGS:
        if asker.page(f"SELECT recordid, deleteddate FROM {table}"):
            return table
    return None


def _separator(asker: _Asker) -> str | None:
    """Return what stands between the ids of a multi-select in SuiteQL, as soon as one with two of them is found."""
    for table in _SHARED:
        page = asker.page(f"SELECT subsidiary AS n FROM {table} WHERE subsidiary IS NOT NULL", limit=1000)
        for row in page.items if page else ():
            if between := re.fullmatch(r"-?\d+(\D+?)-?\d+(?:\D+\d+)*", str(row.get("n"))):
                return between[1]
    return None


_Question = Callable[[_Asker], Any]
_QUESTIONS: Sequence[tuple[dict[str, str], _Question]] = (
    ({"bound_parameters": "values for ? as `params`"}, _parameters),
    ({"column_cap": "columns at most, more answer no rows", "columns_tried": "columns that came"}, _columns),
    (
        {"time_zone": "time zone of SuiteQL's times", "sys_extract_utc_with_zone": "SYS_EXTRACT_UTC and that zone"},
        _zone,
    ),
    ({"deletion_log": "log of deletions"}, _log),
    (
        {
            "date_formats": "dates are shown as",
            "date_times": "date-times without TO_CHAR",
            "times_in_filters": "a time of day in `q`",
        },
        _dates,
    ),
    ({"multi_select_separator": "between the ids of a multi-select"}, _separator),
    ({"offset": "OFFSET in a statement", "total": "totalResults counts"}, _offset),
    ({"leading_zero": "0.5 with its zero", "nulls": "null columns", "names": "names of columns"}, _forms),
    ({"previous_page": "link to the page before"}, _previous),
    (
        {
            "no_prefer": "a query without `Prefer`",
            "limit_1001": "limit 1001",
            "offset_beyond": "an offset beyond the end",
            "unknown_table": "an unknown table",
            "unknown_type": "an unknown record type",
        },
        _errors,
    ),
    ({"malformed_id": "an id that cannot be one", "blanks_in_addresses": "a blank in an address"}, _addresses),
    (
        {
            "single_selected": "the catalog, one type selected",
            "describes": "its link `describes` leads to",
            "untyped_fields": "fields of an object without `type`",
        },
        _catalog,
    ),
    ({"language": "the company's language"}, lambda asker: company_language(asker.netsuite)),
    ({"concurrency_limit": "requests at once", "integration_limit": "of them for this integration"}, _limits),
)
