"""The setting `report`: one HTML file about the run, however it ends."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.target_runs import Run, lines, record, schema

from netsuite_emulator import Emulator

HOSTILE = "<script>alert('x')</script>"


def streams(prefix: str, **settings: Any) -> dict[str, Any]:
    return {
        "people": {
            "record_type": "customer",
            "external_id": f"{prefix}-{{id}}",
            "fields": {"name": "companyName", "mail": "email"},
            **settings,
        }
    }


def test_refused_records_are_reported_with_reasons(command: Callable[..., Run], prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "run.html"

    run = command(
        streams(prefix),
        schema("people"),
        record("people", id=1, name="One", mail="one@example.com"),
        *[
            record("people", id=f"{number}{HOSTILE}", name=f"secret {number}", mail="not an address")
            for number in (2, 3)
        ],
        report=str(path),
        name_validation="error",
    )

    text = path.read_text()
    assert run.exit_code == 1
    assert "The run failed: 2 of 3 records were refused" in text
    assert '<td class="n">2</td><td>people</td>' in text
    assert run.refused[0]["code"] in text
    assert "&lt;script&gt;alert" in text
    assert "<script" not in text
    assert "secret" not in text  # what the record holds is not in the log either
    assert "One" not in text
    assert "POST /record/v1/customer" in text or "PUT /record/v1/customer/…" in text


def test_what_a_dry_run_finds_is_reported(
    command: Callable[..., Run], emulator: Emulator, prefix: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.html"

    run = command(
        streams(prefix),
        schema("people"),
        *[record("people", id=number, name=f"{HOSTILE}{number}") for number in range(30)],
        dry_run=True,
        report=str(path),
    )

    text = path.read_text()
    assert run.exit_code == 0
    assert "dry run: nothing was written" in text
    assert "What would change" in text
    assert text.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;") == 30
    assert "<script" not in text
    assert run.log.count("DIFFERENCE: ") <= 20
    assert emulator.execute(f"SELECT count(*) FROM customer WHERE externalid LIKE '{prefix}-%'") == [(0,)]


def test_an_interrupted_run_is_reported(
    spawn: Callable[..., subprocess.Popen[str]], emulator: Emulator, prefix: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.html"
    process = spawn(streams(prefix), report=str(path))
    assert process.stdin
    process.stdin.write(lines(schema("people"), record("people", id=1, name="One")))
    process.stdin.flush()
    while not path.exists():
        assert process.poll() is None
    assert "The run has not ended." in path.read_text()
    process.send_signal(signal.SIGTERM)

    assert process.wait(120) == 143
    assert "The run was interrupted: by SIGTERM" in path.read_text()


def test_the_report_is_no_other_file(command: Callable[..., Run], prefix: str, tmp_path: Path) -> None:
    path = str(tmp_path / "x")

    run = command(streams(prefix), schema("people"), report=path, rejects=path)

    assert run.exit_code == 1
    assert "names the same file as" in run.sentence


def test_a_run_without_records_is_reported(command: Callable[..., Run], prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "run.html"

    assert command(streams(prefix), schema("people"), report=str(path)).exit_code == 0
    assert "The run is complete." in path.read_text()
