"""`make environment` where there is little to build on: no home, no uv, half an environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fresh_copy import NO_HOME, FreshCopy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("environment"), pytest.mark.timeout(1800)]

_NETWORK = ("CERT", "INDEX", "PROXY", "PIP_", "UV_", "LINKS")


def files_of(copy: FreshCopy) -> set[Path]:
    """Return what is in a copy, by its place there."""
    return {path.relative_to(copy.path) for path in copy.path.rglob("*")}


class Make:
    """`make` in a fresh copy, with no more of the surroundings than what leads to a package index."""

    def __init__(self, copy: FreshCopy) -> None:
        self.copy = copy
        self.at_first = files_of(copy)
        kept = {name: value for name, value in os.environ.items() if any(word in name.upper() for word in _NETWORK)}
        kept = {name: value for name, value in kept.items() if not name.endswith("_CACHE_DIR")}
        self.environment = {**kept, "PATH": os.environ["PATH"], **NO_HOME}

    def __call__(self, target: str, **environment: str) -> str:
        done = subprocess.run(
            self.copy.make(target),
            cwd=self.copy.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    make = Make(FreshCopy(tmp_path_factory.mktemp("environment")))
    make("environment")
    return make


def test_a_second_call_does_nothing(make: Make) -> None:
    assert make("environment") == ""


def test_caches_are_inside(make: Make) -> None:
    assert (make.copy.path / ".cache" / "uv").is_dir()


@pytest.mark.parametrize("lost", ["bin/ruff", "lib/python*/site-packages/singer_sdk", "bin/python"])
def test_an_environment_that_has_lost_files_is_made_again(make: Make, lost: str) -> None:
    (path,) = (make.copy.path / ".venv").glob(lost)
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    said = make("environment")

    assert "is made again" in said
    assert lost.rsplit("/", 1)[1] in said
    assert list((make.copy.path / ".venv").glob(lost))


def test_pip_does_it_where_uv_cannot(make: Make) -> None:
    (make.copy.path / ".venv" / ".prepared").unlink()
    nowhere = make.copy.path / "a file"
    nowhere.touch()

    said = make("environment", UV_CACHE_DIR=str(nowhere / "uv"))

    assert "pip tries now" in said
    assert "with pip" in said
    programs = make.copy.path / ".venv" / "bin"
    subprocess.run([programs / "python", "-m", "pip", "check"], check=True)
    said = subprocess.run(
        [programs / "tap-netsuite", "--version"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert said.startswith("tap-netsuite v")


def test_clean_leaves_what_a_clone_has(make: Make) -> None:
    ignored = set((make.copy.path / ".gitignore").read_text(encoding="utf-8").split())
    for name in ignored - {".env", ".emulator/", "output/"}:  # those are the user's own
        (make.copy.path / name.replace("*", "x")).mkdir(exist_ok=True)
    for name in ("__pycache__", ".mypy_cache", ".pytest_cache", ".meltano"):
        (make.copy.path / "demo" / name).mkdir(exist_ok=True)
    (make.copy.path / "a file").unlink(missing_ok=True)
    make("clean")

    assert files_of(make.copy) == make.at_first
