"""What `--state` takes, and what it does not take for nothing."""

from __future__ import annotations

import pytest
from tests.tap_runs import Json, QuickTap, read, selected

from suitetalk import ConfigurationError


def test_a_whole_state_message_is_taken_for_its_state(config: Json, catalog: Json) -> None:
    chosen = selected(catalog, "customer")
    first = read(config, chosen)
    again = read(config, chosen, {"type": "STATE", "value": first.state})
    assert len(again.records("customer")) < len(first.records("customer"))


@pytest.mark.parametrize("state", [{"customer": "2024-01-01"}, {"bookmarks": []}, {"type": "RECORD"}])
def test_what_is_no_state_is_refused_instead_of_reading_everything_again(
    config: Json, catalog: Json, state: Json
) -> None:
    with pytest.raises(ConfigurationError, match="--state"):
        QuickTap(config=config, catalog=selected(catalog, "customer"), state=state)
