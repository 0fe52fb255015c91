"""The token store: for the user alone, whole or nothing, and never the end of a run that could go on."""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scripted_netsuite import Received, Reply, ScriptedNetSuite, refused, token_answer

from suitetalk import ConfigurationError, ConnectionFailedError, NetSuite, TokenStore
from suitetalk.auth.token_store import FileKeeper, Tokens

Connect = Callable[..., NetSuite]
RECORD = Reply(body={"id": "7"})
INVALID_LOGIN = refused(401, "INVALID_LOGIN", "Invalid login attempt.")
TOKENS = Tokens("geheim-access", time.time() + 3600, 3600, "geheim-refresh", 1.5)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store of this test keeps its files."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "suitetalk"


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("*.json")
    return file


def test_tokens_lie_in_a_file_for_the_user_alone(folder: Path) -> None:
    store = TokenStore.open()
    with store.locked("name"):
        assert store.write("name", TOKENS)

    assert rights(folder) == 0o700
    assert {rights(path) for path in folder.iterdir()} == {0o600}
    assert TokenStore.open().read("name") == TOKENS
    assert "geheim" not in repr(TOKENS)
    store.delete("name")
    assert TokenStore.open().read("name") is None


def test_files_and_folders_that_others_can_read_are_closed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    TokenStore.open().write("name", TOKENS)
    only_file(folder).chmod(0o644)
    folder.chmod(0o755)

    store = TokenStore.open()
    assert store.read("name") == TOKENS
    assert "could be read by other users" in caplog.text
    assert rights(only_file(folder)) == 0o600
    store.write("name", TOKENS)
    assert rights(folder) == 0o700


def test_tokens_that_ended_long_ago_are_swept_away(folder: Path) -> None:
    store = TokenStore.open()
    names = ("1-client_credentials-old", "1-authorization_code-old", "1-client_credentials-new")
    for name in names:
        store.write(name, TOKENS)
    for name in names[:2]:
        os.utime(folder / f"{name}.json", (1, 1))
    store.write("another", TOKENS)

    assert [store.read(name) for name in names] == [None, TOKENS, TOKENS]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"access_token": 7}', "\0", '{"access_token": "geheim"}'])
