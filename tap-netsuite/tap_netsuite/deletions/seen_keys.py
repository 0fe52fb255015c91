"""The keys that were seen, in a SQLite file beside the state, to tell which of them are gone.

Two rules make it survive being killed at any moment. A key is in the file before its row leaves, so whatever a
warehouse has is known here; a key too many does no harm, for NetSuite is asked before anything is called deleted. And
a key that was called deleted stays until a state that was written after it comes back with the next run; until then
it is called deleted again.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from suitetalk import ConfigurationError
from suitetalk.folders import open_privately
from tap_netsuite.reading.page import Key

logger = logging.getLogger(__name__)

BATCH = 1000
"""Keys that are taken at once: as many as an IN may have [article_0824094533]."""

_FORMAT = 1
_MARK = 0x4E534B31  # application_id of such a file
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE streams (number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE keys (
    stream INTEGER NOT NULL, owner INTEGER NOT NULL, key NOT NULL, run INTEGER NOT NULL, deleted INTEGER,
    PRIMARY KEY (stream, owner, key)
) WITHOUT ROWID;
CREATE INDEX deleted_keys ON keys (stream, deleted) WHERE deleted IS NOT NULL;
"""
_REMEMBER = """
INSERT INTO keys (stream, owner, key, run) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET run = excluded.run, deleted = NULL
"""
_SEE_AGAIN = "UPDATE keys SET run = ?4, deleted = NULL WHERE stream = ?1 AND owner = ?2 AND key = ?3"
_PAGE = """
SELECT owner, key FROM keys WHERE stream = :stream AND (owner, key) > (:owner, :key) AND {condition}
ORDER BY owner, key LIMIT :limit
"""

_OF_OWNERS = "owner IN (SELECT value FROM json_each(:owners))"

Seen = tuple[int, Key]
"""A key, and the owner (transaction) that its row belongs to; 0 where there is none."""


class SeenKeysError(ConfigurationError):
    """The store cannot be used."""

    def __init__(self, problem: str) -> None:
        """Say what is wrong with it and what to do."""
        super().__init__("seen_keys", problem)


