"""The record types of the metadata catalog and their schemas, read several at once while tables are looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

from suitetalk import MetadataCatalog, PermissionDeniedError, SuiteTalkError
from tap_netsuite.discovery.found import Finding, Status, StreamEntry
from tap_netsuite.discovery.tables import concerns
from tap_netsuite.record_schema import singer_schema
from tap_netsuite.refusals import FAILURES, Questions, refused_record_type
from tap_netsuite.settings import RECORD_PREFIX

logger = logging.getLogger(__name__)

Schema = Mapping[str, Any]
_OTHERS = 3  # types to try before none is taken to be readable
_Answer = Schema | SuiteTalkError


class RecordTypes:
    """The record types a role sees [chapter_1540810168].

    One thread calls `read`; the others any thread, and they wait until the schemas they are about have come.
    """

    def __init__(self, metadata: MetadataCatalog, executor: Executor) -> None:
        """Prepare; nothing is sent yet."""
        self._metadata = metadata
        self._executor = executor
        self._listed: Future[dict[str, Future[_Answer]]] = Future()
        self._others: list[str] = []
        self._questions = Questions(
            lambda: [partial(metadata.json_schema, name) for name in [*self._others, "customer", "employee"][:_OTHERS]]
        )

    def read(self, is_wanted: Callable[[str], bool]) -> list[str]:
        """List the types, begin to read the schemas of those that are wanted, and return their names.

        Raises:
            NetSuiteError: the catalog cannot be asked now.
        """
        try:
            listed = self._names()
            names = [name for name in listed if is_wanted(name)]
            self._others = sorted(listed, key=lambda name: name in names)
            self._listed.set_result({name: self._executor.submit(self._schema, name) for name in names})
        except BaseException as error:
            self._listed.set_exception(error)
            raise
        return names

    @property
    def names(self) -> list[str]:
        """The types that were listed, those too that are not wanted."""
        return self._others

    def schemas(self, table: str = "") -> dict[str, Schema | None]:
        """Return the schemas by type, of the types that concern a table, or all; None for what cannot be read."""
        answers = {
            name: answer.result()
            for name, answer in self._listed.result().items()
            if not table or concerns(name, table)
        }
        return {name: None if isinstance(answer, SuiteTalkError) else answer for name, answer in answers.items()}

    def streams(self) -> list[tuple[StreamEntry | None, Finding]]:
        """Return the record types as streams; those whose schema cannot be read are none."""
        return [_stream(name, answer.result()) for name, answer in self._listed.result().items()]

    def close(self) -> None:
        """Let nobody wait for a list that will not come any more."""
        self._listed.cancel()

    def _names(self) -> list[str]:
        try:
            return self._questions.settle(self._metadata.record_types)
        except PermissionDeniedError as refusal:
            logger.warning("No record streams: %s", refusal)
            return []

    def _schema(self, record_type: str) -> _Answer:
        try:
            return self._questions.settle(partial(self._metadata.json_schema, record_type))
        except FAILURES as error:
            return error


def _stream(record_type: str, answer: _Answer) -> tuple[StreamEntry | None, Finding]:
    name = RECORD_PREFIX + record_type.lower()
    if isinstance(answer, SuiteTalkError):
        return None, refused_record_type(name, record_type, answer)
    entry = StreamEntry(name, singer_schema(answer), ("id",), record_type=record_type)
    return entry, Finding(name, Status.IN_CATALOG)
