"""Names with dots, as Meltano hands them on."""

from typing import Any

import pytest

from target_netsuite.settings import with_dots

_LINE = {"record_type": "item", "by": "itemId"}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"references": {"item": {"item": _LINE}}}, {"references": {"item.item": _LINE}}),
        ({"references": {"item": {"items[]": {"item": _LINE}}}}, {"references": {"item.items[].item": _LINE}}),
        ({"references": {"item": _LINE}}, {"references": {"item": _LINE}}),
        ({"fields": {"lines[]": {"sku": "item[].item"}}}, {"fields": {"lines[].sku": "item[].item"}}),
        ({"templates": {"billingAddress": {"city": "{c}"}}}, {"templates": {"billingAddress.city": "{c}"}}),
        ({"constants": {"entity": {"id": "1"}}}, {"constants": {"entity": {"id": "1"}}}),
        (
            {"sublists": {"item": {"references": {"a": {"b": _LINE}}}}},
            {"sublists": {"item": {"references": {"a.b": _LINE}}}},
        ),
        ({"references": 1, "sublists": {"item": 2}}, {"references": 1, "sublists": {"item": 2}}),
        ({"fields": {"a": {}}}, {"fields": {"a": {}}}),
    ],
)
def test_levels_become_dots_again(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert with_dots({"streams": {"s": given}, "dry_run": True}) == {"streams": {"s": wanted}, "dry_run": True}
    assert with_dots({"streams": {"s": wanted}}) == {"streams": {"s": wanted}}


@pytest.mark.parametrize("config", [{}, {"streams": 1}, {"streams": {"s": 1}}])
def test_what_is_no_object_stays(config: dict[str, Any]) -> None:
    assert with_dots(config) == config
