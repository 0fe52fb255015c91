"""How long jobs take, so that each is asked after when it is about to be done."""

from __future__ import annotations

from dataclasses import replace

from suitetalk import Batch, PollPolicy

_SHARE_OF_THE_WAIT = 0.1  # between questions, so that little is lost when a job takes longer than the ones before
_NEWS = 0.8  # weight of the last job
_EARLIER = 0.95  # of the time waited, when the first question found the job done


class JobTimes:
    """Learns how long a record of a type takes. Thread-safe: what is lost between threads is one observation."""

    def __init__(self, polling: PollPolicy) -> None:
        """Ask as `polling` says until a job of the kind has been seen."""
        self._polling = polling
        self._seconds: dict[tuple[str, str], float] = {}

    def polling(self, batch: Batch) -> PollPolicy:
        """Return how to ask after a batch's job."""
        seconds = self._seconds.get(_kind(batch), 0.0) * len(batch.records)
        if not seconds:
            return replace(self._polling, head_start=self._polling.first_wait / 2)
        pause = min(max(seconds * _SHARE_OF_THE_WAIT, self._polling.first_wait / 5), self._polling.longest_wait)
        return replace(self._polling, head_start=seconds, first_wait=pause)

    def learn(self, batch: Batch, seconds: float) -> None:
        """Take note that a batch's job was seen completed after so many seconds."""
        each = seconds / len(batch.records)
        before = self._seconds.get(_kind(batch))
        if before is None:
            self._seconds[_kind(batch)] = each
        elif each <= before * (1 + _SHARE_OF_THE_WAIT):
            self._seconds[_kind(batch)] = before * _EARLIER
        else:
            self._seconds[_kind(batch)] = before + (each - before) * _NEWS


def _kind(batch: Batch) -> tuple[str, str]:
    return batch.record_type, batch.operation
