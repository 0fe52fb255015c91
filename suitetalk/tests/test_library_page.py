"""The examples of docs/library.md run as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import suitetalk
from netsuite_emulator import Emulator

PAGE = Path(__file__).parents[2] / "docs" / "library.md"


def test_every_exception_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    exceptions = [name for name in suitetalk.__all__ if name.endswith("Error") and name != "SuiteTalkError"]

    assert len(exceptions) > 10
    assert not [name for name in exceptions if f"| `{name}`" not in text and f"| · `{name}`" not in text]


@pytest.mark.slow
def test_the_examples_run(netsuite_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "netsuite.json").write_text(json.dumps(netsuite_emulator.connection))
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    try:
        for example in examples:
            exec(compile(example, PAGE.name, "exec"), names)
    finally:
        names["netsuite"].transport.close()

    assert (len(names["made"]), len(names["results"])) == (150, 3)
    assert names["invoice_id"]
    assert names["choices"].items
    assert "companyName" in names["filterable"]
    ((night,),) = netsuite_emulator.execute("SELECT count(*) FROM customer WHERE companyname LIKE 'Night %'")
    assert night == 3
