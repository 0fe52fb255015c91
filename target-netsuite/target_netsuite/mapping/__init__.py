"""From Singer records to intents."""

from target_netsuite.mapping.choices import SelectOptions
from target_netsuite.mapping.record_mapping import DELETED_AT, RecordMapping
from target_netsuite.mapping.record_shape import RecordShape

__all__ = ["DELETED_AT", "RecordMapping", "RecordShape", "SelectOptions"]
