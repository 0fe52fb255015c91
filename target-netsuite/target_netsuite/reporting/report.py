"""Each settled record: counts, log, files."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from suitetalk.redaction import printable_json
from suitetalk.terminal import FOR_A_PERSON
from target_netsuite.errors import UNKNOWN_OPERATION, RecordsRefusedError
from target_netsuite.intents import Difference, Intent, Outcome, Refusal, Settled
from target_netsuite.reporting.line_file import LineFile
from target_netsuite.settings.target import ReportSettings

INVALID, REJECTED, REFUSED = "invalid", "rejected", "refused"
_UNTOUCHED = (Outcome.UNCHANGED, Outcome.ALREADY_GONE)
_DIFFERENCES_SHOWN = 20  # of each stream, in the log; of what a mirror deletes that many more
_DIFFERENCES_REPORTED = 500  # likewise, in the report of the run
_REFUSED_REPORTED = 500


@dataclass
class Reason:
    """Why records of a stream were refused, and how many; `example` is what the log said of the first."""

    example: Mapping[str, Any]
    count: int = 0


class Report:
    """Takes each record as it is settled; counts it, reports it, writes it to the files. Thread-safe."""

    def __init__(
        self,
        logger: logging.Logger,
        settings: ReportSettings | None = None,
        rejects: RejectsKeeper | None = None,
    ) -> None:
        """Open the files.

        Args:
            logger: gets `REFUSED: {…}` as errors, `SUMMARY: {…}` and in a dry run `DIFFERENCE: {…}` as information.
            settings: which files, and how many records may fail.
            rejects: keeps failed records instead of the file of the settings.

        Raises:
            ReportFileError: a file cannot be opened.
        """
        self._logger = logger
        self._settings = settings or ReportSettings()
        self._streams: dict[str, StreamCounts] = {}
        self._changes: Counter[tuple[bool, str]] = Counter()
        self._shown: dict[tuple[bool, str], list[dict[str, Any]]] = defaultdict(list)
        self._reasons: dict[tuple[str, ...], Reason] = {}
        self._refused: list[Mapping[str, Any]] = []
        self._lock = threading.Lock()
        writes = not self._settings.dry_run
        self._receipts = self._file("receipts") if writes else None
        self._differences = self._file("differences")
        self._rejects = rejects if rejects or not writes else self._rejects_file()
        self._is_closed = False

    @property
    def read(self) -> int:
        """Records of all streams that have come."""
        return sum(counts.read for counts in list(self._streams.values()))

    @property
    def settled(self) -> int:
        """Records of all streams that were carried out or refused."""
        return sum(counts.settled for counts in list(self._streams.values()))

    @property
    def refused(self) -> int:
        """Refused records of all streams."""
        return sum(counts.refused for counts in list(self._streams.values()))

    @property
    def dry_run(self) -> bool:
        """Whether what is counted would be done, and is not."""
        return self._settings.dry_run

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the counts by stream, and by what became of the records.

        Lines of other streams' records are counted with these; their own stream has only what was refused.
        """
        with self._lock:
            return {
                stream: counts.by_name()
                for stream, counts in self._streams.items()
                if counts.is_expected or counts.settled
            }

    def expect(self, stream: str) -> None:
        """Let a stream appear in the summary even when no record of it comes."""
        with self._lock:
            self._of(stream).is_expected = True

    def take(self, stream: str) -> None:
        """Count a record that has come."""
        with self._lock:
            self._of(stream).read += 1

    def add(self, settled: Settled) -> None:
        """Report what became of a record; in the files it is when this returns.

        Raises:
            ReportFileError: a file cannot be written; the record is not to be covered by a STATE then.
        """
        intent, refusal = settled.intent, settled.refusal
        with self._lock:
            self._of(intent.stream).add(settled)
            if refusal:
                line = refused_line(intent, refusal)
                self._logger.error("REFUSED: %s", as_line(line))
                self._keep(line)
            elif self._receipts:
                self._receipts.write(receipt_line(settled))
            if self._differences or self.dry_run:
                self._tell_differences(settled)
            if self._rejects:
                self._rejects.settled(intent, reject_line(intent, refusal) if refusal else None)

    def close(self) -> None:
        """Report the counts, one line per stream, and close the files; once, at the end, however the run ends.

        Raises:
            ReportFileError: a replayed file cannot be written.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._show_differences()
        self.summarize()
        for file in (self._receipts, self._differences, self._rejects):
            if file:
                file.close()

    def summarize(self) -> None:
        """Report the counts, one line per stream."""
        mode = {"dry_run": True} if self.dry_run else {}
        for stream, counts in self.counts().items():
            self._logger.info("SUMMARY: %s", as_line({"stream": stream, **mode, **counts}))

    def check(self) -> None:
        """Compare how many records were refused with how many may be.

        Raises:
            RecordsRefusedError: too many.
        """
        refused, limit = self.refused, self._settings.max_rejects
        if not refused:
            return
        how_many = f"{refused} of {self.settled} records were refused"
        if limit.allows(refused, self.settled):
            self._logger.warning("%s, which `max_rejects` (%s) allows.", how_many, limit)
            return
        rejects = self._settings.rejects if self._rejects else None
        kept = f", and is in {rejects}, which `--replay` sends again" if rejects else ""
        raise RecordsRefusedError(
            f"{how_many}, and `max_rejects` allows {limit}; each is reported above in a line with REFUSED{kept}."
        )

    def _keep(self, line: Mapping[str, Any]) -> None:
        """Keep what the report of the run says of a refused record."""
        if self._settings.report is None:
            return
        kind = tuple(str(line.get(name, "")) for name in ("stream", "stage", "status", "code", "path"))
        self._reasons.setdefault(kind, Reason(line)).count += 1
        if len(self._refused) < _REFUSED_REPORTED:
            self._refused.append(line)

    def reasons(self) -> list[Reason]:
        """Return why records were refused, the most frequent reason first."""
        with self._lock:
            return sorted(
                (Reason(one.example, one.count) for one in self._reasons.values()), key=lambda one: -one.count
            )

    def refused_lines(self) -> list[Mapping[str, Any]]:
        """Return what the log said of the first refused records."""
        with self._lock:
            return list(self._refused)

    def differences(self) -> tuple[list[dict[str, Any]], int]:
        """Return the first differences of a dry run, what mirrors would delete first, and how many there are."""
        with self._lock:
            kinds = sorted(self._shown.items(), key=lambda shown: shown[0][0])
            return [line for _, lines in kinds for line in lines], sum(self._changes.values())

    def _of(self, stream: str) -> StreamCounts:
        return self._streams.setdefault(stream, StreamCounts())

    def _file(self, setting: str) -> LineFile | None:
        path = getattr(self._settings, setting)
        return LineFile(setting, path) if path else None

    def _rejects_file(self) -> RejectsKeeper | None:
        file = self._file("rejects")
        return Rejects(file) if file else None

    def _tell_differences(self, settled: Settled) -> None:
        for line in difference_lines(settled):
            if self._differences:
                self._differences.write(line)
            if self.dry_run:
                kind = not _is_of_a_mirror(settled.intent), settled.intent.stream
                self._changes[kind] += 1
                if self._changes[kind] <= (_DIFFERENCES_REPORTED if self._settings.report else _DIFFERENCES_SHOWN):
                    self._shown[kind].append(line)

    def _show_differences(self) -> None:
        """Log the differences of a dry run, what mirrors would delete first."""
        where = (
            f"all are in {self._settings.differences}" if self._differences else "set `differences` to a file for all"
        )
        for (is_other, stream), lines in sorted(self._shown.items(), key=lambda shown: shown[0][0]):
            for line in lines[:_DIFFERENCES_SHOWN]:
                self._logger.info("DIFFERENCE: %s", as_line(line), extra=FOR_A_PERSON)
            more = self._changes[is_other, stream] - len(lines[:_DIFFERENCES_SHOWN])
            if more:
                what = "differences" if is_other else "records that the mirror would delete"
                self._logger.info("%d more %s in stream `%s`; %s.", more, what, stream, where, extra=FOR_A_PERSON)


def _is_of_a_mirror(intent: Intent) -> bool:
    return intent.number < 0


class RejectsKeeper(Protocol):
    """Something that keeps failed records."""

    def settled(self, intent: Intent, reject: Mapping[str, Any] | None) -> None:
        """Take note that a record is settled, with its line when it has failed."""
        ...

    def close(self) -> None:
        """Put everything in order; the run is over."""
        ...


class Rejects:
    """Appends failed records to a file."""

    def __init__(self, file: LineFile) -> None:
        """Write to this file."""
        self._file = file

    def settled(self, intent: Intent, reject: Mapping[str, Any] | None) -> None:  # noqa: ARG002 - see RejectsKeeper
        """Append the line of a record that has failed.

        Raises:
            ReportFileError: there is no room, for instance.
        """
        if reject:
            self._file.write(reject)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class StreamCounts:
    """The counts of one stream.

    Attributes:
        read: records that have come.
        is_expected: whether the stream is in the summary even when nothing of it is settled.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.read = 0
        self.is_expected = False
        self._settled: Counter[str] = Counter()

    def add(self, settled: Settled) -> None:
        """Count a record as what became of it."""
        self._settled[settled.refusal.stage if settled.refusal else Outcome(settled.outcome).value] += 1

    @property
    def refused(self) -> int:
        """Records found invalid, and records rejected by NetSuite."""
        return self._settled[INVALID] + self._settled[REJECTED]

    @property
    def settled(self) -> int:
        """Records that were carried out or refused."""
        return sum(self._settled.values())

    def by_name(self) -> dict[str, int]:
        """Return all counts for the summary; those already gone are among the deleted, and counted separately too."""
        counts = {outcome.value: self._settled[outcome.value] for outcome in Outcome}
        counts[Outcome.DELETED.value] += counts[Outcome.ALREADY_GONE.value]
        return {
            **counts,
            INVALID: self._settled[INVALID],
            REJECTED: self._settled[REJECTED],
            REFUSED: self.refused,
        }


