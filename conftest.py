"""What all tests share: they keep tokens and catalogs in folders of their own, never in a person's home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

# Imported here because pytest would otherwise take the folder suitetalk/ with its tests for the package.
import suitetalk  # noqa: F401 - for its effect on what is imported later


@pytest.fixture(scope="session", autouse=True)
def _state_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETSUITE_TOKEN_STORE", "file")
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
