"""The records of a journal's entries: as much of each as is needed to know it again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from target_netsuite.intents import Intent, Operation, Write

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_OF_THE_TAP = "_sdc_"


@dataclass(frozen=True)
class Member:
    """A record whose create leaves nothing in NetSuite to find it by.

    Attributes:
        stream: its stream.
        number: its number in the stream, in the run that sent it.
        key: its key as JSON, for messages.
        fingerprint: equal for the same record when it comes again.
    """

    stream: str
    number: int
    key: str
    fingerprint: str

    @classmethod
    def of(cls, intent: Intent) -> Member:
        """Return the member for an intent."""
        key = _ENCODER.encode(dict(intent.key)).decode()
        return cls(intent.stream, intent.number, key, fingerprint(intent))


def is_unfindable(write: Write) -> bool:
    """Tell whether nothing in NetSuite tells later that this write was done: a create without an external id."""
    return write.operation is Operation.CREATE and not write.external_id


def fingerprint(intent: Intent) -> str:
    """Return a digest of the stream, the key and the record.

    Columns of the tap's own such as `_sdc_extracted_at` are left out: they differ each time a record comes.
    """
    payload = {name: value for name, value in intent.payload.items() if not name.startswith(_OF_THE_TAP)}
    parts = (intent.stream, intent.record_type, dict(intent.key), payload)
    return hashlib.sha256(_ENCODER.encode(parts)).hexdigest()
