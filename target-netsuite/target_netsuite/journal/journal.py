"""What is about to be sent, in SQLite, so that the next run neither loses nor repeats a write.

Two tables: `open` holds batches and single creates that were begun and not settled; `made` holds creates without an
external id, which nothing in NetSuite would identify, until a STATE that covers them has been passed on.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import sqlite3
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from suitetalk import Batch, ConfigurationError
from suitetalk.account import Account
from suitetalk.folders import open_privately, state_folder
from suitetalk.http.response import encode
from target_netsuite.errors import JournalError
from target_netsuite.intents import Intent, Operation, Outcome, Refusal, Settled, Write

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

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_OF_THE_TAP = "_sdc_"
OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Journal:
    """What a run is about to send, and what NetSuite could not say about it later. Thread-safe.

    What a method wrote is on the disk when it returns. A journal holds bodies of records, and no secrets of the
    connection. It may be deleted when it is certain that no job of the last run is still going on.
    """

    def __init__(self, path: Path | None, where: str = "") -> None:
        """Open the journal and read what the last run left.

        Args:
            path: of its file; None keeps it in memory, so that a run that is killed may lose sight of creates without
                an external id.
            where: the account and its address, in words: what was sent to one NetSuite tells nothing of another.

        Raises:
            JournalError: the file cannot be used, another run uses it, or a run against another place left it.
        """
        self._database = JournalDatabase(path)
        try:
            self._take(path, where)
        except BaseException:
            self._database.close()
            raise
        self._members: dict[str, tuple[Member, ...]] = {}
        self._record_types: dict[str, str] = {}
        self._former: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        self._of_this_run: dict[str, list[tuple[int, int]]] = defaultdict(list)
        with self._database.transaction() as connection:
            for place, mark, internal_id in connection.execute(
                "SELECT id, fingerprint, internal_id FROM made ORDER BY id DESC"
            ):
                self._former[mark].append((place, internal_id))

    def _take(self, path: Path | None, where: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS place (name TEXT NOT NULL)")
            found = connection.execute(
                "SELECT name FROM place WHERE EXISTS (SELECT 1 FROM open UNION ALL SELECT 1 FROM made)"
            ).fetchone()
            if found and found[0] != where:
                raise JournalError(
                    f"The journal {path} holds what a run against {found[0]} left unsettled, and this one is against "
                    f"{where}; finish that run first, or name another file in the setting `journal`."
                )
            connection.execute("DELETE FROM place")
            connection.execute("INSERT INTO place VALUES (?)", (where,))

    def intended(self, batch: Batch, writes: Sequence[Write]) -> None:
        """Write down a batch before it is sent."""
        members = tuple(Member.of(write.intent) for write in writes) if is_unfindable(writes[0]) else ()
        described = {
            "operation": batch.operation,
            "records": batch.records,
            "parallel": batch.parallel,
            "alone": batch.alone,
            "headers": batch.headers,
        }
        self._open(batch.idempotency_key, writes[0], encode(described), members)

    def submitted(self, key: str, job_id: str) -> None:
        """Write down a batch's job."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE open SET job_id = ? WHERE key = ?", (job_id, key))

    def intended_single(self, write: Write) -> str:
        """Write down a single create without an external id, and return the entry's key."""
        key = str(uuid.uuid4())
        self._open(key, write, None, (Member.of(write.intent),))
        return key

    def settled(self, key: str, created: Mapping[int, str] | None = None, doubtful: Collection[int] = ()) -> None:
        """Close an entry, remembering what NetSuite could not say.

        Args:
            key: the batch's idempotency key, or what `intended_single` returned.
            created: internal ids of the records that were made, by place in the batch, 0 for a single one.
            doubtful: places of those of which it stays unknown.
        """
        record_type, members = self._record_types.pop(key, ""), self._members.pop(key, ())
        done: dict[int, str | None] = {**(created or {}), **dict.fromkeys(doubtful)}
        kept = {place: internal_id for place, internal_id in done.items() if place < len(members)}
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM open WHERE key = ?", (key,))
            for place, internal_id in kept.items():
                member = members[place]
                cursor = connection.execute(
                    "INSERT INTO made (record_type, stream, key, fingerprint, internal_id) VALUES (?, ?, ?, ?, ?)",
                    (record_type, member.stream, member.key, member.fingerprint, internal_id),
                )
                self._remember(member, cursor.lastrowid or 0, internal_id)

    def acknowledged(self, up_to: Mapping[str, int]) -> None:
        """Forget the records that a STATE which was passed on covers: they do not come again.

        Args:
            up_to: the highest number of those records, by stream.
        """
        if not any(made and made[0][0] <= up_to.get(stream, 0) for stream, made in list(self._of_this_run.items())):
            return
        with self._database.transaction() as connection:
            for stream, highest in up_to.items():
                covered = self._of_this_run.get(stream, [])
                while covered and covered[0][0] <= highest:
                    connection.execute("DELETE FROM made WHERE id = ?", (heapq.heappop(covered)[1],))

    def already_done(self, intent: Intent) -> Settled | None:
        """Return what an earlier run did with a record that now comes again, None when it did nothing; each once."""
        if not self._former or intent.operation is not Operation.CREATE or intent.external_id:
            return None
        with self._database.transaction():
            found = self._former.get(fingerprint(intent))
            if not found:
                return None
            place, internal_id = found.pop()
            heapq.heappush(self._of_this_run[intent.stream], (intent.number, place))
        if internal_id is None:
            return Settled(intent, refusal=outcome_unknown("an earlier run sent it and got no answer"))
        return Settled(intent, Outcome.CREATED, internal_id)

    @property
    def is_left_over(self) -> bool:
        """Whether an earlier run left something in it."""
        with self._database.transaction() as connection:
            (left,) = connection.execute("SELECT EXISTS (SELECT 1 FROM open) OR EXISTS (SELECT 1 FROM made)").fetchone()
        return bool(left)

    def open_entries(self) -> list[OpenEntry]:
        """Return what earlier runs left open, oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT key, record_type, stream, batch, members, job_id, begun FROM open ORDER BY begun"
            ).fetchall()
        entries = [
            OpenEntry(
                key,
                record_type,
                stream,
                _batch(key, record_type, batch),
                msgspec.json.decode(members, type=tuple[Member, ...]),
                job_id,
                begun,
            )
            for key, record_type, stream, batch, members, job_id, begun in rows
        ]
        for entry in entries:
            self._members[entry.key], self._record_types[entry.key] = _of_no_run(entry.members), entry.record_type
        return entries

    def doubtful(self) -> list[Doubtful]:
        """Return the creates of earlier runs of which it stays unknown whether they were done."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT id, record_type, stream, key FROM made WHERE internal_id IS NULL ORDER BY id"
            ).fetchall()
        return [Doubtful(*row) for row in rows]

    def forget(self, places: Collection[int]) -> None:
        """Forget doubtful creates, so that they are sent again when they come again."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM made WHERE id = ?", [(place,) for place in places])
            for mark, found in self._former.items():
                self._former[mark] = [one for one in found if one[0] not in places]

    def finished(self) -> None:
        """Forget everything: all input was settled, and all STATE passed on."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM open")
            connection.execute("DELETE FROM made")
            self._former.clear()
            self._of_this_run.clear()

    def close(self) -> None:
        """Let another run use the journal."""
        self._database.close()

    def _open(self, key: str, write: Write, batch: bytes | None, members: tuple[Member, ...]) -> None:
        row = (key, time.time(), write.record_type, write.intent.stream, batch, msgspec.json.encode(members))
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO open (key, begun, record_type, stream, batch, members) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        self._members[key], self._record_types[key] = members, write.record_type

    def _remember(self, member: Member, place: int, internal_id: str | None) -> None:
        if member.number:
            heapq.heappush(self._of_this_run[member.stream], (member.number, place))
        else:
            self._former[member.fingerprint].append((place, internal_id))


