"""What all tests share: they keep tokens and catalogs in separate folders, never in a person's home.

Property tests try the same 50 examples each time, so that what lands does not depend on chance; `make explore`
tries a thousand others each time. Tests name no number; one with costly examples takes a fraction of the profile's,
`settings().max_examples // 4`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Imported here because pytest would otherwise take the folder suitetalk/ with its tests for the package.
import suitetalk  # noqa: F401 - for its effect on what is imported later
from suitetalk.http import places

# No deadline, and no complaint of slowness: how fast the machine is proves nothing.
_ALWAYS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("same", _ALWAYS, max_examples=50, derandomize=True)
settings.register_profile("others", _ALWAYS, max_examples=1000, derandomize=False)
settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)  # before those that are not wanted are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make test` as many cases of a test as `@pytest.mark.few` says, from all over; the others are slow."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("few") and not item.get_closest_marker("slow"):
            cases[item.nodeid.partition("[")[0]].append(item)
    for those in cases.values():
        [number] = those[0].get_closest_marker("few").args  # type: ignore[union-attr]  # they have it
        kept = {place * len(those) // number for place in range(number)}
        for place, item in enumerate(those):
            if place not in kept:
                item.add_marker("slow")


@pytest.fixture(scope="session", autouse=True)
def _state_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETSUITE_TOKEN_STORE", "file")
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(places, "cache_folder", _no_home)  # what one test learns of a limit is not for the next
        yield


def _no_home() -> Path:
    raise OSError
