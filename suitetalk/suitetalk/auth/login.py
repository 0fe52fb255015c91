"""A login by bearer token, and the grants of the token end point it rests on."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import requests

from suitetalk.auth.token_store import Tokens, TokenStore
from suitetalk.errors import ConnectionFailedError, SuiteTalkError
from suitetalk.http.response import Answer

logger = logging.getLogger(__name__)

_CLOCK_TOLERANCE = 60.0  # seconds; assertions and time stamps are good for minutes
_FIRST_REDIRECT = 300
_UNAUTHORIZED = 401


class BearerLogin(ABC):
    """One access token, renewed before it ends and after a 401.

    Thread-safe: while one thread asks for a token the others wait for it instead of asking too, and so do other
    processes with the same login: whoever comes second finds the token in the store.
    """

    _one_at_a_time = False  # whether two processes renewing at once would do harm

    def __init__(self, name: str, store: TokenStore | None, clock: Callable[[], float] | None) -> None:
        """Keep the tokens under this name; nothing is sent yet."""
        self._name = name
        self._store = store or TokenStore()
        self._clock = clock or time.time
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._refused = ""
        self._failure: SuiteTalkError | None = None
        self._times_asked = 0
        self._is_news = False  # whether nobody has been told of the failure yet
        self._is_accepted = False

    def begin(self) -> None:
        """Ask for a token in a thread, where none is at hand; if that fails, the first who signs is told."""
        threading.Thread(target=self._begin, name="netsuite-login", daemon=True).start()

    def sign(self, request: requests.PreparedRequest) -> None:
        """Set the bearer token; asks for one when there is none that still lives.

        Raises:
            LoginRefusedError: the token end point refused, with its reason and what to check.
            LoginNeededError: a person has to log in.
            ConnectionFailedError: it could not be reached or answered with something else.
        """
        request.headers["Authorization"] = f"Bearer {self._current().access_token}"

    def wants_another_try(self, request: requests.PreparedRequest, answer: Answer) -> bool:
        """Forget the token a 401 refused, unless another thread has replaced it already."""
        if answer.status != _UNAUTHORIZED:
            self._is_accepted = self._is_accepted or answer.status < _FIRST_REDIRECT
            return False
        with self._lock:
            if self._tokens and request.headers.get("Authorization") == f"Bearer {self._tokens.access_token}":
                self._refused, self._tokens = self._tokens.access_token, None
        return True

    @property
    def is_accepted(self) -> bool:
        """Whether NetSuite has accepted one of its tokens: tokens may end several times in a row."""
        return self._is_accepted

    @property
    def goes_alone(self) -> bool:
        """Say no: the token request is the one that goes alone."""
        return False

    @abstractmethod
    def _ask(self, kept: Tokens | None) -> Tokens:
        """Ask NetSuite for a token; `kept` is what the store has."""

    def _took(self, tokens: Tokens) -> None:
        """Look at tokens that are about to be used, whoever asked for them."""
        del tokens

    def _begin(self) -> None:
        with self._lock:
            try:
                self._tokens = self._tokens or self._renewed()
            except SuiteTalkError:
                self._is_news = True
            except Exception as error:  # noqa: BLE001 - whoever signs meets it again
                logger.debug("The login cannot begin yet: %s", error)

    def _current(self) -> Tokens:
        asked_before = self._times_asked
        with self._lock:
            is_news, self._is_news = self._is_news, False
            if self._failure and (is_news or self._times_asked != asked_before):
                raise self._failure  # of the thread this one waited for; asking again at once would end alike
            if self._tokens is None or not self._tokens.is_fresh(self._clock()):
                self._tokens = self._renewed()
            return self._tokens

    def _renewed(self) -> Tokens:
        self._failure = None
        try:
            with self._store.locked(self._name, needed=self._one_at_a_time):
                tokens = self._shared()
            self._took(tokens)
        except SuiteTalkError as error:
            self._failure = error
            raise
        finally:
            self._times_asked += 1
        return tokens

    def _shared(self) -> Tokens:
        """Return what another process has asked for meanwhile, or ask and share it."""
        kept = self._store.read(self._name)
        if kept and kept.is_fresh(self._clock()) and kept.access_token != self._refused:
            return kept
        tokens = self._ask(kept)
        self._store.write(self._name, tokens)  # before its first use: another process may depend on it
        return tokens


class NetSuiteClock:
    """NetSuite's clock, by which logins are dated: this machine's, until it is known to be off."""

    def __init__(self) -> None:
        """Begin with this machine's clock."""
        self._offset = 0.0

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time() + self._offset

    def is_set_by(self, offset: timedelta | None) -> bool:
        """Take over how far NetSuite's clock is ahead, where that explains a refused login; tell whether it does."""
        if offset is None or abs(offset.total_seconds() - self._offset) <= _CLOCK_TOLERANCE:
            return False
        self._offset = offset.total_seconds()
        logger.warning(
            "This machine's clock is %d minutes %s NetSuite's; logins are dated by NetSuite's. Set this machine's "
            "clock.",
            round(abs(self._offset) / 60),
            "behind" if self._offset > 0 else "ahead of",
        )
        return True


class TokenRequester(Protocol):
    """Sends token requests; the transport is one."""

    def request_token(self, url: str, form: dict[str, str], *, basic: tuple[str, str] | None = None) -> dict[str, Any]:
        """Post a form, with the client's id and secret in a Basic header if given, and return the JSON answer."""
        ...

    @property
    def clock_offset(self) -> timedelta | None:
        """How far NetSuite's clock is ahead of this machine's by its last answer; None if unknown."""
        ...


@dataclass(frozen=True)
class Grant:
    """A granted token request.

    Attributes:
        access_token: for `Authorization: Bearer`.
        life: seconds it lives.
        refresh_token: None where the answer has none: client credentials, and the refresh of a confidential client.
    """

    access_token: str = field(repr=False)
    life: float
    refresh_token: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, answer: dict[str, Any]) -> Grant:
        """Check the answer of the token end point [section_162790605110, section_158081952044].

        Raises:
            ConnectionFailedError: it is not of that shape; the text shows nothing of it.
        """
        refresh = answer.get("refresh_token")
        if refresh is not None and not _is_token(refresh):
            raise _misshapen("with a refresh_token that is not a token")
        return cls(_access_token(answer), _lifetime(answer), refresh)


def _access_token(answer: dict[str, Any]) -> str:
    token, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not _is_token(token):
        raise _misshapen("without an access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _misshapen("with a token that is not a bearer token")
    return str(token)


def _is_token(value: object) -> bool:
    """Tell whether it can stand in a header: what could end the header line is not a token."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value.strip())


def _lifetime(answer: dict[str, Any]) -> float:
    """Seconds a token lives; a number or text in the answer, an hour by rule [section_162755359851]."""
    try:
        life = float(answer.get("expires_in", 3600))
    except (TypeError, ValueError):
        life = 0.0
    if not 0 < life < float("inf"):
        raise _misshapen("with an expires_in that is not a number of seconds")
    return life


def _misshapen(what: str) -> ConnectionFailedError:
    return ConnectionFailedError(f"The token end point answered {what}; check `base_url` and `token_url`.")
