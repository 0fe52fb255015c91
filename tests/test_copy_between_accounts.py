"""One account's records copied into another, as docs/copying.md says, and kept the same there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, NetSuite, Records, TokenStore
from tests.pipelines import PROGRAMS, Pipe, Plugin, Tap

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a test has both plugins run up to six times

ROOT = Path(__file__).resolve().parent.parent
Rows = list[tuple[Any, ...]]

COPIED = ("transactionline", "transactionaccountingline", "transaction", "customer", "item", "customrecord_warranty")
SET_UP = ("term", "department", "classification", "location", "pricelevel", "customlist_region", "customlist_size")
EMPTIED = (*COPIED, "pricing", "entityaddressbook", "customersalesteam")
ITEM_TYPES = "('InvtPart', 'Service')"

# `{id:x}` stands for the source's id of the record x, and for the copy's external id.
WHAT_IS_COPIED = {
    "customers": """
        SELECT {id:c}, {id:parent}, c.entityid, c.isperson, c.companyname, c.firstname, c.lastname, c.email, c.phone,
            c.comments, c.isinactive, c.custentity_vip, s.fullname, m.name, t.name, r.name
        FROM customer c LEFT JOIN customer parent ON parent.id = c.parent LEFT JOIN subsidiary s ON s.id = c.subsidiary
            LEFT JOIN currency m ON m.id = c.currency LEFT JOIN term t ON t.id = c.terms
            LEFT JOIN customlist_region r ON r.id = c.custentity_region""",
    "addresses": """
        SELECT {id:c}, b.label, b.defaultbilling, b.defaultshipping, b.isresidential, a.addressee, a.addr1, a.city,
            a.state, a.zip, a.country
        FROM entityaddressbook b JOIN customer c ON c.id = b.entity
            LEFT JOIN entityaddress a ON a.nkey = b.addressbookaddress""",
    "items": """
        SELECT {id:i}, i.itemtype, i.itemid, i.displayname, i.isinactive, i.cost, i.weight, i.custitem_brand,
            d.fullname, a.acctnumber, i.subsidiary
        FROM item i LEFT JOIN department d ON d.id = i.department LEFT JOIN account a ON a.id = i.incomeaccount
        WHERE i.itemtype IN """
    + ITEM_TYPES,
    "prices": """
        SELECT {id:i}, l.name, m.name, p.quantity, p.unitprice
        FROM pricing p JOIN item i ON i.id = p.item LEFT JOIN pricelevel l ON l.id = p.pricelevel
            LEFT JOIN currency m ON m.id = p.currency
        WHERE i.itemtype IN """
    + ITEM_TYPES,
    "orders": """
        SELECT {id:o}, {id:c}, o.trandate, o.shipdate, o.otherrefnum, o.memo, m.name, o.exchangerate, t.name,
            o.custbody_gift, o.foreigntotal
        FROM "transaction" o JOIN customer c ON c.id = o.entity LEFT JOIN currency m ON m.id = o.currency
            LEFT JOIN term t ON t.id = o.terms
        WHERE o.type = 'SalesOrd'""",
    "lines": """
        SELECT {id:o}, {id:i}, l.quantity, l.rate, l.foreignamount, l.memo, p.name, d.fullname, k.fullname, w.fullname,
            z.name, l.isclosed, l.isbillable, l.custcol_fragile, l.custcol_engraving
        FROM transactionline l JOIN "transaction" o ON o.id = l.transaction JOIN item i ON i.id = l.item
            LEFT JOIN pricelevel p ON p.id = l.price LEFT JOIN department d ON d.id = l.department
            LEFT JOIN classification k ON k.id = l.class LEFT JOIN location w ON w.id = l.location
            LEFT JOIN customlist_size z ON z.id = l.custcol_size
        WHERE o.type = 'SalesOrd' AND l.mainline = 'F'""",
    "warranties": """
        SELECT {id:w}, w.name, {id:c}, {id:i}, r.name, w.custrecord_expires, w.custrecord_amount, w.custrecord_active,
            w.isinactive
        FROM customrecord_warranty w LEFT JOIN customer c ON c.id = w.custrecord_customer
            LEFT JOIN item i ON i.id = w.custrecord_item LEFT JOIN customlist_region r ON r.id = w.custrecord_region""",
}


@pytest.fixture
def environment() -> dict[str, Any]:
    """Return what the page says of the two plugins."""
    page = (ROOT / "docs" / "copying.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    read: dict[str, Any] = yaml.safe_load(block)["environments"][0]
    return read


@pytest.fixture
def source(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    """Return an account in which a customer's parent is younger, and all that is referred to is copied."""
    account = netsuite_emulator_factory()
    account.execute(
        "UPDATE customer SET parent = (SELECT max(id) FROM customer) WHERE id = (SELECT min(id) FROM customer)"
    )
    some = f"(SELECT min(id) FROM item WHERE itemtype IN {ITEM_TYPES})"
    for table, column in (("transactionline", "item"), ("customrecord_warranty", "custrecord_item")):
        others = f"{column} IN (SELECT id FROM item WHERE itemtype NOT IN {ITEM_TYPES})"
        account.execute(f"UPDATE {table} SET {column} = {some} WHERE {others}")
    return account


