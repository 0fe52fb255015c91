"""The SDK's own tests of taps, on a local NetSuite that runs for as long as this module is used."""

from __future__ import annotations

import atexit
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tests.tap_runs import discover, names, selected

from netsuite_emulator import Emulator, Settings
from tap_netsuite.tap import TapNetSuite

# The SDK looks for streams while this module is imported, so a fixture would come too late.
_EMULATOR = Emulator(Settings(scale=0.02)).start()
atexit.register(_EMULATOR.stop)

_CONFIG = {**_EMULATOR.connection, "tables": ["currency", "customer", "customrecord_warranty"]}
_CATALOG = discover(_CONFIG)

_TapTests: Any = get_tap_test_class(
    TapNetSuite,
    config=_CONFIG,
    catalog=selected(_CATALOG, *names(_CATALOG)),
    suite_config=SuiteConfig(max_records_limit=20),
)


@pytest.mark.filterwarnings("ignore:Fields in transformed catalog")  # NetSuite leaves out what is null in a record
@pytest.mark.filterwarnings("ignore:No records were available")  # of a property that only deleted rows have
class TestTap(_TapTests):  # type: ignore[misc]  # the SDK builds its base while it runs
    """The SDK's tests."""
