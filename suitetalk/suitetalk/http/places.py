"""One limit for an account, whoever asks: its ledger in a file for a user's processes, or in Redis for several hosts.

The ledger and its rules are the governor's; this keeps it where others find it. In a folder each account has a file,
of which a byte range is locked while the ledger is read and written. Each member also holds a lock as long as its
process lives, so that the kernel frees the places of one that was killed, and has a named pipe that wakes it. In Redis
a member that has written nothing for some seconds is taken for dead.
"""

from __future__ import annotations

import errno
import os
import select
import struct
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from suitetalk.account import Account, is_loopback
from suitetalk.errors import ConfigurationError
from suitetalk.folders import cache_folder, make_private
from suitetalk.http.governor import Governor
from suitetalk.http.ledger import Ledger, LedgerKeeper, Member, Result, SharingLostError, Work
from suitetalk.settings import ConnectionSettings

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import Pipeline

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]  # there is no such module, and nobody calls it then

_MEMBERS = 64
_FORM = b"ledger 1"
_HEAD = struct.Struct("<8sq5d6q")
_MEMBER = struct.Struct("<Q2q?q2d")
_SIZE = _HEAD.size + _MEMBERS * _MEMBER.size
_LOCK = 2**20  # the byte that is locked for a change; locks may lie beyond the end of the file
_LIVES = _LOCK + 1  # of the first member
_TRUSTED = 1.0  # seconds for which a file is taken to be the one that others find
_LONGEST_CHANGE = 5.0  # seconds until somebody who holds the lock, and was stopped, is waited for no more
_LEASE = 15.0  # seconds without a sign of life
_KEPT = 600  # seconds that Redis keeps a ledger which nobody writes
_LONGEST_ANSWER = 2.0  # seconds that Redis may take
_NOBODY = Member()


def governor_for(settings: ConnectionSettings) -> Governor:
    """Return a governor that shares its account's limit with others, as the settings say.

    Raises:
        ConfigurationError: Redis is to be used, and cannot be.
    """
    return Governor(settings.max_concurrency, _keeper(settings))


def _keeper(settings: ConnectionSettings) -> LedgerKeeper | None:
    key = _key(settings.account)
    if settings.concurrency_redis:
        return RedisLedger(settings.concurrency_redis, key)
    if (settings.concurrency_folder or "").lower() == "off" or fcntl is None:
        return None
    if settings.concurrency_folder:
        return FileLedger(Path(settings.concurrency_folder).expanduser(), key, is_asked_for=True)
    try:
        return FileLedger(cache_folder() / "concurrency", key)
    except OSError:  # no home
        return None


def _key(account: Account) -> str:
    address = urlsplit(account.base_url)
    host = (address.hostname or "").lower()
    port = address.port or (443 if address.scheme == "https" else 80)
    return quote(f"{'localhost' if is_loopback(host) else host}:{port}:{account.realm}", safe="")


def _packed(ledger: Ledger) -> bytes:
    count = max(ledger.members, default=-1) + 1
    head = _HEAD.pack(
        _FORM,
        count,
        ledger.limit,
        ledger.too_many,
        ledger.cut_at,
        ledger.used_at,
        ledger.borne_at,
        ledger.repeated,
        ledger.generation,
        ledger.first_generation,
        ledger.told,
        ledger.turns,
        ledger.borne,
    )
    return head + b"".join(_packed_member(ledger.members.get(number, _NOBODY)) for number in range(count))


def _packed_member(one: Member) -> bytes:
    return _MEMBER.pack(one.token, one.most, one.held, one.wants, one.turn, one.asked_at, one.seen_at)


def _unpacked(data: bytes) -> Ledger:
    """Return the ledger; a new one from anything else."""
    if not data.startswith(_FORM) or len(data) < _HEAD.size:
        return Ledger()
    _, count, *known = _HEAD.unpack_from(data)
    end = _HEAD.size + count * _MEMBER.size
    if not _HEAD.size <= end <= len(data):
        return Ledger()
    members = enumerate(_MEMBER.iter_unpack(data[_HEAD.size : end]))
    ledger = Ledger(*known)
    ledger.members = {number: Member(*facts) for number, facts in members if facts[0]}
    return ledger


