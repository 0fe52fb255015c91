"""Columns that nobody knows: NetSuite says which of them hold dates or times, and that is remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tap_runs import Json, discover, entry, read, selected

from netsuite_emulator import Emulator, Fault

SHAPE = """
fields:
  department:
    opened: {kind: date, field: }
    seen: {kind: date-time, field: }
    remark: {kind: text, field: }
"""


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path) -> Emulator:
    """An account whose table of departments has columns that nobody knows, full in a few rows."""
    shape = tmp_path / "shape.yaml"
    shape.write_text(SHAPE)
    emulator = netsuite_emulator_factory(
        scale=0.05, shape=shape, date_format="DD MONTH, YYYY", time_zone="America/Los_Angeles"
    )
    emulator.execute("UPDATE department SET opened = NULL, seen = NULL, remark = '3 February, 2024'")
    emulator.execute(
        "UPDATE department SET opened = DATE '2024-02-03', seen = TIMESTAMP '2024-07-03 22:30:00' "
        "WHERE id = (SELECT min(id) FROM department)"
    )
    return emulator


def formats(catalog: Json) -> dict[str, str | None]:
    properties = entry(catalog, "department")["schema"]["properties"]
    return {name: properties[name].get("format") for name in ("opened", "seen", "remark") if name in properties}


def test_dates_and_times_are_told_by_netsuite_and_read_whole(emulator: Emulator) -> None:
    config = {**emulator.connection, "tables": ["department"]}
    catalog = discover(config)
    assert formats(catalog) == {"opened": "date", "seen": "date-time", "remark": None}
    first = min(read(config, selected(catalog, "department")).records("department"), key=lambda row: row["id"])
    assert (first["opened"], first["seen"]) == ("2024-02-03", "2024-07-04T05:30:00Z")
    assert first["remark"] == "3 February, 2024"


def test_a_type_that_was_found_stays(emulator: Emulator) -> None:
    config = {
        **emulator.connection, "tables": ["department"], "catalog_cache_seconds": 3600, "refresh_catalog": True,
    }  # fmt: skip
    found = formats(discover(config))
    emulator.execute("UPDATE department SET opened = NULL, seen = TIMESTAMP '2024-07-03 00:00:00'")
    assert formats(discover(config)) == found
    emulator.execute("UPDATE department SET seen = NULL")
    assert formats(discover(config)) == found


def test_where_no_statement_over_all_rows_is_answered_a_page_shows_it(emulator: Emulator) -> None:
    emulator.faults.add(Fault(effect="status", status=500, path="suiteql", statement=r"MIN\(TO_CHAR"))
    assert formats(discover({**emulator.connection, "tables": ["department"]})) == {
        "opened": "date", "seen": "date-time", "remark": None,
    }  # fmt: skip
