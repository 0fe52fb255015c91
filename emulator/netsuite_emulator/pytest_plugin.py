"""Pytest fixtures: a local NetSuite for each test.

Pytest loads this module in every run of an environment that has the package, so nothing else of it is imported until
a fixture is asked for.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from netsuite_emulator.emulator import Emulator

__all__ = ["netsuite_emulator", "netsuite_emulator_factory"]

_SMALL = 0.05


class _CompanyCache:
    """Companies made once for the whole run, as files that each emulator gets a copy of."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[tuple[Any, ...], Path] = {}

    def copy(self, settings: Any, target: Path) -> None:
        from netsuite_emulator.company.settings import SAMPLE_SETTINGS  # noqa: PLC0415 - see above

        key = tuple(getattr(settings, name) for name in SAMPLE_SETTINGS)
        if key not in self._files:
            self._files[key] = self._make(settings, len(self._files))
        shutil.copyfile(self._files[key], target)

    def _make(self, settings: Any, number: int) -> Path:
        from netsuite_emulator.storage.storage import make_company_file  # noqa: PLC0415 - see above

        path = self._directory / f"company-{number}.duckdb"
        make_company_file(settings, path)
        return path


@pytest.fixture(scope="session")
def _netsuite_companies(tmp_path_factory: pytest.TempPathFactory) -> _CompanyCache:
    return _CompanyCache(tmp_path_factory.mktemp("netsuite-companies"))


@pytest.fixture(scope="session")
def _netsuite_credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("netsuite-credentials")


@pytest.fixture
def netsuite_emulator_factory(
    _netsuite_companies: _CompanyCache,
    _netsuite_credentials: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., Emulator]]:
    """Makes running emulators: call it with fields of `Settings`; a small company unless `scale` says otherwise."""
    pytest.importorskip("duckdb", reason="the extra 'emulator' is not installed")
    from dataclasses import replace  # noqa: PLC0415 - see above

    from netsuite_emulator.emulator import Emulator  # noqa: PLC0415 - see above
    from netsuite_emulator.settings import Settings  # noqa: PLC0415 - see above

    with ExitStack() as stack:

        def make(**choices: Any) -> Emulator:
            chosen = {"scale": _SMALL, "credentials_directory": _netsuite_credentials, **choices}
            settings = Settings(**chosen)
            if settings.data_file is None:
                data_file = tmp_path_factory.mktemp("netsuite") / "company.duckdb"
                _netsuite_companies.copy(settings, data_file)
                settings = replace(settings, data_file=data_file)
            return stack.enter_context(Emulator(settings))

        yield make


@pytest.fixture
def netsuite_emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    """A running local NetSuite with a small company of its own, fresh for each test."""
    return netsuite_emulator_factory()
