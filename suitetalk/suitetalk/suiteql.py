"""SuiteQL and saved datasets; values for ?."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from math import inf
from typing import Any
from urllib.parse import quote

from suitetalk.all_rows import looked_at_twice, rows_of, shape_of
from suitetalk.errors import (
    STATEMENT_REFUSALS,
    ErrorDetail,
    IncompleteResultError,
    InvalidArgumentError,
    InvalidRequestError,
    NetSuiteError,
    UnexpectedError,
)
from suitetalk.facts import Facts
from suitetalk.http.response import PAGE_SIZE, READABLE_ROWS, Answer, Page, all_pages, page_parameters, read_page
from suitetalk.http.transport import Transport

__all__ = ["SuiteQL", "quoted"]
Value = str | int | float | Decimal | date | datetime | None
"""What a `?` can stand for; booleans become `T` and `F`, as SuiteQL has them."""

RowReader = Callable[[dict[str, Any]], dict[str, Any]]

_SQL_DATE, _SQL_TIME = "YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS"
_SHORTEST_HIDDEN = 3  # characters; shorter values say little and are in most texts
_PLAIN_COLUMNS = re.compile(r"SELECT\s+([\w\s,.]+?)\s+FROM\s", re.IGNORECASE)
# What may hold a question mark that is not a placeholder, or is one. What is not closed lasts to the end.
_PIECES = re.compile(r"""'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)|\?""", re.DOTALL)

_OFFSET = re.compile(r"\bOFFSET\s+[\d?:(]", re.IGNORECASE)

EVERY_COLUMN = "*"
_SURELY_SHOWN = 50  # columns
_PARAMETERS = "values for placeholders"
# A refusal need not say what it is about, and a 500 is one as well [section 14.2].
_MEANS_PARAMETERS = "INVALID_CONTENT"
_MAY_MEAN_PARAMETERS = (_MEANS_PARAMETERS, "UNEXPECTED_ERROR", "")
_PATH = "/query/v1/suiteql"
_DATASET_PATH = "/query/v1/dataset/"


