"""Everything wired together for one account."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests

from suitetalk.auth import Authentication, AuthorizationCode, ClientCredentials, TokenStore
from suitetalk.auth.keys import certificate_of, end_of, signing_key, warn_of_end
from suitetalk.auth.login import BearerLogin, TokenRequester
from suitetalk.batches import Batches
from suitetalk.errors import REFUSALS, ConfigurationError, ConnectionFailedError
from suitetalk.facts import Facts
from suitetalk.files import Files
from suitetalk.http.governor import Limiter, RetryPolicy
from suitetalk.http.places import governor_for
from suitetalk.http.transport import Transport
from suitetalk.jobs import Jobs, PollPolicy
from suitetalk.metadata import CatalogCache, MetadataCatalog
from suitetalk.raw import RawRequests
from suitetalk.records import Records
from suitetalk.settings import ConnectionSettings
from suitetalk.suiteql import Datasets, RowReader, SuiteQL
from suitetalk.values import instant

if TYPE_CHECKING:
    from suitetalk.column_types import ColumnTypes

_PATIENCE = 60.0  # seconds; who asks about the account can do without the answer
_USUAL_LIMIT = 5  # of the smallest accounts [bridgehead_1500275603]


class NetSuite:
    """One account and its services, over one session, one login and one governor.

    They are `records`, `batches`, `jobs`, `suiteql`, `datasets`, `files`, `metadata`, `system` and `raw`.

    Thread-safe. Nothing is sent before the first call. Use it as a context manager to close the connections.
    """

    def __init__(  # noqa: PLR0913 - what may be shared with others, each by its name
        self,
        settings: ConnectionSettings,
        *,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        user_agent: str = "suitetalk",
        session: requests.Session | None = None,
        polling: PollPolicy | None = None,
        metadata_age: float | None = None,
        token_store: TokenStore | None = None,
        facts: Facts | None = None,
    ) -> None:
        """Wire up.

        Args:
            settings: the account and the login.
            limiter: shared with others, or None for one that shares the account's limit as the settings say.
            retry: how often and how far apart to try.
            user_agent: how to introduce oneself.
            session: stands in for the network in tests.
            polling: how far apart to ask after asynchronous jobs.
            metadata_age: seconds for which the metadata catalog may be taken from the user's cache folder; None to
                keep nothing there.
            token_store: where tokens are kept and shared; the user's own if None.
            facts: what earlier clients have learned of the account; nothing if None.

        Raises:
            ConfigurationError: the private key, its certificate or the address of Redis cannot be used.
        """
        limiter = limiter or governor_for(settings)
        retry = retry or RetryPolicy(busy_patience=settings.busy_patience)
        self.transport = Transport(
            settings.account,
            limiter,
            timeout=settings.request_timeout,
            user_agent=user_agent,
            retry=retry,
            session=session,
            language=settings.language,
        )
        self._login = authentication_for(settings, self.transport, token_store)
        self.transport.authenticate_with(self._login)
        self._settings = settings
        self._limiter = limiter
        self._retry = retry
        self._polling = polling
        self._metadata_age = metadata_age
        self._column_types: ColumnTypes | None = None
        self._lock = threading.Lock()
        self.suiteql = SuiteQL(self.transport, self._row_reader, facts)

    def begin_login(self) -> None:
        """Ask for a token, where the login is by one, while the caller gets ready; nothing is waited for."""
        if isinstance(self._login, BearerLogin):
            self._login.begin()

    @cached_property
    def records(self) -> Records:
        """Records, one by one."""
        return Records(self.transport)

    @cached_property
    def jobs(self) -> Jobs:
        """Requests that are carried out in the background."""
        return Jobs(self.transport, retry=self._retry, polling=self._polling)

    @cached_property
    def batches(self) -> Batches:
        """Records by the hundred."""
        return Batches(self.jobs, width=lambda: getattr(self._limiter, "limit", _USUAL_LIMIT))

    @cached_property
    def datasets(self) -> Datasets:
        """Saved datasets."""
        return Datasets(self.transport)

    @cached_property
    def files(self) -> Files:
        """The file cabinet."""
        return Files(self.transport)

    @cached_property
    def metadata(self) -> MetadataCatalog:
        """The record types and their fields."""
        age = self._metadata_age
        return MetadataCatalog(self.transport, None if age is None else CatalogCache.of_login(self._settings, age))

    @cached_property
    def system(self) -> System:
        """The account's clock and limits."""
        return System(self.transport)

    @cached_property
    def raw(self) -> RawRequests:
        """Any other request."""
        return RawRequests(self.transport)

    def _row_reader(self, statement: str) -> RowReader:
        from suitetalk.column_types import ColumnTypes  # noqa: PLC0415 - its parser is slow to load

        with self._lock:
            self._column_types = self._column_types or ColumnTypes(self.metadata, self.suiteql)
        return self._column_types.reader(statement)

    def __enter__(self) -> NetSuite:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.transport.close()


