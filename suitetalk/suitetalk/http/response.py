"""What came back from NetSuite: an answer, its refusals as exceptions, and pages that make up a whole."""

from __future__ import annotations

import json
import logging
import re
from codecs import utf_8_decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cached_property
from math import isfinite
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from suitetalk.errors import (
    ConcurrencyLimitError,
    ConnectionFailedError,
    ErrorDetail,
    IncompleteResultError,
    InvalidArgumentError,
    InvalidRequestError,
    LoginRefusedError,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ServerFaultError,
    TooSlowError,
    UnexpectedError,
    for_refusal,
    for_token_refusal,
    speaks_of_permission,
)
from suitetalk.redaction import readable

logger = logging.getLogger(__name__)

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_SKIPPER = msgspec.json.Decoder(msgspec.Raw)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_BY_STATUS: dict[int, type[NetSuiteError]] = {
    401: LoginRefusedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: ConcurrencyLimitError,
}
_HALF = re.compile("[\ud800-\udfff]")
# A backslash before one is a part of the text; looked at last, so that the search begins with what is rare.
_ESCAPED_HALF = re.compile(
    rb"\\u(?<!\\\\u)(?:(?P<pair>[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})|[dD][89a-fA-F][\da-fA-F]{2})"
)
_CONTROL = re.compile(rb"[\x00-\x1f](?<!\\[\x00-\x1f])")
_PAIR = len(r"\ud83d\ude00")
# The reader stops after an escape that should have been the second of a pair, or after one that is alone.
_HIGH, _NOT_LOW = rb"\\u[dD][89abAB][\da-fA-F]{2}", rb"\\u(?![dD][c-fC-F])[\da-fA-F]{4}"
_HALF_AT_END = re.compile(rb"(?<!\\)(?:%b(?=%b\Z)|(?<!%b)\\u[dD][89a-fA-F][\da-fA-F]{2}\Z)" % (_HIGH, _NOT_LOW, _HIGH))
_STOP = re.compile(r"\(byte (\d+)\)\Z")  # in the decoder's words
_FEW = 3  # places that are repaired one by one
_PART = 2**12  # bytes
_REPLACEMENT = "\ufffd".encode()
_LANGUAGES = re.compile(r"\b[a-z]{2,3}[-_](?:[A-Z][A-Za-z]{1,3}|\d{3})\b")
_BAD_REQUEST = 400
_BLOCKED = 429
_NO_ID = "INVALID_ID"
_FIRST_SERVER_FAULT = 500
_BY_FAULT = {500: UnexpectedError, 504: TooSlowError}
PAGE_SIZE = 1000
"""Most rows of one page [section_156414087576]."""
READABLE_ROWS = 100_000
"""Most rows of one query; beyond them pages end without an error [section_157909186990]."""
_MOST_PAGES = 1000  # of one result, whatever the size of a page [section_156414087576]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    Attributes:
        request: method and path it answers, for messages.
        status: HTTP status.
        headers: header fields, names in any case.
        content: the body, complete.
    """

    request: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body with numbers that have a fraction as Decimal.

        Raises:
            ConnectionFailedError: the body is not JSON.
        """
        try:
            return _DECODER.decode(self.readable)
        except (msgspec.DecodeError, RecursionError):  # such as a number of ten thousand digits
            raise self._unreadable() from None

    @cached_property
    def readable(self) -> bytes:
        """The body as JSON that every decoder takes, with U+FFFD for what is not Unicode.

        A text may have been cut in the middle of an emoji, or come into NetSuite as something else: half a surrogate,
        escaped or not, a byte of Latin-1, a raw tab.

        Raises:
            ConnectionFailedError: the body is not JSON.
        """
        stop = _stop(self.content)
        if stop is None and _is_unicode(self.content):
            return self.content
        try:
            body, is_damaged = _repaired(self.content, stop)
        except (ValueError, RecursionError):
            raise self._unreadable() from None
        if is_damaged:
            logger.warning(
                "%s was answered with characters that are not Unicode; each is replaced by U+FFFD", self.request
            )
        return body

    def damage(self) -> ConnectionFailedError | None:
        """Return what to raise when the body is not JSON, None when it is."""
        try:
            self.readable  # noqa: B018 - it is kept
        except ConnectionFailedError as error:
            return error
        return None

    @property
    def is_html(self) -> bool:
        """Whether a web page came instead: of a proxy, or of NetSuite's maintenance."""
        return self.content.lstrip()[:1] == b"<"

    def _unreadable(self) -> ConnectionFailedError:
        kind = self.headers.get("Content-Type", "no content type").split(";")[0]
        return ConnectionFailedError(
            f"{self.request} was answered with {kind} that is not readable JSON (status {self.status}); "
            "check `base_url`, and any proxy on the way."
        )

    @property
    def clock_offset(self) -> timedelta | None:
        """How far NetSuite's clock is ahead of this machine's by `Date`, for an answer that has just come."""
        return clock_offset(self.headers.get("Date", ""), datetime.now(timezone.utc))

    def text(self) -> str:
        """Return the body as text, in the character set the answer names, UTF-8 by default."""
        kind = Message()
        kind["Content-Type"] = self.headers.get("Content-Type", "text/plain")
        try:
            return self.content.decode(kind.get_content_charset("utf-8"), errors="replace")
        except LookupError:
            return self.content.decode(errors="replace")

    def created_id(self) -> str:
        """Return the id at the end of the `Location` header [section_1545141395].

        Raises:
            OutcomeUnknownError: there is no such header.
        """
        if not self.located_id:
            raise OutcomeUnknownError(
                f"{self.request} was accepted (status {self.status}) without a Location header, so the new id "
                "is unknown; look the record up in NetSuite before sending it again."
            )
        return self.located_id

    @property
    def located_id(self) -> str:
        """The id at the end of the `Location` header, empty when there is none."""
        return unquote(_path_of(self.headers.get("Location", "")).rsplit("/", 1)[-1])


