"""The journal's file: whose it is, what is in it, and what happens when it cannot be used."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.writes import creates

from suitetalk import Batch
from suitetalk.account import Account
from target_netsuite.errors import JournalError
from target_netsuite.journal.journal import Journal, open_journal


def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.sqlite"
    journal = Journal(path)
    writes = creates("J", [1])
    journal.intended(Batch("create", "customer", ({"companyName": "J 1"},)), writes)
    modes = {stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    journal.close()
    assert modes == {0o600}


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    open_it = (
        f"from target_netsuite.journal.journal import Journal\nimport pathlib\nJournal(pathlib.Path({str(path)!r}))"
    )
    other = subprocess.run([sys.executable, "-c", open_it], capture_output=True, text=True, check=False)
    assert "JournalError" in other.stderr
    assert "is in use by another run; wait for its end" in other.stderr
    with pytest.raises(JournalError, match="in use by another run"):
        Journal(path)
    journal.close()
    Journal(path).close()


@pytest.mark.parametrize("what", ["a folder", "no database", "below a file", "of another version"])
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, what: str) -> None:
    path = tmp_path / "journal.sqlite"
    if what == "a folder":
        path.mkdir()
    elif what == "no database":
        path.write_text("something else altogether, and long enough to be looked at " * 20)
    elif what == "below a file":
        path.write_text("")
        path /= "journal.sqlite"
    else:
        Journal(path).close()
        import sqlite3  # noqa: PLC0415 - only needed here

        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    with pytest.raises(JournalError, match=r"^The journal .*setting `journal`\.$"):
        Journal(path)


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    script = """
import pathlib, resource, signal, sys
from suitetalk import Batch
from suitetalk.account import Account
from target_netsuite.journal.journal import Journal
from tests.writes import creates
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(pathlib.Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for number in range(100):
    writes = creates("J", [number])
    journal.intended(Batch("create", "customer", ({"comments": "x" * 5000},)), writes)
    print(number, flush=True)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "journal.sqlite")],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert "JournalError: The journal" in run.stderr
    assert "cannot be used" in run.stderr
    written = run.stdout.split()
    journal = Journal(tmp_path / "journal.sqlite")
    assert len(journal.open_entries()) == len(written) > 0
    journal.close()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


def test_the_journal_is_one_for_each_account_address_and_streams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    streams = {"people": {"record_type": "customer"}}
    accounts = [Account.resolve("1"), Account.resolve("2"), Account.resolve("1", "http://127.0.0.1:8080")]
    opened = [open_journal(None, account, one) for account in accounts for one in (streams, {})]
    assert len(list((tmp_path / "suitetalk").glob("journal-*.sqlite"))) == 6
    with pytest.raises(JournalError):
        open_journal("", accounts[0], streams)
    named = open_journal(str(tmp_path / "my.sqlite"), accounts[0], streams)
    for journal in (*opened, named):
        journal.close()
    assert (tmp_path / "my.sqlite").exists()
    files = sorted(tmp_path.rglob("*"))
    open_journal("off", accounts[0], streams).close()
    assert sorted(tmp_path.rglob("*")) == files


def test_a_rehearsal_elsewhere_leaves_alone_what_a_killed_run_left(tmp_path: Path) -> None:
    path = str(tmp_path / "journal.sqlite")
    real, emulated = Account.resolve("1"), Account.resolve("1", "http://127.0.0.1:8080")
    journal = open_journal(path, real, {})
    journal.intended(Batch("create", "customer", ({"companyName": "J 1"},)), creates("J", [1]))
    journal.close()
    with pytest.raises(JournalError, match=r"a run against 1 at https://1\.suite.* left unsettled.*setting `journal`"):
        open_journal(path, emulated, {})
    journal = open_journal(path, real, {})
    assert len(journal.open_entries()) == 1
    journal.finished()
    journal.close()
    open_journal(path, emulated, {}).close()