class SuiteQL:
    """Runs SELECT statements. Thread-safe."""

    def __init__(
        self,
        transport: Transport,
        reader: Callable[[str], RowReader] | None = None,
        facts: Facts | None = None,
    ) -> None:
        """Send through this transport.

        Args:
            transport: sends the statements.
            reader: returns what turns the rows of a statement into Python values; only `typed` needs it.
            facts: what is known of the account already; a race between threads over one costs a request.
        """
        self.facts = facts or Facts()
        self._transport = transport
        self._reader = reader
        self._parameters: tuple[Value, ...] = ()
        self._within: float | None = None
        self._once = False
        self.page_size = PAGE_SIZE

    def within(self, seconds: float) -> SuiteQL:
        """Return one that waits so many seconds for an answer, and does not ask again when none comes in time."""
        return self._with(self._parameters, seconds, self.page_size)

    @property
    def hasty(self) -> SuiteQL:
        """One that does not ask again when no answer comes in time: another statement can be asked instead."""
        return self.within(inf)

    @property
    def once(self) -> SuiteQL:
        """One that does not ask again after a plain 500, which is how NetSuite refuses some statements each time."""
        return self._with(self._parameters, self._within, self.page_size, once=True)

    def with_parameters(self, parameters: Sequence[Value], *, page_size: int = PAGE_SIZE) -> SuiteQL:
        """Return one that gives these values to each statement that comes without any.

        It is for statements that all have the same statement with placeholders in them, once, such as one that is
        read from as a subquery.

        Args:
            parameters: the values.
            page_size: rows of a page where a call does not say.
        """
        return self._with(parameters, self._within, page_size)

    def _with(
        self, parameters: Sequence[Value], within: float | None, page_size: int, *, once: bool = False
    ) -> SuiteQL:
        other = SuiteQL(self._transport, self._reader, self.facts)
        other._parameters = tuple(parameters)
        other._within = within
        other._once = once or self._once
        other.page_size = page_size
        return other

    @property
    def refused(self) -> set[str]:
        """What the account is known to refuse, in words of the caller's, who need not try it again."""
        return self.facts.refused

    def page(
        self, statement: str, parameters: Sequence[Value] = (), *, limit: int | None = None, offset: int = 0
    ) -> Page:
        """Run a statement and return one page of its rows [section_157909186990].

        Rows are mappings of lower-case column names to text; columns that are null are absent.

        Args:
            statement: a SELECT; put an ORDER BY that is unique in it when more than one page is read, because
                each page is a separate query.
            parameters: values for its `?` placeholders, in order; bound where the account can do so, which is from
                release 2026.2 on, else put into the statement as literals.
            limit: rows of the page, at most 1000; with fewer, fewer rows can be read, because a result ends after
                1000 pages.
            offset: rows to leave out before it, a multiple of `limit`.

        Raises:
            InvalidArgumentError: there are more or fewer parameters than placeholders.
            ConnectionFailedError: no usable answer.
        """
        return self.page_of(self.answer(statement, parameters, limit=limit, offset=offset))

    def proven_page(
        self, statement: str, parameters: Sequence[Value] = (), *, limit: int | None = None, offset: int = 0
    ) -> Page:
        """Run a statement as `page` does, and do not take a result for empty whose rows NetSuite counts.

        More columns than an account shows bring no rows, and no error [reference 14.2].

        Raises:
            IncompleteResultError: the statement has many columns, and rows that NetSuite does not show with them.
        """
        page = self.page(statement, parameters, limit=limit, offset=offset)
        if not page.total and not page.items and _may_be_too_wide(plain := without_comments(statement)):
            counted = self._counted(plain, parameters)
            if counted:
                raise IncompleteResultError(
                    f"NetSuite counts {counted} rows of the query and shows none of them: it has more columns than the "
                    "account shows at once. Select fewer columns, or some at a time, each time with the key."
                )
        return page

    def answer(
        self, statement: str, parameters: Sequence[Value] = (), *, limit: int | None = None, offset: int = 0
    ) -> Answer:
        """Run a statement and return one page of its rows as NetSuite sent it, for your own decoder.

        Arguments and errors are those of `page`; `page_of` reads it the usual way.
        """
        refuse_offset(statement)
        where, values = (
            page_parameters(self.page_size if limit is None else limit, offset),
            parameters or self._parameters,
        )
        return self._run(statement, values, where) if values else self._post({"q": statement}, where)

    @staticmethod
    def page_of(answer: Answer) -> Page:
        """Read the page that `answer` returned.

        Raises:
            ConnectionFailedError: it has not the shape of a page.
        """
        page = read_page(answer)
        return Page([_row(item) for item in page.items], page.total, page.has_more)

    def rows(
        self, statement: str, parameters: Sequence[Value] = (), *, typed: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Run a statement and return all of its rows, page by page.

        Where a column identifies the rows, such as `id`, and the statement has no order or one that begins with it,
        each page is a query for what comes after the last row, so that none is missed or comes twice. Others are read
        twice, and both readings must find the same.

        Args:
            statement: see `page`.
            parameters: see `page`.
            typed: give numbers, booleans and dates as Python values where the metadata catalog says that a column
                holds them, see `column_types`; ids, and what the catalog does not know, stay text.

        Raises:
            IncompleteResultError: rows are missing, or may be; or the result is longer than NetSuite lets a query read
                that has no such column. Rows that came before are not all there are.
        """
        if typed and not self._reader:
            raise InvalidArgumentError("Typed rows need the metadata catalog; use the `suiteql` of a NetSuite client.")
        read = self._reader(statement) if typed and self._reader else None
        rows = rows_of(
            lambda text, offset: self.proven_page(text, parameters, limit=PAGE_SIZE, offset=offset),
            lambda: shape_of(without_comments(statement)),
            statement,
            "The query",
        )
        yield from map(read, rows) if read else rows

    def _counted(self, statement: str, parameters: Sequence[Value]) -> int:
        """Return how many rows NetSuite counts, 0 where it does not count them."""
        try:
            rows = self.page(f"SELECT COUNT(*) AS n FROM ({statement})", parameters, limit=1).items
        except STATEMENT_REFUSALS:
            return 0
        return int(rows[0].get("n", 0)) if rows else 0

    def _run(self, statement: str, parameters: Sequence[Value], where: dict[str, str]) -> Answer:
        """Bind the parameters; put them into the text once the account has refused to [section_N3950559].

        They may be personal data, so a refusal does not repeat them.
        """
        check_parameters(statement, parameters)
        try:
            return self._bound_or_inlined(statement, parameters, where)
        except NetSuiteError as refusal:
            raise hidden(refusal, parameters) from None

    def _bound_or_inlined(self, statement: str, parameters: Sequence[Value], where: dict[str, str]) -> Answer:
        text, values = bound(statement, parameters)
        inline = {"q": inlined(statement, parameters)}
        if _PARAMETERS in self.refused:
            return self._post(inline, where)
        body = {"q": text, **({"params": values} if values else {})}
        try:
            return self._post(body, where)
        except (InvalidRequestError, UnexpectedError) as refusal:
            if not values or refusal.code not in _MAY_MEAN_PARAMETERS:
                raise
            code = refusal.code
        answer = self._post(inline, where)
        if code != _MEANS_PARAMETERS:
            with suppress(InvalidRequestError, UnexpectedError):  # it may have been a fault that has passed
                return self._post(body, where)
        self.refused.add(_PARAMETERS)
        return answer

    def _post(self, body: dict[str, Any], where: dict[str, str]) -> Answer:
        return self._transport.request(
            "POST",
            _PATH,
            parameters=where,
            headers={"Prefer": "transient"},
            body=body,
            repeatable=True,
            within=self._within,
            once=self._once,
        )


class Datasets:
    """Lists datasets and runs them [section_156577938018]. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport
        self._within: float | None = None

    @property
    def hasty(self) -> Datasets:
        """One that does not ask again when no answer comes in time."""
        other = Datasets(self._transport)
        other._within = inf
        return other

    def list(self) -> Iterator[dict[str, Any]]:
        """Return the datasets the role can see, each as NetSuite describes it: `id`, `name` and more.

        Raises:
            IncompleteResultError: NetSuite counted more than it listed.
        """
        for page in all_pages(lambda offset: self._page(_DATASET_PATH, PAGE_SIZE, offset), "The list of datasets"):
            yield from page.items

    def page(self, dataset_id: str, *, limit: int = PAGE_SIZE, offset: int = 0) -> Page:
        """Run a dataset and return one page of its rows.

        Rows are mappings of the dataset's columns to text, dates in the user's format; columns that are null are
        absent.

        Args:
            dataset_id: such as `custdataset_orders`.
            limit: rows of the page, at most 1000.
            offset: rows to leave out before it, a multiple of `limit`.

        Raises:
            NotFoundError: there is no such dataset, or the role may not see it.
        """
        if not dataset_id.strip("."):
            raise InvalidArgumentError(f"The id of a dataset is needed, not {dataset_id!r}.")
        page = self._page(f"{_DATASET_PATH}{quote(dataset_id, safe='')}/result", limit, offset)
        rows = [{name: value for name, value in item.items() if name != "links"} for item in page.items]
        return Page(rows, page.total, page.has_more)

    def rows(self, dataset_id: str) -> Iterator[dict[str, Any]]:
        """Run a dataset and return all of its rows, page by page, twice where it has several: each is a separate run.

        Raises:
            IncompleteResultError: the result is longer than NetSuite lets a query read, or rows were missing.
            NotFoundError: there is no such dataset, or the role may not see it.
        """
        name = f"The dataset {dataset_id}"

        def page(offset: int) -> Page:
            found = self.page(dataset_id, offset=offset)
            if found.total > READABLE_ROWS:
                raise IncompleteResultError(
                    f"{name} has {found.total} rows and NetSuite lets only {READABLE_ROWS} of them be read; give it a "
                    "filter."
                )
            return found

        yield from looked_at_twice(page, page, name, "give the dataset a column that identifies its rows, and sort it")

    def _page(self, path: str, limit: int, offset: int) -> Page:
        where = page_parameters(limit, offset)
        return read_page(self._transport.request("GET", path, parameters=where, repeatable=True, within=self._within))


def quoted(text: str) -> str:
    """Return a SuiteQL text literal; apostrophes are doubled."""
    return "'" + text.replace("'", "''") + "'"


def both(*conditions: str) -> str:
    """Join conditions by AND, leaving out empty ones."""
    return " AND ".join(condition for condition in conditions if condition)


def placeholders(statement: str) -> int:
    """Return the number of placeholders; question marks in texts, names and comments are none."""
    return sum(piece == "?" for piece in _PIECES.findall(statement))


def without_comments(statement: str) -> str:
    """Return the statement with a blank for each comment, and without a semicolon at its end.

    What is left may stand in parentheses, as a comment to the end of the line could not.
    """
    plain = _PIECES.sub(lambda piece: " " if piece[0].startswith(("--", "/*")) else piece[0], statement)
    return plain.strip().rstrip("; \t\r\n")


def refuse_offset(statement: str) -> None:
    """Refuse an OFFSET in a statement, which NetSuite ignores [reference 14.2].

    Raises:
        InvalidArgumentError: there is one.
    """
    if "offset" in statement.lower() and _OFFSET.search(_PIECES.sub(" ? ", statement)):
        raise InvalidArgumentError(
            "The statement has an OFFSET, which NetSuite ignores: it answers with the first rows each time. Leave it "
            "out; pages are asked for besides the statement, with `limit` and `offset`."
        )


def selected_columns(statement: str) -> list[str | None]:
    """Return the names of a statement's columns in the order of its select list, in lower case.

    `*` stands for all columns of a table, None for an expression without an alias: only the rows tell their names.
    Empty when the statement cannot be read; NetSuite has the last word on what is a statement.
    """
    from sqlglot import exp, parse_one  # noqa: PLC0415 - slow to load, and needed for tables only
    from sqlglot.errors import SqlglotError  # noqa: PLC0415 - takes long to import

    try:
        parsed = parse_one(statement, read="oracle")
    except SqlglotError:
        return []
    if not isinstance(parsed, exp.Query):
        return []
    names = [
        EVERY_COLUMN if one.is_star else one.alias_or_name.lower() if isinstance(one, (exp.Alias, exp.Column)) else None
        for one in parsed.selects
    ]
    return [name for place, name in enumerate(names) if name is None or name not in names[:place]]


def _may_be_too_wide(statement: str) -> bool:
    """Tell whether a statement may have more columns than an account shows; 100 is the limit that was reported."""
    if plain := _PLAIN_COLUMNS.match(statement):  # a long list of values takes long to parse
        return plain[1].count(",") >= _SURELY_SHOWN
    columns = selected_columns(statement)
    return EVERY_COLUMN in columns or len(columns) > _SURELY_SHOWN


def check_parameters(statement: str, values: Sequence[Value]) -> None:
    """Compare the number of values with the number of placeholders.

    Raises:
        InvalidArgumentError: they differ.
    """
    wanted = placeholders(statement)
    if wanted != len(values):
        raise InvalidArgumentError(
            f"The statement has {wanted} placeholders (?) for {len(values)} parameters; make them agree."
        )


def hidden(refusal: NetSuiteError, values: Sequence[Value]) -> NetSuiteError:
    """Return a refusal without the values of parameters, which NetSuite may repeat in its words."""
    texts = {_text(value) for value in values if value is not None}
    texts = {form for text in texts for form in (text, text.replace("'", "''")) if len(text) >= _SHORTEST_HIDDEN}
    details = tuple(
        ErrorDetail(_without(detail.message, texts), detail.code, _without(detail.path, texts))
        for detail in refusal.details
    )
    if details == refusal.details:
        return refusal
    return type(refusal)(refusal.request, refusal.status, details, advice=refusal.advice, location=refusal.location)


def bound(statement: str, values: Sequence[Value]) -> tuple[str, list[str]]:
    """Return the statement and what to send as `params`: all of it text, numbers too [section_157909186990].

    Dates are bound as text and read as dates by the statement; NULL, which has no text, stands in the statement.

    Raises:
        InvalidArgumentError: a value has no form in SuiteQL.
    """
    texts: list[str] = []

    def place(value: Value) -> str:
        if value is None:
            return "NULL"
        texts.append(_text(value))
        return _as_date("?", value) if isinstance(value, date) else "?"

    return _with_values(statement, values, place), texts


def inlined(statement: str, values: Sequence[Value]) -> str:
    """Return the statement with its placeholders replaced by literals; those in texts and comments stay.

    Raises:
        InvalidArgumentError: a value has no form in SuiteQL.
    """
    # Blanks keep two hyphens from becoming a comment and two texts from becoming one.
    return _with_values(statement, values, lambda value: f" {_literal(value)} ")


def _without(words: str, texts: set[str]) -> str:
    for text in sorted(texts, key=len, reverse=True):
        words = words.replace(text, "?")
    return words


def _with_values(statement: str, values: Sequence[Value], place: Callable[[Value], str]) -> str:
    remaining = iter(values)
    return _PIECES.sub(lambda piece: place(next(remaining)) if piece[0] == "?" else piece[0], statement)


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, date):
        return _as_date(quoted(_text(value)), value)
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    return _text(value) if is_number else quoted(_text(value))


def _as_date(text: str, value: date) -> str:
    """Return the expression that reads a text as a date; SuiteQL has no date literals [article_0824094533]."""
    return f"TO_DATE({text}, {quoted(_SQL_TIME if isinstance(value, datetime) else _SQL_DATE)})"


def _text(value: str | float | Decimal | date) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, datetime):
        return _local_time(value)
    if isinstance(value, (float, Decimal)):
        return _decimal(Decimal(str(value)))
    return str(value)


def _local_time(value: datetime) -> str:
    if value.tzinfo is not None:
        raise InvalidArgumentError(
            f"{value} names a zone; give it in the account's time zone and without one, as SuiteQL compares times."
        )
    return value.isoformat(" ", "seconds")


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise InvalidArgumentError(f"{value} is not a number that a statement can hold.")
    return format(value, "f")


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """Lower the names, which NetSuite does not promise to [section_156257796125], and drop the row's `links`.

    A text without characters is null to Oracle's database, so it stands for nothing else.
    """
    return {name.lower(): value for name, value in item.items() if name != "links" and value != ""}
