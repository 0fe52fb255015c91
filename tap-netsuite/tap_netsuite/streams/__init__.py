"""The tap's streams: SuiteQL tables, queries of the user's own, and whole records."""

from tap_netsuite.streams.record import RecordStream
from tap_netsuite.streams.suiteql import SuiteQLStream

__all__ = ["RecordStream", "SuiteQLStream"]