def authentication_for(
    settings: ConnectionSettings, requester: TokenRequester, store: TokenStore | None = None
) -> Authentication:
    """Return the login of these settings; nothing is sent yet.

    Args:
        settings: checked settings.
        requester: sends token requests.
        store: keeps tokens; the user's own if None.

    Raises:
        ConfigurationError: the private key or the certificate cannot be used.
    """
    if settings.auth_method == "token_based":
        return _token_based(settings)
    store = store or TokenStore.open()
    if settings.auth_method == "authorization_code":
        return AuthorizationCode(
            settings.account, settings.client_id, settings.client_secret, requester, store, settings.login_hours
        )
    key = signing_key(settings)
    certificate = certificate_of(key, settings.private_key, settings.private_key_path, settings.certificate_path)
    if certificate:
        warn_of_end(end_of(certificate))
    return ClientCredentials(settings.account, settings.client_id, settings.certificate_id or "", key, requester, store)


def _token_based(settings: ConnectionSettings) -> Authentication:
    try:
        from suitetalk.auth.token_based import TokenBased  # noqa: PLC0415 - only this method needs oauthlib
    except ModuleNotFoundError:
        raise ConfigurationError(
            "auth_method", "is token_based, which needs the package oauthlib; install it."
        ) from None
    return TokenBased(
        settings.account,
        settings.client_id,
        settings.client_secret or "",
        settings.token_id or "",
        settings.token_secret or "",
    )


@dataclass(frozen=True)
class ConcurrencyLimits:
    """How many requests may be in flight; None for what NetSuite does not say.

    Attributes:
        account: by everybody together.
        unallocated: of these, by integrations without their own share.
        integration: by this integration.
        kind: `integrationSpecific`, `accountLimit`, `internal`, or empty.
    """

    account: int | None = None
    unallocated: int | None = None
    integration: int | None = None
    kind: str = ""

    @property
    def usable(self) -> int | None:
        """How many to have in flight oneself: of a limit that others share, one place is left to them.

        None when NetSuite does not say.
        """
        shared = self.unallocated or self.account
        return self.integration or (max(1, shared - 1) if shared else None)


class System:
    """Asks NetSuite about itself. Thread-safe."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def server_time(self) -> datetime:
        """Return what NetSuite's clock shows, with its zone [article_0528010158].

        Raises:
            ConnectionFailedError: the answer holds no time.
        """
        try:
            return instant(self._read("serverTime").get("serverTime"))
        except ValueError:
            raise ConnectionFailedError(
                "GET /system/v1/serverTime was answered without a time; check `base_url`."
            ) from None

    def governance_limits(self) -> dict[str, Any]:
        """Return how many requests the account and the integration may have in flight [article_0625010817].

        Raises:
            PermissionDeniedError: the role is not Administrator.
        """
        return self._read("governanceLimits")

    def concurrency_limits(self) -> ConcurrencyLimits | None:
        """Return what `governance_limits` says, None where the role or the release keeps it from being asked.

        Raises:
            LoginRefusedError: the login was refused.
            ConnectionFailedError: no usable answer.
        """
        try:
            body = self.governance_limits()
        except REFUSALS:
            return None
        return ConcurrencyLimits(
            _count(body, "accountConcurrencyLimit"),
            _count(body, "accountUnallocatedConcurrencyLimit"),
            _count(body, "integrationConcurrencyLimit"),
            str(body.get("integrationLimitType") or ""),
        )

    def _read(self, name: str) -> dict[str, Any]:
        path = f"/system/v1/{name}"
        body = self._transport.request("GET", path, repeatable=True, within=_PATIENCE).json()
        if not isinstance(body, dict):
            raise ConnectionFailedError(
                f"GET {path} was answered with something other than a JSON object; check `base_url`."
            )
        return body


def _count(body: Mapping[str, Any], name: str) -> int | None:
    digits = str(body.get(name))
    return int(digits) if digits.isdecimal() else None
