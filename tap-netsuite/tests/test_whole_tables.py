"""Every table of the account, read by the real command, compared with what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.tap_runs import Json, Run, command, discover, names, read, run, selected

from netsuite_emulator import Emulator
from tap_netsuite.source import DELETED_AT, OURS, SET_READ_AT

OTHERWISE: dict[str, Any] = {
    "one_world": False,
    "date_format": "DD.MM.YY",
    "time_zone": "Australia/Sydney",
    "leading_zero": False,
    "concurrency_limit": 2,
}


def tables_of(catalog: Json) -> list[str]:
    return sorted(name for name in names(catalog) if not name.startswith("record_"))


def truth(emulator: Emulator, table: str, schema: Json) -> list[dict[str, Any]]:
    """The stored rows as the records they should become."""
    columns: Json = {name: column for name, column in schema["properties"].items() if name not in OURS}
    shown = ", ".join(stored(name, columns[name], emulator) for name in columns)
    alive = {DELETED_AT: None} if DELETED_AT in schema["properties"] else {}
    return [
        {
            **alive,
            **{
                name: None if value in (None, "") else expected(value, columns[name])
                for name, value in zip(columns, row, strict=True)
            },
        }
        for row in emulator.execute(f'SELECT {shown} FROM "{table}"')
    ]


def stored(name: str, schema: Json, emulator: Emulator) -> str:
    """A column; times are stored on the account's clock."""
    if schema.get("format") != "date-time":
        return f'"{name}"'
    return in_utc(f"date_trunc('second', \"{name}\")", emulator.settings.time_zone)


def in_utc(local: str, zone: str) -> str:
    """A time on a clock in UTC; the earlier of the two that it may be where the clock showed it twice."""
    later = f"timezone('UTC', timezone('{zone}', {local}))"
    return f"least({later}, timezone('UTC', timezone('{zone}', {local} - INTERVAL 1 HOUR)) + INTERVAL 1 HOUR)"


def expected(value: Any, schema: Json) -> Any:
    kinds = schema["type"]
    if "array" in kinds:
        return [int(part) for part in value.split(", ")]
    if "boolean" in kinds:
        return value == "T"
    if "integer" in kinds:
        return int(value)
    if "number" in kinds:
        return Decimal(value)
    if schema.get("format") in ("date", "date-time"):
        return value.isoformat()[:10] if schema["format"] == "date" else f"{value.isoformat()}Z"
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def counted(rows: list[dict[str, Any]]) -> Counter[str]:
    """Rows as a bag, without the moment of their reading; numbers by their value, however many zeros they end in."""
    plain = [{name: comparable(value) for name, value in row.items() if name != SET_READ_AT} for row in rows]
    return Counter(str(sorted(row.items())) for row in plain)


def comparable(value: Any) -> Any:
    return Decimal(value).normalize() if type(value) in (int, Decimal) else value


@pytest.mark.parametrize(
    "guise",
    [
        pytest.param({"scale": 0.01}, id="default"),
        pytest.param({**OTHERWISE, "scale": 0.01}, id="otherwise", marks=pytest.mark.slow),
        pytest.param({}, id="default, several pages", marks=pytest.mark.slow),
        pytest.param(OTHERWISE, id="otherwise, several pages", marks=pytest.mark.slow),
    ],
)
def test_every_value_of_every_table(
    netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path, guise: dict[str, Any]
) -> None:
    emulator = netsuite_emulator_factory(**guise)
    catalog = discover(emulator.connection)
    tables = tables_of(catalog)
    assert {"transaction", "transactionline", "customer", "customrecord_warranty"} <= set(tables)
    finished = run(command(tmp_path, emulator.connection, catalog=selected(catalog, *tables)))
    assert finished.exit_code == 0, finished.log
    for table, schema in finished.schemas().items():
        assert counted(finished.records(table)) == counted(truth(emulator, table, schema)), table
    assert_records_fit_their_schemas(finished)


def assert_records_fit_their_schemas(finished: Run) -> None:
    """Each value of each column once: a schema says nothing of how those of one record go together."""
    validators = {stream: Draft7Validator(schema) for stream, schema in finished.schemas().items()}
    seen: set[tuple[str, str, str]] = set()
    for message in finished.messages:
        if message["type"] == "RECORD":
            floats = {
                name: float(value) if isinstance(value, Decimal) else value for name, value in message["record"].items()
            }
            new = {name: value for name, value in floats.items() if (message["stream"], name, repr(value)) not in seen}
            seen.update((message["stream"], name, repr(value)) for name, value in new.items())
            validators[message["stream"]].validate(new)


@pytest.mark.slow
def test_date_format_and_time_zone_of_the_account_make_no_difference(
    netsuite_emulator_factory: Callable[..., Emulator],
) -> None:
    outputs = []
    tables = ["customer", "transaction", "item"]
    for guise in (
        {"date_format": "M/D/YYYY", "time_zone": "America/New_York"},
        {"date_format": "DD-MON-YYYY", "time_zone": "Asia/Kolkata", "datetime_with_time": True},
    ):
        emulator = netsuite_emulator_factory(**guise)
        keep_instants(emulator, "America/New_York", tables)
        finished = read(emulator.connection, selected(discover({**emulator.connection, "tables": tables}), *tables))
        assert finished.error is None
        outputs.append({table: counted(finished.records(table)) for table in tables})
    assert outputs[0] == outputs[1]


def keep_instants(emulator: Emulator, zone: str, tables: list[str]) -> None:
    """Make the stored times, taken for those of a clock in `zone`, the same instants on the account's clock."""
    for table in tables:
        for (column,) in emulator.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND data_type = 'TIMESTAMP' "
            f"AND table_name = '{table}'"
        ):
            shifted = f"timezone('{emulator.settings.time_zone}', timezone('UTC', {in_utc(column, zone)}))"
            emulator.execute(f"UPDATE {table} SET {column} = {shifted}")
