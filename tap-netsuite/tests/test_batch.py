"""BATCH files: complete, exact, and never behind the state."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from tests.tap_runs import Json, read, selected

from netsuite_emulator import Emulator


def in_files(message: Json) -> list[Json]:
    """The records of one BATCH message."""
    paths = [urlsplit(address).path for address in message["manifest"]]
    lines = [line for path in paths for line in gzip.decompress(Path(path).read_bytes()).splitlines()]
    return [json.loads(line, parse_float=Decimal) for line in lines]


def test_state_never_covers_rows_that_are_in_no_file_yet(
    netsuite_emulator_factory: Callable[..., Emulator], catalog: Json, tmp_path: Path
) -> None:
    emulator = netsuite_emulator_factory(scale=0.3)
    batch_config = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": tmp_path.as_uri(), "prefix": "rows-"},
        "batch_size": 700,
    }
    chosen = selected(catalog, "transaction")
    plain = read(emulator.connection, chosen)
    in_batches = read({**emulator.connection, "batch_config": batch_config}, chosen)
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
    for record in [*written.values(), *(plain_records := plain.records("transaction"))]:
        record.pop("_sdc_set_read_at")  # two readings are not of the same moment
    assert written == {record["id"]: record for record in plain_records}
