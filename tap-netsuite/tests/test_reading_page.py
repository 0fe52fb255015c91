"""The examples of docs/reading.md and the README are settings that the tap accepts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tap_netsuite.settings import CONFIG_SCHEMA, TapSettings

_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("page", "count"), [("docs/reading.md", 4), ("README.md", 1)])
def test_examples_are_settings_that_are_accepted(page: str, count: int) -> None:
    text = (_ROOT / page).read_text(encoding="utf-8").replace("…", "x")
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    ours = CONFIG_SCHEMA["properties"].keys() - {"batch_config"}  # the SDK adds its own when a tap is made
    settings = [example for example in examples if example.keys() <= ours]
    assert len(settings) == count
    TapSettings.from_mapping({name: value for example in settings for name, value in example.items()})
