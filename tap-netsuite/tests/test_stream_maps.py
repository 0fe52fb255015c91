"""Stream maps and flattening: deletions, records that lack columns, and sentences for what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.tap_runs import Json, Run, read, selected
from tests.warehouse import delete

from netsuite_emulator import Emulator, Settings

CUSTOMER, RECORDS = "customer", "record_customer"
FEW, FEW_RECORDS = "customrecord_site_visit", "record_customrecord_site_visit"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05, time_zone="UTC")) as emulator:
        yield emulator


@pytest.fixture
def config(emulator: Emulator) -> dict[str, Any]:
    return {**emulator.connection, "account_timezone": "UTC", "lookback_seconds": 0}


def after_a_deletion(emulator: Emulator, config: Json, catalog: Json, **settings: Any) -> Run:
    """Return the run that hears of the deletion of one customer."""
    given = {"config": {**config, **settings}, "catalog": selected(catalog, CUSTOMER)}
    (highest,) = emulator.execute("SELECT max(id) FROM customer")[0]
    emulator.execute(
        "INSERT INTO customer (id, entityid, lastmodifieddate) "
        f"VALUES ({highest + 1}, 'new', TIMESTAMP '2024-01-01 00:00:00')"
    )
    emulator.execute("DELETE FROM deletedrecord")  # what others deleted a moment before would come once more
    first = read(**given)
    assert first.error is None
    delete(emulator, CUSTOMER, highest + 1)
    second = read(**given, state=first.state)
    assert second.error is None
    return second


def deleted(run: Run, stream: str, mark: str = "_sdc_deleted_at") -> list[Json]:
    return [record for record in run.records(stream) if record.get(mark)]


FILES = {
    "batch_config": {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": "file:///nowhere", "prefix": "rows-"},
    }
}
COLUMNS = {
    "label": "entityid + '!'",  # nothing to add to
    "known_as": "companyname or 'nobody'",
    "twice": "id * 2",
    "phone": "self",
    "by_name": "record['email']",
    "email": None,
}


def test_a_map_takes_a_deletion_which_has_no_columns(emulator: Emulator, config: Json, catalog: Json) -> None:
    maps = {CUSTOMER: {"__alias__": "people", "__filter__": "entityid.upper() > ''", **COLUMNS}}
    run = after_a_deletion(emulator, config, catalog, stream_maps=maps)
    (record,) = deleted(run, "people")
    assert record["twice"] == record["id"] * 2
    assert (record["label"], record["known_as"], record["phone"], record["by_name"]) == (None, "nobody", None, None)
    assert "email" not in record
    assert "altname" not in record  # a deletion has no more than its key and what is mapped


def test_a_filter_lets_a_deletion_pass_and_nothing_else(emulator: Emulator, config: Json, catalog: Json) -> None:
    maps = {CUSTOMER: {"__filter__": "companyname == 'nobody has this name'"}}
    run = after_a_deletion(emulator, config, catalog, stream_maps=maps)
    (record,) = run.records(CUSTOMER)
    assert record.keys() == {"id", "_sdc_deleted_at"}


@pytest.mark.parametrize("flat", [{}, {"flattening_enabled": True, "flattening_max_depth": 2}])
def test_a_record_stream_has_maps_for_deletions_and_for_fields_that_are_null(
    emulator: Emulator, config: Json, catalog: Json, flat: Json
) -> None:
    maps = {FEW_RECORDS: {"label": "name + '!' if name else externalId", "__filter__": "not externalId or id"}}
    given = {"config": {**config, "stream_maps": maps, **flat}, "catalog": selected(catalog, FEW_RECORDS)}
    first = read(**given)
    assert first.error is None
    assert len(first.records(FEW_RECORDS)) > 1
    ((gone,),) = emulator.execute(f"SELECT max(id) FROM {FEW}")
    emulator.delete(FEW, gone)
    second = read(**given, state=first.state)
    assert second.error is None
    # What another test deleted a moment before may come once more.
    (record,) = [one for one in deleted(second, FEW_RECORDS) if str(one["id"]) == str(gone)]
    assert record.keys() == {"id", "label", "_sdc_deleted_at"}
    assert record["label"] is None


def test_a_deletion_keeps_a_key_and_a_mark_of_other_names(emulator: Emulator, config: Json, catalog: Json) -> None:
    maps = {
        CUSTOMER: {
            "__key_properties__": ["customer"],
            "__else__": None,
            "customer": "'c' + str(id)",
            "gone": "_sdc_deleted_at",
            "name": "companyname",
        }
    }
    run = after_a_deletion(emulator, config, catalog, stream_maps=maps)
    (record,) = deleted(run, CUSTOMER, "gone")
    assert record["customer"].startswith("c")
    assert record["name"] is None


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"__else__": None, "id": "id", "name": "companyname"}, "its map leaves out `_sdc_deleted_at`"),
        ({"__key_properties__": ["name"], "name": "companyname or '-'"}, "its key name is computed from columns"),
    ],
)
def test_a_deletion_that_a_map_makes_unrecognizable_is_left_out_with_a_warning(
    emulator: Emulator, config: Json, catalog: Json, caplog: pytest.LogCaptureFixture, columns: Json, why: str
) -> None:
    run = after_a_deletion(emulator, config, catalog, stream_maps={CUSTOMER: columns})
    assert not [record for record in run.records(CUSTOMER) if record.get("name") is None or record["name"] == "-"]
    assert f"Deletions of customer are not passed on, because {why}" in caplog.text


def test_a_stream_that_is_written_twice_has_its_deletions_twice(
    emulator: Emulator, config: Json, catalog: Json
) -> None:
    maps = {"copies": {"__source__": CUSTOMER, "n": "phone.upper() if phone else entityid.upper()"}}
    run = after_a_deletion(emulator, config, catalog, stream_maps=maps)
    assert len(deleted(run, CUSTOMER)) == len(deleted(run, "copies")) == 1


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"label": "symbol * symbol"}, "the column label of stream currency with 'symbol * symbol'"),
        ({"label": "nosuchcolumn"}, "the column label of stream currency with 'nosuchcolumn': 'nosuchcolumn'"),
        ({"label": "record['nosuch']"}, "there is no 'nosuch'"),
        ({"__filter__": "name > 1"}, "the filter of stream currency with 'name > 1'"),
    ],
)
def test_a_map_that_fails_says_where_and_other_streams_are_read(
    account: Emulator, catalog: Json, columns: Json, says: str
) -> None:
    run = read(
        {**account.connection, "stream_maps": {"currency": columns}}, selected(catalog, "currency", "department")
    )
    assert str(run.error).startswith("Stream currency: `stream_maps` cannot compute")
    assert says in str(run.error)
    assert run.records("department")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"stream_maps": {"currency": {"label": "name +"}}},
            "has for the stream currency an expression for label that",
        ),
        ({"stream_maps": {"currency": {"__filter__": "x = 1"}}}, "has for the stream currency a filter that cannot"),
        ({"stream_maps": {"currency": {"id": None}}}, "does not fit the stream currency: Removing key property 'id'"),
        ({"stream_maps": {"__all__": {}}}, "cannot be used: Option '__all__"),
        (
            {"stream_maps": {"department": {"__alias__": "currency"}}},
            "writes the streams currency and department under one name",
        ),
        ({"stream_maps": {"*": {"__alias__": "all"}}}, "under one name, all"),
        (
            {"stream_maps": {"currency": {"__alias__": "money"}, "money": {"__source__": "currency"}}},
            "writes the stream currency twice under one name, money",
        ),
        ({"stream_maps": {"currency": {"symbol": None}}, **FILES}, "`stream_maps` changes nothing in BATCH files"),
        ({"flattening_enabled": True, **FILES}, "`flattening_enabled` changes nothing in BATCH files"),
        ({"stream_maps": []}, "Setting `stream_maps` is []; it has to be an object with a map for each stream."),
        ({"stream_maps": {"currency": 5}}, "Setting `stream_maps` has 5 for currency; it has to be an object of"),
        (
            {"stream_maps": {"currency": {"label": ["a"]}}},
            """has for the stream currency ["a"] as label; it has to be""",
        ),
        ({"stream_maps": {"currency": {"__else__": 5}}}, "5 as __else__; it has to be null, to leave out all other"),
        ({"stream_maps": {"currency": {"__key_properties__": "id"}}}, "it has to be a list of names."),
        ({"stream_maps": {"__else__": "x"}}, "it has to be null, to leave out all other streams."),
        ({"flattening_max_depth": "2"}, 'Setting `flattening_max_depth` is "2"; it has to be a whole number.'),
        ({"flattening_enabled": True}, "Setting `flattening_enabled` is not enough: flattening_max_depth is required"),
    ],
)
def test_maps_that_cannot_be_end_the_run_before_anything_is_read(
    account: Emulator, catalog: Json, settings: Json, says: str
) -> None:
    run = read({**account.connection, **settings}, selected(catalog, "currency", "department"))
    assert says in str(run.error)
    assert not run.lines


def with_nested_column(catalog: Json, *streams: str) -> Json:
    """Return a catalog in which an object of a record has the name of another column, once it is flat."""
    chosen = selected(catalog, *streams)
    (entry,) = (entry for entry in chosen["streams"] if entry["tap_stream_id"] == RECORDS)
    entry["schema"]["properties"]["subsidiary__id"] = {"type": ["string", "null"]}
    return chosen


def test_flattening_that_gives_two_columns_one_name_says_in_which_stream(account: Emulator, catalog: Json) -> None:
    flat = {**account.connection, "flattening_enabled": True, "flattening_max_depth": 2}
    maps = {RECORDS: {"subsidiary__id": "1"}}
    run = read({**flat, "stream_maps": maps}, selected(catalog, RECORDS, "currency"))
    assert (
        "Setting `flattening_enabled` gives two columns of the stream record_customer the name subsidiary__id"
        in str(run.error)
    )
    unaffected = read({**flat, "stream_maps": maps}, selected(catalog, "currency"))
    assert unaffected.error is None  # the other stream is not selected
    assert unaffected.records("currency")
