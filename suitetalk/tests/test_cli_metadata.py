"""What the account has, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli_runs import QuickShell, Shell, environment_of

from netsuite_emulator import Emulator, Role
from suitetalk import ConnectionSettings, NetSuite


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    return QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))


def test_types(netsuite_emulator: Emulator, shell: Shell) -> None:
    with NetSuite(ConnectionSettings.from_mapping(netsuite_emulator.connection)) as netsuite:
        names = netsuite.metadata.record_types()

    assert [row["name"] for row in shell.done("types").lines()] == names
    assert [line.split()[0] for line in shell.done("types", "-f", "table").out.splitlines()[2:]] == names
    tables = {row["name"]: row["table"] for row in shell.done("types").lines()}
    assert (tables["salesorder"], tables["customer"]) == ("transaction", "customer")


def test_what_the_role_may_do_with_a_type(netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path) -> None:
    role = Role(not_listed=frozenset({"vendor"}), view_only=frozenset({"currency"}))
    emulator = netsuite_emulator_factory(role=role)
    shell = QuickShell(tmp_path, environment_of(emulator.connection, tmp_path))
    before = emulator.execute("SELECT count(*) FROM customer")

    rows = {row["name"]: row for row in shell.done("types", "customer", "vendor", "currency", "nonsense").lines()}

    assert {name: (row["listed"], row["written"]) for name, row in rows.items()} == {
        "customer": ("yes", "yes"), "vendor": ("no", "yes"), "currency": ("yes", "no"), "nonsense": ("no", "no"),
    }  # fmt: skip
    assert (rows["customer"]["queried"], rows["nonsense"]["queried"]) == ("yes", "no")
    assert rows["customer"]["table"] == "customer"
    assert emulator.execute("SELECT count(*) FROM customer") == before


def test_the_fields_of_a_type(shell: Shell) -> None:
    fields = {row["name"]: row for row in shell.done("schema", "salesOrder").lines()}

    assert fields["item"]["kind"] == "sublist"
    assert fields["item"]["keys"]
    assert fields["item.quantity"]["kind"] in ("number", "integer")
    assert fields["entity"]["kind"] == "reference"
    assert fields["tranDate"]["filterable"] == "yes"
    header = shell.done("schema", "salesOrder", "-f", "csv").out.splitlines()[0]
    assert header == "name,kind,title,filterable,read_only,custom,keys,choices"
    assert shell.run("schema", "nonsense").code == 4


def test_netsuites_own_descriptions(shell: Shell) -> None:
    assert "x-ns-filterable" in shell.done("schema", "customer", "-f", "json-schema").json()
    assert shell.done("schema", "customer", "-f", "openapi").json()["openapi"].startswith("3.")


def test_limits(shell: Shell) -> None:
    assert shell.done("limits").json()["accountConcurrencyLimit"] == 5


@pytest.mark.parametrize(
    ("record_type", "page"),
    [
        ("salesOrder", "/app/accounting/transactions/transaction.nl?id=17"),
        ("customtransaction_x", "/app/accounting/transactions/transaction.nl?id=17"),
        ("inventoryItem", "/app/common/item/item.nl?id=17"),
        ("Lead", "/app/common/entity/entity.nl?id=17"),
        ("account", "/app/accounting/account/account.nl?id=17"),
    ],
)
def test_the_page_of_a_record(
    netsuite_emulator: Emulator, shell: Shell, monkeypatch: pytest.MonkeyPatch, record_type: str, page: str
) -> None:
    opened: list[str] = []

    def open_it(address: str) -> bool:
        opened.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", open_it)

    for options, times in (((), 1), (("--no-browser",), 1)):
        assert shell.done("open", record_type, "17", *options).out == f"{netsuite_emulator.url}{page}\n"
        assert opened == [f"{netsuite_emulator.url}{page}"] * times
    assert netsuite_emulator.requests == []


def test_pages_of_an_account_and_pages_that_are_not_known(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    real = {"NETSUITE_ACCOUNT_ID": "1234567_SB1", "NETSUITE_BASE_URL": ""}

    ended = shell.run("open", "employee", "-5", **real)
    assert ended.out == "https://1234567-sb1.app.netsuite.com/app/common/entity/entity.nl?id=-5\n"
    assert "No browser could be opened" in ended.err
    assert shell.run("open", "nonsense", "5").code == 2
    assert shell.run("open", "customer", "x&y=1").code == 2
