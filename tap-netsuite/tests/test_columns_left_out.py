"""Columns that NetSuite refuses in a run, although the catalog has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.tap_runs import Json, discover, read, selected

from netsuite_emulator import Emulator, Fault, Settings

BIG = "customrecord_big"


@pytest.fixture(scope="module")
def found() -> Iterator[tuple[Emulator, Json]]:
    with Emulator(Settings(scale=0.1, big_tables={BIG: 5000})) as emulator:
        yield emulator, discover({**emulator.connection, "tables": ["customer", BIG, "accounttype"]})


@pytest.fixture
def netsuite(found: tuple[Emulator, Json]) -> Iterator[Emulator]:
    yield found[0]
    found[0].faults.clear()


@pytest.mark.slow
@pytest.mark.parametrize("refusal", [{"effect": "unsupported"}, {"effect": "status"}], ids=["400", "500"])
@pytest.mark.parametrize("extra", [{}, {"flattening_enabled": True, "flattening_max_depth": 1}], ids=["direct", "sdk"])
def test_a_column_that_is_refused_is_left_out_before_its_schema_is_written(
    found: tuple[Emulator, Json], netsuite: Emulator, caplog: pytest.LogCaptureFixture, refusal: Json, extra: Json
) -> None:
    config, catalog = {**netsuite.connection, **extra}, selected(found[1], "customer")
    whole = read(config, catalog)
    netsuite.faults.add(Fault(statement=r"SELECT .*\bcompanyname\b.*FROM customer", **refusal))
    without = read(config, catalog)
    assert without.error is None
    columns = whole.schemas()["customer"]["properties"].keys()
    assert without.schemas()["customer"]["properties"].keys() == columns - {"companyname"}
    rows = [{name: value for name, value in row.items() if name != "companyname"} for row in whole.records("customer")]
    assert without.records("customer") == rows
    assert "customer is read without companyname, which NetSuite refuses now" in caplog.text

    netsuite.faults.clear()
    again = read(config, catalog, without.state)
    named = {row["id"] for row in whole.records("customer") if row["companyname"] is not None}
    assert {row["id"] for row in again.records("customer") if row["companyname"] is not None} >= named


@pytest.mark.parametrize("column", ["id", "lastmodifieddate"])
def test_keys_are_not_left_out(found: tuple[Emulator, Json], netsuite: Emulator, column: str) -> None:
    netsuite.faults.add(Fault(effect="unsupported", statement=rf"SELECT .*\b{column}\b.*FROM customer"))
    finished = read(netsuite.connection, selected(found[1], "customer"))
    assert "Stream customer: NetSuite refused" in str(finished.error)


def test_a_column_that_is_refused_later_is_a_gap(found: tuple[Emulator, Json], netsuite: Emulator) -> None:
    changes: dict[str, Any] = {"statement": r"custrecord_remark.*id > ", "effect": "unsupported"}
    netsuite.faults.add(Fault(**changes))
    netsuite.faults.add(Fault(effect="no_rows", statement=r"custrecord_remark", nth=2, times=10))
    catalog = selected(found[1], BIG)
    finished = read({**netsuite.connection, "max_concurrency": 1}, catalog)
    assert f"Stream {BIG}: " in str(finished.error)
    netsuite.faults.clear()
    rest = read(netsuite.connection, catalog, finished.state)
    came = {row["id"] for run in (finished, rest) for row in run.records(BIG)}
    assert len(came) == netsuite.execute(f"SELECT COUNT(*) FROM {BIG}")[0][0]
    assert all("custrecord_remark" in row for run in (finished, rest) for row in run.records(BIG))
