"""The file of a journal: one SQLite database, used by one run at a time."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suitetalk.folders import close_to_others
from target_netsuite.errors import JournalError

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE open (
    key TEXT PRIMARY KEY, begun REAL NOT NULL, record_type TEXT NOT NULL, stream TEXT NOT NULL, batch BLOB,
    members BLOB NOT NULL, job_id TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE made (
    id INTEGER PRIMARY KEY, record_type TEXT NOT NULL, stream TEXT NOT NULL, key TEXT NOT NULL,
    fingerprint TEXT NOT NULL, internal_id TEXT
);
PRAGMA user_version = {_VERSION};
"""


class JournalDatabase:
    """Transactions that are on the disk when they end. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the file (0600), or make it, and keep every other run out of it until it is closed.

        Raises:
            JournalError: it cannot be used, or another run uses it.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            close_to_others(path)
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do the statements of the block wholly or not at all.

        Raises:
            JournalError: the disk does not take them.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._unusable(error) from None
            except BaseException:
                self._roll_back()
                raise

    def close(self) -> None:
        """Let others use the file."""
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        try:
            for pragma in (
                "locking_mode = EXCLUSIVE",
                "journal_mode = WAL",
                "synchronous = FULL",
                "secure_delete = ON",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute("BEGIN EXCLUSIVE")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            self._connection.execute("COMMIT")
            if not version:
                self._connection.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        if version not in (0, _VERSION):
            raise JournalError(
                f"The journal {self._path} was written by another version of the target; finish that run with it, or "
                "name another file in the setting `journal`."
            )

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _unusable(self, error: Exception) -> JournalError:
        if "locked" in str(error):
            return JournalError(
                f"The journal {self._path} is in use by another run; wait for its end, or name another file in the "
                "setting `journal`."
            )
        return JournalError(
            f"The journal {self._path} cannot be used ({error}), and nothing is sent that is not written down; make "
            "room or give rights there, or name another file in the setting `journal`."
        )
