"""BATCH files: complete, exact, of bounded size, and never behind the state."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.tap_runs import PATIENCE, Json, Run, TapProcess, command, entry, read, selected

from netsuite_emulator import Emulator
from suitetalk import ConfigurationError
from tap_netsuite.batches import BatchFiles, batch_config_of
from tap_netsuite.reading.page import ValueFormError

STREAMS = ("customer", "transaction", "transactionline", "record_customer")
TABLES = STREAMS[:3]


def in_files_at(root: Path | str, form: str = "jsonl", size: int = 700, **encoding: Any) -> Json:
    """Return settings of files in a folder."""
    storage = {"root": root if isinstance(root, str) else root.as_uri(), "prefix": "rows-"}
    return {"batch_config": {"encoding": {"format": form, **encoding}, "storage": storage, "batch_size": size}}


def files_of(message: Json) -> Iterable[Path]:
    """The files of one BATCH message."""
    return [Path(urlsplit(address).path) for address in message["manifest"]]


def lines_in(path: Path) -> list[Json]:
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    return [json.loads(line, parse_float=Decimal) for line in content.splitlines()]


def in_files(message: Json) -> list[Json]:
    """The records of one BATCH message."""
    return [record for path in files_of(message) for record in lines_in(path)]


def batches(run: Run, stream: str) -> list[Json]:
    return [each for each in run.messages if each["type"] == "BATCH" and each["stream"] == stream]


def without_moments(records: Iterable[Json]) -> list[Json]:
    """Return them without what two readings of the same rows differ in."""
    return [{name: value for name, value in record.items() if name != "_sdc_set_read_at"} for record in records]


def in_parquet(record: Json, schema: Json) -> Json:
    """Return a RECORD's record as Parquet has it, by its SCHEMA."""
    return {name: as_typed(record.get(name), part) for name, part in schema["properties"].items()}


def as_typed(value: Any, schema: Json) -> Any:
    if value is None or is_nested(schema):
        return value
    if schema.get("format") == "date":
        return date.fromisoformat(value)
    if schema.get("format") == "date-time":
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return Decimal(value) if "number" in schema["type"] else value


def is_nested(schema: Json) -> bool:
    """Whether a column is JSON as text in Parquet."""
    types = schema.get("type", ["object"])
    return "object" in types or ("array" in types and "object" in schema["items"].get("type", ["object"]))


@pytest.mark.slow
@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_files_of_lines_have_the_records_of_record_messages(
    account: Emulator, catalog: Json, tmp_path: Path, compression: str
) -> None:
    chosen = selected(catalog, *STREAMS)
    plain = read(account.connection, chosen)
    filed = read({**account.connection, **in_files_at(tmp_path, size=150, compression=compression)}, chosen)
    assert plain.error is filed.error is None
    assert {message["stream"] for message in filed.messages if message["type"] == "RECORD"} <= {"_audit"}
    for stream in STREAMS:
        messages = batches(filed, stream)
        assert {tuple(each["encoding"].values()) for each in messages} == {("jsonl", compression)}
        sizes = [len(in_files(message)) for message in messages]
        assert sizes[:-1] == [150] * (len(sizes) - 1)
        assert 0 < sizes[-1] <= 150
        records = [record for message in messages for record in in_files(message)]
        assert without_moments(records) == without_moments(plain.records(stream))
        assert [list(record) for record in records] == [list(record) for record in plain.records(stream)]
    named = {path for message in filed.messages if message["type"] == "BATCH" for path in files_of(message)}
    assert named == set(tmp_path.iterdir()), "no part of a file is left, nor one that no message names"


@pytest.mark.slow
def test_parquet_has_the_records_of_record_messages_with_their_types(
    account: Emulator, catalog: Json, tmp_path: Path
) -> None:
    chosen = selected(catalog, *STREAMS)
    plain = read(account.connection, chosen)
    filed = read({**account.connection, **in_files_at(tmp_path, "parquet", size=150)}, chosen)
    assert plain.error is filed.error is None
    kinds = set()
    for stream in STREAMS:
        tables = [parquet.read_table(path) for message in batches(filed, stream) for path in files_of(message)]
        assert all(table.num_rows <= 150 for table in tables)
        assert len({table.schema for table in tables}) == 1
        schema = plain.schemas()[stream]
        wanted = [in_parquet(record, schema) for record in plain.records(stream)]
        rows = [row for table in tables for row in table.to_pylist()]
        for row in rows:
            texts = {name for name, part in schema["properties"].items() if is_nested(part) and row[name] is not None}
            row.update({name: json.loads(row[name], parse_float=Decimal) for name in texts})
        assert without_moments(rows) == without_moments(wanted)
        kinds |= {field.type for field in tables[0].schema}
    assert kinds >= {pa.int64(), pa.decimal128(38, 18), pa.date32(), pa.timestamp("us", "UTC"), pa.bool_(), pa.string()}


