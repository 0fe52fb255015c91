"""Showing a run to whoever is there: a live line and a table to a person at a terminal, else lines in the log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from suitetalk.terminal.live import at_a_terminal, is_there_a_person
from suitetalk.terminal.text_table import text_table
from suitetalk.terminal.ticker import Ticker
from suitetalk.terminal.words import number
from target_netsuite.intents import Outcome
from target_netsuite.reporting.counts import INVALID, REJECTED
from target_netsuite.reporting.progress import Progress

logger = logging.getLogger(__name__)

_INTERVAL = 60.0  # seconds; as the SDK's counters
_LEVEL_VARIABLES = ("TARGET_NETSUITE_LOGLEVEL", "LOGLEVEL")
_STREAM = "Stream"
_HEADS = {  # count -> what stands above it, in a run and in a dry run
    Outcome.CREATED.value: ("Created", "Would create"),
    Outcome.UPDATED.value: ("Updated", "Would update"),
    Outcome.UPSERTED.value: ("Upserted", "Would upsert"),
    Outcome.UNCHANGED.value: ("Unchanged", "Unchanged"),
    Outcome.DELETED.value: ("Deleted", "Would delete"),
    Outcome.ALREADY_GONE.value: ("Already gone", "Already gone"),
    Outcome.INACTIVATED.value: ("Inactivated", "Would inactivate"),
    INVALID: ("Invalid", "Invalid"),
    REJECTED: ("Rejected", "Rejected"),
}
_ONLY_WHERE_THERE_ARE_ANY = (Outcome.UPSERTED.value, Outcome.ALREADY_GONE.value, Outcome.INACTIVATED.value)


def shown(progress: Progress) -> AbstractContextManager[None]:
    """Show a run while the block goes on, and what came of it, however it ends."""
    return _to_a_person(progress) if is_there_a_person() else _in_a_log(progress)


def summary_table(streams: Mapping[str, Mapping[str, int]], *, dry_run: bool) -> list[str]:
    """Return the lines of a table of the counts of each stream; none without streams."""
    if not streams:
        return []
    names = [
        name
        for name in _HEADS
        if name not in _ONLY_WHERE_THERE_ARE_ANY or any(counts[name] for counts in streams.values())
    ]
    head = [_STREAM, *(_HEADS[name][dry_run] for name in names)]
    rows = [[stream, *(number(counts[name]) for name in names)] for stream, counts in streams.items()]
    return list(text_table(head, rows, head[1:], {}))


@contextmanager
def _to_a_person(progress: Progress) -> Iterator[None]:
    report = progress.report
    try:
        with at_a_terminal(lambda: progress.facts().parts(), _LEVEL_VARIABLES):
            yield
    finally:
        lines = summary_table(report.counts(), dry_run=report.dry_run)
        if lines:
            sys.stderr.writelines(f"{line}\n" for line in (*lines, progress.facts().sentence()))
            sys.stderr.flush()


@contextmanager
def _in_a_log(progress: Progress) -> Iterator[None]:
    def log_progress() -> None:
        facts = progress.facts()
        logger.info("Progress: %s", facts.sentence(), extra=facts.fields())

    try:
        with Ticker(log_progress, _INTERVAL):
            yield
    finally:
        facts = progress.facts()
        logger.info("End of the run: %s", facts.sentence(), extra=facts.fields())