def test_a_damaged_file_counts_as_empty(folder: Path, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    store = TokenStore.open()
    store.write("name", TOKENS)
    only_file(folder).write_text(damage)

    assert store.read("name") is None
    assert "is damaged" in caplog.text
    assert "geheim" not in caplog.text
    assert store.write("name", TOKENS)
    assert store.read("name") == TOKENS


def test_a_link_to_somewhere_else_is_not_followed(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    TokenStore.open().write("name", TOKENS)
    elsewhere = tmp_path / "elsewhere"
    only_file(folder).rename(elsewhere)
    (folder / "name.json").symlink_to(elsewhere)

    assert TokenStore.open().read("name") is None
    assert "not a plain file" in caplog.text


def test_what_cannot_be_kept_stays_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    store = TokenStore(FileKeeper(blocked / "folder"), blocked / "folder")

    with store.locked("name"):
        assert not store.write("name", TOKENS)
    assert store.read("name") == TOKENS
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "NETSUITE_TOKEN_STORE=off" in said.getMessage()


def test_a_login_goes_on_without_a_place_for_its_token(
    netsuite: ScriptedNetSuite, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a-file" / "below"))
    netsuite.answers(RECORD)

    client = connect()
    client.records.get("customer", "7")
    client.records.get("customer", "7")
    assert len(netsuite.token_requests) == 1


def test_a_home_that_is_not_there(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative/paths/do/not/count")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    store = TokenStore.open()
    assert not store.write("name", TOKENS)
    assert store.read("name") == TOKENS
    assert "the user has no home folder" in caplog.text


def test_the_next_client_uses_the_token_of_the_last(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.answers(RECORD)
    for _ in range(3):
        connect().records.get("customer", "7")

    assert len(netsuite.token_requests) == 1


@pytest.mark.parametrize(
    "change",
    [{"client_id": "another"}, {"certificate_id": "another"}, {"account_id": "7654321"}, {"base_url": "localhost"}],
)
def test_other_logins_use_other_tokens(netsuite: ScriptedNetSuite, connect: Connect, change: dict[str, str]) -> None:
    if "base_url" in change:
        change = {"base_url": netsuite.address.replace("127.0.0.1", "localhost")}
    netsuite.answers(RECORD)
    connect().records.get("customer", "7")
    connect(**change).records.get("customer", "7")

    assert len(netsuite.token_requests) == 2


def test_tokens_that_end_soon_are_left_alone(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.answers(RECORD)
    netsuite.token_script = lambda _: Reply(body=token_answer("short", expires_in=0.001))
    connect().records.get("customer", "7")
    netsuite.token_script = netsuite.hand_out_token
    connect().records.get("customer", "7")

    assert len(netsuite.token_requests) == 2


def test_a_token_from_the_future_is_left_alone() -> None:
    now = time.time()
    assert Tokens("x", now + 3600, 3600).is_fresh(now)
    assert Tokens("x", now + 3600, 3600).is_fresh(now - 30)
    assert not Tokens("x", now + 3600, 3600).is_fresh(now - 7200)
    assert not Tokens("x", now + 100, 3600).is_fresh(now)


def test_a_revoked_token_of_the_store_costs_one_request(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    """Whoever is refused second finds in the store what the first one asked for."""
    netsuite.answers(RECORD)
    connect().records.get("customer", "7")
    clients = [connect() for _ in range(4)]
    all_there = threading.Barrier(4, timeout=120)

    def script(request: Received) -> Reply:
        if request.headers["Authorization"] == "Bearer token-1":
            all_there.wait()
            return INVALID_LOGIN
        return RECORD

    netsuite.script = script
    threads = [threading.Thread(target=client.records.get, args=("customer", "7")) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(netsuite.token_requests) == 2
    assert len(netsuite.requests) == 9


@pytest.mark.parametrize("value", ["off", " OFF "])
def test_the_store_can_be_switched_off(
    netsuite: ScriptedNetSuite, connect: Connect, folder: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("NETSUITE_TOKEN_STORE", value)
    netsuite.answers(RECORD)
    connect().records.get("customer", "7")
    connect().records.get("customer", "7")

    assert len(netsuite.token_requests) == 2
    assert not folder.exists()


def test_a_store_of_unknown_kind_is_refused(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETSUITE_TOKEN_STORE", "cupboard")
    with pytest.raises(ConfigurationError, match="NETSUITE_TOKEN_STORE"):
        connect()


def test_a_process_that_does_not_let_go(folder: Path) -> None:
    """Flock holds between two descriptors as it does between two processes."""
    first, second = TokenStore.open(), TokenStore(FileKeeper(folder), folder, wait=0.05)
    seen = []

    def wait_for_it() -> None:
        with second.locked("name"):  # goes on all the same
            seen.append(True)
        with pytest.raises(ConnectionFailedError, match="Another process"), second.locked("name", needed=True):
            pass

    with first.locked("name"):
        other = threading.Thread(target=wait_for_it)
        other.start()
        other.join()
    assert seen == [True]


class Keyring:
    """Stands in for the package keyring."""

    def __init__(self, priority: float = 5) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.broken = False
        self.priority = priority

    def get_keyring(self) -> Keyring:
        return self

    def get_password(self, service: str, name: str) -> str | None:
        if self.broken:
            raise RuntimeError("the wallet is locked")
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        if self.broken:
            raise RuntimeError("the wallet is locked")
        self.entries[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        del self.entries[service, name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring on this machine."""
    keyring = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.delenv("NETSUITE_TOKEN_STORE")
    return keyring


def test_the_keyring_is_used_where_there_is_one(keyring: Keyring, folder: Path) -> None:
    store = TokenStore.open()
    with store.locked("name"):
        assert store.write("name", TOKENS)

    assert list(keyring.entries) == [("suitetalk", "name")]
    assert list(folder.glob("*.json")) == []
    assert TokenStore.open().read("name") == TOKENS
    store.delete("name")
    store.delete("name")
    assert TokenStore.open().read("name") is None


def test_a_keyring_that_fails_is_worked_around(keyring: Keyring, caplog: pytest.LogCaptureFixture) -> None:
    keyring.broken = True
    store = TokenStore.open()

    assert store.read("name") is None
    assert not store.write("name", TOKENS)
    assert store.read("name") == TOKENS
    assert "the keyring failed (RuntimeError)" in caplog.text


def test_a_keyring_in_plain_text_is_none(keyring: Keyring, folder: Path) -> None:
    keyring.priority = 0.5
    assert TokenStore.open().place == str(folder)


def test_a_keyring_asked_for_must_be_there(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.priority = 0
    monkeypatch.setenv("NETSUITE_TOKEN_STORE", "keyring")
    with pytest.raises(ConfigurationError, match="install the package keyring"):
        TokenStore.open()
