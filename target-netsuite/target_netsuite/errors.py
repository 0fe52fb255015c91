"""What the target raises; what is a refusal."""

from __future__ import annotations

INVALID_RECORD = "INVALID_RECORD"
UNKNOWN_FIELD = "UNKNOWN_FIELD"
READ_ONLY_FIELD = "READ_ONLY_FIELD"
MISSING_FIELD = "MISSING_FIELD"
WRONG_TYPE = "WRONG_TYPE"
BAD_ENUM_VALUE = "BAD_ENUM_VALUE"
FIELD_FILLED_TWICE = "FIELD_FILLED_TWICE"
MISSING_KEY = "MISSING_KEY"
BAD_KEY = "BAD_KEY"
UNKNOWN_OPERATION = "UNKNOWN_OPERATION"
SCHEMA_MISMATCH = "SCHEMA_MISMATCH"
DIFFERS_IN_CASE = "DIFFERS_IN_CASE"
INVALID_TEXT = "INVALID_TEXT"
INVALID_NUMBER = "INVALID_NUMBER"
UNREADABLE_LINE = "UNREADABLE_LINE"


class TargetError(Exception):
    """The run ends because of this."""


class MessageError(TargetError):
    """An input line is not a Singer message."""


class StoppedError(TargetError):
    """A record could not be settled, and no further one is sent."""


class JournalError(TargetError):
    """The journal cannot be used, so nothing is sent."""


class RecordsRefusedError(TargetError):
    """All input was worked through, and some records were refused."""


class ReportFileError(TargetError):
    """A file of rejects, receipts or differences cannot be opened, read or written."""


class MirrorError(TargetError):
    """A mirror deletes nothing, for a reason that somebody has to look at."""


class StateReaderLeftError(TargetError):
    """Nobody reads the STATE any more; BrokenPipeError itself would be taken for an end without a cause by click."""


class UnknownRecordTypeError(Exception):
    """NetSuite has no such record type; the text goes on after the setting that names it."""


class InvalidRecordError(Exception):
    """A record cannot be sent as it is; the others can.

    Attributes:
        column: the column or field at fault, empty when it is not one.
        problem: what is wrong with it.
        code: what kind of fault it is; one of the names above, which stay as they are from release to release.
    """

    def __init__(self, column: str, problem: str, code: str = INVALID_RECORD) -> None:
        """Name the column, the problem and its kind."""
        super().__init__(problem)
        self.column = column
        self.problem = problem
        self.code = code
