"""Carrying out writes until it is certain what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from suitetalk import BATCH_SIZE, NetSuite, PollPolicy, SuiteTalkError
from suitetalk.records import Validation, validation_headers
from target_netsuite.intents import Write
from target_netsuite.journal.journal import Journal, is_unfindable
from target_netsuite.writing.batches import BatchWrites, Confirm, Confirmation, JobTimes
from target_netsuite.writing.outcomes import Answer, Gathered, Policy, RecordTypes, comes_before_sending, stopped
from target_netsuite.writing.portions import Placed, Portion, WriteMode, divided, in_portions
from target_netsuite.writing.singles import SingleWrites
from target_netsuite.writing.task_order import TaskOrder

_ROUNDS = 5
_JOBS_AT_ONCE = 64  # threads, most of them asleep; how many requests are in flight is the governor's matter


@dataclass(frozen=True)
class WriterOptions:
    """How to write.

    Attributes:
        write_mode: batches or single requests wherever it can be done, or `auto` for what takes fewer requests.
        batch_results: `each` to read the result of every record, `auto` to ask in bulk first.
        name_validation: what NetSuite does about names of fields that do not exist.
        value_validation: what it does about values of the wrong form; None leaves it to NetSuite.
        single_requests: threads for separate requests.
        polling: how to ask after jobs of which nothing is known yet.
    """

    write_mode: WriteMode = "auto"
    batch_results: Literal["auto", "each"] = "auto"
    name_validation: Validation = "error"
    value_validation: Validation | None = None
    single_requests: int = 32
    polling: PollPolicy = field(default_factory=PollPolicy)


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
        self._batches = BatchWrites(
            netsuite,
            journal,
            confirmation=Confirmation(confirm if self._options.batch_results == "auto" else None),
            record_types=self._record_types,
            task_order=self.task_order,
            job_times=JobTimes(self._options.polling),
            policy=policy,
            threads=self._jobs,
        )
        self._singles = SingleWrites(
            netsuite,
            journal,
            record_types=self._record_types,
            policy=policy,
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
            raise stopped([write for _, write in left], SuiteTalkError(f"it was sent {_ROUNDS} times without success"))
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
        """Send writes once: those of a later round each on its own."""
        record_type = writes[0][1].record_type
        takes_batches = self._record_types.takes_batches(record_type)
        takes_jobs = self._record_types.takes_jobs(record_type)
        together, single = divided(writes, write_mode if takes_jobs else "single")
        portions: list[Portion] = []
        for group in together:
            if not is_unfindable(group[0][1]) and not (is_first and takes_batches):
                single += group
                continue
            try:
                size = BATCH_SIZE if is_first and not self._is_mixed_up(group) else 1
                portions += in_portions(group, self._headers, size=size, alone=not takes_batches)
            except SuiteTalkError as error:  # one of them cannot be sent; on its own it is told which
                if not comes_before_sending(error):
                    raise
                single += group
        begun = self._singles.begin(single)
        try:
            self._batches.carry_out(portions, gathered)
        finally:
            self._singles.gather(begun, gathered)

    def _is_mixed_up(self, group: list[Placed]) -> bool:
        """Tell whether results of these writes could not be told apart if they were done in one job."""
        return self.task_order.follows is False and is_unfindable(group[0][1])
