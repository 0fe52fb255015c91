"""What NetSuite refuses: which refusals are believed, and what they mean for a table or a record type."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TypeVar

from suitetalk import (
    PAGE_SIZE,
    ConnectionFailedError,
    InvalidRequestError,
    NetSuiteError,
    NotFoundError,
    Page,
    PermissionDeniedError,
    ServerFaultError,
    SuiteQL,
    SuiteTalkError,
)
from suitetalk.errors import UnexpectedError, speaks_of_permission
from tap_netsuite.discovery.found import Finding, Status
from tap_netsuite.discovery.known_tables import feature_of, main_table, permission_of

FAILURES = (InvalidRequestError, PermissionDeniedError, NotFoundError, ServerFaultError, ConnectionFailedError)
"""How a question of discovery fails. NetSuite refuses some statements with 500 [section 14.2], heavy ones time out."""

_SERVER_FAULT = 500
_NO_TABLE = "Invalid search type"
_UNSEEN = re.compile(r"Record (?!Join\b).*was not found")
_NAMED = (
    re.compile(r"Unknown identifier '([^']+)'"),
    # REMOVED, NOT_EXPOSED, marked as internal [section 14.2]
    re.compile(r"Field '([^']+)' for record '[^']*' was not found"),
    re.compile(r"Field '([^']+)'[^.]* marked as internal"),
)
_PATIENCE = 3  # times that a question is asked that had an answer before
Answer = TypeVar("Answer")


class CannotTellError(SuiteTalkError):
    """Whether something is refused cannot be told, because nothing else succeeds either."""


class Questions:
    """Questions to one of NetSuite's services, of which none is taken for refused because of a fault that passes.

    A refusal is believed when the same question is refused again after another one has succeeded: a server that is
    away for a while refuses everything, often with 500. Thread-safe.
    """

    def __init__(self, others: Callable[[], Iterable[Callable[[], object]]]) -> None:
        """Prepare; `others` returns questions that one of should succeed, for when none has yet."""
        self._others = others
        self._lock = threading.Lock()
        self._proving = threading.Lock()
        self._proven: tuple[float, Callable[[], object]] | None = None
        self._latest = 0.0  # when the youngest question was asked that was answered
        self._all_refused = False

    def ask(self, question: Callable[[], Answer], patient: Callable[[], Answer] | None = None) -> Answer:
        """Return the answer to a question, and remember the one that was answered soonest.

        `patient` is the same question, asked until it is answered; empty where the question is so itself.
        """
        began = monotonic()
        answer = question()
        seconds = monotonic() - began
        with self._lock:
            self._latest = max(self._latest, began)
            if self._proven is None or seconds < self._proven[0]:
                self._proven = seconds, patient or question
        return answer

    def settle(self, question: Callable[[], Answer]) -> Answer:
        """Return the answer to a question; where it is refused, ask again after another one has succeeded.

        Raises:
            SuiteTalkError: one of `FAILURES`: it was refused twice, or NetSuite named a column of it as unknown.
            CannotTellError: no other question succeeded.
        """
        try:
            return self.ask(question)
        except FAILURES as failure:
            return self.settle_refused(question, failure)

    def settle_refused(self, question: Callable[[], Answer], failure: SuiteTalkError) -> Answer:
        """Return the answer to a question that has just been refused, asked again after another one has succeeded.

        Raises:
            SuiteTalkError: as `settle` does.
            CannotTellError: as `settle` does.
        """
        if named_column(failure):
            raise failure
        refused = monotonic()
        with self._proving:  # those that are refused together need one answer
            if self._latest < refused:
                self._ask_another(failure)
        return self.ask(question)

    def _ask_another(self, failure: SuiteTalkError) -> None:
        with self._lock:
            proven = self._proven
        failures = [failure]
        for other in [proven[1]] * _PATIENCE if proven else [] if self._all_refused else self._others():
            try:
                self.ask(other)
            except FAILURES as another:
                failures.append(another)
            else:
                return
        if proven is None and not any(map(is_fault, failures)):
            self._all_refused = True  # the role may not ask at all, as every refusal says
            return
        raise CannotTellError(
            f"Discovery ended without a catalog, because NetSuite does not answer now: {failures[-1]}"
        ) from failure


def is_fault(failure: SuiteTalkError) -> bool:
    """Tell a time-out or a server fault from a refusal that gives a reason."""
    return not isinstance(failure, NetSuiteError) or failure.status >= _SERVER_FAULT


def is_too_slow(failure: SuiteTalkError) -> bool:
    """Tell whether no usable answer came; a plain 500 may be a refusal of the statement [section 14.2]."""
    return not isinstance(failure, NetSuiteError) or failure.status > _SERVER_FAULT


def named_column(failure: SuiteTalkError) -> str:
    """Return the column that a refusal names as unknown, in lower case; empty when it names none."""
    detail = failure.detail if isinstance(failure, NetSuiteError) else ""
    found = next(filter(None, (pattern.search(detail) for pattern in _NAMED)), None)
    return found[1].lower().rpartition(".")[2] if found else ""


@dataclass(frozen=True)
class Asker:
    """Asks SuiteQL.

    Attributes:
        suiteql: where to ask.
        questions: what is known of SuiteQL's answers.
        refused: forms of statements that need not be tried again.
    """

    suiteql: SuiteQL
    questions: Questions
    refused: set[str] = field(default_factory=set)

    def page(self, statement: str, *, limit: int = PAGE_SIZE) -> Page:
        """Return the first rows of a statement; a refusal may be a fault that passes.

        A plain 500 is asked again after another statement has succeeded, instead of a while.
        """
        once, patient = self._ways(statement, limit)
        try:
            return self.questions.ask(once, patient)
        except UnexpectedError as failure:
            return self.questions.settle_refused(once, failure)

    def settled(self, statement: str, *, limit: int = PAGE_SIZE) -> Page:
        """Return the first rows of a statement; see `Questions.settle`."""
        once, patient = self._ways(statement, limit)
        try:
            return self.questions.ask(once, patient)
        except FAILURES as failure:
            return self.questions.settle_refused(patient, failure)

    def _ways(self, statement: str, limit: int) -> tuple[Callable[[], Page], Callable[[], Page]]:
        once, patient = self.suiteql.once.page, self.suiteql.page
        return partial(once, statement, limit=limit), partial(patient, statement, limit=limit)

    def settled_refused(self, statement: str, failure: SuiteTalkError) -> Page:
        """Return the first rows of a statement that has just been refused; see `Questions.settle_refused`."""
        return self.questions.settle_refused(lambda: self.suiteql.page(statement, limit=PAGE_SIZE), failure)


def is_about_table(failure: SuiteTalkError) -> bool:
    """Tell whether a refusal is about the table as such, so that no other statement on it fares better."""
    if not isinstance(failure, NetSuiteError) or named_column(failure):
        return False
    return _NO_TABLE in failure.detail or _is_unseen(failure)


def refused_table(table: str, refusal: SuiteTalkError, *, is_record_type: bool) -> Finding:
    """Return what became of a table that SuiteQL refuses [section 5.8].

    Args:
        table: name of the table.
        refusal: SuiteQL's answer.
        is_record_type: whether the metadata catalog shows the role a record type of this name.
    """
    if not isinstance(refusal, NetSuiteError) or is_too_slow(refusal):
        return Finding(table, Status.FAILED, f"no answer while it was looked at: {refusal}", is_sure=False)
    if _is_unseen(refusal):
        return Finding(table, Status.NOT_PERMITTED, _permission_note(table, is_record_type=is_record_type))
    if _NO_TABLE not in refusal.detail:
        return Finding(table, Status.FAILED, refusal.detail)
    if is_record_type:
        return Finding(table, Status.RECORD_ONLY, f"read it as record_{table}")
    feature = feature_of(table)
    if feature:
        return Finding(table, Status.FEATURE_OFF, f"{feature}, or the role may not see it")
    return Finding(table, Status.UNKNOWN)


def with_features_that_are_on(findings: Sequence[Finding]) -> list[Finding]:
    """Take back that a feature is off where its main table can be read: the table is missing for another reason."""
    readable = {finding.name for finding in findings if finding.status.is_stream}
    return [
        Finding(finding.name, Status.UNKNOWN)
        if finding.status is Status.FEATURE_OFF and main_table(feature_of(finding.name)) in readable
        else finding
        for finding in findings
    ]


def refused_record_type(stream: str, record_type: str, error: Exception) -> Finding:
    """Return what became of a record type that is listed and whose schema cannot be read."""
    if isinstance(error, NetSuiteError) and _is_unseen(error):
        return Finding(stream, Status.NOT_PERMITTED, _permission_note(record_type.lower(), is_record_type=False))
    return Finding(stream, Status.FAILED, f"its schema: {error}", is_sure=False)


def _is_unseen(refusal: NetSuiteError) -> bool:
    """Tell whether a permission is missing; NetSuite says so in several ways [section_156570709583]."""
    return (
        isinstance(refusal, PermissionDeniedError)
        or refusal.code == "USER_ERROR"
        or speaks_of_permission(refusal.detail)
        or _UNSEEN.search(refusal.detail) is not None
    )


def _permission_note(table: str, *, is_record_type: bool) -> str:
    permission = permission_of(table)
    if not permission and is_record_type:
        return f"or not in SuiteQL at all; the role sees the record type, so read it as record_{table}"
    return f"the role needs {permission or 'View on it'}"
