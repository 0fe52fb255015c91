"""What a look-up found, and the refusal of a record that it leaves without an answer."""

from __future__ import annotations

from dataclasses import dataclass

from suitetalk import NetSuiteError
from target_netsuite.intents import Reference, Refusal

_NAMED = 5  # ids of an ambiguous look-up that a message names

REFERENCE = "REFERENCE"
RECORD = "RECORD"
"""What was looked up: something the record refers to, or the record itself."""

REFERENCE_NOT_FOUND = f"{REFERENCE}_NOT_FOUND"


@dataclass(frozen=True)
class Found:
    """The answer to one look-up.

    Attributes:
        ids: internal ids of all records that fit, none when there is no such record.
        problem: why nobody can tell, in a sentence; then `ids` says nothing. Empty when it could be told.
        code: what the problem is called, NetSuite's name or one of ours.
        status: HTTP status of NetSuite's refusal, None when it was none.
        advice: what to do about the problem.
        is_unasked: SuiteQL is not there for the type, and asking one by one was not wanted.
    """

    ids: tuple[str, ...] = ()
    problem: str = ""
    code: str = ""
    status: int | None = None
    advice: str = ""
    is_unasked: bool = False

    @property
    def id(self) -> str | None:
        """The internal id when there is exactly one, else None."""
        return self.ids[0] if len(self.ids) == 1 and not self.problem else None

    @property
    def is_absent(self) -> bool:
        """Whether it is certain that there is no such record."""
        return not self.ids and not self.problem and not self.is_unasked

    @classmethod
    def refused(cls, refusal: NetSuiteError) -> Found:
        """Return the answer to a look-up whose value NetSuite refuses."""
        return cls(
            problem=f"NetSuite says {refusal.detail!r}",
            code=refusal.code or "LOOKUP_REFUSED",
            status=refusal.status,
            advice=refusal.advice,
        )


def refusal_of(sought: Reference, found: Found, path: str, what: str) -> Refusal:
    """Return why a record cannot be written whose look-up did not find exactly one.

    Args:
        sought: what was looked up.
        found: what came of it.
        path: the field that refers to it; of the record itself the field it is found by.
        what: `REFERENCE` or `RECORD`.
    """
    meant = f"{sought.record_type} with {sought.by} {sought.value!r}"
    if found.problem:
        return Refusal(
            "invalid",
            f"{meant[0].upper()}{meant[1:]} cannot be looked up: {found.problem}",
            path,
            found.code,
            found.status,
            found.advice,
        )
    if found.ids:
        named = ", ".join(found.ids[:_NAMED]) + (", …" if len(found.ids) > _NAMED else "")
        message = f"NetSuite has {len(found.ids)} records of type {meant}: internal ids {named}."
        return Refusal("invalid", message, path, f"{what}_AMBIGUOUS", advice="name one of them by its id")
    advice = "check the value, and that the role may view the record"
    return Refusal("invalid", f"NetSuite has no {meant}.", path, f"{what}_NOT_FOUND", advice=advice)
