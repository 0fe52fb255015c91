"""Records whose lines come in a stream of their own: whole runs against NetSuite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator

Listen = Callable[..., Run]


@pytest.fixture
def item(emulator: Emulator) -> str:
    [(internal_id,)] = emulator.execute("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")
    return str(internal_id)


@pytest.fixture
def customer(emulator: Emulator) -> str:
    [(internal_id,)] = emulator.execute("SELECT min(id) FROM customer")
    return str(internal_id)


@pytest.fixture
def streams(emulator: Emulator, prefix: str) -> Iterator[dict[str, Any]]:
    yield {
        "orders": {
            "record_type": "salesOrder",
            "external_id": f"{prefix}-{{id}}",
            "fields": {"customer": "entity", "memo": "memo"},
            "skip_unchanged": True,
            "sublists": {
                "item": {
                    "stream": "order_lines",
                    "parent_key": {"order_id": "id"},
                    "mode": "replace",
                    "fields": {"sku": "item", "quantity": "quantity"},
                }
            },
        },
        "order_lines": {"record_type": "salesOrder"},
    }
    emulator.execute(f"DELETE FROM transaction WHERE externalid LIKE '{prefix}-%'")


def _schemas() -> list[dict[str, Any]]:
    return [schema("orders"), schema("order_lines", keys=("id",))]


def test_a_line_that_cannot_be_read_refuses_its_record(
    listen: Listen, streams: dict[str, Any], customer: str, item: str, emulator: Emulator, prefix: str
) -> None:
    order = record("orders", id=1, customer=customer, memo="m")
    line = record("order_lines", id=1, order_id=1, sku=item, quantity=1, note="cut \ud83d")
    run = listen(streams, *_schemas(), order, line, state(1), max_rejects=1)
    assert (run.error, run.states) == (None, [1])
    assert [(one["stream"], one["code"], one["path"]) for one in run.refused] == [
        ("orders", "INVALID_TEXT", "order_lines.note")
    ]
    assert emulator.execute(f"SELECT id FROM transaction WHERE externalid LIKE '{prefix}-%'") == []


def _line(number: int, order: int, sku: str, quantity: int) -> dict[str, Any]:
    return record("order_lines", id=number, order_id=order, sku=sku, quantity=quantity)


def _quantities(emulator: Emulator, external_id: str, item: str) -> list[int]:
    rows = emulator.execute(
        "SELECT abs(transactionline.quantity) FROM transactionline JOIN transaction ON transaction.id = "
        f"transactionline.transaction WHERE transaction.externalid = '{external_id}' AND item = {item} ORDER BY 1"
    )
    return [int(quantity) for (quantity,) in rows]


@pytest.mark.slow
@pytest.mark.parametrize("order_of_streams", ["parents first", "lines first", "interleaved"])
def test_lines_find_their_record_in_whatever_order_they_come(
    emulator: Emulator,
    listen: Listen,
    prefix: str,
    streams: dict[str, Any],
    item: str,
    customer: str,
    *,
    order_of_streams: str,
) -> None:
    orders = [record("orders", id=number, customer=customer) for number in (1, 2, 3)]
    rows = [_line(10 * order + n, order, item, 10 * order + n) for n in (1, 2) for order in (1, 2, 3)]
    if order_of_streams == "parents first":
        messages = [*orders, *rows]
    elif order_of_streams == "lines first":
        messages = [*rows, *orders]
    else:
        messages = [rows[0], orders[2], rows[1], rows[2], orders[0], rows[3], rows[4], orders[1], rows[5]]
    for expected in ({"created": 3}, {"unchanged": 3}):
        run = listen(streams, *_schemas(), messages[0], state("early"), *messages[1:], state("end"))
        assert (run.refused, run.error, run.states) == ([], None, ["early", "end"])
        assert run.summary["orders"] == expected
        for number in (1, 2, 3):
            assert _quantities(emulator, f"{prefix}-{number}", item) == [10 * number + 1, 10 * number + 2]


def test_lines_that_no_longer_come_go_and_changed_ones_are_changed(
    emulator: Emulator, listen: Listen, prefix: str, streams: dict[str, Any], item: str, customer: str
) -> None:
    order = record("orders", id=1, customer=customer)
    listen(streams, *_schemas(), order, *[_line(number, 1, item, number) for number in (1, 2, 3)])
    run = listen(streams, *_schemas(), order, _line(2, 1, item, 2), _line(3, 1, item, 5))
    assert (run.error, run.summary["orders"]) == (None, {"updated": 1})
    assert _quantities(emulator, f"{prefix}-1", item) == [2, 5]


def test_a_record_is_not_written_without_a_line_that_is_wrong(
    emulator: Emulator, listen: Listen, prefix: str, streams: dict[str, Any], item: str, customer: str
) -> None:
    orders = [record("orders", id=number, customer=customer) for number in (1, 2)]
    there = [_line(10 * order + n, order, item, n) for n in (4, 6) for order in (1, 2)]
    assert listen(streams, *_schemas(), *orders, *there).error is None
    columns = {"id": {}, "order_id": {}, "sku": {}, "quantity": {"type": "integer"}}
    changed = [*there[:3], record("order_lines", id=26, order_id=2, sku=item, quantity="many")]
    run = listen(streams, schema("orders"), schema("order_lines", columns), *orders, *changed, state(1))
    [line] = run.refused
    assert (line["stream"], line["key"], line["code"], line["path"]) == (
        "orders", {"id": 2}, "SCHEMA_MISMATCH", "order_lines.quantity",
    )  # fmt: skip
    assert run.states == [1]
    assert [_quantities(emulator, f"{prefix}-{number}", item) for number in (1, 2)] == [[4, 6], [4, 6]]


def test_lines_without_a_record_are_refused_and_the_state_waits_for_the_end(
    emulator: Emulator, listen: Listen, prefix: str, streams: dict[str, Any], item: str, customer: str
) -> None:
    run = listen(
        streams,
        *_schemas(),
        record("orders", id=1, customer=customer),
        _line(1, 1, item, 4),
        _line(2, 77, item, 5),
        record("order_lines", id=3, sku=item, quantity=6),
        state("end"),
    )
    assert {(line["stream"], line["key"]["id"], line["code"]) for line in run.refused} == {
        ("order_lines", 2, "NO_PARENT"), ("order_lines", 3, "MISSING_KEY"),
    }  # fmt: skip
    assert run.states == ["end"]
    assert _quantities(emulator, f"{prefix}-1", item) == [4]
    assert run.summary == {"orders": {"created": 1}, "order_lines": {"invalid": 2, "refused": 2}}


def test_a_stream_of_lines_is_not_in_the_summary_with_zeros(
    emulator: Emulator, listen: Listen, prefix: str, streams: dict[str, Any], item: str, customer: str
) -> None:
    run = listen(streams, *_schemas(), record("orders", id=1, customer=customer), _line(1, 1, item, 4))
    assert run.summary == {"orders": {"created": 1}}
    assert _quantities(emulator, f"{prefix}-1", item) == [4]


def test_a_refused_record_is_replayed_with_its_lines(
    emulator: Emulator,
    command: Callable[..., Run],
    prefix: str,
    streams: dict[str, Any],
    item: str,
    customer: str,
    *,
    tmp_path: Path,
) -> None:
    rejects = tmp_path / "rejects.jsonl"
    messages = [*_schemas(), record("orders", id=1, customer="999999999"), _line(1, 1, item, 4), _line(2, 1, item, 6)]
    run = command(streams, *messages, state("end"), rejects=str(rejects))
    assert (run.exit_code, run.states, _quantities(emulator, f"{prefix}-1", item)) == (1, ["end"], [])
    [reject] = [json.loads(text) for text in rejects.read_text().splitlines()]
    assert reject["stream"] == "orders"

    reject["payload"]["customer"] = customer
    rejects.write_text(json.dumps(reject) + "\n")
    replay = command(streams, arguments=["--replay", str(rejects)], rejects=str(rejects))
    assert (replay.exit_code, replay.states) == (0, [])
    assert _quantities(emulator, f"{prefix}-1", item) == [4, 6]
    assert rejects.read_text() == ""
