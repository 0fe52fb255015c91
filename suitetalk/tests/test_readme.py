"""The examples of the README run as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator

README = Path(__file__).parents[1] / "README.md"


def test_the_examples_run(netsuite_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "netsuite.json").write_text(json.dumps(netsuite_emulator.connection))
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    try:
        for example in examples:
            exec(compile(example, README.name, "exec"), names)
    finally:
        names["netsuite"].transport.close()

    assert names["record"]["companyName"] == "Example 2"
    assert "companyName" in names["filterable"]
