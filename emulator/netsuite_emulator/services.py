"""Which service answers a request below `/services/rest`, and what happens to all of them before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from cryptography import x509

from netsuite_emulator.account import Account
from netsuite_emulator.auth.service import AuthService
from netsuite_emulator.catalog.service import Catalog
from netsuite_emulator.churning import Churning
from netsuite_emulator.documents import DocumentService
from netsuite_emulator.errors import NetSuiteError, insufficient_permission, invalid_method, unexpected_detail
from netsuite_emulator.exchange import Answer, Call, error_answer
from netsuite_emulator.faults import Asked, FaultBoard, spoiled
from netsuite_emulator.jobs.service import JobService
from netsuite_emulator.records.service import RecordService
from netsuite_emulator.suiteql.service import QueryEndPoints, QueryService

__all__ = ["Services"]


class Services:
    """Everything below `/services/rest`. Called from several threads."""

    def __init__(
        self,
        account: Account,
        certificates: Mapping[str, x509.Certificate],
        faults: FaultBoard,
        failures: list[str],
        limit: Callable[[], int],
    ) -> None:
        """Build the services of one account.

        `failures` collects mistakes of the emulator itself; `limit` says how many requests may run at once.
        """
        settings, company = account.settings, account.company
        self.auth = AuthService(settings, account.clock, certificates)
        self._settings = settings
        self._faults = faults
        self._failures = failures
        self._limit = limit
        queries = QueryService(settings, company, account.storage, account.calendar)
        self._queries = QueryEndPoints(settings, queries)
        self._documents = DocumentService(account.storage, account.calendar)
        self.churning = Churning(account)
        self.clock = account.clock
        self._records = RecordService(settings, company, account.storage, account.calendar)
        self._catalog = Catalog(settings, company)
        self._jobs = JobService(settings, account.clock, self._perform)

    def stop(self) -> None:
        """End what still runs."""
        self._jobs.stop()

    def has_unfinished_jobs(self) -> bool:
        """Whether a task of any job has not ended."""
        return self._jobs.has_unfinished()

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
            self._check_address(call)
            self._check_language(call)
            self.churning.note_read(call)
            answer = self._dispatch(call)
        except NetSuiteError as error:
            answer = error_answer(error)
        operation = uuid4()  # [reference 14.1]
        answer.headers |= {"X-N-OperationId": str(operation), "X-NetSuite-JobId": str(operation.int)[:10]}
        answer.headers["Vary"] = "User-Agent"
        return answer

    def query(self, call: Call) -> Answer:
        """What SuiteQL answers, without a login."""
        try:
            return self._queries.answer(call, ["suiteql"])
        except NetSuiteError as error:
            return error_answer(error)

    def _check_address(self, call: Call) -> None:
        if " " in call.path and not self._settings.blanks_in_addresses:
            raise NetSuiteError(400, "INVALID_REQUEST", "Invalid url. Spaces are not allowed in the URL.")

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
            case ("query", "v1", *rest):
                return self._queries.answer(call, rest)
            case ("record", "v1", "metadata-catalog", *rest):
                return self._catalog.answer(call, rest)
            case ("record", "v1", *rest) if rest:
                return self._jobs.submit(call) if self._jobs.takes(call) else self._records.answer(call, rest)
            case ("async", "v1", *rest):
                return self._jobs.answer(call, rest)
            case ("document", "v1", *rest):
                return self._documents.answer(call, rest)
            case ("system", "v1", name):
                return self._system(call, name)
        raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/{'/'.join(call.segments)}' does not exist.")

    def _system(self, call: Call, name: str) -> Answer:
        """The server's clock, or the account's limits."""
        known = {"serverTime": self._server_time, "governanceLimits": self._governance_limits}
        if name not in known:
            raise NetSuiteError(404, "INVALID_REQUEST", f"The resource '/system/v1/{name}' does not exist.")
        if call.method != "GET":
            raise invalid_method(name, frozenset({"GET"}))
        return Answer(200, known[name]())

    def _server_time(self) -> dict[str, Any]:
        now = datetime.fromtimestamp(self.clock.now(), timezone.utc)
        return {"serverTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"}

    def _governance_limits(self) -> dict[str, Any]:
        if not self._settings.role.administrator:
            raise insufficient_permission("governanceLimits")
        limit, own = self._settings.concurrency_limit, self._limit()
        if self._settings.integration_concurrency_limit is None:
            limit = own
            return {
                "accountConcurrencyLimit": limit,
                "accountUnallocatedConcurrencyLimit": limit,
                "integrationLimitType": "accountLimit",
            }
        return {
            "accountConcurrencyLimit": max(limit, own + 1),  # one at least stays unallocated
            "accountUnallocatedConcurrencyLimit": max(limit - own, 1),
            "integrationConcurrencyLimit": own,
            "integrationLimitType": "integrationSpecific",
        }

    def _perform(self, call: Call) -> Answer:
        """Do the work of a task."""
        for fault in self._faults.strike(Asked(call.method, call.path), task=True):
            return spoiled(fault)
        try:
            return self._records.answer(call, list(call.segments[2:]))
        except NetSuiteError as error:
            return error_answer(error)
        except Exception:  # noqa: BLE001 - a mistake of the emulator must look like a mistake of the server
            import traceback  # noqa: PLC0415 - only needed here

            self._failures.append(traceback.format_exc())
            return error_answer(NetSuiteError(500, "UNEXPECTED_ERROR", unexpected_detail()))
