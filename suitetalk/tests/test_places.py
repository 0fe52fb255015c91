"""One limit for an account, whoever asks: processes, governors and what is left when sharing is not possible."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from netsuite_emulator import Emulator, Settings
from suitetalk import ConfigurationError, ConnectionSettings, Governor, Permit, governor_for
from suitetalk.http.ledger import Ledger, Member
from suitetalk.http.places import FileLedger, RedisLedger

_SENDER = Path(__file__).with_name("sharing_process.py")


def settings_for(folder: Path | str | None, **others: Any) -> ConnectionSettings:
    login = {"client_id": "a", "client_secret": "b", "token_id": "c", "token_secret": "d"}
    place = {"concurrency_folder": str(folder)} if folder else {}
    return ConnectionSettings.from_mapping(
        {"account_id": "1234567", "auth_method": "token_based", **login, **place, **others}
    )


class Sharing:
    """Some who share a limit, each as if it had endless work; they hold what they were let have."""

    def __init__(self, folder: Path, count: int, most: int | None = None) -> None:
        self.governors = [Governor(most, FileLedger(folder, "account")) for _ in range(count)]
        self.held: list[list[Permit]] = [[] for _ in range(count)]

    def take(self, one: int) -> None:
        """Stand in line, and go on when the turn comes."""
        threading.Thread(target=lambda: self.held[one].append(self.governors[one].acquire()), daemon=True).start()


def wait_until(is_so: Callable[[], bool]) -> None:
    ticks = threading.Event()
    for _ in range(6000):
        if is_so():
            return
        ticks.wait(0.01)
    raise AssertionError


def test_two_share_the_places_and_who_holds_fewer_comes_next(tmp_path: Path) -> None:
    sharing = Sharing(tmp_path, 2, most=4)
    first, second = sharing.governors
    permits = [first.acquire() for _ in range(4)]
    for _ in range(3):
        sharing.take(0)
        sharing.take(1)

    wait_until(lambda: len(first._waiting) == len(second._waiting) == 3)
    assert (first.in_flight, second.in_flight) == (4, 0)
    for permit in permits[:2]:
        first.release(permit, blocked=False)
    wait_until(lambda: second.in_flight == 2)
    assert (first.in_flight, second.in_flight) == (2, 2)


@given(count=st.integers(2, 4), limit=st.integers(1, 6), seed=st.integers(0, 1000))
def test_never_more_than_the_limit_and_nobody_goes_short(count: int, limit: int, seed: int) -> None:
    """Against the ledger itself: any of them ends or begins a request, in any order."""
    ledger, draw = Ledger(), random.Random(seed)
    for number in range(count):
        ledger.join(number, Member(token=number + 1, most=limit), 0.0)
    served = [0] * count
    for step in range(600):
        number = draw.randrange(count)
        member = ledger.members[number]
        if member.held and draw.random() < 0.6:
            member.held -= 1
        served[number] += ledger.admit(number, draw.randint(1, 3), now=step / 1000)
        assert ledger.in_flight <= limit
    assert max(served) - min(served) <= 0.3 * max(served) + 10


def test_what_one_learns_of_the_limit_the_others_know(tmp_path: Path) -> None:
    first, second = Sharing(tmp_path, 2).governors
    first.begin_with(9)
    second.release(second.acquire(), blocked=False)
    assert second.limit == 9

    permits = [second.acquire() for _ in range(8)]
    for permit in permits:
        second.release(permit, blocked=True)
    first.release(first.acquire(), blocked=False)
    assert first.limit == second.limit == 4


def test_what_was_learned_is_known_to_who_comes_next(tmp_path: Path) -> None:
    before = Governor(keeper=FileLedger(tmp_path, "account"))
    permits = [before.acquire() for _ in range(4)]
    for permit in permits:
        before.release(permit, blocked=permit is permits[0])
    del before

    after = Governor(keeper=FileLedger(tmp_path, "account"))
    after.release(after.acquire(), blocked=False)
    assert after.limit == 3


def test_accounts_do_not_share(tmp_path: Path) -> None:
    ids = ("1234567", "1234567_SB1")
    production, sandbox = (governor_for(settings_for(tmp_path, account_id=one, max_concurrency=1)) for one in ids)
    here, proxied = (
        governor_for(settings_for(tmp_path, base_url=f"http://{host}", max_concurrency=1))
        for host in ("localhost:81", "localhost:82")
    )
    for governor in (production, sandbox, here, proxied):
        governor.acquire()
    same = governor_for(settings_for(tmp_path, base_url="http://127.0.0.1:82", max_concurrency=1))
    threading.Thread(target=same.acquire, daemon=True).start()
    wait_until(lambda: len(same._waiting) == 1)
    assert same.in_flight == 0


def test_a_killed_process_frees_its_places(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from suitetalk import Governor; "
        "from suitetalk.http.places import FileLedger, RedisLedger\n"
        f"governor = Governor(3, FileLedger(Path({str(tmp_path)!r}), 'account'))\n"
        "for _ in range(3): governor.acquire()\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        sharing = Sharing(tmp_path, 1, most=3)
        sharing.take(0)
        wait_until(lambda: len(sharing.governors[0]._waiting) == 1)
        assert sharing.governors[0].in_flight == 0

        holder.send_signal(signal.SIGKILL)
        wait_until(lambda: sharing.governors[0].in_flight == 1)


@contextmanager
def sending(count: int, config: dict[str, Any], seconds: float) -> Iterator[list[dict[str, Any]]]:
    """Let processes send at the same time, and yield what each says."""
    command = [sys.executable, str(_SENDER), json.dumps(config), str(seconds), "8"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        yield [json.loads(process.communicate()[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(("count", "seconds"), [(2, 2), pytest.param(4, 10, marks=pytest.mark.slow)])
def test_processes_have_no_more_than_the_limit_in_flight_and_share_it_evenly(
    tmp_path: Path, count: int, seconds: float
) -> None:
    with Emulator(Settings(concurrency_limit=5, latency=0.1, scale=0.01)) as emulator:
        config = {**emulator.connection, "concurrency_folder": str(tmp_path), "max_concurrency": 5}
        with sending(count, config, seconds) as said:
            assert sum(one["throttled"] for one in said) == 0
        assert emulator.highest_in_flight == 5
    begun, ended = max(min(one["ended"]) for one in said), min(max(one["ended"]) for one in said)
    shares = [sum(begun <= time <= ended for time in one["ended"]) for one in said]
    assert min(shares) >= 0.7 * max(shares)


@pytest.mark.parametrize("damage", [b"", b"nonsense" * 100, b"ledger 1" + b"\xff" * 400])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    first, second = Sharing(tmp_path, 2, most=2).governors
    held = first.acquire()
    (tmp_path / "account").write_bytes(damage)

    second.acquire()
    first.release(held, blocked=False)
    assert (first.in_flight, second.in_flight, second.limit) == (0, 1, 2)


def test_a_file_that_was_removed_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    governor = Governor(2, FileLedger(folder, "account"))
    governor.acquire()
    for file in folder.iterdir():
        file.unlink()
    governor._keeper._file._trusted_until = 0  # type: ignore[attr-defined]  # instead of a second of waiting

    governor.acquire()
    assert governor.in_flight == 2
    assert (folder / "account").stat().st_size


def test_who_cannot_share_finds_the_limit_alone_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    governor = governor_for(settings_for(tmp_path / "file" / "folder"))
    with caplog.at_level(logging.DEBUG, "suitetalk"):
        for _ in range(3):
            governor.release(governor.acquire(), blocked=False)

    [said] = caplog.records
    assert said.levelno == logging.WARNING
    assert "concurrency_folder" in said.message
    assert governor.limit == 4


def test_no_home_is_no_matter(caplog: pytest.LogCaptureFixture) -> None:
    governor = governor_for(settings_for(None))
    governor.release(governor.acquire(), blocked=False)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_off_shares_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = (governor_for(settings_for("off", max_concurrency=1)) for _ in range(2))
    one.acquire()
    other.acquire()
    assert not list(tmp_path.iterdir())


def test_the_files_are_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    governor_for(settings_for(folder)).acquire()

    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_is_somebody_else(tmp_path: Path) -> None:
    governor = Governor(2, FileLedger(tmp_path, "account"))
    governor.release(governor.acquire(), blocked=False)
    held = governor.acquire()
    child = os.fork()
    if not child:
        governor._in_flight = 0
        governor.acquire()
        os._exit(governor.in_flight)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    governor.release(held, blocked=False)
    assert governor.in_flight == 0


def test_an_address_that_is_none_of_redis_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="concurrency_redis"):
        governor_for(settings_for(None, concurrency_redis="nowhere"))


class Account:
    """An account with 15 places, some of which others may hold, and one who keeps its share of them busy."""

    def __init__(self, latency: float, named: int | None) -> None:
        self.ledger = Ledger()
        self.ledger.join(0, Member(token=1, most=named or 0), 0.0)
        self.latency = latency
        self.others = 0
        self.refused = 0
        self.now = 0.0
        self._flying: list[tuple[float, Permit, bool]] = []

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
        """Let time pass, and return how much did."""
        begun = self.now
        while self.now - begun < seconds and not until():
            self._send()
            ended, permit, blocked = min(self._flying, key=lambda one: one[0])
            self._flying.remove((ended, permit, blocked))
            self.now = max(self.now, ended)
            self.refused += blocked
            self.ledger.learn(permit, self.now, blocked=blocked)
            self.ledger.members[0].held -= 1
        return self.now - begun

    def _send(self) -> None:
        for _ in range(self.ledger.admit(0, 1000, self.now)):
            blocked = sum(not blocked for _, _, blocked in self._flying) + self.others >= 15
            lasts = 0.02 if blocked else self.latency * random.uniform(0.8, 1.2)
            self._flying.append((self.now + lasts, Permit(self.ledger.generation, len(self._flying) + 1), blocked))


@pytest.mark.parametrize("named", [None, 15])
@pytest.mark.parametrize("latency", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("others", [5, 8, 12])
def test_a_limit_that_was_halved_is_back_soon_after_the_other_has_ended(
    latency: float, named: int | None, others: int
) -> None:
    random.seed(others)
    account = Account(latency, named)
    account.run(10)
    account.others = others
    account.run(20)
    assert account.ledger.places <= 15 - others + 1

    account.others = 0
    assert account.run(20, until=lambda: account.ledger.places >= 15) <= 10


def test_a_limit_found_by_trying_is_known_in_the_end() -> None:
    account = Account(0.3, None)
    account.run(30)
    account.refused = 0
    account.run(100)
    assert account.refused <= 3
    assert account.ledger.places == 15


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        client = redis.Redis(port=port)
        wait_until(lambda: answers(client))
        yield f"redis://127.0.0.1:{port}/0", server
        server.kill()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.mark.slow
def test_hosts_share_through_redis(redis_server: tuple[str, subprocess.Popen[bytes]]) -> None:
    address, _ = redis_server
    first, second = (governor_for(settings_for(None, concurrency_redis=address, max_concurrency=3)) for _ in range(2))
    permits = [first.acquire() for _ in range(3)]
    waiting = threading.Thread(target=second.acquire)
    waiting.start()
    wait_until(lambda: len(second._waiting) == 1)
    assert (first.in_flight, second.in_flight) == (3, 0)

    first.release(permits[0], blocked=True)
    first.release(permits[1], blocked=False)
    first.release(permits[2], blocked=False)
    waiting.join(60)
    assert (first.in_flight, second.in_flight) == (0, 1)
    assert first.limit == second.limit == 1


@pytest.mark.slow
def test_processes_share_a_limit_evenly_through_redis(redis_server: tuple[str, subprocess.Popen[bytes]]) -> None:
    with Emulator(Settings(concurrency_limit=5, latency=0.1, scale=0.01)) as emulator:
        config = {**emulator.connection, "concurrency_redis": redis_server[0], "max_concurrency": 5}
        with sending(2, config, 10) as said:
            assert sum(one["throttled"] for one in said) == 0
        assert emulator.highest_in_flight == 5
    counts = [len(one["ended"]) for one in said]
    assert min(counts) >= 0.7 * max(counts)


@pytest.mark.slow
def test_each_goes_on_alone_when_redis_goes_away(
    redis_server: tuple[str, subprocess.Popen[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    address, server = redis_server
    first, second = (governor_for(settings_for(None, concurrency_redis=address, max_concurrency=4)) for _ in range(2))
    held = [first.acquire() for _ in range(4)]
    waiting = threading.Thread(target=second.acquire)
    waiting.start()
    wait_until(lambda: second._share == 2)

    server.kill()
    server.wait()
    waiting.join(60)
    for permit in held:
        first.release(permit, blocked=False)
    assert (first.in_flight, second.in_flight) == (0, 1)
    assert second.limit == 2
    assert [record.levelno for record in caplog.records if "concurrency_redis" in record.message] == [
        logging.WARNING
    ] * 2


@pytest.mark.slow
def test_a_host_that_was_cut_off_loses_its_places(redis_server: tuple[str, subprocess.Popen[bytes]]) -> None:
    program = (
        "import sys; from suitetalk import Governor; from suitetalk.http.places import RedisLedger\n"
        f"governor = Governor(1, RedisLedger({redis_server[0]!r}, 'account')); governor.acquire()\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    governor = Governor(1, RedisLedger(redis_server[0], "account"))
    governor.acquire()
    assert governor.in_flight == 1
