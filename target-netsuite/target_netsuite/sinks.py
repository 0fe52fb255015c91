"""One stream's way into NetSuite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from singer_sdk import Target
from singer_sdk.sinks import RecordSink

from suitetalk import ConnectionFailedError, NetSuiteError, OutcomeUnknownError, SuiteTalkError
from target_netsuite import intents
from target_netsuite.errors import InvalidRecordError, StoppedError
from target_netsuite.intents import Intent, Outcome, Refusal, Settled
from target_netsuite.mapping import RecordMapping, Write
from target_netsuite.operations import Operations, is_refusal
from target_netsuite.reporting.report import Report, as_line
from target_netsuite.settings import Settings
from target_netsuite.stream_settings import Operation
from target_netsuite.validation import RecordValidation


class Workplace(Protocol):
    """What a sink needs of the target it belongs to."""

    settings: Settings
    report: Report

    @property
    def operations(self) -> Operations:
        """What carries out the writes."""
        ...


class NetSuiteSink(RecordSink):
    """Settles each record before it returns: written, or refused and reported."""

    def __init__(
        self, target: Target, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        """Prepare for a stream.

        Raises:
            ConfigurationError: `streams` does not know it, or names columns it does not have.
            MessageError: its schema is no JSON Schema.
        """
        workplace = cast("Workplace", target)  # no other target makes this sink
        self._settings = workplace.settings.stream(stream_name)
        self._settings.check_columns(schema["properties"].keys())
        self._validation = RecordValidation(
            stream_name, schema, key_properties or (), by_schema=workplace.settings.validate_records
        )
        self._mapping = RecordMapping(self._settings, schema)
        self._operations = workplace.operations
        self._report = workplace.report
        self._report.expect(stream_name)
        self._number = 0
        super().__init__(target, stream_name, schema, key_properties)

    def get_validator(self) -> None:
        """Leave validation to this sink: the SDK ends the run at the first invalid record."""

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's shape
        """Write one record, or report why not.

        Raises:
            StoppedError: what became of it is not known, or no record can be written for now.
        """
        try:
            write = self._checked(record, self._mapping.operation(record))
        except InvalidRecordError as error:
            self.refuse(record, error)
            return
        try:
            outcome = self._operations.carry_out(write)
        except NetSuiteError as error:
            if not is_refusal(error):
                raise self._stopped(record, write, error) from error
            self._settle(record, refusal=_rejected(error))
        except ConnectionFailedError as error:
            raise self._stopped(record, write, error) from error
        except SuiteTalkError as error:  # all others come before anything is sent
            self.refuse(record, InvalidRecordError("", str(error)))
        else:
            self._settle(record, Outcome(outcome.value))

    def refuse(self, record: Mapping[str, Any], error: InvalidRecordError, code: str = "") -> None:
        """Report a record that cannot be sent."""
        self._settle(record, refusal=Refusal("invalid", error.problem, error.column, code))

    def _settle(
        self, record: Mapping[str, Any], outcome: Outcome | None = None, refusal: Refusal | None = None
    ) -> None:
        self._number += 1
        operation = intents.Operation(self._mapping.operation(record).value)
        record_type = self._settings.record_type
        intent = Intent(self.stream_name, self._number, self._key(record), operation, record_type, payload=record)
        self._report.settle(Settled(intent, outcome, refusal=refusal))

    def _checked(self, record: dict[str, Any], operation: Operation) -> Write:
        self._validation.check_keys(record)
        if operation is not Operation.DELETE:  # what is deleted often comes with nothing but its key
            self._validation.check(record)
        return self._mapping.write(record)

    def _key(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return what tells the record from others: its key, or else the columns its ids are made of."""
        template = self._settings.external_id
        own = self.key_properties or (*(template.columns if template else ()), self._settings.id_field or "")
        return {column: record[column] for column in own if column in record}

    def _stopped(self, record: Mapping[str, Any], write: Write, error: SuiteTalkError) -> StoppedError:
        sentence = (
            f"Stopped at a record of stream `{self.stream_name}` with the key {as_line(self._key(record))}, which is "
            f"not settled: {str(error).rstrip('. ')}."
        )
        return StoppedError(
            f"{sentence} {_what_to_look_for(write)}" if isinstance(error, OutcomeUnknownError) else sentence
        )


def _rejected(error: NetSuiteError) -> Refusal:
    return Refusal("rejected", error.detail, error.path, error.code, error.status, error.advice, attempts=1)


def _what_to_look_for(write: Write) -> str:
    if write.operation is not Operation.CREATE:
        return f"Its lines may have been added to {write.record_type} {write.address}; compare before you run again."
    if write.external_id:
        return f"Look for the {write.record_type} with the external id {write.external_id} before you run again."
    return (
        f"Look in NetSuite for a new {write.record_type} made of it, and if it is there, leave the record out of the "
        "next run; NetSuite gives no way to prevent a second one, unless `external_id` is set."
    )
