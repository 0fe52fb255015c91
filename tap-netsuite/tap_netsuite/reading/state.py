"""Where a stream stands."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from suitetalk import SuiteTalkError
from suitetalk.values import instant, iso
from tap_netsuite.reading.page import Key
from tap_netsuite.source import Source

logger = logging.getLogger(__name__)

_READING = "reading"
_QUERY = "query"
READ_AT = "set_read_at"
"""What a state has the moment under that rows of sets say they were read at."""
_FORMAT = 1
_TICK = timedelta(microseconds=1)
_CLOCKS_DIFFER = timedelta(minutes=10)  # at most, from one of NetSuite's machines to another
READINGS = 3
"""How often something that changes while it is read is read before the reading fails."""


class StateError(SuiteTalkError):
    """A state that cannot be gone on from."""


@dataclass(frozen=True)
class Position:
    """A place in a stream, between two pages.

    Attributes:
        low: everything changed before this moment was passed on by earlier readings; None before the first ended.
        high: the moment up to which the present reading goes; None when there is none, or it has no end.
        after: the present reading has passed on all rows up to this key; None at its beginning.
        newest: the latest stamp among them.
        since: the start date that a first reading leaves older changes out by; None when it leaves none out.
        read_at: the moment that rows say they were read at, where they are read as sets; that of the last reading.
    """

    low: datetime | None = None
    high: datetime | None = None
    after: Key | None = None
    newest: str | None = None
    since: datetime | None = None
    read_at: datetime | None = None


def state_of(position: Position, source: Source) -> dict[str, Any]:
    """Return what a stream's state holds about a position: its bookmark, and a reading that is under way."""
    state: dict[str, Any] = {}
    if source.replication_key:
        state["replication_key"] = source.replication_key.name
        if position.low:
            state["replication_key_value"] = iso(position.low)
            state.update(query_state(source))
    if position.read_at:
        state[READ_AT] = iso(position.read_at)
    if position.after is not None:
        state[_READING] = {
            "format": _FORMAT,
            "of": fingerprint(source),
            "after": list(position.after),
            **({"up_to": iso(position.high)} if position.high else {}),
            **({"newest": position.newest} if position.newest else {}),
            **({"since": position.since.isoformat()} if position.since else {}),
        }
    return state


def position_in(state: Mapping[str, Any], source: Source) -> Position:
    """Return the position that a stream's state holds.

    A state of an earlier version of the tap has a bookmark only, with the same meaning. A reading that was under way
    begins again when the stream's columns, keys or query are others by now, and a bookmark of another replication key
    or another query does not count.

    Raises:
        StateError: the state holds something that this version does not know.
    """
    cursor = source.replication_key
    low = None
    if cursor and is_bookmark_of(state, source) and state.get("replication_key_value") is not None:
        low = moment_in(state["replication_key_value"])
    read_at = moment_in(state[READ_AT]) if state.get(READ_AT) else None
    reading = state.get(_READING)
    if not reading:
        return Position(low, read_at=read_at)
    if not isinstance(reading, Mapping) or reading.get("format") != _FORMAT:
        raise StateError(
            "the state has a `reading` that another version of the tap has written; go on with that version, or take "
            "`reading` out of the state to read this part again."
        )
    if reading.get("of") != fingerprint(source) or not isinstance(reading.get("after"), list):
        return Position(low, read_at=read_at)
    high = moment_in(reading["up_to"]) if reading.get("up_to") else None
    since = moment_in(reading["since"]) if reading.get("since") else None
    return Position(low, high, tuple(reading["after"]), reading.get("newest"), since, read_at)


def moment_after(before: datetime | None, now: datetime) -> datetime:
    """Return the moment that rows of a new reading of sets say: later than that of the reading before.

    NetSuite's machines do not agree on the time, and two readings may begin in one second.
    """
    return max(now, before + _TICK) if before else now


def fingerprint(source: Source) -> str:
    """Return a short text that differs for sources whose positions cannot be compared."""
    columns = [(column.name, column.kind.value) for column in source.columns]
    keys = [column.name for column in source.keys]
    cursor = source.replication_key.name if source.replication_key else None
    more = [each for each in (source.changed_with, source.parameters) if each]
    told = (source.relation, sorted(columns), keys, cursor, *more)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def query_state(source: Source) -> dict[str, Any]:
    """Return what a bookmark says besides of the query it belongs to; nothing for a table.

    What another query, or one with other parameters, has not shown before need not have changed since.
    """
    if not source.is_query:
        return {}
    return {_QUERY: hashlib.sha256(repr((source.relation, source.parameters)).encode()).hexdigest()[:16]}


def is_bookmark_of(state: Mapping[str, Any], source: Source) -> bool:
    """Tell whether a state's bookmark is one of this source and its replication key.

    One that does not say which query it is of was written by an earlier version of the tap, and is taken for it.
    """
    if source.replication_key is None or state.get("replication_key") != source.replication_key.name:
        return False
    is_same = belongs_to(state, source)
    if not is_same:
        logger.warning(
            "%s is a different query from the one in the state, or has other parameters: everything is read again",
            source.name,
        )
    return is_same


def belongs_to(state: Mapping[str, Any], source: Source) -> bool:
    """Tell whether a state's bookmark is one of this source and its replication key, without a word about it."""
    cursor = source.replication_key
    is_same = _QUERY not in state or state[_QUERY] == query_state(source).get(_QUERY)
    return cursor is not None and state.get("replication_key") == cursor.name and is_same


def check_not_ahead(bookmark: datetime, began: datetime) -> None:
    """Make sure that a bookmark is not in the future, where nothing would ever be found to have changed since.

    Args:
        bookmark: what the state holds.
        began: when the run began, on NetSuite's clock.

    Raises:
        StateError: it is.
    """
    if bookmark > began + _CLOCKS_DIFFER:
        raise StateError(
            f"the state's bookmark {iso(bookmark)} is later than NetSuite's clock, {iso(began)}, so nothing could have "
            "changed since; remove it from the state to read the whole stream again, or correct it."
        )


def moment_in(value: Any) -> datetime:
    """Return the instant that a state holds as ISO 8601.

    Raises:
        StateError: it is not a time.
    """
    try:
        return instant(value)
    except ValueError:
        raise StateError(f"the state holds {value!r} as its bookmark, which is not a time; remove it.") from None


class Clock(Protocol):
    """NetSuite's clock."""

    @property
    def started(self) -> datetime:
        """When the run began."""
        ...
