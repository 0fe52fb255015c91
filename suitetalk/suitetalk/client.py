"""Everything wired together for one account."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import requests

from suitetalk.auth import TokenStore
from suitetalk.auth.choice import authentication_for
from suitetalk.batches import Batches
from suitetalk.http.governor import Governor, Limiter
from suitetalk.http.retry import RetryPolicy
from suitetalk.http.transport import Transport
from suitetalk.jobs import Jobs, PollPolicy
from suitetalk.metadata import CatalogCache, MetadataCatalog
from suitetalk.raw import RawRequests
from suitetalk.records import Records
from suitetalk.settings import ConnectionSettings
from suitetalk.suiteql import Datasets, RowReader, SuiteQL
from suitetalk.system import System

if TYPE_CHECKING:
    from suitetalk.column_types import ColumnTypes

_USUAL_LIMIT = 5  # of the smallest accounts [bridgehead_1500275603]


class NetSuite:
    """One account and its services, over one session, one login and one governor.

    They are `records`, `batches`, `jobs`, `suiteql`, `datasets`, `metadata`, `system` and `raw`.

    Thread-safe. Nothing is sent before the first call. Use it as a context manager to close the connections.
    """

    def __init__(
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
    ) -> None:
        """Wire up.

        Args:
            settings: the account and the login.
            limiter: shared with others, or None for this client's own.
            retry: how often and how far apart to try.
            user_agent: how to introduce oneself.
            session: stands in for the network in tests.
            polling: how far apart to ask after asynchronous jobs.
            metadata_age: seconds for which the metadata catalog may be taken from the user's cache folder; None to
                keep nothing there.
            token_store: where tokens are kept and shared; the user's own if None.

        Raises:
            ConfigurationError: the private key or its certificate cannot be used.
        """
        limiter = limiter or Governor(settings.max_concurrency)
        self.transport = Transport(
            settings.account,
            limiter,
            timeout=settings.request_timeout,
            user_agent=user_agent,
            retry=retry,
            session=session,
        )
        self.transport.authenticate_with(authentication_for(settings, self.transport, token_store))
        self.records = Records(self.transport)
        self.jobs = Jobs(self.transport, retry=retry, polling=polling)
        self.batches = Batches(self.jobs, width=lambda: getattr(limiter, "limit", _USUAL_LIMIT))
        self.suiteql = SuiteQL(self.transport, self._row_reader)
        self.datasets = Datasets(self.transport)
        self.metadata = MetadataCatalog(
            self.transport, None if metadata_age is None else CatalogCache.of_login(settings, metadata_age)
        )
        self.system = System(self.transport)
        self._column_types: ColumnTypes | None = None
        self._lock = threading.Lock()
        self.raw = RawRequests(self.transport)

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
