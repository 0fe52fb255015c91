"""What was about to be sent, and what was done that NetSuite cannot tell later."""

from __future__ import annotations

import hashlib
import heapq
import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from suitetalk import Batch, ConfigurationError
from suitetalk.answer import encode
from suitetalk.folders import state_folder
from target_netsuite.intents import Intent, Operation, Outcome, Settled, Write
from target_netsuite.journal.database import JournalDatabase
from target_netsuite.journal.members import Member, fingerprint, is_unfindable
from target_netsuite.journal.null_journal import Doubtful, NullJournal, OpenEntry, outcome_unknown

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Journal(NullJournal):
    """A journal on disk. Thread-safe; what a method wrote is on the disk when it returns.

    It holds bodies of records, and no secrets of the connection. Everything in it may be deleted when it is certain
    that no job of the last run goes on.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal and read what the last run left.

        Raises:
            JournalError: the file cannot be used, or another run uses it.
        """
        self._database = JournalDatabase(path)
        self._members: dict[str, tuple[Member, ...]] = {}
        self._record_types: dict[str, str] = {}
        self._former: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        self._of_this_run: dict[str, list[tuple[int, int]]] = defaultdict(list)
        with self._database.transaction() as connection:
            for place, mark, internal_id in connection.execute(
                "SELECT id, fingerprint, internal_id FROM made ORDER BY id DESC"
            ):
                self._former[mark].append((place, internal_id))

    def intended(self, batch: Batch, writes: Sequence[Write]) -> None:
        """See NullJournal."""
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
        """See NullJournal."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE open SET job_id = ? WHERE key = ?", (job_id, key))

    def intended_single(self, write: Write) -> str:
        """See NullJournal."""
        key = str(uuid.uuid4())
        self._open(key, write, None, (Member.of(write.intent),))
        return key

    def settled(self, key: str, created: Mapping[int, str] | None = None, doubtful: Collection[int] = ()) -> None:
        """See NullJournal."""
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
        """See NullJournal."""
        if not any(made and made[0][0] <= up_to.get(stream, 0) for stream, made in list(self._of_this_run.items())):
            return
        with self._database.transaction() as connection:
            for stream, highest in up_to.items():
                covered = self._of_this_run.get(stream, [])
                while covered and covered[0][0] <= highest:
                    connection.execute("DELETE FROM made WHERE id = ?", (heapq.heappop(covered)[1],))

    def already_done(self, intent: Intent) -> Settled | None:
        """See NullJournal."""
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

    def open_entries(self) -> list[OpenEntry]:
        """See NullJournal."""
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
        """See NullJournal."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT id, record_type, stream, key FROM made WHERE internal_id IS NULL ORDER BY id"
            ).fetchall()
        return [Doubtful(*row) for row in rows]

    def forget(self, places: Collection[int]) -> None:
        """See NullJournal."""
        with self._database.transaction() as connection:
            connection.executemany("DELETE FROM made WHERE id = ?", [(place,) for place in places])
            for mark, found in self._former.items():
                self._former[mark] = [one for one in found if one[0] not in places]

    def finished(self) -> None:
        """See NullJournal."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM open")
            connection.execute("DELETE FROM made")
            self._former.clear()
            self._of_this_run.clear()

    def close(self) -> None:
        """See NullJournal."""
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


def open_journal(setting: str | None, account: str, streams: Mapping[str, Any]) -> NullJournal:
    """Open the journal that the setting asks for.

    Args:
        setting: a path, `off`, or None for a file of the user's own for this account and these streams.
        account: the account's id.
        streams: the setting `streams`.

    Raises:
        ConfigurationError: there is no home folder to keep it in.
        JournalError: the file cannot be used, or another run uses it.
    """
    if setting == "off":
        return NullJournal()
    if setting:
        return Journal(Path(setting))
    digest = hashlib.sha256(msgspec.json.encode([account, dict(streams)], order="sorted")).hexdigest()[:16]
    try:
        return Journal(state_folder() / f"journal-{account.lower()}-{digest}.sqlite")
    except OSError as error:
        raise ConfigurationError(
            "journal", f"is needed, for there is no home folder to keep it in ({error})."
        ) from None


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
