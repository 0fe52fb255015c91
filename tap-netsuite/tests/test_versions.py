"""What a loader that upserts and keeps versions has after the tap's runs is what NetSuite has."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.tap_runs import Json, Run, discover, entry, metadata, read, selected
from tests.warehouse import KEYS, NOW, SETS, delete, delete_line, stored, touch

from netsuite_emulator import Emulator
from suitetalk import SuiteQL
from tap_netsuite.reading.page import Rows
from tap_netsuite.reading.parallel import KeyedSource

TABLES = ("customer", "department")


class Loader:
    """Rows by key, by stream, with their version, as a loader that upserts has them; it keeps no file."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[tuple[Any, ...], Json]] = {}
        self.versions: dict[str, dict[tuple[Any, ...], int]] = {}
        self.state: Json = {}

    def load(self, run: Run, lines: int | None = None) -> Run:
        """Take a run's messages, or the first of them, after which it was killed."""
        keys: dict[str, list[str]] = {}
        for message in run.messages[:lines]:
            stream = message.get("stream", "")
            if message["type"] == "SCHEMA":
                keys[stream] = message["key_properties"]
            elif message["type"] == "RECORD":
                key = tuple(message["record"][name] for name in keys[stream])
                self.rows.setdefault(stream, {})[key] = message["record"]
                self.versions.setdefault(stream, {})[key] = message.get("version", 0)
            elif message["type"] == "ACTIVATE_VERSION":
                for key, version in list(self.versions.get(stream, {}).items()):
                    if version < message["version"]:
                        del self.versions[stream][key], self.rows[stream][key]
            elif message["type"] == "STATE":
                self.state = message["value"]
        return run

    def living(self, stream: str) -> set[tuple[Any, ...]]:
        """Return the keys of rows that are alive, by the marks of deletions and the moments of readings alone."""
        rows = {key: row for key, row in self.rows.get(stream, {}).items() if not row.get("_sdc_deleted_at")}
        if stream not in SETS:
            return set(rows)
        owner = "id" if stream == "transaction" else "transaction"
        latest: dict[Any, str] = {}
        for row in rows.values():
            latest[row[owner]] = max(latest.get(row[owner], ""), row["_sdc_set_read_at"] or "")
        gone = {key[0] for key, row in self.rows.get("transaction", {}).items() if row.get("_sdc_deleted_at")}
        return {
            key
            for key, row in rows.items()
            if row["_sdc_set_read_at"] in (None, latest[row[owner]]) and row[owner] not in gone
        }


def activated(run: Run) -> dict[str, int]:
    """Return the activated versions by stream, after making sure that each is its stream's last word."""
    found = {}
    for place, message in enumerate(run.messages):
        if message["type"] == "ACTIVATE_VERSION":
            later = [each for each in run.messages[place:] if each["type"] == "RECORD"]
            assert message["stream"] not in {each["stream"] for each in later}
            found[message["stream"]] = message["version"]
    return found


def versions(run: Run, stream: str) -> set[Any]:
    records = [each for each in run.messages if each["type"] == "RECORD" and each["stream"] == stream]
    return {each.get("version") for each in records}


@pytest.fixture
def config(netsuite_emulator: Emulator) -> Json:
    return {**netsuite_emulator.connection, "tables": [*TABLES, *SETS]}


@pytest.fixture
def catalog(config: Json) -> Json:
    return discover(config)


def test_a_first_run_activates_what_it_read(config: Json, catalog: Json) -> None:
    run = read(config, selected(catalog, "_audit", *TABLES))

    found = activated(run)
    assert found.keys() == set(TABLES)  # what is said of runs stays
    assert all(versions(run, stream) == {version} for stream, version in found.items())


@pytest.mark.slow
def test_later_records_carry_the_version_and_only_whole_readings_activate(
    netsuite_emulator: Emulator, config: Json, catalog: Json
) -> None:
    given = {"config": config, "catalog": selected(catalog, *TABLES)}
    first = read(**given)
    netsuite_emulator.execute(f"UPDATE customer SET lastmodifieddate = {NOW} WHERE id = (SELECT min(id) FROM customer)")

    second = read(**given, state=first.state)

    assert versions(second, "customer") == {activated(first)["customer"]}
    assert activated(second).keys() == {"department"}
    assert activated(second)["department"] > activated(first)["department"]


