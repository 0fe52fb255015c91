"""A local NetSuite to test against: `Emulator` is one, `Settings` says which, `Fault` spoils its answers."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netsuite_emulator.churn import Churn
    from netsuite_emulator.emulator import Emulator
    from netsuite_emulator.faults import Fault
    from netsuite_emulator.role import Role
    from netsuite_emulator.settings import Settings
    from netsuite_emulator.suiteql.datasets import Dataset

__all__ = ["Churn", "Dataset", "Emulator", "Fault", "Role", "Settings"]

_HOMES = {
    "Churn": "netsuite_emulator.churn",
    "Dataset": "netsuite_emulator.suiteql.datasets",
    "Emulator": "netsuite_emulator.emulator",
    "Fault": "netsuite_emulator.faults",
    "Role": "netsuite_emulator.role",
    "Settings": "netsuite_emulator.settings",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: pytest loads the plugin of this package in every run, also where it is not needed.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the point is to import late

    return getattr(import_module(_HOMES[name]), name)
