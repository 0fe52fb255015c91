"""Records from the command line, and the same through the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli_runs import QuickShell, Shell, environment_of
from tests.scripted_netsuite import Reply, ScriptedNetSuite, refused

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, NetSuite

CUSTOMER = '{"companyName": "Ärger & Söhne", "subsidiary": {"id": "1"}, "externalId": "X-1", "creditLimit": 0.10}'


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    return QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))


def test_a_record_from_birth_to_death(netsuite_emulator: Emulator, shell: Shell) -> None:
    (shell.folder / "customer.json").write_bytes(b"\xef\xbb\xbf" + CUSTOMER.encode())
    made = shell.done("create", "customer", "@customer.json").out.strip()
    shell.done("update", "customer", "eid:X-1", '{"phone": "5", "comments": null}')
    shell.done("upsert", "customer", "X-1", "-", stdin='{"fax": "6"}')
    shown = shell.done("get", "customer", "eid:X-1", "--fields", "phone,companyName", "--fields", "fax").json()
    with NetSuite(ConnectionSettings.from_mapping(netsuite_emulator.connection)) as netsuite:
        same = netsuite.records.get("customer", "eid:X-1", fields=["phone", "companyName", "fax"])

    assert made.isdecimal()
    assert (shown["id"], shown["phone"], shown["fax"], shown["companyName"]) == (made, "5", "6", "Ärger & Söhne")
    assert shown == same
    deleted = shell.done("delete", "customer", made)
    assert (deleted.out, deleted.err) == ("", "")
    gone = shell.run("delete", "customer", made)
    assert gone.code == 4
    assert "NONEXISTENT_ID" in gone.err
    assert len(gone.err.splitlines()) == 1


def test_numbers_keep_their_digits(netsuite_emulator: Emulator, shell: Shell) -> None:
    shell.done("create", "customer", CUSTOMER)

    sent = [request.body for request in netsuite_emulator.requests if request.path.endswith("/record/v1/customer")]
    assert '"creditLimit":0.10' in sent[0]


def test_sub_resources_and_simple_enums(shell: Shell) -> None:
    order = shell.done("list", "salesOrder", "--limit", "1").lines()[0]["id"]

    linked = shell.done("get", "salesOrder", order).json()
    expanded = shell.done("get", "salesOrder", order, "--expand-sub-resources").json()
    simple = shell.done("get", "salesOrder", order, "--simple-enum-format").json()

    assert "items" not in linked["item"]
    assert expanded["item"]["items"]
    assert isinstance(linked["status"], dict)
    assert isinstance(simple["status"], str)


def test_lines_are_replaced(netsuite_emulator: Emulator, shell: Shell) -> None:
    order = shell.done("list", "salesOrder", "--limit", "1").lines()[0]["id"]
    first = shell.done("get", "salesOrder", order, "-e").json()["item"]["items"][0]
    payload = json.dumps({"memo": "one line left", "item": {"items": [{"line": first["line"]}]}})

    shell.done("update", "salesOrder", order, payload, "--replace", "item")
    assert len(shell.done("get", "salesOrder", order, "-e").json()["item"]["items"]) == 1

    shell.done("update", "salesOrder", order, "{}", "--replace", "memo", "--replace-selected-fields")
    assert "memo" not in shell.done("get", "salesOrder", order).json()
    done = [one.query for one in netsuite_emulator.requests if one.method == "PATCH" and one.status < 300]
    assert done == ["replace=item", "replaceSelectedFields=true&replace=memo"]
    assert shell.run("update", "salesOrder", order, "{}", "--replace-selected-fields").code == 2


def test_lists(netsuite_emulator: Emulator, shell: Shell) -> None:
    truth = {str(row[0]) for row in netsuite_emulator.execute("SELECT id FROM customer")}
    page = shell.done("list", "customer", "--limit", "10", "--offset", "20")
    everything = shell.done("list", "customer", "--all", "--format", "csv")
    filtered = shell.done("list", "customer", "-q", "id ANY_OF [1212, 1213]", "--all", "-f", "json")

    assert len(page.lines()) == 10
    assert page.err == f"These are 21 to 30 of {len(truth)}; --all reads every page.\n"
    assert set(everything.out.splitlines()[1:]) == truth
    assert everything.err == ""
    assert {record["id"] for record in filtered.json()} <= {"1212", "1213"}
    assert shell.run("list", "customer", "--all", "--limit", "5").code == 2
    assert shell.run("list", "customer", "--limit", "10", "--offset", "5").code == 2


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("[1]", "must be a JSON object in braces, not list"),
        ("{", "The payload is not JSON"),
        ("@missing.json", "The file 'missing.json' cannot be read (No such file or directory)"),
        ("@.", "cannot be read"),
        ("-", "Standard input is not UTF-8"),
    ],
)
def test_payloads_that_are_none(shell: Shell, payload: str, words: str) -> None:
    run = shell.run("create", "customer", payload, stdin=b"\xff")

    assert run.code == 2
    assert words in run.err
    assert len(run.err.splitlines()) == 1


def test_refusals_carry_code_place_and_remedy(shell: Shell) -> None:
    misspelt = shell.run("create", "customer", '{"compnyName": "x", "subsidiary": {"id": "1"}}')
    unfilterable = shell.run("list", "customer", "-q", "nonsense IS 1")

    assert misspelt.code == unfilterable.code == 1
    assert "compnyName" in misspelt.err
    assert "NONEXISTENT_FIELD" in unfilterable.err
    assert "x-ns-filterable" in unfilterable.err


def test_negative_ids_are_not_options(netsuite: ScriptedNetSuite, config: dict[str, Any], tmp_path: Path) -> None:
    shell = QuickShell(tmp_path, environment_of(config, tmp_path))
    netsuite.answers(Reply(body={"id": "-5"}))

    assert shell.done("get", "employee", "-5", "--fields", "entityId").json() == {"id": "-5"}
    assert shell.done("get", "--fields", "entityId", "employee", "-5").json() == {"id": "-5"}

    assert [request.path.rsplit("/", 1)[-1] for request in netsuite.requests] == ["-5", "-5"]
    assert shell.run("get", "employee", "-x").code == 2
    assert shell.run("list", "customer", "--limit", "-5").code == 2


def test_an_id_that_cannot_be_one_is_no_record(
    netsuite: ScriptedNetSuite, config: dict[str, Any], tmp_path: Path
) -> None:
    shell = QuickShell(tmp_path, environment_of(config, tmp_path))
    netsuite.answers(refused(400, "INVALID_ID", "Invalid id abc."))

    assert shell.run("get", "customer", "abc").code == 4


def test_forms_and_options(netsuite: ScriptedNetSuite, config: dict[str, Any], tmp_path: Path) -> None:
    shell = QuickShell(tmp_path, environment_of(config, tmp_path))
    netsuite.answers(Reply(body={"subsidiary": {"id": "1"}}))
    assert shell.done("form", "customer", "--entered", '{"a": 1}').json() == {"subsidiary": {"id": "1"}}
    assert shell.done("form", "customer", "7").json() == {"subsidiary": {"id": "1"}}
    options = {"items": [{"id": "1", "refName": "Net 15", "links": []}], "totalResults": 1, "hasMore": False}
    netsuite.answers(Reply(body={"terms": {"_selectOptions": options}}))
    rows = [shell.done("options", "customer", "terms", *more).lines() for more in ((), ("--all",), ("--id", "-5"))]

    assert rows == [[{"id": "1", "refName": "Net 15"}]] * 3
    assert [request.method for request in netsuite.requests] == ["POST", "PATCH", "POST", "POST", "PATCH"]
    assert netsuite.requests[0].body == b'{"a":1}'
