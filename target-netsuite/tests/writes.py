"""Writes of customers, and what became of them, for tests of the writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, NetSuite, PollPolicy, RetryPolicy, quoted
from target_netsuite.intents import Intent, Operation, Outcome, Settled, Write
from target_netsuite.writing.outcomes import Answer

QUICK_RETRY = RetryPolicy(attempts=6, first_wait=0.01)
QUICK_POLLING = PollPolicy(first_wait=0.01, growth=1.3, longest_wait=0.2)
_OUTCOMES = {
    Operation.CREATE: Outcome.CREATED,
    Operation.UPDATE: Outcome.UPDATED,
    Operation.UPSERT: Outcome.UPSERTED,
    Operation.DELETE: Outcome.DELETED,
}


def connected(connection: Mapping[str, Any]) -> NetSuite:
    """Return a client that tries again without long waits."""
    settings = ConnectionSettings.from_mapping({**connection, "request_timeout": 20})
    return NetSuite(settings, retry=QUICK_RETRY, polling=QUICK_POLLING)


def write(
    operation: str,
    number: int,
    body: Mapping[str, Any] | None = None,
    *,
    external_id: str | None = None,
    internal_id: str | None = None,
    record_type: str = "customer",
    replace: tuple[str, ...] = (),
) -> Write:
    """Return a write of the record with this number in the stream `people`."""
    kind = Operation(operation)
    payload = {"id": number, **(body or {})}
    intent = Intent("people", number, {"id": number}, kind, record_type, internal_id, external_id, payload=payload)
    return Write(intent, kind, record_type, internal_id, external_id, body or {}, replace, _OUTCOMES[kind])


def creates(prefix: str, numbers: Iterable[int], *, findable: bool = True) -> list[Write]:
    """Return creates of customers named `{prefix} {number}`, with an external id or without."""
    return [
        write(
            "create",
            number,
            {
                "companyName": f"{prefix} {number}",
                "phone": f"555 {number:04}",
                **({"externalId": f"{prefix}-{number}"} if findable else {}),
            },
            external_id=f"{prefix}-{number}" if findable else None,
        )
        for number in numbers
    ]


def spoiled(one: Write) -> Write:
    """Return a create that NetSuite refuses for a field that does not exist."""
    return Write(
        one.intent, one.operation, one.record_type, None, one.external_id, {**one.body, "nonsense": 1}, (), one.outcome
    )


def names(emulator: Emulator, prefix: str) -> dict[str, list[int]]:
    """Return the internal ids of the customers whose name begins so, by what follows it."""
    rows = emulator.execute(f"SELECT companyname, id FROM customer WHERE companyname LIKE '{prefix} %' ORDER BY id")
    found: dict[str, list[int]] = {}
    for name, internal_id in rows:
        found.setdefault(name.removeprefix(f"{prefix} "), []).append(internal_id)
    return found


def outcomes(answers: Iterable[Answer]) -> list[str]:
    """Return a word for each answer: the outcome, or the code or the kind of the refusal, or `unknown`."""
    return [
        "unknown"
        if not isinstance(one, Settled)
        else (one.refusal.code or one.refusal.stage if one.refusal else str(one.outcome and one.outcome.value))
        for one in answers
    ]


def ids(answers: Iterable[Answer]) -> list[str]:
    """Return the internal id of each answer."""
    return [one.internal_id if isinstance(one, Settled) else "" for one in answers]


class ConfirmCustomers:
    """Confirms writes of customers by what SuiteQL says, as the target does for any type.

    Attributes:
        calls: how many writes each call asked for.
    """

    def __init__(self, netsuite: NetSuite) -> None:
        self._netsuite = netsuite
        self.calls: list[int] = []

    def __call__(self, writes: Sequence[Write]) -> dict[int, str]:
        self.calls.append(len(writes))
        internal = ", ".join(str(int(one.internal_id)) for one in writes if one.internal_id) or "0"
        external = ", ".join(quoted(one.external_id) for one in writes if one.external_id) or "''"
        rows = list(
            self._netsuite.suiteql.rows(
                f"SELECT id, externalid, companyname, phone FROM customer WHERE id IN ({internal}) "
                f"OR externalid IN ({external}) ORDER BY id"
            )
        )
        found = {row["id"]: row for row in rows} | {
            f"eid:{row['externalid']}": row for row in rows if "externalid" in row
        }
        return {
            place: found.get(one.address, {}).get("id", "")
            for place, one in enumerate(writes)
            if (
                one.address not in found
                if one.operation is Operation.DELETE
                else _is_as_wanted(one, found.get(one.address))
            )
        }


def _is_as_wanted(one: Write, row: Mapping[str, Any] | None) -> bool:
    return row is not None and all(
        name.lower() in ("companyname", "phone", "externalid") and row.get(name.lower()) == value
        for name, value in one.body.items()
    )