def clock_offset(date: str, received: datetime) -> timedelta | None:
    """Return how far the clock that a `Date` header was written by is ahead; None where it cannot be read."""
    try:
        return parsedate_to_datetime(date).astimezone(timezone.utc) - received
    except (ValueError, TypeError, IndexError, OverflowError):  # the parser of the standard library raises them all
        return None


def company_language(answer: Answer, spoken: str) -> str:
    """Return the language that a refusal asks for, empty where it is about something else [airbytehq/airbyte#34137].

    Args:
        answer: any answer.
        spoken: `Accept-Language` of the request.
    """
    if answer.status != _BAD_REQUEST:
        return ""
    for detail in _details(answer):
        if "language" in f"{detail.path} {detail.message}".lower():
            named = [name for name in _LANGUAGES.findall(detail.message) if name.lower() != spoken.lower()]
            return named[-1] if named else ""
    return ""


def encode(body: Any) -> bytes:
    """Return a body as JSON bytes; Decimals become numbers with all their digits.

    Raises:
        InvalidArgumentError: JSON has no form for a value in it, such as NaN.
    """
    try:
        _refuse_unsayable_numbers(body)
        return _ENCODER.encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"The body cannot be sent as JSON: {error}.") from None


def refusal(answer: Answer) -> NetSuiteError:
    """Turn a refused request into its exception [section_156570709583]."""
    details = _details(answer)
    first = details[0]
    kind = _BY_STATUS.get(answer.status, InvalidRequestError)
    if answer.status >= _FIRST_SERVER_FAULT:
        kind = _BY_FAULT.get(answer.status, ServerFaultError)
    elif kind is InvalidRequestError and first.code == _NO_ID:
        kind = NotFoundError
    elif kind is InvalidRequestError and speaks_of_permission(first.message):
        kind = PermissionDeniedError
    return kind(
        answer.request,
        answer.status,
        details,
        advice=for_refusal(answer.status, first.code, first.message),
        location=answer.headers.get("Location", ""),
    )


def token_refusal(answer: Answer, grant: str = "") -> NetSuiteError:
    """Turn a refused token request into its exception; its body is `{"error": …}` [subsect_158521832417].

    Args:
        answer: the refusal.
        grant: `grant_type` of the request.
    """
    if answer.status == _BLOCKED or not 400 <= answer.status < _FIRST_SERVER_FAULT:  # noqa: PLR2004 - client errors
        return refusal(answer)
    body = _body(answer)
    error = readable(body["error"]) if isinstance(body, dict) and isinstance(body.get("error"), str) else ""
    details = (ErrorDetail("the token end point refused the login", error),) if error else _details(answer)
    advised = for_token_refusal(answer.status, error, grant)
    return LoginRefusedError(answer.request, answer.status, details, advice=advised)


def _stop(content: bytes) -> int | None:
    """Return where a reader of JSON stops, 0 where that is not known, None where it reads all.

    Several times as quick as to read it. Whether texts are Unicode is another matter.
    """
    try:
        _SKIPPER.decode(content)
    except msgspec.DecodeError as error:
        found = _STOP.search(str(error))
        return int(found[1]) if found else 0
    except RecursionError:
        return 0
    return None


