"""A local NetSuite to test against: `Emulator` is one, `Settings` says which, `Fault` spoils its answers."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netsuite_emulator.emulator import Emulator
    from netsuite_emulator.faults import Fault
    from netsuite_emulator.settings import Churn, Dataset, Role, Settings

__all__ = ["Churn", "Dataset", "Emulator", "Fault", "Role", "Settings"]

_HOMES = {
    "Churn": "netsuite_emulator.settings",
    "Dataset": "netsuite_emulator.settings",
    "Emulator": "netsuite_emulator.emulator",
    "Fault": "netsuite_emulator.faults",
    "Role": "netsuite_emulator.settings",
    "Settings": "netsuite_emulator.settings",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: pytest loads the plugin of this package in every run, even where it is not needed.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the point is to import late

    return getattr(import_module(_HOMES[name]), name)
