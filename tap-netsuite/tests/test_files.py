"""The file cabinet as a stream: there when it is asked for, with contents when these are."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator

import pytest
from tests.tap_runs import Json, discover, entry, metadata, names, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import ConnectionSettings, NetSuite

STREAM = "file_cabinet"
WHAT_IS_IN_IT = b"\x00\xff data"


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory()


@pytest.fixture
def netsuite(emulator: Emulator) -> Iterator[NetSuite]:
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        yield client


def settings(emulator: Emulator, **more: str) -> Json:
    return {**emulator.connection, "tables": ["currency"], **more}


def test_names_sizes_and_addresses_without_contents(emulator: Emulator, netsuite: NetSuite) -> None:
    folder = netsuite.files.make_folder("Invoices")
    made = netsuite.files.put("a.pdf", WHAT_IS_IN_IT, folder=folder, media_type="application/pdf")
    config = settings(emulator, files="list")
    catalog = selected(discover(config), STREAM, "_audit")
    emulator.clear_requests()

    finished = read(config, catalog)

    assert finished.error is None
    rows = {row["id"]: row for row in finished.records(STREAM)}
    assert len(rows) == emulator.execute("SELECT count(*) FROM file")[0][0]
    row = rows[made]
    assert (row["name"], row["folder"], row["media_type"], row["size"]) == ("a.pdf", folder, "application/pdf", 7)
    assert row["address"] == f"{emulator.connection['base_url']}/services/rest/document/v1/file/{made}"
    assert row["last_modified"].endswith("Z")
    assert row["details"]["mediaType"] == "application/pdf"
    assert "content" not in row
    assert not [request for request in emulator.requests if request.path.endswith("/content")]
    (audit,) = finished.records("_audit")
    assert (audit["rows_emitted"], audit["result"]) == (len(rows), "complete")


def test_contents_and_why_one_is_missing(
    emulator: Emulator, netsuite: NetSuite, caplog: pytest.LogCaptureFixture
) -> None:
    made, locked = netsuite.files.put("a.bin", WHAT_IS_IN_IT), netsuite.files.put("b.bin", b"")
    config = settings(emulator, files="contents")
    catalog = selected(discover(config), STREAM)
    body = {"o:errorDetails": [{"detail": "The file is too large.", "o:errorCode": "USER_ERROR"}]}
    emulator.faults.add(Fault(effect="status", status=400, body=body, path=f"/document/v1/file/{locked}/content"))

    with caplog.at_level(logging.WARNING):
        finished = read(config, catalog)

    assert finished.error is None
    rows = {row["id"]: row for row in finished.records(STREAM)}
    assert base64.b64decode(rows[made]["content"]) == WHAT_IS_IN_IT
    assert rows[made]["content_problem"] is None
    assert rows[locked]["content"] is None
    assert "The file is too large" in rows[locked]["content_problem"]
    assert f"the content of file {locked} does not come" in caplog.text


def test_it_is_there_only_when_it_is_asked_for(emulator: Emulator) -> None:
    emulator.clear_requests()
    assert STREAM not in names(discover(settings(emulator)))
    assert not [request for request in emulator.requests if request.path.startswith("/services/rest/document")]

    emulator.faults.add(Fault(effect="status", status=404, path="/document/v1/"))
    without = discover(settings(emulator, files="list"))

    assert STREAM not in names(without)


def test_what_discovery_says_of_it(emulator: Emulator, netsuite: NetSuite) -> None:
    netsuite.files.put("a.txt", b"")

    found = metadata(entry(discover(settings(emulator, files="list")), STREAM))

    assert (found["netsuite.status"], found["netsuite.deletions"]) == ("readable", "not known")