def _batch(key: str, record_type: str, described: bytes | None) -> Batch | None:
    if described is None:
        return None
    facts = _DECODER.decode(described)
    return Batch(
        facts["operation"],
        record_type,
        tuple(facts["records"]),
        parallel=facts["parallel"],
        alone=facts["alone"],
        headers=facts["headers"],
        idempotency_key=key,
    )


def _of_no_run(members: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return members without their numbers, which count in another run."""
    return tuple(Member(member.stream, 0, member.key, member.fingerprint) for member in members)


def open_journal(setting: str | None, account: Account, streams: Mapping[str, Any]) -> Journal:
    """Open the journal that the setting asks for.

    Args:
        setting: a path, `off`, or None for a file of the user's own for this account, address and streams.
        account: the account that is written to.
        streams: the setting `streams`.

    Raises:
        ConfigurationError: there is no home folder to keep it in.
        JournalError: the file cannot be used, or another run uses it.
    """
    where = f"{account.realm} at {account.base_url}"
    if setting == "off":
        return Journal(None)
    if setting:
        return Journal(Path(setting), where)
    known_by = [account.realm, account.base_url, dict(streams)]
    digest = hashlib.sha256(msgspec.json.encode(known_by, order="sorted")).hexdigest()[:16]
    try:
        return Journal(state_folder() / f"journal-{account.realm.lower()}-{digest}.sqlite", where)
    except OSError as error:
        raise ConfigurationError(
            "journal", f"is needed, since there is no home folder to keep it in ({error})."
        ) from None


class JournalDatabase:
    """Transactions that are on the disk when they end. Thread-safe."""

    def __init__(self, path: Path | None) -> None:
        """Open the file (0600), or create it, and keep every other run out of it until it is closed.

        Raises:
            JournalError: it cannot be used, or another run uses it.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(open_privately(path))
            self._connection = sqlite3.connect(
                path or ":memory:", timeout=0, isolation_level=None, check_same_thread=False
            )
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


@dataclass(frozen=True)
class OpenEntry:
    """What an earlier run began and did not settle.

    Attributes:
        key: of the entry; for a batch its idempotency key.
        record_type: NetSuite's type.
        stream: the stream of the first of its records.
        batch: what was to be done; None for a single create.
        members: its records by place, when they are creates without an external id; else empty.
        job_id: empty when it is not known that NetSuite accepted it.
        begun: when it was written down, seconds since the epoch.
    """

    key: str
    record_type: str
    stream: str
    batch: Batch | None
    members: tuple[Member, ...]
    job_id: str
    begun: float


@dataclass(frozen=True)
class Doubtful:
    """A create of which NetSuite does not say whether it was done.

    Attributes:
        place: of the entry in the journal.
        record_type: NetSuite's type.
        stream: the record's stream.
        key: the record's key as JSON.
    """

    place: int
    record_type: str
    stream: str
    key: str


def outcome_unknown(why: str) -> Refusal:
    """Return the refusal of a create that may have been done."""
    return Refusal(
        "rejected",
        f"whether NetSuite created it is unknown: {why}",
        code=OUTCOME_UNKNOWN,
        advice="look for it in NetSuite, and send it again if it is not there",
    )


@dataclass(frozen=True)
class Member:
    """A record whose create leaves nothing in NetSuite to find it by.

    Attributes:
        stream: its stream.
        number: its number in the stream, in the run that sent it.
        key: its key as JSON, for messages.
        fingerprint: equal for the same record when it comes again.
    """

    stream: str
    number: int
    key: str
    fingerprint: str

    @classmethod
    def of(cls, intent: Intent) -> Member:
        """Return the member for an intent."""
        key = _ENCODER.encode(dict(intent.key)).decode()
        return cls(intent.stream, intent.number, key, fingerprint(intent))


def fingerprint(intent: Intent) -> str:
    """Return a digest of the stream, the key and the record.

    Columns of the tap's own such as `_sdc_extracted_at` are left out: they differ each time a record comes.
    """
    payload = {name: value for name, value in intent.payload.items() if not name.startswith(_OF_THE_TAP)}
    parts = (intent.stream, intent.record_type, dict(intent.key), payload)
    return hashlib.sha256(_ENCODER.encode(parts)).hexdigest()


def is_unfindable(write: Write) -> bool:
    """Tell whether nothing in NetSuite tells later that this write was done: a create without an external id."""
    return write.operation is Operation.CREATE and not write.external_id
