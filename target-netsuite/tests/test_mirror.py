"""What a mirror deletes: what fits the template and did not come, and nothing else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator, Fault, Settings
from suitetalk import ConfigurationError, ConnectionSettings, Governor, NetSuite, RetryPolicy
from target_netsuite.errors import MirrorError
from target_netsuite.intents import Intent, Operation
from target_netsuite.mirror import Mirror, MirrorKeys, MirrorStream
from target_netsuite.settings.entries import Template

TABLE = "customrecord_warranty"
TEMPLATE = Template.parse("CRM-{id}")
WARRANTIES = MirrorStream("warranties", TABLE, TABLE, TEMPLATE, max_percent=Decimal(100), trusts_end=True)


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05, one_world=False)) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def netsuite(account: Emulator) -> Iterator[NetSuite]:
    connection = ConnectionSettings.from_mapping(account.connection)
    session = NetSuite(connection, limiter=Governor(4), retry=RetryPolicy(attempts=3, first_wait=0.01))
    yield session
    session.transport.close()


@pytest.fixture
def keys() -> Iterator[MirrorKeys]:
    remembered = MirrorKeys()
    yield remembered
    remembered.close()


def fill(account: Emulator, external_ids: list[str], inactive: tuple[str, ...] = ()) -> None:
    """Let the table hold these external ids, and one row without."""
    account.execute(f"DELETE FROM {TABLE}")
    rows = ", ".join(
        f"({number}, '{external_id}', '{'FT'[external_id in inactive]}')"
        for number, external_id in enumerate(external_ids, 1)
    )
    account.execute(f"INSERT INTO {TABLE} (id, externalid, isinactive) VALUES (999999, NULL, 'F')")
    if rows:
        account.execute(f"INSERT INTO {TABLE} (id, externalid, isinactive) VALUES {rows}")


def gone(netsuite: NetSuite, keys: MirrorKeys, *streams: MirrorStream) -> tuple[list[Intent], list[str]]:
    mirror = Mirror(netsuite.suiteql, keys, logging.getLogger("mirror"))
    return list(mirror.intents(streams)), mirror.problems


IDS = st.sampled_from(
    [f"{prefix}{number}" for prefix in ("CRM-", "CRM-B-", "crm-", "XRM-", "CRMX") for number in range(6)]
)
CAME = st.tuples(IDS, st.sampled_from([None, 1, 2]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    there=st.sets(IDS),
    came=st.lists(CAME),
    active=st.sampled_from([None, 1, 2]),
    others=st.sampled_from([(), (Template.parse("CRM-B-{id}"),)]),
    cap=st.integers(0, 100),
)
def test_what_goes_is_what_one_would_count_out_by_hand(  # noqa: PLR0917 - each is one thing that varies
    account: Emulator,
    netsuite: NetSuite,
    there: set[str],
    came: list[tuple[str, int | None]],
    active: int | None,
    others: tuple[Template, ...],
    cap: int,
) -> None:
    fill(account, sorted(there))
    keys = MirrorKeys()
    keys.expect("warranties")
    for external_id, version in came:
        keys.came("warranties", external_id, version)
        keys.came("another", "CRM-0")
    if active is not None:
        keys.activate("warranties", active)
    stream = MirrorStream("warranties", TABLE, TABLE, TEMPLATE, others, max_percent=Decimal(cap), trusts_end=True)
    intents, problems = gone(netsuite, keys, stream)
    keys.close()

    is_versioned = any(version is not None for _, version in came)
    still = {one.lower() for one, version in came if not is_versioned or version in (None, active)}
    scope = {one for one in there if one.startswith("CRM-") and not (others and one.startswith("CRM-B-"))}
    missing = {one for one in scope if one.lower() not in still}
    is_known = not is_versioned or active is not None
    is_allowed = is_known and 100 * len(missing) <= cap * len(scope)
    assert {intent.external_id for intent in intents} == (missing if is_allowed else set())
    assert len(intents) == len({intent.internal_id for intent in intents})
    assert bool(problems) is not is_allowed


def test_more_than_a_page_is_read_whole(account: Emulator, netsuite: NetSuite, keys: MirrorKeys) -> None:
    fill(account, [f"CRM-{number}" for number in range(2500)])
    for number in range(2500):
        if number % 10:
            keys.came("warranties", f"CRM-{number}")
    intents, problems = gone(netsuite, keys, WARRANTIES)
    assert [intent.key["externalId"] for intent in intents] == [f"CRM-{number}" for number in range(0, 2500, 10)]
    first = intents[0]
    assert (first.operation, first.record_type, first.internal_id, first.number) == (Operation.DELETE, TABLE, "1", -1)
    assert len({intent.number for intent in intents}) == len(intents)
    assert problems == []


def test_inactive_ones_are_not_inactivated_again(account: Emulator, netsuite: NetSuite, keys: MirrorKeys) -> None:
    fill(account, ["CRM-1", "CRM-2", "CRM-3"], inactive=("CRM-1",))
    keys.came("warranties", "CRM-3")
    stream = MirrorStream(
        "warranties", TABLE, TABLE, TEMPLATE, operation=Operation.INACTIVATE, max_percent=Decimal(50), trusts_end=True
    )
    intents, _ = gone(netsuite, keys, stream)
    assert [(intent.external_id, intent.operation) for intent in intents] == [("CRM-2", Operation.INACTIVATE)]


def test_over_the_cap_nothing_goes_and_other_streams_still_do(
    account: Emulator, netsuite: NetSuite, keys: MirrorKeys
) -> None:
    fill(account, ["CRM-1", "CRM-2", "CRM-3", "ERP-1"])
    keys.came("warranties", "CRM-1")
    keys.expect("more")
    capped = MirrorStream("warranties", TABLE, TABLE, TEMPLATE)
    other = MirrorStream("more", TABLE, TABLE, Template.parse("ERP-{id}"), max_percent=Decimal(100), trusts_end=True)
    mirror = Mirror(netsuite.suiteql, keys, logging.getLogger("mirror"))
    assert [intent.external_id for intent in mirror.intents([capped, other])] == ["ERP-1"]
    with pytest.raises(MirrorError, match=r"2 of 3 records .* stream `warranties`.*`mirror_max_percent` \(10\)"):
        mirror.check()


def test_a_record_without_an_external_id_keeps_everything(
    account: Emulator, netsuite: NetSuite, keys: MirrorKeys
) -> None:
    fill(account, ["CRM-1"])
    keys.expect("warranties")
    keys.spoil("warranties", "`id` is empty")
    intents, [problem] = gone(netsuite, keys, WARRANTIES)
    assert intents == []
    assert "`id` is empty" in problem


def test_a_stream_that_is_not_part_of_the_input_keeps_everything(
    account: Emulator, netsuite: NetSuite, keys: MirrorKeys
) -> None:
    fill(account, ["CRM-1"])
    keys.came("others", "CRM-2")
    assert gone(netsuite, keys, WARRANTIES) == ([], [])


def test_a_count_that_differs_keeps_everything(account: Emulator, netsuite: NetSuite, keys: MirrorKeys) -> None:
    fill(account, ["CRM-1", "CRM-2"])
    keys.expect("warranties")
    row = {"id": "1", "externalid": "CRM-1"}
    short = {"items": [row], "hasMore": False, "totalResults": 1, "count": 1, "offset": 0, "links": []}
    account.faults.add(Fault(effect="status", status=200, body=short, path="suiteql", nth=2))
    try:
        intents, [problem] = gone(netsuite, keys, WARRANTIES)
    finally:
        account.faults.clear()
    assert intents == []
    assert "counts 2 rows" in problem
    assert "returned 1" in problem


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"table": "transaction", "record_type": "salesOrder"}, "streams.warranties.mirror_transactions"),
        ({"table": "item", "record_type": "inventoryItem"}, "streams.warranties.operation"),
        ({"others": (TEMPLATE,)}, "streams.warranties.external_id"),
    ],
)
def test_what_cannot_be_mirrored_is_said_at_once(changes: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        MirrorStream(**{"stream": "warranties", "record_type": TABLE, "table": TABLE, "template": TEMPLATE, **changes})
    assert caught.value.setting == setting


def test_a_mirror_of_orders_leaves_other_transactions_alone(
    netsuite: NetSuite, keys: MirrorKeys, account: Emulator
) -> None:
    account.execute("UPDATE transaction SET externalid = 'CRM-' || id WHERE id IN (SELECT id FROM transaction)")
    stream = MirrorStream(
        "orders", "salesOrder", "transaction", TEMPLATE, max_percent=Decimal(100), transactions=True, trusts_end=True
    )
    keys.expect("orders")
    intents, problems = gone(netsuite, keys, stream)
    orders = account.execute("SELECT id FROM transaction WHERE type = 'SalesOrd' ORDER BY id")
    assert problems == []
    assert [intent.internal_id for intent in intents] == [str(number) for (number,) in orders]
    assert orders


def _people(prefix: str, **settings: Any) -> dict[str, Any]:
    stream = {"record_type": "customer", "operation": "mirror", "external_id": f"{prefix}-{{id}}", **settings}
    return {"people": stream}


def _records(*numbers: int) -> list[dict[str, Any]]:
    return [record("people", id=number, companyName=f"No {number}") for number in numbers]


def _ids(emulator: Emulator, prefix: str) -> list[int]:
    rows = emulator.execute(f"SELECT externalid FROM customer WHERE externalid LIKE '{prefix}-%'")
    return sorted(int(external_id.rpartition("-")[2]) for (external_id,) in rows)


def test_a_run_deletes_what_no_longer_comes(emulator: Emulator, listen: Callable[..., Run], prefix: str) -> None:
    listen(_people(prefix), schema("people"), *_records(1, 2, 3, 4))
    run = listen(_people(prefix, mirror_max_percent=50), schema("people"), *_records(1, 2, 5), state(1))
    assert (run.error, run.states, _ids(emulator, prefix)) == (None, [1], [1, 2, 5])
    assert run.summary == {"people": {"created": 1, "updated": 2, "deleted": 2}}


def test_a_stream_without_records_meets_the_cap(emulator: Emulator, listen: Callable[..., Run], prefix: str) -> None:
    listen(_people(prefix), schema("people"), *_records(1, 2))
    run = listen(_people(prefix), schema("people"))
    assert isinstance(run.error, MirrorError)
    assert _ids(emulator, prefix) == [1, 2]


def test_refused_records_count_as_come(emulator: Emulator, listen: Callable[..., Run], prefix: str) -> None:
    settings = _people(prefix, mirror_max_percent=100)
    listen(settings, schema("people"), *_records(1, 2))
    listen(settings, schema("people"), record("people", id=1, nonsense=True), state(1))
    assert _ids(emulator, prefix) == [1]


_ACTIVATION = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 7}


def _bookmark(**members: Any) -> dict[str, Any]:
    return state({"bookmarks": {"people": {"version": 7}, "others": members}})


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([], [], "neither an ACTIVATE_VERSION of the stream nor a STATE came after its last record"),
        ([state(1)], [], "neither an ACTIVATE_VERSION"),
        ([_ACTIVATION], [], "neither an ACTIVATE_VERSION"),
        ([state(1)], [state({"currently_syncing": "people"})], "the last STATE has `currently_syncing`"),
        ([], [_bookmark(progress_markers={"Note": "…"})], "`progress_markers` of `others`"),
        ([], [_bookmark(partitions=[{"context": {}}, {"progress_markers": {"a": 1}}])], "`progress_markers` of"),
        ([], [_bookmark(reading={"after": [5]})], "`reading` of `others`"),
        ([state({"currently_syncing": "people"})], [state({"currently_syncing": None, "bookmarks": {}})], ""),
        ([], [_bookmark(progress_markers={}), state({"currently_syncing": "others"})], ""),
        ([], [state({}), schema("others"), record("others", id=1, companyName="A")], ""),
        ([], [_ACTIVATION], ""),
        ([_ACTIVATION], [_ACTIVATION], ""),
        ([], ["trust"], ""),
    ],
)
def test_only_what_a_whole_input_proves_gone_is_deleted(
    emulator: Emulator, listen: Callable[..., Run], prefix: str, before: list[Any], after: list[Any], words: str
) -> None:
    trusts = after == ["trust"]
    settings = _people(prefix, mirror_max_percent=100, mirror_trusts_end=trusts)
    settings["others"] = {"record_type": "vendor", "external_id": f"{prefix}-{{id}}"}
    listen(settings, schema("people"), *_records(1, 2, 3))
    run = listen(settings, schema("people"), *before, *_records(1, 2), *([] if trusts else after))
    if words:
        assert isinstance(run.error, MirrorError)
        assert "1 of 3 records of customer" in run.sentence
        assert words in run.sentence
        assert "streams.people.mirror_trusts_end" in run.sentence
    assert (run.error is None, _ids(emulator, prefix)) == (not words, [1, 2, 3] if words else [1, 2])


@pytest.mark.parametrize("activates", [True, False])
def test_a_stream_without_records_is_proven_by_its_version_alone(
    emulator: Emulator, listen: Callable[..., Run], prefix: str, *, activates: bool
) -> None:
    settings = _people(prefix, mirror_max_percent=100)
    listen(settings, schema("people"), *_records(1, 2))
    run = listen(settings, schema("people"), *([_ACTIVATION] if activates else []), state(1))
    assert (run.error is None, _ids(emulator, prefix)) == (activates, [] if activates else [1, 2])


def test_where_nothing_is_missing_nothing_has_to_be_proven(listen: Callable[..., Run], prefix: str) -> None:
    assert listen(_people(prefix), schema("people"), *_records(1)).error is None


def test_the_version_of_a_stream_is_that_of_its_alias(
    emulator: Emulator, listen: Callable[..., Run], prefix: str
) -> None:
    settings = _people(prefix, mirror_max_percent=100)
    listen(settings, schema("people"), *_records(1, 2))
    columns = {"id": {"type": "integer"}, "companyName": {"type": "string"}}
    messages = [schema("raw", columns), record("raw", id=1, companyName="No 1"), {**_ACTIVATION, "stream": "raw"}]
    run = listen(settings, *messages, stream_maps={"raw": {"__alias__": "people"}})
    assert (run.error, _ids(emulator, prefix)) == (None, [1])


def test_a_line_that_cannot_be_read_counts_as_come_unless_its_external_id_is_at_fault(
    emulator: Emulator, listen: Callable[..., Run], prefix: str
) -> None:
    settings = _people(prefix, mirror_max_percent=100)
    bad = '{"type": "RECORD", "stream": "people", "record": {"id": 1, "companyName": NaN}}\n'
    listen(settings, schema("people"), *_records(1, 2, 3))
    listen(settings, schema("people"), bad, *_records(2), state(1))
    assert _ids(emulator, prefix) == [1, 2]
    run = listen(settings, schema("people"), *_records(1), bad.replace("1,", "NaN,"), state(1))
    assert isinstance(run.error, MirrorError)
    assert _ids(emulator, prefix) == [1, 2]


@pytest.mark.parametrize(
    ("messages", "maps", "replays"),
    [
        ([*_records(1), record("people", companyName="nobody")], None, False),  # no external id can be made
        (_records(1), {"people": {"id": "1 / (id - 1)", "__else__": None}}, False),  # nor of what a map failed on
        ([*_records(1), "{"], None, False),  # the input is cut
        ([], None, True),  # a replay brings a part of the records
    ],
)
def test_an_input_that_is_not_whole_deletes_nothing(
    emulator: Emulator,
    command: Callable[..., Run],
    prefix: str,
    tmp_path: Path,
    *,
    messages: list[dict[str, Any] | str],
    maps: dict[str, Any] | None,
    replays: bool,
) -> None:
    settings = _people(prefix, mirror_max_percent=100)
    command(settings, schema("people"), *_records(1, 2))
    rejects = tmp_path / "rejects.jsonl"
    line = {"stream": "people", "key": {"id": 1}, "operation": "upsert", "payload": {"id": 1, "companyName": "No 1"}}
    rejects.write_text(json.dumps(line))
    columns = {"id": {"type": "integer"}, "companyName": {"type": "string"}} if maps else None
    arguments = ["--replay", str(rejects)] if replays else []
    given = [] if replays else [schema("people", columns), *messages]
    run = command(settings, *given, arguments=arguments, **({"stream_maps": maps} if maps else {}))
    assert run.exit_code == (0 if replays else 1)
    assert _ids(emulator, prefix) == [1, 2]


def test_over_the_cap_nothing_goes_and_what_came_is_written(
    emulator: Emulator, listen: Callable[..., Run], prefix: str
) -> None:
    listen(_people(prefix), schema("people"), *_records(*range(1, 11)))
    run = listen(_people(prefix), schema("people"), *_records(*range(1, 9), 11), state(1))
    assert isinstance(run.error, MirrorError)
    assert "2 of 11 records of customer" in run.sentence
    assert run.states == [1]
    assert _ids(emulator, prefix) == [*range(1, 12)]
    run = listen(_people(prefix), schema("people"), *_records(*range(1, 10), 11), state(2))  # 1 of 11 is below 10 %
    assert (run.error, run.states, _ids(emulator, prefix)) == (None, [2], [*range(1, 10), 11])


@pytest.mark.parametrize(("activated", "left"), [(7, [1, 3]), (8, [2]), (None, [1, 2, 3, 4])])
def test_records_of_other_versions_do_not_count(
    emulator: Emulator, listen: Callable[..., Run], prefix: str, activated: int | None, left: list[int]
) -> None:
    settings = _people(prefix, mirror_max_percent=100)
    listen(_people(prefix), schema("people"), *_records(1, 2, 3, 4))
    versions = {1: 7, 2: 8, 3: 7}
    people = [{**one, "version": versions[one["record"]["id"]]} for one in _records(1, 2, 3)]
    activation = [{"type": "ACTIVATE_VERSION", "stream": "people", "version": activated}] if activated else []
    run = listen(settings, schema("people"), *people, *activation, state(1))
    assert (run.states, _ids(emulator, prefix)) == ([1], left)


@pytest.mark.parametrize("allowed", [True, False])
def test_transactions_go_only_where_that_is_allowed(
    emulator: Emulator, listen: Callable[..., Run], prefix: str, *, allowed: bool
) -> None:
    [(customer,)] = emulator.execute("SELECT min(id) FROM customer")
    streams: dict[str, Any] = {"orders": {"record_type": "salesOrder", "external_id": f"{prefix}-{{id}}"}}
    orders = [record("orders", id=number, entity={"id": str(customer)}) for number in (1, 2)]
    assert listen(streams, schema("orders"), *orders).error is None
    streams["orders"].update(operation="mirror", mirror_max_percent=100, mirror_transactions=allowed)
    run = listen(streams, schema("orders"), orders[0], state(1))
    there = emulator.execute(f"SELECT externalid FROM transaction WHERE externalid LIKE '{prefix}-%' ORDER BY 1")
    if allowed:
        assert (run.error, run.states, there) == (None, [1], [(f"{prefix}-1",)])
    else:
        assert isinstance(run.error, ConfigurationError)
        assert (run.error.setting, run.states) == ("streams.orders.mirror_transactions", [])
        assert there == [(f"{prefix}-1",), (f"{prefix}-2",)]