@pytest.fixture
def copy(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    """Return another company without such records, whose calendar is another and whose lists have other ids."""
    account = netsuite_emulator_factory(seed=2, account_id="7654321", date_format="D.M.YYYY", time_zone="Europe/Berlin")
    for table in EMPTIED:
        account.execute(f'DELETE FROM "{table}"')
    for table in SET_UP:
        account.execute(f"UPDATE {table} SET id = id + 50")
    return account


def rows(account: Emulator, what: str, *, is_copy: bool) -> Rows:
    """Return the rows of one kind, with the copy's names of records; the order of lines does not matter."""
    name = r"\1.externalid" if is_copy else r"'SRC-' || \1.id"
    return sorted(account.execute(re.sub(r"\{id:(\w+)\}", name, WHAT_IS_COPIED[what])), key=repr)


def assert_same(source: Emulator, copy: Emulator) -> None:
    for what in WHAT_IS_COPIED:
        wanted = rows(source, what, is_copy=False)
        assert wanted
        assert rows(copy, what, is_copy=True) == wanted, what


def written(account: Emulator) -> list[tuple[str, str]]:
    """Return the requests that ask for changes."""
    return [(one.method, one.path) for one in account.requests if "/record/" in one.path and one.method != "GET"]


@contextmanager
def company(account: Emulator) -> Iterator[Records]:
    """Give what a person in that company has at hand."""
    connection = ConnectionSettings.from_mapping(account.connection)
    with NetSuite(connection, user_agent="test", token_store=TokenStore()) as netsuite:
        yield netsuite.records


def serve_a_guest(records: Records, item: str) -> tuple[str, str]:
    """Let somebody new order something; return the ids of the customer and the order."""
    guest = records.create("customer", {"companyName": "Guest for a day", "subsidiary": {"id": "1"}})
    lines = {"items": [{"item": {"id": item}, "quantity": 1, "rate": 2, "amount": 2}]}
    return guest, records.create("salesOrder", {"entity": {"id": guest}, "item": lines})


def live_a_day(source: Emulator, records: Records, item: str) -> None:
    """Change fields of all kinds of records, and lines: one changed, one removed, one added."""
    orders = source.execute(
        'SELECT o.id FROM transactionline l JOIN "transaction" o ON o.id = l.transaction '
        "WHERE o.type = 'SalesOrd' AND l.mainline = 'F' GROUP BY 1 HAVING count(*) > 2 ORDER BY 1"
    )
    first, second, last = (str(order) for (order,) in (*orders[:2], orders[-1]))
    records.update("salesOrder", first, {"memo": "Less of it", "item": {"items": [{"line": 1, "quantity": 77}]}})
    kept = [{"line": line["line"]} for line in records.get("salesOrder", second, expand=["item"])["item"]["items"]]
    added = {"item": {"id": item}, "quantity": 3, "rate": 12.5, "amount": 37.5}
    records.update("salesOrder", second, {"item": {"items": [*kept[1:], added]}}, replace=["item"])
    records.delete("salesOrder", last)
    records.update("serviceSaleItem", item, {"displayName": "Renamed"})
    for record_type, change in (
        ("customer", {"email": "new@example.com", "isInactive": True}),
        ("customrecord_warranty", {"custrecord_amount": 1.25, "custrecord_expires": "2027-02-03"}),
    ):
        ((found,),) = source.execute(f"SELECT max(id) FROM {record_type}")
        records.update(record_type, str(found), change)


class Copying:
    """Both plugins with what the page says of them, in a pipe."""

    def __init__(
        self, folder: Path, environment: Mapping[str, Any], source: Emulator, copy: Emulator, **settings: Any
    ) -> None:
        plugins = environment["config"]["plugins"]
        extractor, loader = plugins["extractors"][0], plugins["loaders"][0]
        self.rejects = folder / "rejects.jsonl"
        self.tap = Tap(folder / "tap", {**_without_account(extractor["config"]), **source.connection})
        config = {**_without_account(loader["config"]), **copy.connection, "rejects": str(self.rejects), **settings}
        self.target = Plugin(PROGRAMS / "target-netsuite", folder / "target", config)
        patterns = [pattern for pattern in extractor["select"] if not pattern.startswith("!")]
        self.catalog = self.tap.catalog([pattern.partition(".")[0] for pattern in patterns])
        self._select(patterns)

    def _select(self, patterns: list[str]) -> None:
        """Select as Meltano would."""
        catalog = json.loads(self.catalog.read_text(encoding="utf-8"))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                name = ".".join([stream["tap_stream_id"], *entry["breadcrumb"][1:2]])
                entry["metadata"]["selected"] = "." not in name or any(fnmatch(name, each) for each in patterns)
        self.catalog.write_text(json.dumps(catalog), encoding="utf-8")

    def run(self, state: Path | None = None) -> Path | None:
        """Run once; return the state."""
        pipe = Pipe(self.tap.command(catalog=self.catalog, state=state), self.target.command())
        codes = pipe.wait()
        refused = self.rejects.read_text(encoding="utf-8") if self.rejects.exists() else ""
        assert codes == (0, 0), refused[:2000]
        return pipe.state_file(self.tap.directory)


def _without_account(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if not str(value).startswith("$")}


def test_an_account_is_copied_and_kept_the_same(
    tmp_path: Path, environment: Mapping[str, Any], source: Emulator, copy: Emulator
) -> None:
    copying = Copying(tmp_path, environment, source, copy)
    ((item,),) = source.execute("SELECT max(id) FROM item WHERE itemtype = 'Service'")
    with company(source) as records:
        guest, order = serve_a_guest(records, str(item))
    state = copying.run()
    assert_same(source, copy)

    for given in (None, state):
        copy.clear_requests()
        copying.run(given)
        assert written(copy) == []

    with company(source) as records:
        live_a_day(source, records, str(item))
        records.delete("salesOrder", order)
        records.delete("customer", guest)  # the log has it behind the order, its stream comes before
    copy.clear_requests()
    state = copying.run(state)
    assert_same(source, copy)
    assert 0 < len(written(copy)) < 20  # what has changed, and nothing else

    for given in (None, state):
        copy.clear_requests()
        copying.run(given)
        assert written(copy) == []
    assert copy.failures == []


def test_a_dry_run_says_what_would_be_copied(
    tmp_path: Path, environment: Mapping[str, Any], source: Emulator, copy: Emulator
) -> None:
    Copying(tmp_path, environment, source, copy, dry_run=True).run()
    assert written(copy) == []
    assert copy.execute("SELECT count(*) FROM customer") == [(0,)]


class Project:
    """A Meltano project with the page's environment, and the two plugins as they are installed here."""

    def __init__(self, folder: Path, environment: Mapping[str, Any], source: Emulator, copy: Emulator) -> None:
        project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
        plugins = {
            kind: [{**plugin, "executable": str(PROGRAMS / plugin["name"])} for plugin in project["plugins"][kind]]
            for kind in ("extractors", "loaders")
        }
        for plugin in (*plugins["extractors"], *plugins["loaders"]):
            plugin.pop("pip_url", None)
        kept = {name: project[name] for name in ("project_id", "send_anonymous_usage_stats")}
        folder.mkdir()
        text = yaml.safe_dump({**kept, "version": 1, "environments": [environment], "plugins": plugins})
        (folder / "meltano.yml").write_text(text, encoding="utf-8")
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "NETSUITE_"))},
            **_account("SOURCE", source),
            **_account("COPY", copy),
            "TAP_NETSUITE_BASE_URL": source.url,
            "TARGET_NETSUITE_BASE_URL": copy.url,
            "NETSUITE_TOKEN_STORE": "off",
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "1",
            "NO_COLOR": "1",
        }

    def run(self) -> None:
        """Run once."""
        done = subprocess.run(
            [str(PROGRAMS / "meltano"), "--environment=copy", "run", "tap-netsuite", "target-netsuite"],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout


def _account(prefix: str, account: Emulator) -> dict[str, str]:
    return {
        f"{prefix}_ACCOUNT_ID": account.account_id,
        f"{prefix}_CLIENT_ID": account.connection["client_id"],
        f"{prefix}_CERTIFICATE_ID": account.connection["certificate_id"],
        f"{prefix}_PRIVATE_KEY_PATH": str(account.private_key_path),
    }


def test_meltano_copies_an_account_and_the_second_run_changes_nothing(
    tmp_path: Path, environment: Mapping[str, Any], source: Emulator, copy: Emulator
) -> None:
    project = Project(tmp_path / "project", environment, source, copy)
    project.run()
    assert_same(source, copy)

    copy.clear_requests()
    project.run()
    assert written(copy) == []
