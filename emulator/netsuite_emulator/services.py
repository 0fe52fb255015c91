"""The services of the account and which of them answers a request."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from netsuite_emulator.auth.service import AuthService
from netsuite_emulator.catalog import Catalog
from netsuite_emulator.errors import NetSuiteError, invalid_method
from netsuite_emulator.exchange import Answer, Call, collection, error_answer
from netsuite_emulator.paging import Page
from netsuite_emulator.records.service import RecordService
from netsuite_emulator.suiteql.service import QueryService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography import x509

    from netsuite_emulator.calendar_formats import AccountCalendar
    from netsuite_emulator.clock import Clock
    from netsuite_emulator.company.description import Company
    from netsuite_emulator.settings import Settings
    from netsuite_emulator.storage import Storage

__all__ = ["Services"]


class Services:
    """Everything below `/services/rest`. Called from several threads."""

    def __init__(
        self,
        settings: Settings,
        company: Company,
        storage: Storage,
        calendar: AccountCalendar,
        clock: Clock,
        certificates: Mapping[str, x509.Certificate],
    ) -> None:
        """Build the services of one account."""
        self.auth = AuthService(settings, clock, certificates)
        self._settings = settings
        self._clock = clock
        self._queries = QueryService(settings, company, storage, calendar)
        self._records = RecordService(settings, company, storage, calendar)
        self._catalog = Catalog(settings, company)

    @staticmethod
    def is_governed(segments: tuple[str, ...]) -> bool:
        """Whether a request counts against the concurrency limit: the token end point's do not."""
        return segments[:1] != ("auth",)

    def answer(self, call: Call) -> Answer:
        """Answer a request; refusals are answers too."""
        if self.auth.serves(call):
            return self.auth.answer(call)
        try:
            self.auth.check(call)
            self._check_language(call)
            return self._dispatch(call)
        except NetSuiteError as error:
            return error_answer(error)

    def _check_language(self, call: Call) -> None:
        """Refuse any language but the company's [airbytehq/airbyte#34137]."""
        wanted = call.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip().lower()
        own = self._settings.language.lower()
        if wanted in ("", "*", own, own.partition("-")[0], own.replace("-", "_")):
            return
        detail = (
            f"Invalid language in the Accept-Language header: '{wanted}'. "
            f"Use the company's default language, '{self._settings.language}'."
        )
        raise NetSuiteError(400, "INVALID_HEADER", detail, header="Accept-Language")

    def _dispatch(self, call: Call) -> Answer:
        match call.segments:
            case ("query", "v1", "suiteql"):
                return self._query(call)
            case ("record", "v1", "metadata-catalog", *rest):
                return self._catalog.answer(call, rest)
            case ("record", "v1", *rest) if rest:
                return self._records.answer(call, rest)
            case ("system", "v1", name):
                return self._system(name)
        raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/{'/'.join(call.segments)}' does not exist.")

    def _query(self, call: Call) -> Answer:
        if call.method != "POST":
            raise invalid_method("suiteql", frozenset({"POST"}))
        page = Page.read(f"{call.base}/query/v1/suiteql", call.query, self._settings.query_row_limit)
        return collection(self._queries.answer(call.json(), call.headers, page))

    def _system(self, name: str) -> Answer:
        if name == "serverTime":  # [article_0528010158]
            return Answer(
                200, {"serverTime": f"{datetime.fromtimestamp(self._clock.now(), timezone.utc):%Y-%m-%dT%H:%M:%S}.000Z"}
            )
        if name == "governanceLimits":  # [article_0625010817]
            limit = self._settings.concurrency_limit
            limits = {"accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit}
            return Answer(200, {**limits, "integrationLimitType": "accountLimit"})
        raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/system/v1/{name}' does not exist.")
