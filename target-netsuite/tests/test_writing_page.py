"""What docs/writing.md shows is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.shapes import ORDER

from target_netsuite import errors
from target_netsuite.intents import LineRule, Reference
from target_netsuite.mapping.record import RecordMapping
from target_netsuite.settings import parse_streams

_PAGE = (Path(__file__).resolve().parents[2] / "docs" / "writing.md").read_text(encoding="utf-8")
_EXAMPLES = {
    name: example["streams"]
    for example in (json.loads(block) for block in reversed(re.findall(r"```json\n(.*?)```", _PAGE, re.DOTALL)))
    if "streams" in example
    for name in example["streams"]
}
"""The first example of `streams` for each stream; tests/flat runs those of the chapter about flat tables."""


def test_its_example_maps_orders_with_lines() -> None:
    settings = parse_streams(_EXAMPLES["orders"])["orders"]
    record = {
        "id": 7,
        "customer": 12,
        "ordered_at": "2026-07-21T10:00:00+02:00",
        "number": "A/1",
        "shop": "Köln",
        "lines": [{"sku": "CUP", "qty": "2"}],
    }
    found = RecordMapping(settings, {}, ORDER, lambda *_: {"Pending Fulfillment": "B"}).intent(record, 1, {})
    assert found.external_id == "SHOP-7"
    assert found.lines == {"item": LineRule("replace", ("line",))}
    assert found.body == {
        "entity": Reference("customer", "externalId", "CUST-12"),
        "tranDate": "2026-07-21",
        "orderStatus": {"id": "B"},
        "memo": "Order A/1 of Köln",
        "item": {"items": [{"item": Reference("inventoryItem", "itemId", "CUP"), "quantity": 2}]},
    }


def test_its_first_example_is_accepted() -> None:
    assert parse_streams(_EXAMPLES["accounts"])["accounts"].external_id


def test_it_has_every_code() -> None:
    codes = {name for name, value in vars(errors).items() if name == value}
    assert set(re.findall(r"^\| `([A-Z_]+)`", _PAGE, re.MULTILINE)) == codes
