"""The settings of a stream, under the name by which they were first known."""

from target_netsuite.settings.stream_settings import StreamSettings

__all__ = ["StreamSettings"]
