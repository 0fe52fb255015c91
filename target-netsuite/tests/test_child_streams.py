"""Records whose lines come in a stream of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.target_runs import Run, record, schema, state

Listen = Callable[..., Run]


@pytest.mark.parametrize(
    ("lines", "setting", "column"),
    [
        ({"parent_key": {"order": "id"}, "fields": {"quantity": "quantity"}}, "parent_key", "order"),
        ({"parent_key": {"order_id": "id"}, "fields": {"qty": "quantity"}}, "fields", "qty"),
    ],
)
def test_a_column_that_the_lines_do_not_have_ends_the_run(
    listen: Listen, prefix: str, lines: dict[str, Any], setting: str, column: str
) -> None:
    sublists = {"item": {"stream": "order_lines", **lines}}
    run = listen(
        {"orders": {"record_type": "salesOrder", "external_id": f"{prefix}-{{id}}", "sublists": sublists}},
        schema("orders"),
        record("orders", id=1),
        schema("order_lines", {"order_id": {}, "quantity": {}}, keys=("order_id",)),
        state(1),
    )
    assert run.sentence == (
        f"Setting `streams.orders.sublists.item.{setting}` names the column `{column}`, which the stream does not "
        "have; it has order_id, quantity."
    )
    assert run.states == []
