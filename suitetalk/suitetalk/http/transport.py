"""One request: sign, send, retry, read, refuse."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.exceptions import ContentDecodingError, InvalidSchema, InvalidURL, ProxyError, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationValueError,
    MaxRetryError,
    NewConnectionError,
    ReadTimeoutError,
)

from suitetalk.account import REST_ROOT, Account, is_loopback
from suitetalk.errors import (
    TOO_SLOW,
    AnswerTimedOutError,
    ConnectionFailedError,
    InvalidArgumentError,
    NetSuiteError,
    OutcomeUnknownError,
    UnexpectedError,
)
from suitetalk.http.governor import (
    Limiter,
    RetryPolicy,
    Traffic,
    TrafficCounter,
    TryAgainError,
    permitted,
    seconds_asked_for,
)
from suitetalk.http.response import Answer, clock_offset, company_language, encode, refusal, token_refusal
from suitetalk.http.session import Session, UnboundedAnswerError, longest_wait
from suitetalk.redaction import printable
from suitetalk.report import Watch

logger = logging.getLogger(__name__)

LONGEST_CONNECT = 7.0  # seconds for each address of a host, so that a missing network is soon reported
_BLOCKED = 429
_OK = 200
_UNAUTHORIZED = 401
_LANGUAGE = "Accept-Language"
_MORE_TRIES = 2
_FIRST_SERVER_FAULT = 500
_FAULTS_THAT_PASS = frozenset({500, 502, 503, 504})
_NO_ANSWER = "no answer in time"
_Patience = tuple[float, float]  # seconds to wait for a connection, and for the next part of an answer


class Authentication(Protocol):
    """Signs requests, and sees the answers.

    Implementations are called from several threads at once and must be safe for that.
    """

    def sign(self, request: requests.PreparedRequest) -> None:
        """Put the login into a prepared request, asking for a token first where one is needed."""
        ...

    def wants_another_try(self, request: requests.PreparedRequest, answer: Answer) -> bool:
        """Look at an answer, and tell whether it refuses the login in a way that signing again may cure."""
        ...

    @property
    def is_accepted(self) -> bool:
        """Whether NetSuite has accepted a request that was signed with this login, so that a 401 may pass."""
        ...

    @property
    def goes_alone(self) -> bool:
        """Whether one request at most may be on its way, because a refusal of several would lock the login."""
        ...


class Transport:
    """Sends requests to one account.

    Thread-safe. Credentials go to the account's host only, and none come from elsewhere; see `Session`.

    Attributes:
        watch: sees each request, for the report of a run; None where nobody wants one.
    """

    def __init__(
        self,
        account: Account,
        limiter: Limiter,
        *,
        timeout: float,
        user_agent: str = "suitetalk",
        retry: RetryPolicy | None = None,
        session: requests.Session | None = None,
        language: str | None = None,
    ) -> None:
        """Prepare a session.

        Args:
            account: where to send to.
            limiter: asked before each request but the token requests.
            timeout: seconds to wait for the next part of an answer.
            user_agent: how to introduce oneself.
            retry: how often and how far apart to try.
            session: stands in for the network in tests.
            language: the company's, for `Accept-Language`; none is sent until NetSuite asks for it.
        """
        self._account = account
        self._limiter = limiter
        self._timeout = (min(LONGEST_CONNECT, timeout), timeout)
        self._retry = retry or RetryPolicy()
        self._session = session or Session()
        self._session.headers["User-Agent"] = user_agent
        if language:
            self._session.headers[_LANGUAGE] = language
        self._authentication: Authentication | None = None
        self._alone = threading.Lock()
        self._latest_date: tuple[str, datetime] | None = None
        self._environments: dict[str, Mapping[str, Any]] = {}
        self._traffic = TrafficCounter()
        self.watch: Watch | None = None

    @property
    def clock_offset(self) -> timedelta | None:
        """How far the account's clock is ahead of this machine's by the `Date` of the last answer; None if unknown."""
        return clock_offset(*self._latest_date) if self._latest_date else None

    def authenticate_with(self, authentication: Authentication) -> None:
        """Sign every further request this way."""
        self._authentication = authentication

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @property
    def traffic(self) -> Traffic:
        """The requests that have been answered so far, or never will be."""
        return self._traffic.so_far()

    @property
    def account(self) -> Account:
        """Where this sends to."""
        return self._account

    def request(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool,
        within: float | None = None,
        once: bool = False,
    ) -> Answer:
        """Send a request and return its answer, once NetSuite has accepted it.

        Args:
            method: HTTP method.
            path: below `/services/rest`, such as `/record/v1/customer`.
            parameters: query parameters, not yet encoded.
            headers: further header fields.
            body: sent as JSON unless None.
            repeatable: whether carrying it out twice does no harm. What is not repeatable is tried again only
                when NetSuite certainly did not act on it: no connection, 401, 429.
            within: see `send`.
            once: see `send`.

        Raises:
            OutcomeUnknownError: a request that is not repeatable went out, and its answer was lost.
            ConnectionFailedError: no usable answer after all tries.
        """
        request = requests.Request(
            method,
            f"{self._account.base_url}{REST_ROOT}{path}",
            params=parameters,
            headers={"Accept": "application/json, application/vnd.oracle.resource+json", **(headers or {})},
        )
        if body is not None:
            request.data = encode(body)
            request.headers.setdefault("Content-Type", "application/json")
        name = f"{method} {path}"
        return self.send(request, name, repeatable=repeatable, expects_json=True, within=within, once=once)

    def send(
        self,
        request: requests.Request,
        name: str,
        *,
        repeatable: bool,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        expects_json: bool = False,
        within: float | None = None,
        once: bool = False,
    ) -> Answer:
        """Sign and send a request that is made up already; see `request`.

        Args:
            request: to an address of the account.
            name: method and path, for messages.
            repeatable: whether carrying it out twice does no harm.
            timeout: seconds to wait for the next part of the answer, instead of the session's.
            retry: how often and how far apart to try, instead of the session's.
            expects_json: whether an answer of something else is a damaged one.
            within: seconds to wait for the next part of the answer where a later one is of no use: a request that
                takes longer, or ends in 504, is not tried again.
            once: whether a plain 500 is not tried again, because whoever asks finds out what it means.
        """
        timeout = timeout if within is None else min(within, self._timeout[1])
        patience = self._timeout if timeout is None else (min(LONGEST_CONNECT, timeout), timeout)

        def attempt() -> Answer:
            answer = self._exchange(name, request, patience, repeatable=repeatable)
            is_known = self._authentication is not None and self._authentication.is_accepted
            if answer.status == _UNAUTHORIZED and is_known:
                raise TryAgainError(refusal(answer))
            answer = _accepted(answer, refusal, repeatable=repeatable)
            if expects_json:
                _check(answer, repeatable=repeatable, seldom_passes=not (is_known and answer.is_html))
            return answer

        final = (*(TOO_SLOW if within is not None else ()), *((UnexpectedError,) if once else ()))
        return (retry or self._retry).run(_in_time(attempt, patience[1], final))

    def request_token(self, url: str, form: dict[str, str], *, basic: tuple[str, str] | None = None) -> dict[str, Any]:
        """Post a form to the token end point; asking twice does no harm.

        Args:
            url: the token end point.
            form: what to ask for.
            basic: the client's id and secret, for a Basic header.

        Raises:
            LoginRefusedError: the credentials were refused.
            ConnectionFailedError: it could not be reached, or its answer is not a JSON object.
        """
        token = self._post_form("POST to the token end point", url, form, basic, expects_json=True).json()
        if not isinstance(token, dict):
            raise ConnectionFailedError(
                "The token end point answered without a JSON object; check `base_url` and `token_url`."
            )
        return token

    def revoke_token(self, url: str, form: dict[str, str], *, basic: tuple[str, str] | None = None) -> None:
        """Post a form to the revocation end point, whose answer says nothing more [section_161071224088].

        Raises:
            LoginRefusedError: the credentials were refused.
            ConnectionFailedError: it could not be reached.
        """
        self._post_form("POST to the revocation end point", url, form, basic)

    def _post_form(
        self, name: str, url: str, form: dict[str, str], basic: tuple[str, str] | None, *, expects_json: bool = False
    ) -> Answer:
        headers = {"Accept": "application/json"}
        request = requests.Request("POST", url, data=form, headers=headers, auth=basic)

        def attempt() -> Answer:
            prepared = self._session.prepare_request(request)
            answer = self._send(name, prepared, self._timeout, repeatable=True)
            answer = _accepted(answer, partial(token_refusal, grant=form.get("grant_type", "")), repeatable=True)
            if expects_json:
                _check(answer, repeatable=True, seldom_passes=True)
            return answer

        return self._retry.run(_in_time(attempt, self._timeout[1]))

    def _exchange(self, name: str, request: requests.Request, patience: _Patience, *, repeatable: bool) -> Answer:
        """Send signed, and again with a new login when one was refused: that too can end just then."""
        answer, again = self._signed_and_sent(name, request, patience, repeatable=repeatable)
        for _ in range(_MORE_TRIES):
            if not again:
                break
            answer, again = self._signed_and_sent(name, request, patience, repeatable=repeatable)
        return answer

    def _signed_and_sent(
        self, name: str, request: requests.Request, patience: _Patience, *, repeatable: bool
    ) -> tuple[Answer, bool]:
        """Return the answer, and whether it asks for another login or language."""
        login = self._authentication
        with self._turn_of(login):
            prepared = self._signed(request)
            answer = self._send_permitted(name, prepared, patience, repeatable=repeatable)
            again = login is not None and login.wants_another_try(prepared, answer)
        return answer, again or self._takes_language(prepared, answer)

    @contextmanager
    def _turn_of(self, login: Authentication | None) -> Iterator[None]:
        """Wait until nobody else tries a login that has to go alone."""
        if login and login.goes_alone:
            with self._alone:
                if login.goes_alone:
                    yield
                    return
        yield

    def _takes_language(self, prepared: requests.PreparedRequest, answer: Answer) -> bool:
        """Speak the company's language from here on, if the answer refuses another one [airbytehq/airbyte#34137]."""
        spoken = prepared.headers.get(_LANGUAGE, "")
        wanted = company_language(answer, spoken)
        if not wanted:
            return False
        if self._session.headers.get(_LANGUAGE) != wanted:
            self._session.headers[_LANGUAGE] = wanted
            logger.info("NetSuite asks for the company's language; requests say %s from here on", wanted)
        return True

    def _signed(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            prepared = self._session.prepare_request(request)
        except (requests.RequestException, ValueError) as error:
            raise InvalidArgumentError(f"The request cannot be made up ({printable(str(error))}).") from None
        if self._authentication:
            self._authentication.sign(prepared)
        return prepared

    def _send_permitted(
        self, name: str, prepared: requests.PreparedRequest, patience: _Patience, *, repeatable: bool
    ) -> Answer:
        with permitted(self._limiter) as blocked, self._traffic.request() as statuses, ExitStack() as stack:
            if self.watch:
                stack.enter_context(self.watch.request(name, prepared.body, statuses))
            answer = self._send(name, prepared, patience, repeatable=repeatable)
            statuses.append(answer.status)
            blocked.append(answer.status == _BLOCKED)
            return answer

    def _send(self, name: str, prepared: requests.PreparedRequest, patience: _Patience, *, repeatable: bool) -> Answer:
        environment = self._environment(prepared.url or "")
        try:
            response = self._session.send(prepared, timeout=patience, allow_redirects=False, **environment)
        except (UnicodeError, LocationValueError) as error:
            raise InvalidArgumentError(f"{name} cannot be sent ({printable(str(error))}).") from None
        except OSError as error:  # what requests raises is one, and so is a file of certificates that is not there
            host = urlsplit(prepared.url or "").netloc
            raise connection_failure(f"{name} at {host}", error, repeatable=repeatable) from None
        if "Date" in response.headers:
            self._latest_date = response.headers["Date"], datetime.now(timezone.utc)
        return Answer(name, response.status_code, response.headers, response.content)

    def _environment(self, url: str) -> Mapping[str, Any]:
        """Return proxies and trusted certificates for an address; they are looked for once for each host."""
        address = urlsplit(url)
        if address.netloc not in self._environments:
            found = self._session.merge_environment_settings(url, {}, stream=False, verify=None, cert=None)
            if not found["verify"] and not is_loopback(address.hostname or ""):
                found["verify"] = True  # a session handed in may not switch this off for another host
            self._environments[address.netloc] = found
        return self._environments[address.netloc]


def _in_time(
    attempt: Callable[[], Answer], timeout: float, final: tuple[type[Exception], ...] = ()
) -> Callable[[], Answer]:
    """Return an attempt that is not made again once it has been waited for long enough.

    That is as long as one answer may take in all, or, if there is another way, the first time that it fails in one of
    the ways that are final.
    """
    waited = 0.0

    def attempt_in_time() -> Answer:
        nonlocal waited
        try:
            return attempt()
        except TryAgainError as failure:
            waited += timeout if isinstance(failure.final, AnswerTimedOutError) else 0.0
            if waited >= longest_wait(timeout) or isinstance(failure.final, final):
                raise failure.final from None
            raise

    return attempt_in_time


def _accepted(answer: Answer, as_refusal: Callable[[Answer], NetSuiteError], *, repeatable: bool) -> Answer:
    """Return the answer if it is one of success; raise what became of the request if not."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success
        return answer
    error = as_refusal(answer)
    if answer.status == _BLOCKED or (answer.status in _FAULTS_THAT_PASS and repeatable):
        asked = seconds_asked_for(answer.headers.get("Retry-After"))
        is_fault, is_busy = answer.status == _FIRST_SERVER_FAULT, answer.status == _BLOCKED
        raise TryAgainError(error, asked, seldom_passes=is_fault, is_busy=is_busy)
    if answer.status >= _FIRST_SERVER_FAULT and not repeatable:
        told = " ".join(filter(None, (str(error.status), error.code)))
        raise OutcomeUnknownError(
            f"{error.request} was answered with {told} ({error.detail}), so whether NetSuite carried it out is "
            "unknown; look the record up before repeating it."
        )
    raise error


def _check(answer: Answer, *, repeatable: bool, seldom_passes: bool) -> None:
    """Make sure that a success says something: it may be a proxy's page, or a part of the answer.

    What a write answers besides does not matter, unless it was something else than NetSuite that answered.
    """
    if repeatable:
        is_read = answer.request.startswith(("GET ", "POST "))
        damage = answer.damage() if answer.content or (is_read and answer.status == _OK) else None
        if damage:
            raise TryAgainError(damage, seldom_passes=seldom_passes)
    elif answer.is_html and not answer.located_id:
        raise OutcomeUnknownError(
            f"{answer.request} was answered with a web page (status {answer.status}), so whether NetSuite carried it "
            "out is unknown; look the record up before repeating it."
        )


def connection_failure(name: str, error: OSError, *, repeatable: bool) -> Exception:
    """Turn what the HTTP library raised into what the transport raises.

    Args:
        name: method and path of the request, and the host.
        error: a RequestException, or an OSError from preparing the connection.
        repeatable: whether carrying the request out twice does no harm.

    Returns:
        TryAgainError when the request may be sent again; OutcomeUnknownError when NetSuite may have acted on it and
        must not act twice; ConnectionFailedError when another try would fail alike.
    """
    if isinstance(error, UnboundedAnswerError) and repeatable:
        return AnswerTimedOutError(f"{name} failed: {error}; ask for less at once, or check the network.")
    hopeless = _what_no_try_mends(error)
    if hopeless:
        return ConnectionFailedError(f"{name} failed: {hopeless}.")
    words = _why(error)
    if repeatable or _never_sent(error):
        advice = "check the network, `account_id`, `base_url` and `request_timeout`"
        kind = AnswerTimedOutError if words == _NO_ANSWER else ConnectionFailedError
        return TryAgainError(kind(f"{name} failed: {words}; {advice}."))
    return OutcomeUnknownError(
        f"{name} was sent and its answer was lost ({words}), so whether NetSuite carried it out is unknown; "
        "look the record up before repeating it."
    )


def _what_no_try_mends(error: OSError) -> str:
    """Return why trying again is in vain and what to do instead, empty when it is not in vain."""
    if not isinstance(error, requests.RequestException):
        return (
            "the certificates this machine trusts cannot be read; check the environment variables REQUESTS_CA_BUNDLE "
            "and CURL_CA_BUNDLE"
        )
    if isinstance(error, (InvalidURL, InvalidSchema)):
        return "its address, or that of the proxy, cannot be used; check `base_url` and the proxy variables"
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the server's certificate is not trusted; check `base_url` and the certificates this machine trusts"
    return ""


def _never_sent(error: OSError) -> bool:
    """Tell whether no connection came about, neither to NetSuite nor to a proxy before it."""
    return isinstance(error, ProxyError) or isinstance(_cause(error), (NewConnectionError, ConnectTimeoutError))


def _why(error: OSError) -> str:
    """Name the kind of failure without the addresses and objects the library's text is full of."""
    cause = _cause(error)
    kinds = {
        str(error): isinstance(error, UnboundedAnswerError),
        "the proxy gave no connection": isinstance(error, ProxyError),
        "no connection": isinstance(cause, NewConnectionError),
        "no connection in time": isinstance(cause, ConnectTimeoutError),
        _NO_ANSWER: isinstance(error, Timeout) or isinstance(cause, ReadTimeoutError),
        "the answer's compression is damaged": isinstance(error, ContentDecodingError),
        "the encrypted connection broke": isinstance(error, requests.exceptions.SSLError),
    }
    return next((words for words, applies in kinds.items() if applies), "the connection was cut")


def _cause(error: OSError) -> object:
    """Return the error of the layer below, which tells more."""
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else cause