class _Seat:
    """One's place among the members of a ledger."""

    def __init__(self) -> None:
        self.token = int.from_bytes(os.urandom(8), "little") | 1
        self.number: int | None = None

    def taken_in(
        self, ledger: Ledger, most: int, now: float, is_alive: Callable[[int], bool], claim: Callable[[int], bool]
    ) -> int:
        """Return one's number, joining where one is not a member, or no longer; the dead leave before."""
        if self.number is not None and (known := ledger.members.get(self.number)) and known.token == self.token:
            return self.number
        for number in [number for number in ledger.members if not is_alive(number)]:
            del ledger.members[number]
        free = (number for number in range(_MEMBERS) if number not in ledger.members and claim(number))
        self.number = next(free, None)
        if self.number is None:
            raise OSError(f"{_MEMBERS} processes share it already")
        ledger.join(self.number, Member(token=self.token, most=most, seen_at=now), now)
        return self.number


class _File:
    """The file of one account, opened once in a process, since to close it would free every lock on it."""

    def __init__(self, path: Path) -> None:
        make_private(path.parent)
        self.path = path
        self.vacated: deque[int] = deque()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._process = os.getpid()
        self._trusted_until = 0.0
        self._seats: set[int] = set()
        self._bells: dict[int, int] = {}
        self._lock = threading.Lock()

    @property
    def is_usable(self) -> bool:
        """Whether it is still the file that others find there, and this process the one that opened it."""
        if self._process != os.getpid():
            return False
        if (now := time.monotonic()) < self._trusted_until:
            return True
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return False
        self._trusted_until = now + _TRUSTED
        return os.path.samestat(facts, os.fstat(self._file))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else out."""
        with self._lock:
            if not self._has_locked(_LOCK):
                self._wait_for_lock()
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _LOCK)

    def _wait_for_lock(self) -> None:
        until, pause = time.monotonic() + _LONGEST_CHANGE, 0.00005
        while not self._has_locked(_LOCK):
            if time.monotonic() > until:
                raise OSError("another process has stopped with its lock")
            time.sleep(pause)
            pause = min(2 * pause, 0.002)

    def _has_locked(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def read(self) -> Ledger:
        ledger = _unpacked(os.pread(self._file, _SIZE, 0))
        while self.vacated:
            number = self.vacated.popleft()
            ledger.members.pop(number, None)
            self._seats.discard(number)
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _LIVES + number)
        return ledger

    def write(self, ledger: Ledger) -> None:
        os.pwrite(self._file, _packed(ledger), 0)

    def is_alive(self, number: int) -> bool:
        """Tell whether a member's process lives; its lock can be taken from a dead one, and from no other."""
        if number in self._seats:
            return True
        if not self._has_locked(_LIVES + number):
            return True
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _LIVES + number)
        return False

    def claim(self, number: int) -> bool:
        """Take a member's lock for the life of this process, and tell whether it was free."""
        if number in self._seats or not self._has_locked(_LIVES + number):
            return False
        self._seats.add(number)
        return True

    def bell(self, number: int) -> int:
        """Return what wakes a member when it is written to."""
        if number not in self._bells:
            path = f"{self.path}.{number}"
            with suppress(FileExistsError):
                os.mkfifo(path, 0o600)
            self._bells[number] = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        return self._bells[number]


_files: dict[Path, _File] = {}
_opening = threading.Lock()


def _file_at(path: Path) -> _File:
    with _opening:
        if path not in _files or not _files[path].is_usable:
            _files[path] = _File(path)
        return _files[path]


