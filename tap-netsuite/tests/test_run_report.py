"""The setting `report`: one HTML file about the run, however it ends."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from tests.tap_runs import Json, TapProcess, command, run, selected

from netsuite_emulator import Emulator, Fault


def test_a_run_is_reported(config: dict[str, Any], catalog: Json, tmp_path: Path) -> None:
    path = tmp_path / "run.html"

    ended = run(command(tmp_path, {**config, "report": str(path)}, catalog=selected(catalog, "currency", "term")))

    text = path.read_text()
    assert ended.exit_code == 0
    assert "The run is complete." in text
    assert '<td>currency</td><td><span class="good">complete</span></td>' in text
    assert text.count('<span class="good">complete</span>') == 2
    assert "FROM currency" in text
    assert config["private_key"].split()[5] not in text


def test_a_stream_that_fails_is_reported(
    account: Emulator, config: dict[str, Any], catalog: Json, tmp_path: Path
) -> None:
    path = tmp_path / "run.html"
    account.faults.add(
        Fault(effect="status", status=400, code="INVALID_PARAMETER", detail="No <b>way</b>.", statement="FROM currency")
    )

    ended = run(command(tmp_path, {**config, "report": str(path)}, catalog=selected(catalog, "currency", "term")))

    text = path.read_text()
    assert ended.exit_code == 1
    assert "The run failed: Stream currency" in text
    assert "No &lt;b&gt;way&lt;/b&gt;" in text
    assert '<span class="bad">failed</span>' in text
    assert '<span class="good">complete</span>' in text


def test_a_login_that_is_refused_is_reported(config: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "run.html"

    ended = run(command(tmp_path, {**config, "client_id": "unknown", "report": str(path)}))

    assert ended.exit_code == 1
    assert "The run failed: " in path.read_text()
    assert "The run ended before any stream was known." in path.read_text()


@pytest.mark.slow
def test_a_run_that_is_interrupted_is_reported(
    account: Emulator, config: dict[str, Any], catalog: Json, tmp_path: Path
) -> None:
    path = tmp_path / "run.html"
    account.faults.add(Fault(effect="delay", seconds=60, statement="FROM term"))
    arguments = command(tmp_path, {**config, "report": str(path)}, catalog=selected(catalog, "currency", "term"))
    with TapProcess(arguments) as process:
        while '"RECORD"' not in process.line():
            pass
        assert "The run has not ended." in path.read_text()
        process.send_signal(signal.SIGTERM)
        ended = process.finished()

    assert ended.exit_code == 143
    assert "The run was interrupted: by SIGTERM" in path.read_text()
    assert "<td>currency</td>" in path.read_text()
    assert '<span class="warn">not begun</span>' in path.read_text() or "not finished" in path.read_text()


def test_a_path_that_cannot_be_used_is_refused(config: dict[str, Any], catalog: Json, tmp_path: Path) -> None:
    ended = run(
        command(tmp_path, {**config, "report": str(tmp_path / "none" / "x.html")}, catalog=selected(catalog, "term"))
    )

    assert ended.exit_code == 1
    assert "`report` names" in ended.sentence
    assert ended.lines == []
