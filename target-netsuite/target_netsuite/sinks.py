"""One stream's sink: each record is validated, mapped to an intent and handed to the run.

The rows of a child stream (`ChildSink`) only wait for the records whose lines they are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from singer_sdk import Target
from singer_sdk.sinks import RecordSink

from suitetalk import ConfigurationError
from target_netsuite.child_streams import ROWS, ChildStreams
from target_netsuite.errors import InvalidRecordError
from target_netsuite.intents import Intent, Operation, Refusal, Settled
from target_netsuite.mapping.record import DELETED_AT, RecordMapping
from target_netsuite.messages import faults, with_replacements
from target_netsuite.mirror import MirrorKeys
from target_netsuite.reporting.report import Report
from target_netsuite.run import Run
from target_netsuite.settings import Settings, StreamSettings
from target_netsuite.validation import RecordValidation

ORPHAN = "NO_PARENT"


class SinkTarget(Target):
    """The target as its sinks see it."""

    settings: Settings
    child_streams: ChildStreams | None
    numbers: Counter[str]
    report: Report
    warned: set[str]

    @property
    @abstractmethod
    def run(self) -> Run:
        """What carries out the intents."""

    @property
    @abstractmethod
    def mirror_keys(self) -> MirrorKeys:
        """What came in the streams that are mirrors."""

    def warn(self, sentence: str) -> None:
        """Say something once, however many schemas of a stream give rise to it."""
        if sentence not in self.warned:
            self.warned.add(sentence)
            self.logger.warning(sentence)

    @abstractmethod
    def mapping_of(self, settings: StreamSettings, schema: Mapping[str, Any]) -> RecordMapping:
        """Return what makes intents of a stream's records."""