class FileLedger:
    """A ledger in a file, for the processes of one user."""

    needs_signs_of_life = False

    def __init__(self, folder: Path, key: str, *, is_asked_for: bool = False) -> None:
        """Use the file of this account in that folder, which is made when it is needed."""
        self._path = folder / key
        self._is_asked_for = is_asked_for
        self._file: _File | None = None
        self._seat = _Seat()

    def change(self, most: int, work: Work[Result]) -> Result:
        """Do something with the ledger."""
        try:
            file = self._opened()
            with file.locked():
                ledger, now, before = file.read(), time.time(), self._seat.number
                number = self._seat.taken_in(ledger, most, now, file.is_alive, file.claim)
                if number != before:
                    weakref.finalize(self, file.vacated.append, number).atexit = False
                result = work(ledger, number, now, file.is_alive)
                file.write(ledger)
            woken = ledger.next_served(number)
            if woken is not None:
                with suppress(BlockingIOError):
                    os.write(file.bell(woken), b".")
        except OSError as error:
            raise self._lost(error) from None
        return result

    def _opened(self) -> _File:
        if self._file is None or not self._file.is_usable:
            self._file, self._seat = _file_at(self._path), _Seat()
        return self._file

    def wait(self, seconds: float) -> None:
        """Wait until somebody rings."""
        if self._file is None or self._seat.number is None:
            time.sleep(seconds)
            return
        try:
            bell = self._file.bell(self._seat.number)
            ready = select.poll()
            ready.register(bell, select.POLLIN)
            if ready.poll(1000 * seconds):
                with suppress(BlockingIOError):
                    os.read(bell, 4096)
        except OSError as error:
            raise self._lost(error) from None

    def _lost(self, error: OSError) -> SharingLostError:
        return SharingLostError(
            f"The account's limit cannot be shared with other processes, because {self._path} cannot be used "
            f"({error.strerror or error}; setting `concurrency_folder`)",
            matters=self._is_asked_for,
        )


class RedisLedger:
    """A ledger in Redis, for several hosts."""

    needs_signs_of_life = True

    def __init__(self, address: str, key: str) -> None:
        """Use the ledger of this account there; nothing is sent yet.

        Raises:
            ConfigurationError: the address cannot be used, or the package is missing.
        """
        try:
            import redis  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise ConfigurationError(
                "concurrency_redis", "needs the package redis; install it where this runs: pip install redis."
            ) from None
        limits = {"socket_timeout": _LONGEST_ANSWER, "socket_connect_timeout": _LONGEST_ANSWER}
        try:
            self._redis: Redis = redis.Redis.from_url(address, **limits)
        except ValueError:
            raise ConfigurationError(
                "concurrency_redis", "is not an address of a Redis server; use the form redis://host:6379/0."
            ) from None
        self._errors = (redis.RedisError, OSError)
        self._changed: type[Exception] = redis.WatchError
        self._key = f"suitetalk:{_FORM.decode()}:{key}"
        self._seat = _Seat()
        self._ahead: float | None = None  # seconds that Redis's clock is ahead of this host's

    def change(self, most: int, work: Work[Result]) -> Result:
        """Do something with the ledger, again where somebody else was faster."""
        try:
            with self._redis.pipeline() as pipe:
                while True:
                    try:
                        return self._changed_once(pipe, most, work)
                    except self._changed:
                        continue
        except self._errors as error:
            raise self._lost(error) from None

    def _changed_once(self, pipe: Pipeline, most: int, work: Work[Result]) -> Result:
        pipe.watch(self._key)  # type: ignore[no-untyped-call]  # the package leaves it untyped
        ledger, now = _unpacked(_bytes(pipe.get(self._key))), self._now()

        def is_alive(number: int) -> bool:
            return abs(now - ledger.members[number].seen_at) < _LEASE

        number = self._seat.taken_in(ledger, most, now, is_alive, lambda _: True)
        result = work(ledger, number, now, is_alive)
        woken = ledger.next_served(number)
        pipe.multi()
        pipe.set(self._key, _packed(ledger), ex=_KEPT)
        if woken is not None:
            bell = self._bell(ledger.members[woken].token)
            pipe.lpush(bell, b".")
            pipe.ltrim(bell, 0, 0)
            pipe.expire(bell, 5)
        pipe.execute()
        return result

    def _now(self) -> float:
        if self._ahead is None:
            seconds, millionths = self._redis.time()
            self._ahead = seconds + millionths / 1e6 - time.time()
        return time.time() + self._ahead

    def _bell(self, token: int) -> str:
        return f"{self._key}:{token:x}"

    def wait(self, seconds: float) -> None:
        """Wait until somebody rings."""
        try:
            self._redis.blpop([self._bell(self._seat.token)], timeout=max(0.1, min(seconds, _LONGEST_ANSWER / 2)))
        except self._errors as error:
            raise self._lost(error) from None

    def _lost(self, error: Exception) -> SharingLostError:
        return SharingLostError(
            f"The account's limit is no longer shared with other hosts, because Redis does not answer "
            f"({type(error).__name__}; setting `concurrency_redis`)",
            matters=True,
        )


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
