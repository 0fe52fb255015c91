"""The file cabinet, from the library and from the command line."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli_runs import QuickShell, Shell, environment_of
from tests.scripted_netsuite import CUT, Reply, ScriptedNetSuite, refused

from netsuite_emulator import Emulator
from suitetalk import (
    LARGEST_FILE,
    ConnectionFailedError,
    NetSuite,
    NotFoundError,
    OutcomeUnknownError,
)

Connect = Callable[..., NetSuite]
WHAT_IS_IN_IT = b"\x00\xffPDF \n"


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    return QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))


def test_from_put_to_rm(shell: Shell) -> None:
    (shell.folder / "Invoice 1.pdf").write_bytes(WHAT_IS_IN_IT)
    top = shell.done("file", "mkdir", "Invoices").out.strip()
    folder = shell.done("file", "mkdir", "2026", "--parent", top).out.strip()

    made = shell.done("file", "put", "Invoice 1.pdf", "--folder", folder).out.strip()

    assert shell.done("file", "put", "-", "--name", "Invoice 1.pdf", "--folder", folder, stdin=b"x").out.strip() == made
    assert shell.done("file", "get", made).out == "x"
    shell.done("file", "put", "Invoice 1.pdf", "--folder", folder)
    shell.done("file", "get", made, "-o", "copy.pdf")
    assert (shell.folder / "copy.pdf").read_bytes() == WHAT_IS_IN_IT
    assert shell.done("file", "list", top).lines() == [{"id": folder, "name": "2026", "kind": "folder"}]
    (listed,) = shell.done("file", "list", folder, "--details").lines()
    assert listed.pop("lastModifiedDate").endswith("Z")
    assert listed == {
        "id": made,
        "name": "Invoice 1.pdf",
        "kind": "file",
        "folder": folder,
        "mediaType": "application/pdf",
        "size": len(WHAT_IS_IN_IT),
    }
    assert {row["kind"] for row in shell.done("file", "list").lines()} == {"file", "folder"}
    found = shell.done("file", "list", "--only", "file", "-q", 'name START_WITH "Invoice"').lines()
    assert [row["id"] for row in found] == [made]
    assert shell.done("file", "get", made, "--details").json()["folder"]["id"] == folder

    refused = shell.run("file", "rm", folder, "--folder")
    assert (refused.code, "not empty" in refused.err) == (1, True)
    shell.done("file", "rm", made)
    shell.done("file", "rm", "--folder", folder, top)
    assert shell.run("file", "get", made).code == 4


def test_what_cannot_be_sent(shell: Shell) -> None:
    with (shell.folder / "large").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)

    for arguments, words in {
        ("put", "large"): "at most 10 MB",
        ("put", "missing"): "cannot be read",
        ("put", "-"): "give --name",
        ("mkdir", " "): "needs a name",
        ("list", "1", "-q", "id EQUAL 1"): "both given",
    }.items():
        run = shell.run("file", *arguments)
        assert (run.code, words in run.err, len(run.err.splitlines())) == (2, True, 1), run.err


def test_paths_are_those_that_the_service_says_it_has(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    """Another release may name them otherwise, and hand the content over with everything else."""
    paths: dict[str, object] = {"/document/v1/files": {}, "/document/v1/files/{id}": {}, "/document/v1/folders": {}}
    content = base64.b64encode(WHAT_IS_IN_IT).decode()
    netsuite.script = lambda request: Reply(
        body={"paths": paths}
        if request.path.endswith("metadata-catalog")
        else {"content": content if request.path.endswith("/7") else "?"}
    )
    files = connect().files

    assert files.content("7") == WHAT_IS_IN_IT
    with pytest.raises(ConnectionFailedError, match="without the file's content"):
        files.content("8")
    assert [request.path.rpartition("/v1/")[2] for request in netsuite.requests if "token" not in request.path] == [
        "metadata-catalog",
        "files/7",
        "files/8",
    ]


def test_a_lost_answer_is_not_sent_again(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.script = lambda request: Reply(body={"paths": {}}) if request.method == "GET" else CUT

    with pytest.raises(OutcomeUnknownError):
        connect().files.put("a.txt", b"")
    assert [request.method for request in netsuite.requests] == ["GET", "POST"]


def test_an_account_without_the_service(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.script = lambda _: refused(404, "INVALID_REQUEST", "The requested service does not exist.")

    with pytest.raises(NotFoundError, match="does not exist"):
        connect().files.list()
