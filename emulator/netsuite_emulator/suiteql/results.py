"""The rows of statements, kept as long as nothing is written: the pages of one statement are not sorted one by one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Result", "ResultCache"]

_KEPT_BYTES = 256_000_000
_KEPT_RESULTS = 1000


@dataclass
class Result:
    """What is known of a statement's rows in one state of the data.

    `total` counts all; those that can be read come as JSON, in order, once more than the first page is asked for.
    """

    version: int
    total: int | None = None
    asked: int = 0
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _rows: list[bytes] = field(default_factory=list)
    _is_begun: bool = False
    _end: Exception | bool = False
    _more: threading.Condition = field(default_factory=threading.Condition)

    def begin(self) -> bool:
        """Whether nobody reads the rows yet; the caller has to, then."""
        with self._more:
            is_first, self._is_begun = not self._is_begun, True
        return is_first

    def add(self, rows: list[bytes]) -> None:
        """Take the next rows."""
        with self._more:
            self._rows += rows
            self.size += sum(map(len, rows))
            self._more.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """There are no more, or they cannot be read."""
        with self._more:
            self._end = error or True
            self._more.notify_all()

    def slice(self, start: int, end: int) -> list[bytes]:
        """These rows, as soon as they are there.

        Raises:
            Exception: what kept the rows from being read.
        """
        with self._more:
            self._more.wait_for(lambda: self._end or len(self._rows) >= end)
            if isinstance(self._end, Exception):
                raise self._end
            return self._rows[start:end]


class ResultCache:
    """Results by statement; those that were not used for longest go first. Safe to use from several threads."""

    def __init__(self, version: Callable[[], int]) -> None:
        """`version` tells the state of the data: another number after each write."""
        self._version = version
        self._results: OrderedDict[str, Result] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, sql: str) -> Result:
        """What is known of a statement in the present state of the data."""
        version = self._version()  # read before the data is: a result never seems newer than it is
        with self._lock:
            result = self._results.get(sql)
            if result is None or result.version < version:
                result = self._results[sql] = Result(version)
                if len(self._results) > _KEPT_RESULTS:
                    self._results.popitem(last=False)
            self._results.move_to_end(sql)
            return result

    def trim(self) -> None:
        """Forget what is too much to keep."""
        with self._lock:
            size = sum(result.size for result in self._results.values())
            while size > _KEPT_BYTES and len(self._results) > 1:
                _, oldest = self._results.popitem(last=False)
                size -= oldest.size