@pytest.mark.slow
def test_state_never_covers_rows_that_are_in_no_file_yet(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, tmp_path: Path
) -> None:
    emulator = netsuite_emulator_factory(scale=0.3)
    chosen = selected(catalog, "transaction")
    plain = read(emulator.connection, chosen)
    in_batches = read({**emulator.connection, **in_files_at(tmp_path)}, chosen)
    assert plain.error is in_batches.error is None

    everything = {record["id"] for record in plain.records("transaction")}
    written: dict[int, Json] = {}
    states = 0
    for message in in_batches.messages:
        if message["type"] == "BATCH":
            written.update({record["id"]: record for record in in_files(message)})
        if message["type"] == "STATE":
            state = message["value"].get("bookmarks", {}).get("transaction", {})
            up_to = state.get("reading", {}).get("after", [max(everything) if "replication_key_value" in state else 0])
            assert {key for key in everything if key <= up_to[0]} <= written.keys()
            states += bool(state)
    assert states > 1
    assert without_moments(written.values()) == without_moments(plain.records("transaction"))


def test_what_was_read_before_a_stream_fails_is_in_files(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, tmp_path: Path
) -> None:
    emulator = netsuite_emulator_factory(scale=0.3)
    last = emulator.execute('SELECT max(id) FROM "transaction"')[0][0]
    emulator.execute('UPDATE "transaction" SET memo = NULL')
    emulator.execute(f"UPDATE \"transaction\" SET memo = 'text' WHERE id = {last}")
    chosen = selected(catalog, *TABLES)
    entry(chosen, "transaction")["schema"]["properties"]["memo"]["type"] = ["number", "null"]
    filed = read({**emulator.connection, **in_files_at(tmp_path, size=100_000)}, chosen)
    assert "transaction" in str(filed.error)
    written = {record["id"] for message in batches(filed, "transaction") for record in in_files(message)}
    after = filed.state["bookmarks"]["transaction"].get("reading", {}).get("after", [0])[0]
    everything = {int(row[0]) for row in emulator.execute('SELECT id FROM "transaction"')}
    assert {key for key in everything if key <= after} <= written != set()
    assert batches(filed, "transactionline"), "the next stream is read"


def parquet_of(rows: list[str], columns: dict[str, Json], folder: Path) -> pa.Table:
    config = batch_config_of(in_files_at(folder, "parquet")["batch_config"])
    found: list[str] = []
    files = BatchFiles(config, "s", columns, found.append)
    files.write("".join(f"{row}\n" for row in rows).encode(), len(rows))
    files.complete()
    return parquet.read_table(urlsplit(found[0]).path)


@pytest.mark.parametrize(
    "number",
    [
        "0.1",
        "-12345678901234567890.123456789012345678",
        "123456789012345678901.5",
        f"0.{'3' * 40}",
        f"1{'0' * 30}.{'0' * 20}1",
    ],
)
def test_numbers_of_any_length_are_exact_in_parquet(tmp_path: Path, number: str) -> None:
    columns = {"id": {"type": ["integer", "null"]}, "n": {"type": ["number", "null"]}}
    table = parquet_of([f'{{"id":1,"n":{number}}}', '{"id":2,"n":null}', '{"id":3,"n":0.5}'], columns, tmp_path)
    assert table.column("n").to_pylist() == [Decimal(number), None, Decimal("0.5")]
    assert table.column("id").to_pylist() == [1, 2, 3]


def test_whole_numbers_beyond_64_bits_are_exact_in_parquet(tmp_path: Path) -> None:
    columns = {"id": {"type": ["integer", "null"]}}
    assert parquet_of(['{"id":9223372036854775807}'], columns, tmp_path).column("id").to_pylist() == [2**63 - 1]
    table = parquet_of(['{"id":9223372036854775808}', '{"id":-1}'], columns, tmp_path)
    assert table.column("id").to_pylist() == [2**63, -1]


@pytest.mark.parametrize(("value", "kind"), [("1e90", "number"), ('"31/12/2024"', "string")])
def test_a_value_that_parquet_cannot_hold_is_named(tmp_path: Path, value: str, kind: str) -> None:
    columns = {"v": {"type": [kind, "null"], **({"format": "date"} if kind == "string" else {})}}
    with pytest.raises(ValueFormError, match=r"column v holds .*make its type string"):
        parquet_of([f'{{"v":{value}}}'], columns, tmp_path)
    assert not list(tmp_path.iterdir())


