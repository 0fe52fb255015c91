"""SuiteQL: statements in, pages of rows out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from suitetalk.answer import Answer
from suitetalk.errors import IncompleteResultError, InvalidRequestError, NetSuiteError
from suitetalk.pages import PAGE_SIZE, READABLE_ROWS, Page, all_pages, page_parameters, read_page
from suitetalk.parameters import Value, bound, check_parameters, hidden, inlined, quoted
from suitetalk.transport import Transport

__all__ = ["SuiteQL", "quoted"]

_PATH = "/query/v1/suiteql"


class _Ability:
    """What is known of an account; a race between threads costs one request."""

    binds = True  # until it says otherwise


class SuiteQL:
    """Runs SELECT statements. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport
        self._ability = _Ability()
        self._parameters: tuple[Value, ...] = ()

    def with_parameters(self, parameters: Sequence[Value]) -> SuiteQL:
        """Return one that gives these values to each statement that comes without any.

        It is for statements that all have the same statement with placeholders in them, once, such as one that is
        read from as a subquery.
        """
        other = SuiteQL(self._transport)
        other._ability = self._ability
        other._parameters = tuple(parameters)
        return other

    def page(
        self, statement: str, parameters: Sequence[Value] = (), *, limit: int = PAGE_SIZE, offset: int = 0
    ) -> Page:
        """Run a statement and return one page of its rows [section_157909186990].

        Rows are mappings of lower-case column names to text; columns that are null are absent.

        Args:
            statement: a SELECT; put an ORDER BY that is unique in it when more than one page is read, because
                each page is a query of its own.
            parameters: values for its `?` placeholders, in order; bound where the account can do so, which is from
                release 2026.2 on, else put into the statement as literals.
            limit: rows of the page, at most 1000; with fewer, fewer rows can be read, because a result ends after
                1000 pages.
            offset: rows to leave out before it, a multiple of `limit`.

        Raises:
            SuiteTalkError: there are more or fewer parameters than placeholders.
            NetSuiteError: the statement was refused.
            ConnectionFailedError: no usable answer.
        """
        return self.page_of(self.answer(statement, parameters, limit=limit, offset=offset))

    def answer(
        self, statement: str, parameters: Sequence[Value] = (), *, limit: int = PAGE_SIZE, offset: int = 0
    ) -> Answer:
        """Run a statement and return one page of its rows as NetSuite sent it, for a decoder of one's own.

        Arguments and errors are those of `page`; `page_of` reads it the usual way.
        """
        where, values = page_parameters(limit, offset), parameters or self._parameters
        return self._run(statement, values, where) if values else self._post({"q": statement}, where)

    @staticmethod
    def page_of(answer: Answer) -> Page:
        """Read the page that `answer` returned.

        Raises:
            ConnectionFailedError: it has not the shape of a page.
        """
        page = read_page(answer)
        return Page([_row(item) for item in page.items], page.total, page.has_more)

    def rows(self, statement: str, parameters: Sequence[Value] = ()) -> Iterator[dict[str, Any]]:
        """Run a statement and return all of its rows, page by page; give it an ORDER BY that is unique.

        Parameters are those of `page`.

        Raises:
            IncompleteResultError: the result is longer than NetSuite lets a query read, rows were missing, or the
                result shrank while it was read.
            NetSuiteError: the statement was refused.
        """
        for page in all_pages(lambda offset: self.page(statement, parameters, offset=offset), "The query"):
            if page.total > READABLE_ROWS:
                raise IncompleteResultError(
                    f"The query has {page.total} rows and NetSuite lets only {READABLE_ROWS} of them be read; "
                    "narrow it, for example by ranges of the id."
                )
            yield from page.items

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
        if self._ability.binds:
            text, values = bound(statement, parameters)
            try:
                return self._post({"q": text, **({"params": values} if values else {})}, where)
            except InvalidRequestError as refusal:
                if not values or refusal.code != "INVALID_CONTENT":
                    raise
        answer = self._post({"q": inlined(statement, parameters)}, where)
        self._ability.binds = False
        return answer

    def _post(self, body: dict[str, Any], where: dict[str, str]) -> Answer:
        return self._transport.request(
            "POST", _PATH, parameters=where, headers={"Prefer": "transient"}, body=body, repeatable=True
        )


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """Lower the names, which NetSuite does not promise to [section_156257796125], and drop the row's `links`."""
    return {name.lower(): value for name, value in item.items() if name != "links"}
