"""What a Singer record asks of NetSuite, what is sent for it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal


class Operation(str, Enum):
    """What becomes of a record."""

    CREATE = "create"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    INACTIVATE = "inactivate"


class Outcome(str, Enum):
    """What became of a record that was not refused."""

    CREATED = "created"
    UPDATED = "updated"
    UPSERTED = "upserted"  # created or updated, where NetSuite does not say which
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    ALREADY_GONE = "already_gone"
    INACTIVATED = "inactivated"


Case = Literal["refuse", "ignore", "exact"]
"""What values that differ in case alone are: perhaps the same, the same, or different."""


@dataclass(frozen=True)
class Reference:
    """Stands in a body, in place of `{"id": …}`, for a record whose internal id has to be looked up.

    Attributes:
        record_type: type of the record that is meant, such as `customer`.
        by: `externalId`, or the name of the field that is to equal the value, such as `entityId`.
        value: what that is.
        case: what to do about records whose value differs from it in upper and lower case alone, when no other fits.
    """

    record_type: str
    by: str
    value: str
    case: Case = "exact"


@dataclass(frozen=True)
class Match:
    """A field by which the record itself is looked up."""

    field: str
    value: str
    case: Case = "refuse"


LineMode = Literal["append", "merge", "replace"]
"""What becomes of lines that are there: left alone; updated where the key matches; or that, and the rest removed."""


@dataclass(frozen=True)
class LineRule:
    """How the lines of one sublist of a body are brought together with those that are there.

    Attributes:
        mode: see `LineMode`.
        keys: fields that tell which line is meant, such as `("line",)` or `("item",)`; empty for the whole content.
    """

    mode: LineMode
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intent:
    """What one record of the input asks for; nothing has been looked up yet.

    Attributes:
        stream: the record's stream.
        number: the record's number in its stream, from 1; below 0 for what a mirror deletes.
        key: what identifies the record in its stream, for messages.
        operation: what is to become of it.
        record_type: NetSuite's type, spelled as the catalog does.
        internal_id: of the record in NetSuite, when the input has it; it goes before the others.
        external_id: of the record in NetSuite; what an upsert goes by, and what a create writes.
        match: a field to find the record by, when neither id is given.
        body: fields as JSON, with a `Reference` wherever something has to be looked up.
        lines: rules by the name of the sublist in the body.
        replace: names of body fields for `replace` [section_1545142173]; sublists have their rule instead.
        replace_selected_fields: see `suitetalk.Records.update`.
        payload: the record as it came, for the file of rejects.
    """

    stream: str
    number: int
    key: Mapping[str, Any]
    operation: Operation
    record_type: str
    internal_id: str | None = None
    external_id: str | None = None
    match: Match | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, LineRule] = field(default_factory=dict)
    replace: tuple[str, ...] = ()
    replace_selected_fields: bool = False
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One field that is not as the input wants it.

    Attributes:
        path: such as `email` or `item.items[line=3].quantity`.
        before: what is there, None for nothing.
        after: what is wanted.
    """

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Write:
    """One request about one record; everything in it is known.

    Attributes:
        intent: where it comes from.
        operation: create, update, upsert or delete; to inactivate is to update.
        record_type: NetSuite's type.
        internal_id: of the record, when it is known. Updates and deletes go by it, else by the external id.
        external_id: of the record; a create has it in its body too.
        body: fields as plain JSON, lines as they are to be sent; empty for a delete.
        replace: names for `replace`, sublists among them [section_1545295601].
        outcome: what to call it when NetSuite has carried it out.
        differences: what it changes, as far as what is there was read.
    """

    intent: Intent
    operation: Operation
    record_type: str
    internal_id: str | None
    external_id: str | None
    body: Mapping[str, Any]
    replace: tuple[str, ...]
    outcome: Outcome
    differences: tuple[Difference, ...] = ()

    @property
    def address(self) -> str:
        """How NetSuite finds the record: its internal id, or `eid:` and the external one [section_156335203191]."""
        return self.internal_id or f"eid:{self.external_id}"


@dataclass(frozen=True)
class Refusal:
    """Why a record was not written.

    Attributes:
        stage: `invalid` when it was found before anything was sent, `rejected` when NetSuite refused it.
        message: in words.
        path: the column or field at fault, empty when it is not one.
        code: NetSuite's, or one of ours in the same manner such as `REFERENCE_NOT_FOUND`.
        status: HTTP status of NetSuite's refusal, None when it was not NetSuite's.
        advice: what to do, empty when nothing is known.
        attempts: how often it was sent.
    """

    stage: Literal["invalid", "rejected"]
    message: str
    path: str = ""
    code: str = ""
    status: int | None = None
    advice: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Settled:
    """What came of an intent; exactly one of `outcome` and `refusal` is given.

    Attributes:
        intent: which.
        outcome: what was done.
        internal_id: of the record in NetSuite, empty when it is not known.
        refusal: why nothing was done.
        differences: what was changed, or in a dry run what would be.
    """

    intent: Intent
    outcome: Outcome | None = None
    internal_id: str = ""
    refusal: Refusal | None = None
    differences: tuple[Difference, ...] = ()
