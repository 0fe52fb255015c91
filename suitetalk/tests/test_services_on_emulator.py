"""Transform, actions, attach and detach, forms, select options and datasets against an emulated NetSuite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, InvalidRequestError, NetSuite, NetSuiteError, NotFoundError, RetryPolicy


@pytest.fixture
def client(netsuite_emulator: Emulator) -> Iterator[NetSuite]:
    settings = ConnectionSettings.from_mapping(netsuite_emulator.connection)
    with NetSuite(settings, retry=RetryPolicy(attempts=4, first_wait=0.01)) as running:
        yield running


def first_order(client: NetSuite, status: str) -> str:
    statement = "SELECT id FROM transaction WHERE type = ? AND status = ? ORDER BY id"
    return str(next(client.suiteql.rows(statement, ["SalesOrd", status]))["id"])


def test_an_order_becomes_an_invoice(client: NetSuite) -> None:
    order = first_order(client, "F")

    invoice = client.records.transform("salesOrder", order, "invoice", {"memo": "by hand"})
    assert client.records.get("invoice", invoice)["memo"] == "by hand"
    with pytest.raises(InvalidRequestError):
        client.records.transform("salesOrder", order, "employee")
    with pytest.raises(NotFoundError):
        client.records.transform("salesOrder", "999999999", "invoice")


def test_an_action_and_one_that_fails(client: NetSuite) -> None:
    order = first_order(client, "A")

    assert client.records.action("salesOrder", order, "approve")["result"] is True
    with pytest.raises(InvalidRequestError, match="USER_ERROR"):
        client.records.action("salesOrder", order, "approve")


def test_a_contact_is_attached_and_detached(netsuite_emulator: Emulator, client: NetSuite) -> None:
    customer = next(client.records.ids("customer"))
    contact = next(client.records.ids("contact"))

    client.records.attach("customer", customer, "contact", contact, role="-10")
    assert netsuite_emulator.execute("SELECT role FROM attachment") == [("-10",)]
    client.records.detach("customer", customer, "contact", contact)
    assert netsuite_emulator.execute("SELECT role FROM attachment") == []
    with pytest.raises(NetSuiteError):
        client.records.attach("customer", customer, "vendor", "1")


def test_forms_save_nothing(client: NetSuite) -> None:
    customer = next(client.records.ids("customer"))
    count = client.records.list("customer", limit=1).total

    filled = client.records.create_form("customer", {"companyName": "A", "subsidiary": {"id": "1"}})
    assert filled["companyName"] == "A"
    assert client.records.edit_form("customer", customer, {"phone": "555 1"})["phone"] == "555 1"
    assert client.records.get("customer", customer).get("phone") != "555 1"
    assert client.records.list("customer", limit=1).total == count


def test_select_options_in_pages(client: NetSuite) -> None:
    everything = client.records.select_options("customer", "terms")
    first = client.records.select_options("customer", "terms", limit=1)

    assert everything.total == len(everything.items) > 1
    assert (first.items, first.total, first.has_more) == (everything.items[:1], everything.total, True)
    name = everything.items[0]["refName"]
    chosen = client.records.select_options("customer", "terms", q=f'IS "{name}"')
    assert [option["refName"] for option in chosen.items] == [name]


def test_datasets(netsuite_emulator: Emulator, client: NetSuite) -> None:
    names = {dataset["id"]: dataset["name"] for dataset in client.datasets.list()}
    assert names["custdataset_customers"] == "Customers"
    ((count,),) = netsuite_emulator.execute("SELECT count(*) FROM customer")
    rows = list(client.datasets.rows("custdataset_customers"))
    assert len({row["id"] for row in rows}) == len(rows) == count
    with pytest.raises(NotFoundError):
        client.datasets.page("custdataset_none")


def test_selected_fields_are_emptied(client: NetSuite) -> None:
    customer = next(client.records.ids("customer"))
    client.records.update("customer", customer, {"phone": "1", "fax": "2", "comments": "3"})

    client.records.update("customer", customer, {"phone": "4"}, replace=["phone", "fax"], replace_selected_fields=True)
    record = client.records.get("customer", customer)
    assert (record["phone"], record.get("fax"), record["comments"]) == ("4", None, "3")


def test_only_what_is_named_is_expanded(client: NetSuite) -> None:
    order = first_order(client, "F")

    record = client.records.get("salesOrder", order, expand=["item"])
    assert record["item"]["items"]
    assert all("items" not in value for name, value in record.items() if name != "item" and isinstance(value, dict))
