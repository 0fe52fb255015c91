"""A dry run: what it says, and that nothing is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator
from target_netsuite.errors import RecordsRefusedError

Listen = Callable[..., Run]

_QUERY = "/services/rest/query/v1/suiteql"


def _stream(prefix: str, **settings: Any) -> dict[str, Any]:
    return {
        "people": {
            "record_type": "customer",
            "external_id": f"{prefix}-{{id}}",
            "fields": {"name": "companyName", "mail": "email", "note": "comments"},
            **settings,
        }
    }


def _writes(emulator: Emulator) -> list[str]:
    """Return the requests that write: all but reading ones, queries and logins."""
    return [
        f"{one.method} {one.path}"
        for one in emulator.requests
        if one.method != "GET" and one.path != _QUERY and "/auth/" not in one.path
    ]


def _differences(run: Run) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"DIFFERENCE: (\{.*\})", run.log)]


def test_it_sends_no_write_and_tells_what_would_become_of_each_record(
    emulator: Emulator, listen: Listen, prefix: str, tmp_path: Path
) -> None:
    listen(
        _stream(prefix),
        schema("people"),
        *[record("people", id=number, name=f"No {number}", mail="a@example.com") for number in (1, 2, 3, 4)],
    )
    before = emulator.execute(f"SELECT * FROM customer WHERE externalid LIKE '{prefix}-%' ORDER BY id")
    emulator.clear_requests()
    journal = tmp_path / "unused.sqlite"
    files = {name: str(tmp_path / f"{name}.jsonl") for name in ("rejects", "receipts", "differences")}

    run = listen(
        _stream(prefix, operation_column="op"),
        schema("people"),
        record("people", id=1, name="No 1", mail="b@example.com"),
        record("people", id=2, name="No 2"),
        record("people", id=3, op="delete"),
        record("people", id=4, op="inactivate"),
        record("people", id=5, name="No 5", note=None),
        record("people", id=6, op="delete"),
        record("people", id=7, op="update", name="nobody"),
        record("people", id="a/b", name="no id that NetSuite can address"),
        state("end"),
        dry_run=True,
        journal=str(journal),
        **files,
    )

    assert _writes(emulator) == []
    assert emulator.execute(f"SELECT * FROM customer WHERE externalid LIKE '{prefix}-%' ORDER BY id") == before
    assert isinstance(run.error, RecordsRefusedError)
    assert run.states == []
    assert run.summary == {
        "people": {
            "dry_run": True, "created": 1, "updated": 1, "unchanged": 1, "deleted": 2, "already_gone": 1,
            "inactivated": 1, "invalid": 2, "refused": 2,
        }
    }  # fmt: skip
    found = {(line["key"]["id"], line.get("path")): line for line in _differences(run)}
    assert set(found) == {(1, "email"), (3, None), (4, "isInactive"), (5, "companyName")}
    change = found[1, "email"]
    assert (change["before"], change["after"]) == ("a@example.com", "b@example.com")
    assert (found[5, "companyName"]["before"], found[5, "companyName"]["after"]) == (None, "No 5")
    assert found[3, None]["outcome"] == "deleted"
    assert [json.loads(line) for line in Path(files["differences"]).read_text().splitlines()] == _differences(run)
    assert not journal.exists()
    assert not Path(files["rejects"]).exists()
    assert not Path(files["receipts"]).exists()


def test_what_is_there_is_read_in_bulk(emulator: Emulator, listen: Listen, prefix: str) -> None:
    people = [record("people", id=number, name=f"{prefix} {number}") for number in range(300)]
    run = listen(_stream(prefix), schema("people"), *people, dry_run=True)
    assert (run.error, run.summary) == (None, {"people": {"dry_run": True, "created": 300}})
    assert len([one for one in emulator.requests if one.path == _QUERY]) <= 5
    assert "280 more differences in stream `people`" in run.log


def test_lines_are_compared_and_a_second_look_finds_the_same(emulator: Emulator, listen: Listen, prefix: str) -> None:
    [(customer,)] = emulator.execute("SELECT min(id) FROM customer")
    [(item,)] = emulator.execute("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")
    streams = {"orders": {"record_type": "salesOrder", "external_id": f"{prefix}-{{id}}"}}

    def order(*quantities: int) -> dict[str, Any]:
        lines = [
            {"line": number, "item": {"id": str(item)}, "quantity": quantity}
            for number, quantity in enumerate(quantities, 1)
        ]
        return record("orders", id=1, entity={"id": str(customer)}, item={"items": lines})

    assert listen(streams, schema("orders"), order(1, 2)).error is None
    emulator.clear_requests()
    for _ in range(2):
        run = listen(streams, schema("orders"), order(1, 5, 7), dry_run=True)
        assert run.summary == {"orders": {"dry_run": True, "updated": 1}}
        paths = sorted(line["path"] for line in _differences(run))
        assert [path for path in paths if path.startswith("item.items[")] == paths != []
    assert _writes(emulator) == []
    assert listen(streams, schema("orders"), order(1, 2), dry_run=True).summary == {
        "orders": {"dry_run": True, "unchanged": 1}
    }


def test_a_dry_run_counts_what_a_real_run_does_with_its_own_input(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    """Records that come twice, that are deleted and come again, and that `match` finds among earlier ones."""
    streams = {
        **_stream(prefix, operation_column="op"),
        "found": {
            "record_type": "customer",
            "match": {"field": "email", "column": "mail", "case": "ignore"},
            "fields": {"name": "companyName", "mail": "email", "phone": "phone"},
        },
    }
    mail = f"{prefix}@example.com"
    messages = [
        schema("people"),
        schema("found"),
        record("people", id=1, name=f"{prefix} 1", mail=mail),
        record("people", id=1, name=f"{prefix} one"),
        record("people", id=2, op="delete"),
        record("people", id=3, name=f"{prefix} 3"),
        record("people", id=3, op="delete"),
        record("people", id=3, op="delete"),
        record("people", id=3, name=f"{prefix} three"),
        record("people", id=4, op="update", name="nobody"),
        record("people", id=5, name=f"{prefix} 5"),
        record("people", id=5, op="update", name=f"{prefix} five"),
        record("people", id=5, op="inactivate"),
        record("found", id=6, mail=mail.upper(), phone="1234567"),
        record("found", id=7, name=f"{prefix} 7", mail=f"other-{mail}", phone="1234567"),
        record("found", id=8, mail=f"other-{mail}", phone="7654321"),
    ]
    emulator.clear_requests()
    dry = listen(streams, *messages, dry_run=True, max_rejects=1)
    assert _writes(emulator) == []
    real = listen(streams, *messages, max_rejects=1)
    assert {name: {**counts, "dry_run": True} for name, counts in real.summary.items()} == dry.summary
    assert dry.summary == {
        "people": {
            "dry_run": True, "created": 4, "updated": 2, "deleted": 3, "already_gone": 2, "inactivated": 1,
            "invalid": 1, "refused": 1,
        },
        "found": {"dry_run": True, "created": 1, "updated": 2},
    }  # fmt: skip


def test_records_whose_emails_differ_in_case_alone_are_not_both_created(listen: Listen, prefix: str) -> None:
    people = {
        "record_type": "customer",
        "match": {"field": "email", "column": "email"},
        "fields": {"name": "companyName"},
    }
    messages = [schema("people")]
    messages += [
        record("people", id=n, name=f"{prefix} {n}", email=mail)
        for n, mail in enumerate((f"{prefix}@a.de", f"{prefix}@A.de"))
    ]
    for dry_run in (True, False):
        run = listen({"people": people}, *messages, dry_run=dry_run, max_rejects=1)
        assert (run.error, run.summary["people"]["created"], run.summary["people"]["invalid"]) == (None, 1, 1)
        assert "DIFFERS_IN_CASE" in run.log
