"""From Singer records to intents."""

from target_netsuite.child_streams import ChildRows, WaitingParents
from target_netsuite.mapping.catalog import RecordShape, read_shape
from target_netsuite.mapping.record import DELETED_AT, RecordMapping
from target_netsuite.mapping.values import FormOptions, SelectOptions

__all__ = [
    "DELETED_AT",
    "ChildRows",
    "FormOptions",
    "RecordMapping",
    "RecordShape",
    "SelectOptions",
    "WaitingParents",
    "read_shape",
]