class StreamSink(RecordSink):
    """What all sinks have: a number for each record, and validation that refuses the record alone."""

    def __init__(
        self, target: SinkTarget, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        self._target = target
        self._validation = RecordValidation(
            stream_name,
            schema,
            key_properties or (),
            by_schema=self._target.settings.validate_records,
            warn=target.warn,
        )
        super().__init__(target, stream_name, schema, key_properties)

    def _check_columns(self, check: Callable[[Collection[str]], None]) -> None:
        """Make sure that the stream has the columns that its settings name; later schemas may lack some.

        Raises:
            ConfigurationError: its first schema lacks one.
        """
        try:
            check(self.schema["properties"].keys())
        except ConfigurationError as error:
            if self.stream_name not in self._target.numbers:
                raise
            self._target.warn(f"A later schema of stream `{self.stream_name}` lacks a column that is used: {error}")
        self._target.numbers[self.stream_name] += 0  # from now on the stream is known

    def _next_number(self) -> int:
        """Count a record of the stream; a new schema, and with it a new sink, does not begin again."""
        self._target.numbers[self.stream_name] += 1
        return self._target.numbers[self.stream_name]

    def get_validator(self) -> None:
        """Leave validation to this sink: the SDK ends the run at the first invalid record."""

    def refuse(self, record: Mapping[str, Any], error: InvalidRecordError, code: str = "") -> None:
        """Report a record that cannot be sent."""
        self._refused(record, self._next_number(), error, code)

    def refuse_unreadable(
        self,
        record: Mapping[str, Any],
        fault: InvalidRecordError,
        context: Mapping[str, Any],  # noqa: ARG002 - the SDK's form
    ) -> None:
        """Report a record that holds what cannot be read; `context` as in `process_record`."""
        self._refused(record, self._next_number(), fault)

    def _refused(self, record: Mapping[str, Any], number: int, error: InvalidRecordError, code: str = "") -> None:
        intent = self._unmapped(record, number)
        refusal = Refusal("invalid", error.problem, error.column, code or error.code)
        self._target.run.report(Settled(intent, refusal=refusal))

    def _unmapped(self, record: Mapping[str, Any], number: int) -> Intent:
        return Intent(self.stream_name, number, self._key(record), Operation.UPSERT, "", payload=record)

    def _key(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {column: record[column] for column in self.key_properties if column in record}


class NetSuiteSink(StreamSink):
    """Makes an intent of each record of a stream, and has it carried out."""

    def __init__(
        self, target: SinkTarget, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        """Prepare for a stream.

        Raises:
            ConfigurationError: `streams` does not know it, or names columns it does not have.
        """
        super().__init__(target, stream_name, schema, key_properties)
        self._target.report.expect(stream_name)
        self._settings = self._target.settings.stream(stream_name)
        self._check_columns(self._settings.check_columns)
        self._mapping = self._target.mapping_of(self._settings, schema)
        if self._settings.mirror:
            self._target.mirror_keys.expect(stream_name)

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Take a record; `context` may hold its `version`, and in a replay the `operation` that it was refused with.

        Raises:
            StoppedError: no record can be written for now, or what became of one is not known.
        """
        number = self._next_number()
        rows, children = record.pop(ROWS, None), self._target.child_streams
        if rows is None and children and children.is_parent(self.stream_name):
            children.add_parent(self.stream_name, number, record)
            return
        self._carry_out(record, number, rows or {}, context)

    def process_waiting(self, record: dict[str, Any], number: int, children: ChildStreams) -> None:
        """Take a record that waited for its lines.

        Raises:
            StoppedError: no record can be written for now, or what became of one is not known.
        """
        rows: dict[str, list[dict[str, Any]]] = {}
        try:
            rows = children.rows_of(self.stream_name, record)
            children.check_rows(rows)
        except InvalidRecordError as error:
            self._note_for_mirror(record, {})
            self._refused({**record, ROWS: rows} if rows else record, number, error)
        else:
            self._carry_out(record, number, rows, {})

    def _carry_out(
        self,
        record: dict[str, Any],
        number: int,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        context: Mapping[str, Any],
    ) -> None:
        """Make an intent of a record with the lines that came in other streams, and have it carried out."""
        payload = {**record, ROWS: rows} if rows else record
        try:
            self._validation.check_keys(record)
            if record.get(DELETED_AT) is None:  # what is deleted often comes with nothing but its key
                self._validation.check(record)
            intent = self._mapping.intent(record, number, self._key(record), rows, _operation(context))
            if rows:  # NetSuite may refuse it, and a replay is to have the lines too
                intent = replace(intent, payload=payload)
        except InvalidRecordError as error:
            self._note_for_mirror(record, context)
            self._refused(payload, number, error)
            return
        self._note_for_mirror(record, context)
        self._target.run.put(replace(intent, payload=payload) if rows else intent)

    def refuse(self, record: Mapping[str, Any], error: InvalidRecordError, code: str = "") -> None:
        """Report a record that a stream map failed on; its columns are not those its external id is made of."""
        if self._settings.mirror:
            self._target.mirror_keys.spoil(self.stream_name, error.problem)
        super().refuse(record, error, code)

    def refuse_unreadable(
        self, record: Mapping[str, Any], fault: InvalidRecordError, context: Mapping[str, Any]
    ) -> None:
        """Report a record that holds what cannot be read; where that is not in its external id, it counts as come."""
        self._note_for_mirror({name: value for name, value in record.items() if not any(faults(value))}, context)
        super().refuse_unreadable(record, fault, context)

    def _note_for_mirror(self, record: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        """Count a record as one that came, whatever becomes of it, or let the mirror know that it cannot be sure."""
        template = self._settings.external_id
        if not self._settings.mirror or template is None:
            return
        try:
            self._target.mirror_keys.came(self.stream_name, template.fill(record), context.get("version"))
        except InvalidRecordError as error:
            self._target.mirror_keys.spoil(self.stream_name, error.problem)

    def _unmapped(self, record: Mapping[str, Any], number: int) -> Intent:
        try:
            operation = self._mapping.operation(record)
        except InvalidRecordError:
            operation = self._settings.operation
        return Intent(
            self.stream_name, number, self._key(record), operation, self._settings.record_type, payload=record
        )

    def _key(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what identifies the record: its key, or else the columns its ids are made of."""
        template = self._settings.external_id
        own = self.key_properties or (*(template.columns if template else ()), self._settings.id_field or "")
        return {column: record[column] for column in own if column in record}


def _operation(context: Mapping[str, Any]) -> Operation | None:
    """Return the operation of a replayed record."""
    return Operation(context["operation"]) if "operation" in context else None


class ChildSink(StreamSink):
    """Keeps the rows of a stream that are lines of another stream's records."""

    def __init__(
        self, target: SinkTarget, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        """Prepare for a stream.

        Raises:
            ConfigurationError: the settings of the sublist name columns it does not have.
        """
        super().__init__(target, stream_name, schema, key_properties)
        if target.child_streams is None:
            raise ValueError(f"{stream_name} is not a child stream")
        self._children = target.child_streams
        self._check_columns(partial(self._children.check_columns, stream_name))

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's shape
        """Keep a row, or report why it cannot be; its record is not written without it, where it names one."""
        number = self._next_number()
        is_deleted = record.get(DELETED_AT) is not None
        try:
            self._validation.check_keys(record)
            if not is_deleted:
                self._validation.check(record)
            self._children.add_row(self.stream_name, record, self.key_properties, is_deleted=is_deleted)
        except InvalidRecordError as error:
            self._keep_invalid(record, number, error)

    def refuse_unreadable(
        self,
        record: Mapping[str, Any],
        fault: InvalidRecordError,
        context: Mapping[str, Any],  # noqa: ARG002 - the SDK's form
    ) -> None:
        """Keep a row that holds what cannot be read, so that its record is not written without it."""
        kept = {name: None if any(faults(with_replacements(value))) else value for name, value in record.items()}
        self._keep_invalid(with_replacements(kept), self._next_number(), fault)

    def _keep_invalid(self, record: Mapping[str, Any], number: int, error: InvalidRecordError) -> None:
        try:
            self._children.add_invalid_row(self.stream_name, record, error)
        except InvalidRecordError:
            self._refused(record, number, error)

    def refuse_orphan(self, row: Mapping[str, Any]) -> None:
        """Report a row whose parent did not come."""
        problem = "no record came that it is a line of; let the tap send the records of changed lines as well"
        self._refused(row, 0, InvalidRecordError("", problem, ORPHAN))
