"""The README says what the tap says of itself."""

from __future__ import annotations

import json
import re

from tests.readme_settings import README, with_table

from tap_netsuite.settings import CONFIG_SCHEMA, TapSettings

TEXT = README.read_text(encoding="utf-8")


def test_the_settings_are_those_of_about() -> None:
    assert with_table(TEXT) == TEXT, "run tap-netsuite/tests/readme_settings.py"


def test_its_examples_are_settings_that_are_accepted() -> None:
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
    settings = [example for example in examples if "bookmarks" not in example]
    assert len(settings) == 4
    for example in settings:
        assert example.keys() <= CONFIG_SCHEMA["properties"].keys()
    TapSettings.from_mapping({name: value for example in settings for name, value in example.items()})
