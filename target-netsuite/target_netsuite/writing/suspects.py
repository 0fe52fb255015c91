"""Records that NetSuite answers with 500 whenever they are sent: kept apart from a NetSuite that is out of order.

Such an answer names no fault of the record [section_156570709583], and some records never get another one. So a record
is held back until a later one of its type has been written, and is refused then. Where none is written any more, it is
NetSuite that is out of order: the run stops, and a next run sends them again.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from suitetalk import NetSuiteError, ServerFaultError, SuiteTalkError
from target_netsuite.intents import Intent, Refusal, Settled
from target_netsuite.writing.outcomes import Unknown, stopped

_MOST_IN_A_ROW = 5
_UNEXPECTED = 500

Report = Callable[[Sequence[Settled]], None]
_Name = tuple[str, int]


def fault_of(error: SuiteTalkError) -> NetSuiteError | None:
    """Return the answer 500 behind an error, None when it was another; 502 to 504 are a gateway's."""
    for one in (error, error.__cause__):
        if isinstance(one, ServerFaultError) and one.status == _UNEXPECTED:
            return one
    return None


@dataclass(frozen=True)
class _Suspect:
    """A record that is held back: since when it has been sent, when it failed last, and who is to hear of it."""

    intent: Intent
    error: SuiteTalkError
    sent: float
    failed: float
    report: Report

    def refuse(self) -> None:
        fault = fault_of(self.error)
        words, code, advice = (fault.detail, fault.code, fault.advice) if fault else (str(self.error), "", "")
        refusal = Refusal("rejected", words, code=code, status=_UNEXPECTED, advice=advice, attempts=2)
        self.report([Settled(self.intent, refusal=refusal)])


class Suspects:
    """Decides whether it is the record or NetSuite. Thread-safe; one serves a whole run."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._held: dict[_Name, _Suspect] = {}
        self._tried_again: dict[_Name, _Suspect] = {}
        self._refused: set[_Name] = set()
        self._known: set[Hashable] = set()
        self._in_a_row: dict[str, set[_Name]] = defaultdict(set)
        self._last_success: dict[str, float] = {}

    def taken_up(self, intents: Sequence[Intent]) -> tuple[list[Intent], list[Unknown]]:
        """Return those that are sent for the first time, and those that were held back and are tried once more.

        One that was held back, and has been settled by the success of another since, is in neither.
        """
        with self._lock:
            fresh = [one for one in intents if _name(one) not in self._held and _name(one) not in self._refused]
            held = [self._held.pop(_name(one)) for one in intents if _name(one) in self._held]
            self._tried_again.update((_name(one.intent), one) for one in held)
        return fresh, [Unknown(one.intent, one.error) for one in held]

    def failed(self, intent: Intent, error: SuiteTalkError) -> None:
        """Take note of a record that was answered with 500.

        Raises:
            WritingStoppedError: so were five different ones of its type, and none in between was written.
        """
        with self._lock:
            in_a_row = self._in_a_row[intent.record_type]
            in_a_row.add(_name(intent))
            if len(in_a_row) >= _MOST_IN_A_ROW:
                raise stopped([intent], error)

    def succeeded(self, intent: Intent, seen: float | None = None) -> None:
        """Take note of a record that was written; `seen` says when that was known, where it was before now."""
        with self._lock:
            self._in_a_row.pop(intent.record_type, None)
            latest = self._last_success.get(intent.record_type, 0.0)
            self._last_success[intent.record_type] = max(latest, time.monotonic() if seen is None else seen)

    def hold(self, doubt: Unknown, sent: float, report: Report) -> None:
        """Hold a record back, or settle one that was held back already and tried once more.

        Args:
            doubt: the record, and what it was answered with, twice.
            sent: when it was sent for the first time.
            report: is told what becomes of it, in any thread.

        Raises:
            WritingStoppedError: nothing of its type has been written since it was sent first, and no other change of
                this record has been refused like this.
        """
        intent, error = doubt.intent, doubt.error
        with self._lock:
            before = self._tried_again.pop(_name(intent), None)
            if before is None:
                self._held[_name(intent)] = _Suspect(intent, error, sent, time.monotonic(), report)
                return
            is_new = _record(intent) not in self._known
            if is_new and self._last_success.get(intent.record_type, 0.0) < before.sent:
                raise stopped([intent], error)
            self._known.add(_record(intent))
        _Suspect(intent, error, sent, before.failed, report).refuse()

    def forget(self, intents: Iterable[Intent]) -> None:
        """Hold these back no longer: they are settled."""
        with self._lock:
            for intent in intents:
                self._held.pop(_name(intent), None)
                self._tried_again.pop(_name(intent), None)

    def release(self) -> None:
        """Refuse those that are held back and of whose type a record has been written since they failed."""
        with self._lock:
            released = [
                one for one in self._held.values() if one.failed < self._last_success.get(one.intent.record_type, 0.0)
            ]
            for one in released:
                del self._held[_name(one.intent)]
                self._refused.add(_name(one.intent))
                self._known.add(_record(one.intent))
        for one in released:
            one.refuse()


def _record(intent: Intent) -> Hashable:
    """Return what a record is known by in all intents about it."""
    if intent.key:
        return intent.stream, tuple(map(str, intent.key.values()))
    return intent.stream, intent.internal_id, intent.external_id


def _name(intent: Intent) -> _Name:
    return intent.stream, intent.number