def _is_unicode(content: bytes) -> bool:
    """Tell whether bytes are UTF-8, part by part: the text of all would take four times their memory for one emoji."""
    if content.isascii():
        return True
    view, place = memoryview(content), 0
    try:
        while place < len(view):
            part = view[place : place + _PART]
            place += utf_8_decode(part, "strict", len(part) < _PART)[1]
    except UnicodeDecodeError:
        return False
    return True


def _repaired(content: bytes, stop: int | None) -> tuple[bytes, bool]:
    """Return a body as JSON, with U+FFFD for what is not Unicode, and whether there is any of that.

    Args:
        content: the body.
        stop: where a reader of JSON stops.

    Raises:
        ValueError: it cannot be read as JSON at all.
    """
    unicode = _in_unicode(content)
    few = _with_few_repairs(content, stop) if unicode is content else None
    if few:
        return few
    whole = _ESCAPED_HALF.sub(lambda found: found[0] if found["pair"] else _REPLACEMENT, unicode)
    # Escaped outside of texts, where they are blank, they make it unreadable, so no other text can come of it.
    whole = whole if _stop(whole) is None else _CONTROL.sub(_escaped, whole)
    if _stop(whole) is not None:
        read = json.loads(unicode, parse_float=Decimal, parse_constant=str, strict=False)
        whole = _ENCODER.encode(_with_whole_characters(read))
    return whole, whole.count(_REPLACEMENT) > content.count(_REPLACEMENT)


def _with_few_repairs(content: bytes, stop: int | None) -> tuple[bytes, bool] | None:
    """Return what `_repaired` does where a reader stops at a few places, which need not be searched for; else None."""
    has_halves = False
    for _ in range(_FEW):
        if stop is None:
            break
        if _CONTROL.match(content, stop):
            begin, end, repair = stop, stop + 1, b"\\u%04x" % content[stop]
        elif half := _HALF_AT_END.search(content, max(0, stop - _PAIR), stop):
            begin, end, repair, has_halves = half.start(), half.start() + _PAIR // 2, _REPLACEMENT, True
        else:
            break
        view = memoryview(content)
        content = b"".join((view[:begin], repair, view[end:]))
        stop = _stop(content)
    return (content, has_halves) if stop is None else None


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0])


def _in_unicode(content: bytes) -> bytes:
    """Return text in UTF-8 with U+FFFD for what is not; two halves of a surrogate pair become one character."""
    if _is_unicode(content):
        return content
    try:
        halves = content.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
    except UnicodeDecodeError:
        return content.decode(errors="replace").encode()
    return halves.decode("utf-16", "replace").encode()


