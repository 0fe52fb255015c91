"""What the target itself raises; each text is a sentence for the user."""

from __future__ import annotations


class TargetError(Exception):
    """The run ends because of this."""


class MessageError(TargetError):
    """An input line is no Singer message."""


class StoppedError(TargetError):
    """A record could not be settled, and no further one is sent."""


class RecordsRefusedError(TargetError):
    """All input was worked through, and some records were refused."""


class ReportFileError(TargetError):
    """A file of rejects, receipts or differences cannot be opened, read or written."""


class MirrorError(TargetError):
    """A mirror deletes nothing, for a reason that somebody has to look at."""


class StateReaderLeftError(TargetError):
    """Nobody reads the STATE any more; BrokenPipeError itself would be taken for an end without a cause by click."""


class InvalidRecordError(Exception):
    """A record cannot be sent as it is; the others can.

    Attributes:
        column: the column at fault, empty when it is not one.
        problem: what is wrong with it.
    """

    def __init__(self, column: str, problem: str) -> None:
        """Name the column and the problem."""
        super().__init__(problem)
        self.column = column
        self.problem = problem
