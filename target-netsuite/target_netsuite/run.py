"""One run: intents go in, what came of each is reported, and STATE passes behind them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from target_netsuite.errors import StateReaderLeftError
from target_netsuite.intents import Intent, Outcome, Settled
from target_netsuite.journal.journal import Journal
from target_netsuite.pipeline.pipeline import Pipeline, Settle
from target_netsuite.preparing.preparation import Preparation
from target_netsuite.reporting.report import Report
from target_netsuite.writing.writer import Unknown, Writer

_STATE_ENCODER = msgspec.json.Encoder(decimal_format="number")
_ROUNDS = 4
"""How often a write whose answer was lost is read back and done again before the run ends."""


class Run:
    """Carries out intents and passes STATE on. The methods are for the main thread."""

    def __init__(
        self,
        preparation: Preparation,
        writer: Writer | None,
        journal: Journal,
        report: Report,
        *,
        skips_unchanged: Callable[[str], bool],
    ) -> None:
        """Prepare.

        Args:
            preparation: looks up what intents need, and what is there.
            writer: None for a dry run, which says what would be done, and passes no STATE on.
            journal: remembers what was written.
            report: is told what came of each intent.
            skips_unchanged: tells for a stream whether records that are as wanted are left alone.
        """
        self._preparation = preparation
        self._writer = writer
        self._journal = journal
        self._report = report
        self._skips_unchanged = skips_unchanged
        self._pipeline = Pipeline(self._carry_out)
        self._taken = 0
        self._states: deque[tuple[int, Any]] = deque()

    def put(self, intent: Intent) -> None:
        """Take an intent; waits while too many are unsettled.

        Raises:
            StoppedError: no record can be written for now, or what became of one is not known.
        """
        done = self._journal.already_done(intent)
        if done is not None:
            self.settled(Settled(intent, Outcome.CREATED, done))
            return
        self._taken += 1
        self._pipeline.put(intent)
        self.pass_states()

    def settled(self, settled: Settled) -> None:
        """Report an intent of which nothing is to be done, such as an invalid one."""
        self._report.settled([settled])
        self._taken += 1
        self._pipeline.skip()

    def take_state(self, value: Any) -> None:
        """Take a STATE, to be passed on when everything before it is settled."""
        if self._writer is not None:
            self._states.append((self._taken, value))
            self.pass_states()

    def pass_states(self) -> None:
        """Pass on what may be.

        Raises:
            StateReaderLeftError: nobody reads it.
        """
        if not self._states:
            return
        settled = self._pipeline.settled_up_to
        while self._states and self._states[0][0] <= settled:
            self._write(self._states.popleft()[1])

    def finish(self) -> None:
        """Wait until all is settled, and pass on what STATE there is."""
        self._pipeline.finish()
        self.pass_states()

    def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._pipeline.stop()