@pytest.mark.slow
def test_what_was_deleted_before_a_full_refresh_is_gone_after_it(
    netsuite_emulator: Emulator, config: Json, catalog: Json
) -> None:
    given = {"config": config, "catalog": selected(catalog, *TABLES)}
    loader = Loader()
    loader.load(read(**given))
    for (key,) in netsuite_emulator.execute("SELECT id FROM customer ORDER BY id LIMIT 5"):
        netsuite_emulator.execute(f"DELETE FROM customer WHERE id = {key}")

    loader.load(read(**given))  # without a state

    assert loader.living("customer") == stored(netsuite_emulator, "customer")


@pytest.mark.slow
def test_a_first_run_that_is_killed_goes_on_with_its_version(config: Json, catalog: Json) -> None:
    given = {"config": config, "catalog": selected(catalog, "customer")}
    whole = read(**given)
    places = [place for place, each in enumerate(whole.messages) if each["type"] == "STATE"]
    killed = next(
        each["value"] for each in whole.messages if each["type"] == "STATE" and "reading" in str(each["value"])
    )

    rest = read(**given, state=killed)

    assert len(places) > 1
    assert activated(rest) == activated(whole)
    assert versions(rest, "customer") <= set(activated(whole).values())


def states_until(run: Run, kind: str) -> list[Json]:
    """Return the states before the first message of a kind, each of which a kill may leave as the last."""
    kinds = [each["type"] for each in run.messages]
    return [each["value"] for each in run.messages[: kinds.index(kind)] if each["type"] == "STATE"]


@pytest.mark.slow
@pytest.mark.parametrize("query", [None, "text keys"])
def test_wherever_a_whole_reading_is_killed_its_version_is_activated_in_the_end(
    config: Json, query: str | None
) -> None:
    stream = "named" if query else "customer"
    entity = "SELECT entityid, lastmodifieddate FROM customer"
    named = {"name": "named", "query": entity, "primary_keys": ["entityid"], "replication_key": "lastmodifieddate"}
    config = {**config, "tables": ["customer"], "queries": [named], "page_size": 50}
    given = {"config": config, "catalog": selected(discover(config), stream)}
    whole = read(**given)
    states = states_until(whole, "ACTIVATE_VERSION")

    for state in (states[0], states[len(states) // 2], states[-1]):
        rest = read(**given, state=state)

        assert rest.error is None
        assert activated(rest).keys() == {stream}
        is_begun = state["bookmarks"][stream].keys() & {"reading", "replication_key_value"}
        assert not is_begun or activated(rest) == activated(whole)
        assert versions(rest, stream) == set(activated(rest).values())
        assert rest.state["bookmarks"][stream]["version_rows"] == whole.state["bookmarks"][stream]["version_rows"]
        assert not activated(read(**given, state=rest.state))


@pytest.mark.slow
def test_a_table_that_is_read_in_full_and_was_killed_is_not_taken_for_one_that_lost_rows(config: Json) -> None:
    config = {**config, "tables": ["customer"], "page_size": 50}
    catalog = selected(discover(config), "customer")
    catalog["streams"][0]["replication_method"] = "FULL_TABLE"
    metadata(catalog["streams"][0])["replication-method"] = "FULL_TABLE"
    given = {"config": config, "catalog": catalog}
    first = read(**given)
    second = read(**given, state=first.state)
    *_, killed = (state for state in second.states if "reading" in state["bookmarks"]["customer"])

    rest = read(**given, state=killed)

    assert rest.error is None
    assert activated(rest) == activated(second)
    assert rest.state["bookmarks"]["customer"]["version_rows"] == len(first.records("customer"))


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"audit": "off"}, {"start_date": "2020-01-01"}], ids=str)
def test_a_whole_reading_that_goes_on_with_less_proof_is_never_activated(settings: Json, config: Json) -> None:
    config = {**config, "tables": ["customer"], "page_size": 50}
    given = {"config": config, "catalog": selected(discover(config), "customer")}
    killed = states_until(read(**given), "ACTIVATE_VERSION")[2]

    rest = read({**config, **settings}, given["catalog"], killed)
    later = read(**given, state=rest.state)

    assert rest.error is None
    assert not activated(rest)
    assert not activated(later)


