"""What all tests share: they keep tokens and catalogs in separate folders, never in a person's home.

Property tests try the same 50 examples each time, so that what lands does not depend on chance; `make explore`
tries a thousand others each time. Tests name no number; one with costly examples takes a fraction of the profile's,
`settings().max_examples // 4`.
"""

from __future__ import annotations

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
