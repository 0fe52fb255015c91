"""The refusal of a setting."""

from __future__ import annotations

__all__ = ["SettingsError"]


class SettingsError(ValueError):
    """A setting that cannot work; the message is one sentence for a person."""
