"""Who may import whom, and what each package promises to those who type-check against it."""

from importlib.resources import files
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tap_netsuite", "target_netsuite", "suitetalk", "netsuite_emulator")


def test_imports_point_down_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    kept = cli.lint_imports(config_filename="pyproject.toml", no_cache=True) == cli.EXIT_STATUS_SUCCESS

    assert kept, capsys.readouterr().out


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_typed(package: str) -> None:
    assert files(package).joinpath("py.typed").is_file()
