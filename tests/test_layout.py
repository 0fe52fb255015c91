"""Who may import whom, and what each package promises to those who type-check against it."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tap_netsuite", "target_netsuite", "suitetalk", "netsuite_emulator")


def test_imports_point_down_only() -> None:
    # As a process, since import-linter switches off the loggers that are there.
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ended = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_typed(package: str) -> None:
    assert files(package).joinpath("py.typed").is_file()