@pytest.mark.slow
def test_a_state_without_a_version_gets_none_until_all_rows_are_read(config: Json, catalog: Json) -> None:
    given = {"config": config, "catalog": selected(catalog, *TABLES)}
    state = read(**given).state
    for bookmark in state["bookmarks"].values():  # as an earlier release wrote it
        for name in ("version", "version_rows"):
            bookmark.pop(name, None)

    later = read(**given, state=state)

    assert versions(later, "customer") <= {None}
    assert activated(later).keys() == {"department"}


@pytest.mark.slow
def test_a_gap_that_is_only_warned_of_is_never_activated(
    netsuite_emulator: Emulator, config: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {**config, "tables": ["customer"], "page_size": 50, "audit": "warn"}
    given = {"config": config, "catalog": selected(discover(config), "_audit", "customer")}
    ((hidden,),) = netsuite_emulator.execute("SELECT max(id) - 3 FROM customer")
    whole = KeyedSource.page

    def without_one(source: KeyedSource, behind: Any, offset: int) -> Rows:
        page = whole(source, behind, offset)
        holds = page.first and page.last and page.first[0] <= hidden <= page.last[0]
        return replace(page, count=page.count - 1) if holds else page

    monkeypatch.setattr(KeyedSource, "page", without_one)

    run = read(**given)
    later = read(**given, state=run.state)

    (audit,) = [record for record in run.records("_audit") if record["stream"] == "customer"]
    assert audit["result"] == "gap"
    assert not activated(run)
    assert not activated(later)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"audit": "off"},
        {"start_date": "2020-01-01"},
        {"emit_activate_version_messages": False},
        {"batch_config": {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": "file://%s"}}},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_nothing_is_activated_where_it_might_be_wrong(
    settings: Json, config: Json, catalog: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if "batch_config" in settings:
        settings["batch_config"]["storage"]["root"] = f"file://{tmp_path_factory.mktemp('batch')}"

    run = read({**config, **settings}, selected(catalog, "customer"))

    assert run.error is None
    assert not activated(run)
    assert versions(run, "customer") <= {None}


@pytest.mark.slow
def test_a_role_that_suddenly_sees_much_less_is_not_believed(
    netsuite_emulator: Emulator, config: Json, catalog: Json
) -> None:
    given = {"config": config, "catalog": selected(catalog, "department")}
    first = read(**given)
    netsuite_emulator.execute("DELETE FROM department WHERE id > (SELECT min(id) FROM department)")

    second = read(**given, state=first.state)
    third = read(**given, state=second.state)
    allowed = read({**config, "max_drop_percent": 100}, given["catalog"], third.state)

    assert "NetSuite shows 1 rows, 6 when it was last read in full" in str(second.error)
    assert not activated(second)
    assert third.error
    assert allowed.error is None
    assert activated(allowed).keys() == {"department"}


@pytest.mark.slow
def test_an_empty_reading_is_activated_by_a_count_alone(
    netsuite_emulator: Emulator, config: Json, catalog: Json
) -> None:
    netsuite_emulator.execute("DELETE FROM department")

    run = read(config, selected(catalog, "department"))

    assert activated(run).keys() == {"department"}
    assert [each for each in netsuite_emulator.requests if "COUNT(*)" in each.body and "department" in each.body]


def test_rows_of_transactions_say_which_reading_brought_them(
    netsuite_emulator: Emulator, config: Json, catalog: Json
) -> None:
    given = {"config": config, "catalog": selected(catalog, *SETS)}
    first = read(**given)
    ((key,),) = netsuite_emulator.execute("SELECT max(transaction) FROM transactionaccountingline")
    touch(netsuite_emulator, key)

    second = read(**given, state=first.state)

    for stream in SETS:
        (moment,) = {record["_sdc_set_read_at"] for record in first.records(stream)}
        (later,) = {record["_sdc_set_read_at"] for record in second.records(stream)}
        assert moment < later


def line_after_all_others(emulator: Emulator, transaction: int) -> None:
    """Give a transaction a line on the last page, far from its others."""
    emulator.execute(
        "INSERT INTO transactionline SELECT * REPLACE ((SELECT max(uniquekey) + 1 FROM transactionline) AS uniquekey, "
        f"99 AS id, 99 AS linesequencenumber) FROM transactionline WHERE transaction = {transaction} LIMIT 1"
    )


@pytest.mark.slow
def test_a_transaction_that_is_changed_between_two_pages_keeps_its_lines(
    netsuite_emulator: Emulator, config: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {**config, "tables": list(SETS), "page_size": 50}
    given = {"config": config, "catalog": selected(discover(config), "transaction", "transactionline")}
    ((split,),) = netsuite_emulator.execute("SELECT min(transaction) FROM transactionline")
    line_after_all_others(netsuite_emulator, split)
    loader = Loader()
    loader.load(read(**given))
    netsuite_emulator.execute(f"UPDATE transaction SET lastmodifieddate = {NOW} WHERE id <> {split}")
    answer = SuiteQL.answer
    pages: list[str] = []

    def with_an_edit(suiteql: SuiteQL, statement: str, *parameters: Any, **options: Any) -> Any:
        page = answer(suiteql, statement, *parameters, **options)
        if "FROM transactionline" in statement and "uniquekey" in statement and not pages:
            pages.append(statement)
            touch(netsuite_emulator, split)
        return page

    monkeypatch.setattr(SuiteQL, "answer", with_an_edit)

    run = loader.load(read(**given, state=loader.state))

    assert run.error is None
    assert pages
    assert loader.living("transactionline") == stored(netsuite_emulator, "transactionline")


@pytest.mark.slow
def test_rows_that_come_again_for_a_new_column_are_sets_too(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    emulator = netsuite_emulator_factory(scale=0.05)
    config = {**emulator.connection, "tables": list(SETS)}
    catalog = discover(config)
    without = copy.deepcopy(catalog)
    for stream in ("transaction", "transactionline"):
        del entry(without, stream)["schema"]["properties"]["memo"]
    ((key,),) = emulator.execute("SELECT max(transaction) FROM transactionline WHERE mainline = 'F'")
    ((line,),) = emulator.execute(f"SELECT max(uniquekey) FROM transactionline WHERE transaction = {key}")
    emulator.execute(f"UPDATE transactionline SET memo = 'kept' WHERE uniquekey = {line}")
    loader = Loader()
    loader.load(read(config, selected(without, "transaction", "transactionline")))

    second = read(config, selected(catalog, "transaction", "transactionline"), loader.state)
    first_record = next(i for i, each in enumerate(second.messages) if each["type"] == "RECORD")
    loader.load(second, first_record + 1)  # killed
    again = loader.load(read(config, selected(catalog, "transaction", "transactionline"), loader.state))
    assert line in {record["uniquekey"] for record in again.records("transactionline")}
    assert loader.living("transactionline") == stored(emulator, "transactionline")

    delete_line(emulator, line)
    loader.load(read(config, selected(catalog, "transaction", "transactionline"), loader.state))
    assert loader.living("transactionline") == stored(emulator, "transactionline")


@pytest.mark.slow
def test_the_moment_can_be_deselected(config: Json, catalog: Json) -> None:
    chosen = selected(catalog, "transactionline")
    metadata(chosen["streams"][0], "properties", "_sdc_set_read_at").update(selected=False)

    run = read(config, chosen)

    assert run.records("transactionline")
    assert all("_sdc_set_read_at" not in record for record in run.records("transactionline"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_killed_and_run_again_while_transactions_change_what_lives_is_what_netsuite_has(
    netsuite_emulator: Emulator, config: Json, catalog: Json, seed: int
) -> None:
    draws = random.Random(seed)
    given = {"config": config, "catalog": selected(catalog, *SETS)}
    loader = Loader()
    for _ in range(6):
        run = read(**given, state=loader.state or None)
        loader.load(run, draws.randrange(len(run.messages) + 1))
        for _ in range(3):
            change(netsuite_emulator, draws)

    final = loader.load(read(**given, state=loader.state or None))

    assert final.error is None
    for stream in SETS:
        assert KEYS[stream]
        assert loader.living(stream) == stored(netsuite_emulator, stream), stream


def change(emulator: Emulator, draws: random.Random) -> None:
    """Take out a line, save a transaction, or delete one, as people do."""
    transactions = [key for (key,) in emulator.execute("SELECT id FROM transaction ORDER BY id")]
    lines = emulator.execute(
        "SELECT uniquekey FROM transactionline WHERE transaction IN "
        "(SELECT transaction FROM transactionline GROUP BY transaction HAVING count(*) > 2) ORDER BY uniquekey"
    )
    kind = draws.choice(("line", "line", "touch", "delete"))
    if kind == "line":
        delete_line(emulator, draws.choice(lines)[0])
    elif kind == "touch":
        touch(emulator, draws.choice(transactions))
    else:
        delete(emulator, "transaction", draws.choice(transactions))
