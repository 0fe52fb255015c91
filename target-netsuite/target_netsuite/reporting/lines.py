"""What is written about one record, each as the content of a JSON line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from target_netsuite.intents import Difference, Intent, Outcome, Refusal, Settled

_UNTOUCHED = (Outcome.UNCHANGED, Outcome.ALREADY_GONE)


def refused_line(intent: Intent, refusal: Refusal) -> dict[str, Any]:
    """Return what the log says about a refused record: without what is not known, and without the record."""
    record = max(intent.number, 0)  # what is no record of the input has no number above
    about = {"stream": intent.stream, "record": record, "key": dict(intent.key), "operation": intent.operation}
    return {name: value for name, value in {**about, **_reason(refusal)}.items() if value not in ("", None, 0)}


def reject_line(intent: Intent, refusal: Refusal) -> dict[str, Any]:
    """Return the line of a refused record for the file of rejects, always with all its names."""
    return {
        "stream": intent.stream,
        "key": dict(intent.key),
        "operation": intent.operation,
        **_reason(refusal),
        "payload": dict(intent.payload),
    }


def receipt_line(settled: Settled) -> dict[str, Any]:
    """Return the line of a record that was not refused, for the file of receipts."""
    intent = settled.intent
    return {
        "stream": intent.stream,
        "key": dict(intent.key),
        "operation": intent.operation,
        "outcome": settled.outcome,
        "record_type": intent.record_type,
        "internal_id": settled.internal_id or intent.internal_id or "",
        "external_id": intent.external_id or "",
    }


def difference_lines(settled: Settled) -> Iterator[dict[str, Any]]:
    """Yield a line for each field; one without a field when a record changes and no field of it is known."""
    intent = settled.intent
    about = {
        "stream": intent.stream,
        "key": dict(intent.key),
        "operation": intent.operation,
        "outcome": settled.outcome,
    }
    for difference in settled.differences:
        yield {**about, **_change(difference)}
    if not settled.differences and settled.outcome not in (None, *_UNTOUCHED):
        yield about


def _change(difference: Difference) -> dict[str, Any]:
    return {"path": difference.path, "before": difference.before, "after": difference.after}


def _reason(refusal: Refusal) -> dict[str, Any]:
    return {
        "stage": refusal.stage,
        "status": refusal.status,
        "code": refusal.code,
        "path": refusal.path,
        "message": refusal.message,
        "advice": refusal.advice,
        "attempts": refusal.attempts,
    }