class SeenKeys:
    """The store of one account, for one state. Thread-safe.

    Attributes:
        name: tells this store from any other.
        run: number of this run; it grows.
    """

    def __init__(self, path: Path, account: str, max_bytes: int) -> None:
        """Open the store of an account, or begin a new one.

        A file that is damaged, of another account or no store at all is set aside.

        Args:
            path: the file, or a folder for it.
            account: the account's id.
            max_bytes: size at which no more keys are taken.

        Raises:
            SeenKeysError: the file cannot be read or written.
        """
        is_folder = path.is_dir() or not (path.suffix or path.exists())
        self._path = path / f"tap-netsuite-{account.lower()}.sqlite3" if is_folder else path
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._is_full = False
        self._streams: dict[str, int] = {}
        with self._sentences():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._database = self._open(account)
            with self._database:
                self._database.execute("UPDATE facts SET value = value + 1 WHERE name = 'run'")
            facts = dict(self._database.execute("SELECT name, value FROM facts"))
        self.name = str(facts["name"])
        self.run = int(facts["run"])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def add(self, stream: str, seen: Iterable[Seen]) -> None:
        """Remember keys, as seen in this run, before their rows leave.

        Raises:
            SeenKeysError: the file cannot be written.
        """
        with self._writing():
            number = self._number(stream)
            statement = _SEE_AGAIN if self._check_size() else _REMEMBER
            self._database.executemany(statement, [(number, owner, _packed(key), self.run) for owner, key in seen])

    def delete(self, stream: str, seen: Iterable[Seen]) -> None:
        """Take note that rows are called deleted in this run."""
        with self._writing():
            number = self._number(stream)
            self._database.executemany(
                "UPDATE keys SET deleted = ?4 WHERE stream = ?1 AND owner = ?2 AND key = ?3",
                [(number, owner, _packed(key), self.run) for owner, key in seen],
            )

    def forget(self, stream: str, run: int) -> None:
        """Forget what runs up to this one called deleted: a state says that it has been passed on."""
        with self._writing():
            self._database.execute("DELETE FROM keys WHERE stream = ? AND deleted <= ?", (self._number(stream), run))

    def deleted(self, stream: str) -> Iterator[list[Seen]]:
        """Yield what earlier runs called deleted without a state having said that it was passed on."""
        yield from self._pages(stream, "deleted < :run")

    def unseen(self, stream: str) -> Iterator[list[Seen]]:
        """Yield the keys that have not been seen in this run."""
        yield from self._pages(stream, "run < :run AND deleted IS NULL")

    def unseen_of(self, stream: str, owners: Sequence[int]) -> Iterator[list[Seen]]:
        """Yield those of the rows of some owners that have not been seen in this run."""
        yield from self._pages(stream, "run < :run AND deleted IS NULL AND " + _OF_OWNERS, owners)

    def all_of(self, stream: str, owners: Sequence[int]) -> Iterator[list[Seen]]:
        """Yield all keys of the rows of some owners."""
        yield from self._pages(stream, "deleted IS NULL AND " + _OF_OWNERS, owners)

    def _pages(self, stream: str, condition: str, owners: Sequence[int] = ()) -> Iterator[list[Seen]]:
        """Yield pages of keys; others may be written between two of them."""
        place: dict[str, Any] = {"owner": -(2**63), "key": -(2**63)}
        statement = _PAGE.format(condition=condition)
        fixed = {"run": self.run, "owners": json.dumps(list(owners)), "limit": BATCH}
        while True:
            with self._lock, self._sentences():
                fixed["stream"] = self._number(stream)
                rows = self._database.execute(statement, {**fixed, **place}).fetchall()
            if rows:
                yield [(owner, _unpacked(key)) for owner, key in rows]
            if len(rows) < BATCH:
                return
            place = {"owner": rows[-1][0], "key": rows[-1][1]}

    def _number(self, stream: str) -> int:
        if stream not in self._streams:
            self._database.execute("INSERT INTO streams (name) VALUES (?) ON CONFLICT DO NOTHING", (stream,))
            (number,) = self._database.execute("SELECT number FROM streams WHERE name = ?", (stream,)).fetchone()
            self._streams[stream] = number
        return self._streams[stream]

    def _check_size(self) -> bool:
        """Tell whether there is no room for more keys."""
        if not self._is_full:
            (pages,) = self._database.execute("PRAGMA page_count").fetchone()
            (size,) = self._database.execute("PRAGMA page_size").fetchone()
            (free,) = self._database.execute("PRAGMA freelist_count").fetchone()
            self._is_full = (pages - free) * size >= self._max_bytes
            if self._is_full:
                logger.warning(
                    "%s has reached the size that seen_keys_max_mb allows; no more keys are remembered, and whether "
                    "rows that come from now on are deleted later is not known",
                    self._path,
                )
        return self._is_full

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, self._sentences(), self._database:
            yield

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Put what SQLite says into words; what is damaged is set aside."""
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            why = getattr(error, "strerror", None) or error
            raise SeenKeysError(
                f"names {self._path}, which cannot be used ({why}); make it a file that can be written."
            ) from None
        except sqlite3.DatabaseError as error:
            self._set_aside(f"is damaged ({error})")
            raise SeenKeysError(
                f"names {self._path}, which is damaged and was set aside; the next run begins a new one."
            ) from None

    def _open(self, account: str) -> sqlite3.Connection:
        os.close(open_privately(self._path))
        if self._path.exists() and self._path.stat().st_size:
            problem = _problem(self._path, account)
            if problem:
                self._set_aside(problem)
        database = sqlite3.connect(self._path, check_same_thread=False, timeout=60)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if not database.execute("PRAGMA application_id").fetchone()[0]:
            _create(database, account)
            logger.info(
                "%s is new: deletions of rows that were read before, and have not come again since, are not known",
                self._path,
            )
        return database

    def _set_aside(self, problem: str) -> None:
        aside = self._path.with_name(self._path.name + ".unusable")
        logger.warning("%s %s; it is kept as %s, and a new store is begun", self._path, problem, aside.name)
        self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def _create(database: sqlite3.Connection, account: str) -> None:
    """Make the tables, all or none of them, and the mark last of all."""
    name = secrets.token_hex(8)
    values = f"('format', {_FORMAT}), ('run', 0), ('name', '{name}'), ('account', '{account.lower()}')"
    facts = f"INSERT INTO facts VALUES {values};"
    database.executescript(f"BEGIN IMMEDIATE; {_TABLES} {facts} PRAGMA application_id = {_MARK}; COMMIT;")


def _problem(path: Path, account: str) -> str:
    """Return what is wrong with a file, empty when it is this account's store."""
    try:
        with closing(sqlite3.connect(path)) as database:
            mark = database.execute("PRAGMA application_id").fetchone()[0]
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not mark and not tables:  # killed before it was made
                return ""
            if mark != _MARK:
                return "is not a store of keys"
            facts = dict(database.execute("SELECT name, value FROM facts"))
            database.execute(
                "SELECT max(stream), max(deleted) FROM (SELECT stream, deleted FROM keys LIMIT 1)"
            ).fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return f"is damaged ({error})"
    if facts.get("format") != _FORMAT:
        return "was written by another version"
    return "" if facts.get("account") == account.lower() else f"is of the account {facts.get('account')}"


def _packed(key: Key) -> int | str:
    """Return a key in as few bytes as can be: a whole number, or JSON."""
    if len(key) == 1 and isinstance(key[0], int):
        return key[0]
    return _ENCODER.encode(key).decode()


def _unpacked(key: int | str) -> Key:
    return (key,) if isinstance(key, int) else tuple(json.loads(key, parse_float=Decimal))
