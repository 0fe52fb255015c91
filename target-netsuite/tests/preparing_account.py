"""Accounts that preparing is tried against, and short ways to say what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, FieldShape, NetSuite, NotFoundError, RetryPolicy
from target_netsuite.intents import Intent, LineRule, Match, Operation, Outcome, Settled, Write
from target_netsuite.preparing.lookups import Lookups
from target_netsuite.preparing.preparation import Preparation, Question


class PreparingAccount:
    """An emulator, a client for it, and what is tried."""

    def __init__(self, emulator: Emulator, *, zone: bool = True) -> None:
        self.emulator = emulator
        settings = ConnectionSettings.from_mapping({**emulator.connection, "request_timeout": 20, "max_concurrency": 4})
        self.netsuite = NetSuite(settings, retry=RetryPolicy(attempts=6, first_wait=0.01))
        self._executor = ThreadPoolExecutor(8)
        self._shapes: dict[str, list[FieldShape] | None] = {}
        self.lookups = Lookups(self.netsuite.suiteql, self.netsuite.records, self._executor)
        clock = ZoneInfo(emulator.settings.time_zone) if zone else None
        self.preparation = Preparation(self.netsuite, self.shape_of, zone=lambda: clock)
        self.emulator.clear_requests()

    def __enter__(self) -> PreparingAccount:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.preparation.close()
        self._executor.shutdown()
        self.netsuite.transport.close()
        assert self.emulator.failures == []

    def shape_of(self, record_type: str) -> list[FieldShape] | None:
        if record_type not in self._shapes:
            try:
                self._shapes[record_type] = self.netsuite.metadata.fields(record_type)
            except NotFoundError:
                self._shapes[record_type] = None
        return self._shapes[record_type]

    def asked(self) -> list[str]:
        """Return what was asked since the last call, but for logins and the catalog."""
        asked = [
            f"{request.method} {request.path}"
            for request in self.emulator.requests
            if "oauth2" not in request.path and "metadata-catalog" not in request.path
        ]
        self.emulator.clear_requests()
        return [line.replace("/services/rest", "") for line in asked]

    def prepare(self, *intents: Intent, compare: bool = False, again: bool = False) -> list[Write | Settled]:
        return self.preparation.prepare(intents, Question(compare, again))

    def run(self, *intents: Intent, compare: bool = False, again: bool = False) -> list[Write | Settled]:
        """Prepare, and send what is to be sent."""
        prepared = self.prepare(*intents, compare=compare, again=again)
        for write in prepared:
            if isinstance(write, Write):
                self.send(write)
        return prepared

    def send(self, write: Write) -> None:
        records, kind = self.netsuite.records, write.record_type
        if write.operation is Operation.CREATE:
            records.create(kind, write.body)
        elif write.operation is Operation.UPSERT:
            records.upsert(kind, write.external_id or "", write.body)
        elif write.operation is Operation.DELETE:
            records.delete(kind, write.address)
        else:
            records.update(
                kind, write.address, write.body, replace=write.replace,
                replace_selected_fields=write.intent.replace_selected_fields,
            )  # fmt: skip

    def ids(self, sql: str) -> list[str]:
        return [str(row[0]) for row in self.emulator.execute(sql)]


def intent(
    operation: str,
    record_type: str,
    external_id: str | None = None,
    body: Mapping[str, Any] | None = None,
    *,
    match: tuple[str, str] | None = None,
    lines: Mapping[str, LineRule] | None = None,
    **more: Any,
) -> Intent:
    wanted = Intent("stream", 1, {}, Operation(operation), record_type, external_id=external_id, body=body or {})
    return replace(wanted, match=Match(*match) if match else None, lines=lines or {}, **more)


def outcomes(prepared: list[Write | Settled]) -> list[str]:
    """Return in a word each what becomes of intents: `send created`, `unchanged`, `RECORD_NOT_FOUND`."""
    return [_word(one) for one in prepared]


def _word(one: Write | Settled) -> str:
    if isinstance(one, Write):
        return f"send {one.outcome.value}"
    if one.refusal:
        return one.refusal.code
    assert isinstance(one.outcome, Outcome)
    return one.outcome.value


def customers(account: PreparingAccount, *names: str, **fields: Any) -> dict[str, str]:
    """Create customers whose external ids are these names, and return their internal ids."""
    create = account.netsuite.records.create
    ids = {name: create("customer", {"externalId": name, "companyName": name, **fields}) for name in names}
    account.asked()
    return ids


def only(prepared: list[Write | Settled]) -> Write:
    """Return the one write."""
    (write,) = prepared
    assert isinstance(write, Write)
    return write