def _with_whole_characters(value: Any) -> Any:
    """Return a JSON value with each half of a surrogate pair replaced, which cannot leave as UTF-8."""
    if isinstance(value, dict):
        return {_with_whole_characters(name): _with_whole_characters(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_whole_characters(inner) for inner in value]
    if not isinstance(value, str) or not _HALF.search(value):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _path_of(location: str) -> str:
    try:
        return urlsplit(location).path.rstrip("/")
    except ValueError:
        return ""


def _refuse_unsayable_numbers(value: Any) -> None:
    """Refuse NaN and infinities: written as null, which is what JSON encoders do, they would clear a field."""
    if isinstance(value, (float, Decimal)) and not isfinite(value):
        raise InvalidArgumentError(
            f"The body cannot be sent as JSON: it holds {value}, which is not a number to NetSuite."
        )
    if value is None or isinstance(value, (str, int, float, Decimal)):
        return
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ():
        _refuse_unsayable_numbers(inner)


def _body(answer: Answer) -> Any:
    try:
        return answer.json()
    except ConnectionFailedError:
        return None


def _details(answer: Answer) -> tuple[ErrorDetail, ...]:
    body = _body(answer)
    if not isinstance(body, dict):
        kind = readable(answer.headers.get("Content-Type", "without a type")) if answer.content else "empty"
        return (ErrorDetail(f"the answer was {kind}, not an error of NetSuite's form"),)
    listed = body.get("o:errorDetails")
    code = {"o:errorCode": body["o:errorCode"]} if "o:errorCode" in body else {}
    entries = [{**code, **entry} for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return tuple(map(_detail, entries)) or (_detail({**body, "detail": body.get("detail") or body.get("title")}),)


def _detail(entry: dict[str, Any]) -> ErrorDetail:
    places = ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")
    path = next((readable(entry[place]) for place in places if entry.get(place)), "")
    return ErrorDetail(
        readable(entry.get("detail") or "no explanation was given"), readable(entry.get("o:errorCode") or ""), path
    )


@dataclass(frozen=True)
class Page:
    """One page of rows.

    Attributes:
        items: the rows as NetSuite sent them.
        total: NetSuite's own count of the whole result, including what lies beyond the readable part.
        has_more: whether a further page can be read.
    """

    items: list[dict[str, Any]]
    total: int
    has_more: bool


def page_parameters(limit: int, offset: int) -> dict[str, str]:
    """Return the query parameters that ask for a page [section_156414087576].

    Raises:
        InvalidArgumentError: NetSuite would refuse them.
        IncompleteResultError: the page lies beyond the 1000 pages that can be read.
    """
    if not 1 <= limit <= PAGE_SIZE:
        raise InvalidArgumentError(f"A page holds from 1 to {PAGE_SIZE} rows, so limit cannot be {limit}.")
    if offset < 0 or offset % limit:
        raise InvalidArgumentError(f"An offset is a multiple of the limit, so {offset} does not go with {limit}.")
    if offset // limit >= _MOST_PAGES:
        raise IncompleteResultError(
            f"Only the first {_MOST_PAGES} pages of a result can be read, so with limit {limit} nothing from row "
            f"{offset} on; narrow the result, or read larger pages."
        )
    return {"limit": str(limit), "offset": str(offset)}


def read_page(answer: Answer) -> Page:
    """Read a collection answer [section_1540810951, section_157909186990].

    Raises:
        ConnectionFailedError: the answer has not the shape of a page.
    """
    return page_of(answer.json(), answer.request)


def page_of(body: Any, request: str) -> Page:
    """Read the body of a collection.

    One without rows need not have a list for them. One that does not say how many there are in all counts those up to
    its end, which says otherwise than its `hasMore` where others follow; so nobody takes it for the whole.

    Raises:
        ConnectionFailedError: the body has not the shape of a page; `request` names what was asked.
    """
    given = body if isinstance(body, dict) else {}
    items, total = given.get("items"), _count(given.get("totalResults"))
    if items is None and total == 0:
        items = []
    if isinstance(items, list) and "totalResults" not in given and isinstance(given.get("hasMore"), bool):
        total = (_count(given.get("offset")) or 0) + len(items)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items) or total is None:
        raise ConnectionFailedError(
            f"{request} was answered with something that is not a page of rows; check `base_url`."
        )
    return Page(items, total, given.get("hasMore") is True)


def all_pages(fetch: Callable[[int], Page], what: str) -> Iterator[Page]:
    """Fetch the page at offset 0, 1000 and so on to the end.

    Pages are not a snapshot. A result that shrinks while it is read moves rows over a border that has been passed,
    so that is an error; one that grows repeats rows at worst.

    Args:
        fetch: returns the page of 1000 rows at an offset.
        what: the result's name in error messages, such as `The query`.

    Raises:
        IncompleteResultError: rows are missing, or may be.
    """
    offset = delivered = total = 0
    while True:
        page = fetch(offset)
        if page.total < total:
            raise IncompleteResultError(
                f"{what} shrank from {total} to {page.total} rows while it was read, so some may be missing; "
                "run it again, or narrow it."
            )
        total = page.total
        delivered += len(page.items)
        yield page
        if not page.has_more or len(page.items) < PAGE_SIZE:
            break
        offset += PAGE_SIZE
    if delivered < total:
        raise IncompleteResultError(f"{what} delivered {delivered} of {total} rows; run it again, or narrow it.")


def check_lines(body: Any, what: str) -> None:
    """Compare the lines of each expanded sublist of a record, at any depth, with NetSuite's own count of them.

    Expanded sublists carry no `hasMore`; only `totalResults` tells that lines are missing.

    Raises:
        IncompleteResultError: lines are missing.
    """
    if isinstance(body, list):
        for line in body:
            check_lines(line, what)
    elif isinstance(body, dict):
        items, total = body.get("items"), _count(body.get("totalResults"))
        if isinstance(items, list) and total is not None and len(items) < total:
            raise IncompleteResultError(f"{what} delivered {len(items)} of the {total} lines of a sublist.")
        for value in body.values():
            check_lines(value, what)


def _count(value: Any) -> int | None:
    """Read a count, a whole number or a text of digits; None for anything else."""
    if isinstance(value, (float, Decimal)) and value == value // 1:
        value = int(value)
    return int(value) if not isinstance(value, bool) and str(value).isdecimal() else None