def test_dates_stamps_and_texts_are_exact_in_parquet(tmp_path: Path) -> None:
    columns: dict[str, Json] = {
        "d": {"type": ["string", "null"], "format": "date"},
        "t": {"type": ["string", "null"], "format": "date-time"},
        "s": {"type": ["string", "null"]},
        "l": {"type": ["array", "null"], "items": {"type": "integer"}},
    }
    text = "a\nb\u0000\U0001f600" + "x" * 3_000_000
    rows = [
        '{"d":"9999-12-31","t":"9999-12-31T23:59:59Z","s":' + json.dumps(text) + ',"l":[1,2]}',
        '{"d":"0001-01-01","t":"2024-02-29T23:59:59.123456Z","s":"","l":[]}',
        '{"d":null,"t":null,"s":null,"l":null}',
    ]
    assert parquet_of(rows, columns, tmp_path).to_pylist() == [
        {"d": date(9999, 12, 31), "t": datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc), "s": text, "l": [1, 2]},
        {"d": date(1, 1, 1), "t": datetime(2024, 2, 29, 23, 59, 59, 123456, timezone.utc), "s": "", "l": []},
        {"d": None, "t": None, "s": None, "l": None},
    ]


def test_a_row_that_has_an_unknown_property_is_not_cut_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ValueFormError, match="unexpected field"):
        parquet_of(['{"id":1,"other":2}'], {"id": {"type": ["integer", "null"]}}, tmp_path)


def test_files_go_to_other_storages_too(tmp_path: Path) -> None:
    from upath import UPath  # noqa: PLC0415 - for this one

    config = batch_config_of(in_files_at("memory://bucket/netsuite", size=2)["batch_config"])
    found: list[str] = []
    files = BatchFiles(config, "a/b", {}, found.append)
    files.write(b'{"id":1}\n{"id":2}\n{"id":3}\n', 3)
    assert len(found) == 1
    assert not files.are_complete
    files.complete()
    contents = [gzip.decompress(UPath(url).read_bytes()) for url in found]
    assert contents == [b'{"id":1}\n{"id":2}\n', b'{"id":3}\n']
    assert len(list(UPath("memory://bucket/netsuite").iterdir())) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"encoding": {"format": "jsonl"}}, "must name encoding and storage"),
        ({"encoding": {"format": "avro"}, "storage": {"root": "x"}}, "jsonl or parquet"),
        ({"encoding": {"format": "jsonl"}, "storage": {"root": ""}}, "a root"),
        ({"encoding": {"format": "jsonl"}, "storage": {"root": "x"}, "batch_size": 0}, "batch_size 0"),
        ("files", "must name encoding and storage"),
    ],
)
def test_wrong_settings_are_explained(given: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        batch_config_of(given)


def test_parquet_without_arrow_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.json", None)
    with pytest.raises(ConfigurationError, match="install the extra `parquet`"):
        batch_config_of(in_files_at("x", "parquet")["batch_config"])


def test_a_folder_that_cannot_be_written_is_named(account: Emulator, catalog: Json, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    filed = read({**account.connection, **in_files_at(tmp_path / "file" / "x")}, selected(catalog, "customer"))
    assert isinstance(filed.error, ConfigurationError)
    assert "batch_config.storage.root" in str(filed.error)
    assert not {"replication_key_value", "reading"} & filed.state["bookmarks"]["customer"].keys()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_kill_at_any_file_loses_nothing(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, tmp_path: Path, form: str
) -> None:
    emulator = netsuite_emulator_factory(scale=0.3)
    chosen = selected(catalog, "transaction")
    config = {**emulator.connection, **in_files_at(tmp_path / "files", form, size=300)}
    state: Json | None = None
    written: set[int] = set()
    for kill_after in (2, 5, 9, None):
        with TapProcess(command(tmp_path, config, catalog=chosen, state=state)) as process:
            seen = 0
            while (line := process.line()) and seen != kill_after:
                message = json.loads(line)
                seen += 1
                if message["type"] == "STATE":
                    state = message["value"]
                if message["type"] == "BATCH":
                    for path in files_of(message):
                        rows = lines_in(path) if form == "jsonl" else parquet.read_table(path).to_pylist()
                        written |= {row["id"] for row in rows}
            if kill_after:
                process.kill()
            process.wait(PATIENCE)
    assert written == {int(row[0]) for row in emulator.execute('SELECT id FROM "transaction"')}
    assert entry(chosen, "transaction")
