"""Carrying out writes until it is certain what became of each.

A call divides its writes into batches and single requests, sends them beside each other, and sends again what was
certainly not done, one by one. What may have been done goes back to the caller, who reads what is there now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Literal

from suitetalk import BATCH_SIZE, NetSuite, PollPolicy, SuiteTalkError
from suitetalk.records import Validation, validation_headers
from target_netsuite.intents import Write
from target_netsuite.journal.journal import Journal, is_unfindable
from target_netsuite.writing.batches import BatchWrites, BegunJobs, Confirm, Confirmation
from target_netsuite.writing.outcomes import Answer, Gathered, Policy, RecordTypes, comes_before_sending, stopped
from target_netsuite.writing.pace import Kind, Pace
from target_netsuite.writing.portions import Placed, WriteMode, divided, in_portions
from target_netsuite.writing.singles import BegunRequests, Learned, SingleWrites
from target_netsuite.writing.suspects import Suspects
from target_netsuite.writing.task_order import TaskOrder

_ROUNDS = 5
_JOBS_AT_ONCE = 64  # threads, most of them asleep; how many requests are in flight is the governor's matter


@dataclass(frozen=True)
class WriterOptions:
    """How to write.

    Attributes:
        write_mode: batches or single requests wherever it can be done; `auto` for batches, but where single requests
            are few, or found to be faster.
        batch_results: `each` to read the result of every record, `auto` to ask in bulk first.
        name_validation: what NetSuite does about names of fields that do not exist.
        value_validation: what it does about values of the wrong form; None leaves it to NetSuite.
        single_requests: threads for separate requests.
        polling: how to ask after jobs of which nothing is known yet.
        job_timeout: seconds after which a job is not waited for any longer, and its records are looked up.
        patience: seconds in which the first job of a kind has to be done, in `auto`, before single requests are tried.
        slots: returns how many requests the account takes at once.
    """

    write_mode: WriteMode = "auto"
    batch_results: Literal["auto", "each"] = "auto"
    name_validation: Validation = "error"
    value_validation: Validation | None = None
    single_requests: int = 32
    polling: PollPolicy = field(default_factory=lambda: PollPolicy(first_wait=0.25))
    job_timeout: float = 3600.0
    patience: float = 3.0
    slots: Callable[[], int] = lambda: 5


class Writer:
    """Carries out writes, by the hundred or one by one. Thread-safe; one serves a whole run."""

    def __init__(
        self,
        netsuite: NetSuite,
        journal: Journal,
        *,
        policy: Policy = lambda _: "stop",
        confirm: Confirm | None = None,
        options: WriterOptions | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            netsuite: the account.
            journal: what is about to be sent is written there first.
            policy: says what to do about creates of a stream of which NetSuite cannot tell whether they were done.
            confirm: see `Confirm`; None to read the result of every record.
            options: how to write.
        """
        self._options = options or WriterOptions()
        self._jobs = ThreadPoolExecutor(_JOBS_AT_ONCE, thread_name_prefix="netsuite-job")
        self._requests = ThreadPoolExecutor(self._options.single_requests, thread_name_prefix="netsuite-write")
        self._headers = validation_headers(self._options.name_validation, self._options.value_validation)
        self._record_types = RecordTypes(netsuite)
        self.task_order = TaskOrder(netsuite, self._requests)
        self.suspects = Suspects()
        self._pace = Pace(self._options.polling, self._options.patience, self._options.slots)
        learned = Learned(self._record_types, self._pace, self.suspects, policy)
        self._batches = BatchWrites(
            netsuite,
            journal,
            learned=learned,
            confirmation=Confirmation(confirm if self._options.batch_results == "auto" else None),
            task_order=self.task_order,
            job_timeout=self._options.job_timeout,
            threads=self._jobs,
        )
        self._singles = SingleWrites(
            netsuite,
            journal,
            learned=learned,
            threads=self._requests,
            name_validation=self._options.name_validation,
            value_validation=self._options.value_validation,
        )

    def carry_out(self, writes: Sequence[Write], write_mode: WriteMode | None = None) -> list[Answer]:
        """Carry out writes of one record type, no two of them about the same record.

        Args:
            writes: what to carry out.
            write_mode: in place of that of the options.

        Returns:
            For each write, in the order of the input, what became of it; `Unknown` when only reading the record tells.

        Raises:
            WritingStoppedError: nothing can be written for now; it has what became of the others.
            JournalError: what is to be sent cannot be written down.
        """
        gathered = Gathered()
        left: list[Placed] = list(enumerate(writes))
        for round_number in range(_ROUNDS):
            if not left:
                break
            gathered.again = []
            self._send(left, gathered, write_mode or self._options.write_mode, is_first=round_number == 0)
            gathered.check()
            left = gathered.again
        if left:
            raise stopped(
                [write.intent for _, write in left], SuiteTalkError(f"it was sent {_ROUNDS} times without success")
            )
        return [gathered.answers[place] for place in range(len(writes))]

    def stop(self) -> None:
        """End all waiting for jobs; calls under way raise, and the journal holds their batches open."""
        self._batches.stop()

    def close(self) -> None:
        """Stop, and wait for the requests in flight."""
        self.stop()
        self._jobs.shutdown(cancel_futures=True)
        self._requests.shutdown(cancel_futures=True)

    def _send(self, writes: list[Placed], gathered: Gathered, write_mode: WriteMode, *, is_first: bool) -> None:
        """Send writes once: those of a later round one by one, but for creates that nothing tells of later."""
        record_type = writes[0][1].record_type
        takes_batches = is_first and self._record_types.takes_batches(record_type)
        together, single = divided(writes, write_mode if self._record_types.takes_jobs(record_type) else "single")
        sent = _Sent()
        undecided: list[list[Placed]] = []
        try:
            for group in together:
                if is_unfindable(group[0][1]):
                    self._begin_batches(
                        group, sent, size=BATCH_SIZE if is_first and not self._is_mixed_up(group) else 1
                    )
                elif not takes_batches:
                    single += group
                elif write_mode != "auto":
                    self._begin_batches(group, sent)
                elif self._pace.knows(_kind_of(group)):
                    undecided.append(group)
                else:  # the first batch of a kind shows how long its jobs take
                    self._begin_batches(group[:BATCH_SIZE], sent)
                    undecided += [group[BATCH_SIZE:]] if group[BATCH_SIZE:] else []
            sent.requests += self._singles.begin(single)
            for group in undecided:
                self._begin_faster(group, sent)
            self._batches.gather(sent.jobs, gathered)
        finally:
            self._singles.gather(sent.requests, gathered)

    def _begin_faster(self, group: list[Placed], sent: _Sent) -> None:
        """Begin to send a group in the way that is the faster one, with some single requests before to find out."""
        while group and (count := self._pace.single_requests(_kind_of(group), len(group))):
            begun = self._singles.begin(group[:count])
            sent.requests += begun
            group = group[count:]
            if group:
                wait([future for _, future in begun])
        if group:
            self._begin_batches(group, sent)

    def _begin_batches(self, group: list[Placed], sent: _Sent, *, size: int | None = None) -> None:
        alone = not self._record_types.takes_batches(group[0][1].record_type)
        try:
            portions = in_portions(group, self._headers, size=size or BATCH_SIZE, alone=alone)
        except SuiteTalkError as error:  # one of them cannot be sent; on its own it is told which
            if not comes_before_sending(error):
                raise
            sent.requests += self._singles.begin(group)
        else:
            sent.jobs += self._batches.begin(portions)

    def _is_mixed_up(self, group: list[Placed]) -> bool:
        """Tell whether results of these writes could not be told apart if they were done in one job."""
        return self.task_order.follows is False and is_unfindable(group[0][1])


@dataclass
class _Sent:
    """What is under way."""

    jobs: BegunJobs = field(default_factory=list)
    requests: BegunRequests = field(default_factory=list)


def _kind_of(group: list[Placed]) -> Kind:
    return group[0][1].record_type, group[0][1].operation.value
