"""From Singer records to intents."""

from target_netsuite.mapping.catalog import read_shape
from target_netsuite.mapping.child_rows import ChildRows, WaitingParents
from target_netsuite.mapping.choices import SelectOptions
from target_netsuite.mapping.record_mapping import DELETED_AT, RecordMapping
from target_netsuite.mapping.record_shape import RecordShape
from target_netsuite.mapping.select_options import FormOptions

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
