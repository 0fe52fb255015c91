"""Showing a run to whoever is there."""

from __future__ import annotations

from contextlib import AbstractContextManager

from suitetalk.terminal.live import is_there_a_person
from tap_netsuite.progress.facts import Progress
from tap_netsuite.progress.log_lines import in_a_log
from tap_netsuite.progress.terminal import at_a_terminal


def shown(progress: Progress) -> AbstractContextManager[None]:
    """Show a run while the block goes on: at a terminal to a person, else in the log."""
    return at_a_terminal(progress) if is_there_a_person() else in_a_log(progress)
