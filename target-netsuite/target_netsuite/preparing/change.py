"""What a record that is there is to become, and what to send for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suitetalk import NetSuiteError
from suitetalk.record_path import is_external_id
from target_netsuite.intents import Difference, Intent, Operation, Outcome, Refusal, Settled, Write
from target_netsuite.preparing.comparison import items, member
from target_netsuite.preparing.lines import plan_lines
from target_netsuite.preparing.lookups import EXTERNAL_ID
from target_netsuite.preparing.present import Present, Wanted
from target_netsuite.preparing.shapes import Shapes

_OUTCOMES = {Operation.INACTIVATE: Outcome.INACTIVATED}
_COMPARED = (Operation.INACTIVATE, Operation.CREATE)


@dataclass(frozen=True)
class Change:
    """A record that is there, and what an intent asks of it.

    A create asks that it be there as it says: input may come twice, such as after a kill.

    Attributes:
        intent: what is asked.
        internal_id: of the record.
        body: the fields, references looked up.
    """

    intent: Intent
    internal_id: str
    body: Mapping[str, Any]

    def _is_compared(self, *, compare: bool) -> bool:
        """Tell whether what is there decides what becomes of it."""
        return compare or self.intent.operation in _COMPARED

    @property
    def outcome(self) -> Outcome:
        """What to call it when it is done."""
        return _OUTCOMES.get(self.intent.operation, Outcome.UPDATED)

    @property
    def _done(self) -> Outcome:
        """What to call it when it was done, and by an upsert perhaps by creating the record."""
        return Outcome.UPSERTED if self.intent.operation is Operation.UPSERT else self.outcome

    @property
    def sublists(self) -> tuple[str, ...]:
        """Names of the sublists of the body that have a rule."""
        ruled = {name.lower() for name in self.intent.lines}
        return tuple(name for name in self.body if name.lower() in ruled)

    def wanted(self, *, compare: bool) -> Wanted | None:
        """Return what has to be read of the record, None when nothing has to."""
        compare = self._is_compared(compare=compare)
        if not compare and not self.sublists:
            return None
        return Wanted(self.internal_id, self._fields() if compare else {}, self.sublists)

    def _fields(self) -> dict[str, Any]:
        """Return the fields that are changed; of those named in `replace` the absent are emptied."""
        fields = {name: value for name, value in self.body.items() if name not in self.sublists}
        if not self.intent.replace_selected_fields:
            return fields
        return {name: member(fields, name) for name in self.intent.replace}

    def settled(self, present: Present | None, shapes: Shapes, *, compare: bool, again: bool) -> Write | Settled:
        """Return what to send, or that nothing has to be sent.

        Args:
            present: what is there, None when it was not read.
            shapes: what the catalog says of the type.
            compare: whether a record that is as it is wanted is left alone.
            again: whether it was sent before and its answer was lost; a record that is as wanted is then done.
        """
        if present is None:
            return self._write(self.body, self.intent.replace, ())
        if self.sublists and present.document is None:
            return Settled(self.intent, internal_id=self.internal_id, refusal=self._unreadable(present))
        body, replace, found = self._with_lines(present, shapes)
        if not found and (self._is_compared(compare=compare or again) or not body):
            return Settled(self.intent, self._done if again else Outcome.UNCHANGED, self.internal_id)
        if self.intent.operation is Operation.CREATE:
            return Settled(self.intent, internal_id=self.internal_id, refusal=self._taken(found))
        return self._write(body, replace, found)

    def _with_lines(
        self, present: Present, shapes: Shapes
    ) -> tuple[dict[str, Any], tuple[str, ...], tuple[Difference, ...]]:
        """Return the body with the lines that have to be sent, what to replace, and all that differs."""
        body, replace, found = dict(self.body), self.intent.replace, present.differences
        rules = {name.lower(): rule for name, rule in self.intent.lines.items()}
        for name in self.sublists:
            existing = items(member(present.document or {}, name)) or []
            plan = plan_lines(name, rules[name.lower()], existing, items(body[name]) or [], shapes)
            found += plan.differences
            if plan.differences:
                body[name] = {"items": list(plan.lines)}
                replace += (name,) if plan.replace else ()
            else:
                del body[name]
        return body, replace, found

    def _write(self, body: Mapping[str, Any], replace: tuple[str, ...], differences: tuple[Difference, ...]) -> Write:
        intent = self.intent
        operation = Operation.UPSERT if self._can_be_put(replace) else Operation.UPDATE
        return Write(
            intent,
            operation,
            intent.record_type,
            self.internal_id,
            intent.external_id,
            body,
            replace,
            self.outcome,
            differences,
        )

    def _can_be_put(self, replace: tuple[str, ...]) -> bool:
        """Tell whether the record can be sent as an upsert: that knows no `replace` [section_156335203191]."""
        intent = self.intent
        is_upsert = intent.operation is Operation.UPSERT and not intent.internal_id
        plain = not (self.sublists or replace or intent.replace_selected_fields)
        return is_upsert and plain and is_external_id(intent.external_id or "")

    def _taken(self, found: Sequence[Difference]) -> Refusal:
        """Return why nothing becomes of a create whose external id another record has."""
        intent, fields = self.intent, ", ".join(difference.path for difference in found)
        message = (
            f"NetSuite has a record of type {intent.record_type} with the external id {intent.external_id} already, "
            f"and it is not known to be the same in {fields}"
        )
        advice = f"its internal id is {self.internal_id}; use update or upsert to change it"
        return Refusal("invalid", message, EXTERNAL_ID, "EXTERNAL_ID_EXISTS", advice=advice)

    def _unreadable(self, present: Present) -> Refusal:
        problem = present.problem
        message = f"Its lines cannot be brought together with those that are there: {problem}"
        path = ", ".join(self.sublists)
        if isinstance(problem, NetSuiteError):
            return Refusal("rejected", message, path, problem.code, problem.status, problem.advice)
        return Refusal("invalid", message, path, "LINES_NOT_READABLE")
