"""One run's reading of a record type: ids ahead, documents side by side, rows in the order of the ids."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from suitetalk import IncompleteResultError
from tap_netsuite.extraction.documents import Document, Documents
from tap_netsuite.extraction.lookahead import Fetcher, Portion
from tap_netsuite.extraction.record_ids import Listed, RecordId
from tap_netsuite.extraction.rows import Record, Rows

logger = logging.getLogger(__name__)

_STATE_EVERY = 100  # records; a run that is killed reads no more than these again
_MOST_NAMED = 5


@dataclass(frozen=True)
class _Mark:
    """A place between two documents: what the state is there."""

    bookmark: Mapping[str, Any] | None
    counted: int = 0


@dataclass
class _Gaps:
    """Records that NetSuite refused."""

    count: int = 0
    first: list[Document] = field(default_factory=list)

    def add(self, document: Document) -> None:
        self.count += 1
        if len(self.first) < _MOST_NAMED:
            self.first.append(document)

    def error(self, record_type: str) -> IncompleteResultError:
        ids = ", ".join(document.record_id for document in self.first)
        words = "; ".join(dict.fromkeys(str(document.refusal).rstrip(".") for document in self.first))
        return IncompleteResultError(
            f"{self.count} records of {record_type} could not be read, such as {ids}: {words}; unlock them, or let "
            "them be read from SuiteQL with the fallback of record_streams."
        )


class RecordReading:
    """Reads the records of a type whose ids are listed."""

    def __init__(
        self,
        record_type: str,
        listed: Callable[[Fetcher], Iterator[Listed]],
        documents: Documents,
        conformed: Callable[[Record], Record],
        leaving: Callable[[list[Record]], Rows],
    ) -> None:
        """Prepare.

        Args:
            record_type: for errors and the log.
            listed: lists the ids.
            documents: reads records by id.
            conformed: returns a record as the schema has it.
            leaving: returns records in the form they leave in.
        """
        self._record_type = record_type
        self._listed = listed
        self._documents = documents
        self._conformed = conformed
        self._leaving = leaving
        self._gaps = _Gaps()

    def read(self, fetcher: Fetcher) -> Iterator[Portion]:
        """Yield the records, and where the stream stands behind them.

        A record that is deleted after it was listed is left out. One that NetSuite refuses keeps no other from
        coming; the state stays before it, so that the next run tries it again.

        Raises:
            IncompleteResultError: at the end, when records were refused or came with fewer lines than NetSuite counts.
            NetSuiteError: the type cannot be listed.
        """
        for results in fetcher.as_ready(self._begun(fetcher)):
            yield self._portion(results)
        if self._gaps.count:
            raise self._gaps.error(self._record_type)

    def _begun(self, fetcher: Fetcher) -> Iterator[Future[list[Document] | _Mark]]:
        """Begin to read documents, and put marks between them."""
        size = self._documents.at_once
        for listed in _ahead(fetcher, self._listed(fetcher)):
            unmarked = 0
            for place in range(0, len(listed.ids), size):
                ids = listed.ids[place : place + size]
                yield fetcher.page(partial(self._read, tuple(map(str, ids))))
                unmarked += len(ids)
                if unmarked >= _STATE_EVERY:
                    yield _known(_Mark(_state_behind(ids[-1], listed.bookmark)))
                    unmarked = 0
            yield _known(_Mark(listed.bookmark, listed.counted))

    def _read(self, record_ids: tuple[str, ...]) -> list[Document] | _Mark:
        documents = self._documents.read(record_ids)
        return [
            Document(each.record_id, self._conformed(each.body), each.refusal) if each.body is not None else each
            for each in documents
        ]

    def _portion(self, results: list[list[Document] | _Mark]) -> Portion:
        bodies: list[Record] = []
        bookmark = None
        counted = pages = 0
        for result in results:
            if isinstance(result, _Mark):
                counted += result.counted
                bookmark = result.bookmark if self._may_move_to(result.bookmark) else bookmark
            else:
                pages += 1
                bodies += [body for document in result if (body := self._body_of(document)) is not None]
        rows = self._leaving(bodies) if pages else None
        return Portion(rows, bookmark, counted, pages)

    def _body_of(self, document: Document) -> Record | None:
        if document.refusal is None:
            return document.body
        name, record_id = self._record_type, document.record_id
        if document.body is not None:
            logger.warning("Record %s of %s is read from SuiteQL: %s", record_id, name, document.refusal)
        else:
            logger.warning("Record %s of %s cannot be read: %s", record_id, name, document.refusal)
            self._gaps.add(document)
        return document.body

    def _may_move_to(self, bookmark: Mapping[str, Any] | None) -> bool:
        """Tell whether a bookmark leaves no gap behind it; an empty one lets the next run begin anew."""
        return bookmark is not None and not (bookmark and self._gaps.count)


def _ahead(fetcher: Fetcher, source: Iterator[Listed]) -> Iterator[Listed]:
    """Yield what a source has, and let it find the next while this is worked on."""
    following = fetcher.ask(partial(next, source, None))
    while (listed := following.result()) is not None:
        following = fetcher.ask(partial(next, source, None))
        yield listed


def _state_behind(record_id: RecordId, bookmark: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the state behind a record, where the bookmark is the state behind others that follow it in order."""
    reading = bookmark.get("reading") if bookmark else None
    return {**(bookmark or {}), "reading": {**reading, "after": [record_id]}} if reading else None


def _known(mark: _Mark) -> Future[list[Document] | _Mark]:
    future: Future[list[Document] | _Mark] = Future()
    future.set_result(mark)
    return future
