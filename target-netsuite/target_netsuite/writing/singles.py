"""Writing one by one, several at once.

A record that NetSuite can be asked for needs no more than its request: where the answer is lost, the record is read. A
create without an external id is written down before, and where its answer is lost the stream's setting decides.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from suitetalk import (
    InvalidRequestError,
    NetSuite,
    NotFoundError,
    OutcomeUnknownError,
    ServerFaultError,
    SuiteTalkError,
)
from suitetalk.errors import is_refusal
from suitetalk.records import Validation
from target_netsuite.intents import Operation, Write
from target_netsuite.interruption import RunInterruptedError
from target_netsuite.journal.journal import Journal, is_unfindable
from target_netsuite.writing.outcomes import (
    Answer,
    Gathered,
    Policy,
    RecordTypes,
    Unknown,
    WritingStoppedError,
    comes_before_sending,
    decided,
    done,
    gone,
    refused,
    stopped,
)
from target_netsuite.writing.pace import Pace
from target_netsuite.writing.portions import Placed
from target_netsuite.writing.suspects import Suspects, fault_of


@dataclass(frozen=True)
class Learned:
    """What batches and single requests learn from each other, and what decides about what may have been done.

    Attributes:
        record_types: which types there are, and which take no batches.
        pace: how fast both are.
        suspects: which records are answered with 500.
        policy: what to do about writes of a stream of which NetSuite cannot tell whether they were done.
    """

    record_types: RecordTypes
    pace: Pace
    suspects: Suspects
    policy: Policy


BegunRequests = list[tuple[Placed, "Future[Answer | None]"]]


class SingleWrites:
    """Sends writes in separate requests. Thread-safe."""

    def __init__(
        self,
        netsuite: NetSuite,
        journal: Journal,
        *,
        learned: Learned,
        threads: Executor,
        name_validation: Validation,
        value_validation: Validation | None,
    ) -> None:
        """Write to this account in these threads."""
        self._netsuite = netsuite
        self._journal = journal
        self._learned = learned
        self._threads = threads
        self._names = name_validation
        self._values = value_validation
        self._lost: set[tuple[str, str]] = set()

    def begin(self, writes: Sequence[Placed]) -> BegunRequests:
        """Begin to send; none is begun any more when one of them finds that nothing can be written for now."""
        halt = threading.Event()
        return [(placed, self._threads.submit(self._one, placed[1], halt)) for placed in writes]

    def gather(self, begun: BegunRequests, gathered: Gathered) -> None:
        """Wait for what was begun, and gather what became of it.

        Raises:
            JournalError: nothing more can be written down, so nothing more is sent.
        """
        wait([future for _, future in begun])
        for (place, write), future in begun:
            try:
                answer = future.result()
            except WritingStoppedError as error:
                gathered.stops.append(error)
                continue
            if answer is None:
                gathered.again.append((place, write))
            else:
                gathered.answers[place] = answer

    def _one(self, write: Write, halt: threading.Event) -> Answer | None:
        """Return what became of a write, None when it was not done."""
        if halt.is_set():
            return None
        try:
            return self._create_unfindable(write) if is_unfindable(write) else self._findable(write)
        except SuiteTalkError as error:
            if is_refusal(error) or comes_before_sending(error):
                return refused(write, error)
            halt.set()
            raise stopped([write.intent], error) from error
        except RunInterruptedError as error:  # what was answered meanwhile is reported all the same
            halt.set()
            raise stopped([write.intent], SuiteTalkError("the run ends")) from error
        except BaseException:
            halt.set()
            raise

    def _findable(self, write: Write) -> Answer:
        name = write.record_type, write.address
        try:
            return done(write, self._sent(write))
        except OutcomeUnknownError as error:
            self._lost.add(name)
            return self._doubted(write, error)
        except NotFoundError:
            if write.operation is not Operation.DELETE or not self._learned.record_types.is_there(write.record_type):
                raise
            return gone(write)
        except InvalidRequestError as error:
            if write.operation is Operation.CREATE and name in self._lost:  # a lost try was carried out after all
                return Unknown(write.intent, error)
            raise
        except ServerFaultError as error:
            if fault_of(error) is None:
                raise
            return self._doubted(write, error)

    def _doubted(self, write: Write, error: SuiteTalkError) -> Unknown:
        if fault_of(error):
            self._learned.suspects.failed(write.intent, error)
        return Unknown(write.intent, error)

    def _create_unfindable(self, write: Write) -> Answer | None:
        key = self._journal.intended_single(write)
        try:
            internal_id = self._sent(write)
        except OutcomeUnknownError as error:
            return self._in_doubt(write, key, error)
        except (SuiteTalkError, RunInterruptedError):  # nothing was created: refused, or never sent
            self._journal.settled(key)
            raise
        self._journal.settled(key, {0: internal_id})
        return done(write, internal_id)

    def _in_doubt(self, write: Write, key: str, error: OutcomeUnknownError) -> Answer | None:
        try:
            decision = decided(self._learned.policy, write.intent, error)
        except WritingStoppedError:
            self._journal.settled(key, doubtful=(0,))
            raise
        self._journal.settled(key, doubtful=() if decision is None else (0,))
        return decision

    def _sent(self, write: Write) -> str:
        """Send a write and return the record's internal id, empty when NetSuite does not give it."""
        with self._learned.pace.single((write.record_type, write.operation.value)):
            internal_id = self._request(write)
        self._learned.suspects.succeeded(write.intent)
        return internal_id

    def _request(self, write: Write) -> str:
        records, kind, body = self._netsuite.records, write.record_type, write.body
        if write.operation is Operation.CREATE:
            return records.create(kind, body, name_validation=self._names, value_validation=self._values)
        if write.operation is Operation.UPSERT:
            return records.upsert(
                kind, write.external_id or "", body, name_validation=self._names, value_validation=self._values
            )
        if write.operation is Operation.DELETE:
            records.delete(kind, write.address)
            self._learned.record_types.exists(kind)
            return ""
        return records.update(
            kind,
            write.address,
            body,
            replace=write.replace,
            replace_selected_fields=write.intent.replace_selected_fields,
            name_validation=self._names,
            value_validation=self._values,
        )
