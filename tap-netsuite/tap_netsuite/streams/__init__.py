"""The tap's streams: SuiteQL tables, queries of the user's own, saved datasets, and whole records."""

from tap_netsuite.streams.dataset import DatasetStream
from tap_netsuite.streams.record import RecordStream
from tap_netsuite.streams.suiteql import SuiteQLStream

__all__ = ["DatasetStream", "RecordStream", "SuiteQLStream"]
