"""What all tests share: they keep tokens and catalogs in folders of their own, never in a person's home.

Property tests try the same examples each time, so that what lands does not hang on chance; `make explore` tries others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Imported here because pytest would otherwise take the folder suitetalk/ with its tests for the package.
import suitetalk  # noqa: F401 - for its effect on what is imported later

settings.register_profile("same", derandomize=True)
settings.register_profile("others", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session", autouse=True)
def _state_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETSUITE_TOKEN_STORE", "file")
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
