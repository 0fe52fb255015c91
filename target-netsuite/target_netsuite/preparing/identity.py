"""Which record an intent is about: what has to be looked up for it, and what came of that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from suitetalk.record_path import is_external_id
from target_netsuite.intents import Intent, Operation, Reference, Refusal
from target_netsuite.preparing.found import RECORD, Found, refusal_of
from target_netsuite.preparing.lookups import EXTERNAL_ID


class Existence(Enum):
    """Whether an intent's record is in NetSuite."""

    THERE = "there"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Identity:
    """An intent's record.

    Attributes:
        existence: whether it is there; one whose internal id the input gives is taken to be.
        internal_id: its id, when it is known.
        refusal: why nobody can tell which record is meant, None when it can be told.
    """

    existence: Existence
    internal_id: str | None = None
    refusal: Refusal | None = None


def own_reference(intent: Intent) -> Reference | None:
    """Return what to look up to find an intent's own record; None when there is nothing to look up.

    Args:
        intent: what is asked.
    """
    if intent.operation is Operation.CREATE:
        return Reference(intent.record_type, EXTERNAL_ID, intent.external_id) if intent.external_id else None
    if intent.internal_id:
        return None
    if intent.external_id:
        return Reference(intent.record_type, EXTERNAL_ID, intent.external_id)
    return Reference(intent.record_type, intent.match.field, intent.match.value) if intent.match else None


def may_stay_unknown(intent: Intent, *, compare: bool, again: bool) -> bool:
    """Tell whether an intent can be written without it being known whether its record is there.

    `eid:` finds the record as well, unless what is there has to be read, or the external id cannot be in a path.
    """
    if intent.operation is Operation.CREATE:
        return not again  # NetSuite refuses a second one itself
    return (
        bool(intent.external_id) and is_external_id(intent.external_id or "") and not (compare or again or intent.lines)
    )


def identity(intent: Intent, sought: Reference | None, found: Found | None) -> Identity:
    """Return what is known of an intent's record.

    Args:
        intent: what is asked.
        sought: what was looked up for it, see `own_reference`.
        found: what came of that, None when nothing was looked up.
    """
    if sought is None or found is None:
        return _given(intent)
    if found.id:
        return Identity(Existence.THERE, found.id)
    if found.is_absent:
        return Identity(Existence.ABSENT)
    refusal = None if found.is_unasked else refusal_of(sought, found, sought.by, RECORD)
    return Identity(Existence.UNKNOWN, refusal=refusal)


def _given(intent: Intent) -> Identity:
    """Return what the input itself tells."""
    if intent.operation is Operation.CREATE:
        return Identity(Existence.ABSENT)
    if intent.internal_id:
        return Identity(Existence.THERE, intent.internal_id)
    message = "Neither an internal id, nor an external id, nor a field to match says which record is meant."
    return Identity(Existence.UNKNOWN, refusal=Refusal("invalid", message, code="RECORD_NOT_NAMED"))


def not_found(intent: Intent, sought: Reference | None) -> Refusal:
    """Return the refusal of an intent whose record is not there."""
    sought = sought or Reference(intent.record_type, "id", intent.internal_id or "")
    return refusal_of(sought, Found(), sought.by, RECORD)