def refused_line(intent: Intent, refusal: Refusal) -> dict[str, Any]:
    """Return what the log says about a refused record: without what is not known, and without the record."""
    record = max(intent.number, 0)  # what is not a record of the input has no number above
    about = {"stream": intent.stream, "record": record, "key": dict(intent.key), "operation": _asked(intent, refusal)}
    return {name: value for name, value in {**about, **_reason(refusal)}.items() if value not in ("", None, 0)}


def reject_line(intent: Intent, refusal: Refusal) -> dict[str, Any]:
    """Return the line of a refused record for the file of rejects, always with all its names."""
    return {
        "stream": intent.stream,
        "key": dict(intent.key),
        "operation": _asked(intent, refusal),
        **_reason(refusal),
        "payload": dict(intent.payload),
    }


def receipt_line(settled: Settled) -> dict[str, Any]:
    """Return the line of a record that was not refused, for the file of receipts."""
    intent = settled.intent
    return {
        "stream": intent.stream,
        "key": dict(intent.key),
        "operation": intent.operation,
        "outcome": settled.outcome,
        "record_type": intent.record_type,
        "internal_id": settled.internal_id or intent.internal_id or "",
        "external_id": intent.external_id or "",
    }


def difference_lines(settled: Settled) -> Iterator[dict[str, Any]]:
    """Yield a line for each field; one without a field when a record changes and no field of it is known."""
    intent = settled.intent
    about = {
        "stream": intent.stream,
        "key": dict(intent.key),
        "operation": intent.operation,
        "outcome": settled.outcome,
    }
    for difference in settled.differences:
        yield {**about, **_change(difference)}
    if not settled.differences and settled.outcome not in (None, *_UNTOUCHED):
        yield about


def _change(difference: Difference) -> dict[str, Any]:
    return {"path": difference.path, "before": difference.before, "after": difference.after}


def _asked(intent: Intent, refusal: Refusal) -> Any:
    """Return the operation that a record asked for, which may be one that does not exist."""
    return intent.payload.get(refusal.path) if refusal.code == UNKNOWN_OPERATION else intent.operation


def _reason(refusal: Refusal) -> dict[str, Any]:
    return {
        "stage": refusal.stage,
        "status": refusal.status,
        "code": refusal.code,
        "path": refusal.path,
        "message": refusal.message,
        "advice": refusal.advice,
        "attempts": refusal.attempts,
    }


def as_line(content: Any) -> str:
    """Return one line of JSON; what JSON has no form for is written as text."""
    return printable_json(json.dumps(content, default=str, ensure_ascii=False))
