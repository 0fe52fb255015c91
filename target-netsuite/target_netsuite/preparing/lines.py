"""Which lines of a sublist to send, so that it becomes what its rule says and stays so when that is done again.

NetSuite's own rules [section_1545295601, section_161717311354]: of a sublist with a key, lines that have the key of one
that is there change it, the others are added, and `replace` removes those that are not sent; of a sublist without a
key all are added, and `replace` removes those that were there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from target_netsuite.intents import Difference, LineRule
from target_netsuite.mapping.catalog import TypeFields
from target_netsuite.preparing.comparison import (
    differences,
    is_bare_link,
    is_content,
    items,
    matching,
    member,
    plain,
    reference_id,
    same,
    unmatched,
)

Line = Mapping[str, Any]


@dataclass(frozen=True)
class LinePlan:
    """What to send for one sublist.

    Attributes:
        lines: the lines, as `items` of the sublist.
        replace: whether the sublist has to be named in `replace`.
        differences: what changes; when there are none, nothing has to be sent.
    """

    lines: tuple[Line, ...] = ()
    replace: bool = False
    differences: tuple[Difference, ...] = ()


def plan_lines(
    name: str, rule: LineRule, existing: Sequence[Line], incoming: Sequence[Line], shape: TypeFields
) -> LinePlan:
    """Return what to send so that a sublist becomes what is wanted.

    A line is there when a line has the same keys: those of the rule, or else the sublist's own where it gives them. A
    line without them, or with a number that NetSuite has not given, is there when one has all that it says.

    Args:
        name: of the sublist.
        rule: what becomes of the lines that are there, and what tells which is meant.
        existing: the lines of the record's document.
        incoming: the lines of the body, their references looked up.
        shape: what the catalog says of the type; the sublist's own keys among it.
    """
    return _Plan(name, rule, existing, incoming, shape).made()


class _Plan:
    """One sublist of one record."""

    def __init__(
        self, name: str, rule: LineRule, existing: Sequence[Line], incoming: Sequence[Line], shape: TypeFields
    ) -> None:
        self._name, self._mode, self._shapes = name, rule.mode, shape
        self._existing, self._incoming = existing, incoming
        own = shape.keys(name)
        self._numbers = {key.lower() for key in own}
        self._own_keys = own if all(_key(line, own) for line in existing) else ()  # some may not be shown
        self._keys = rule.keys or own
        self._pairs = self._matched()
        self._changes = {
            one: list(
                differences(
                    self._changeable(incoming[one]),
                    existing[other],
                    shape,
                    self._place(existing[other], other),
                    name,
                )
            )
            for one, other in self._pairs.items()
            if self._mode != "append"
        }
        self._added = [number for number in range(len(incoming)) if number not in self._pairs]
        kept = set(self._pairs.values()) if self._mode == "replace" else set(range(len(existing)))
        self._removed = [number for number in range(len(existing)) if number not in kept]

    def made(self) -> LinePlan:
        """Return the plan."""
        found = self._differences()
        if not found:
            return LinePlan()
        if self._own_keys:
            return LinePlan(tuple(self._keyed()), replace=bool(self._removed), differences=found)
        if self._mode == "append":
            return LinePlan(tuple(self._incoming[number] for number in self._added), differences=found)
        return LinePlan(tuple(self._whole()), replace=True, differences=found)

    def _matched(self) -> dict[int, int]:
        """Return which incoming line means which that is there: by key first, the rest by all that they say.

        Where all lines are there as they are wanted, their numbers count for nothing: numbers of another record,
        such as the one that these were copied from, would make one line of another.
        """
        if len(self._incoming) == len(self._existing) and all(map(self._is_whole, self._incoming)):
            alike = self._matched_by_content(range(len(self._incoming)), range(len(self._existing)))
            if len(alike) == len(self._incoming):
                return alike
        pairs = self._matched_by_key()
        one_left = [number for number in range(len(self._incoming)) if number not in pairs]
        one_left = [number for number in one_left if self._may_be_anywhere(self._incoming[number])]
        taken = set(pairs.values())
        other_left = [number for number in range(len(self._existing)) if number not in taken]
        return pairs | self._matched_by_content(one_left, other_left)

    def _matched_by_content(self, ones: Sequence[int], others: Sequence[int]) -> dict[int, int]:
        pairs = matching(
            len(ones),
            len(others),
            lambda one, other: self._holds(self._existing[others[other]], self._incoming[ones[one]]),
        )
        return {ones[one]: others[other] for one, other in pairs.items()}

    def _is_whole(self, line: Line) -> bool:
        """Tell whether a line says what it is about, such as its item, and so is not a mere change of one."""
        return any(isinstance(value, Mapping) and name.lower() not in self._numbers for name, value in line.items())

    def _matched_by_key(self) -> dict[int, int]:
        """Pair lines of the same key: those that are alike first, then in their order."""
        incoming, existing = self._by_key(self._incoming), self._by_key(self._existing)
        pairs: dict[int, int] = {}
        for key, ones in incoming.items():
            others = existing.get(key, [])
            alike = matching(len(ones), len(others), lambda one, other, a=ones, b=others: self._same(a[one], b[other]))
            pairs |= {ones[one]: others[other] for one, other in alike.items()}
            free = [other for number, other in enumerate(others) if number not in alike.values()]
            waiting = [one for number, one in enumerate(ones) if number not in alike]
            pairs |= dict(zip(waiting, free, strict=False))
        return pairs

    def _by_key(self, lines: Sequence[Line]) -> dict[tuple[str, ...], list[int]]:
        found: dict[tuple[str, ...], list[int]] = {}
        for number, line in enumerate(lines):
            key = _key(line, self._keys)
            if key:
                found.setdefault(key, []).append(number)
        return found

    def _may_be_anywhere(self, line: Line) -> bool:
        """Tell whether a line may be one that is there although no key says so.

        Its key is missing, or it is a number that NetSuite gives itself, whatever number was sent.
        """
        if not _key(line, self._keys):
            return True
        given = [member(line, key) for key in self._keys]
        return {key.lower() for key in self._keys} <= self._numbers and not any(
            isinstance(value, Mapping) for value in given
        )

    def _same(self, one: int, other: int) -> bool:
        return self._says(self._changeable(self._incoming[one]), self._existing[other])

    def _holds(self, existing: Line, incoming: Line) -> bool:
        """Tell whether a line has all that another says, but for its number; one that says nothing is nowhere."""
        numbers = {key for key in self._numbers if not isinstance(member(incoming, key), Mapping)}
        said = {name: value for name, value in incoming.items() if name.lower() not in numbers and is_content(name)}
        return bool(said) and self._says(said, existing)

    def _changeable(self, line: Line) -> Line:
        """Return a line without the sublist's own keys, which no change of a line can change."""
        return {name: value for name, value in line.items() if name.lower() not in self._numbers}

    def _says(self, said: Line, line: Line) -> bool:
        return next(differences(said, line, self._shapes, "", self._name), None) is None

    def _keyed(self) -> list[Line]:
        """Return the lines to send of a sublist with a key: what changes, or with `replace` all that is to stay."""
        lines: list[Line] = []
        for number, line in enumerate(self._incoming):
            if number not in self._pairs:
                lines.append(self._new(line))
            elif self._removed or self._changes.get(number):
                there = self._existing[self._pairs[number]]
                lines.append(self._update(line, there))
        return lines

    def _update(self, line: Line, there: Line) -> Line:
        """Return a line that changes one that is there.

        All its fields go along, since NetSuite works others out from those that change. Sublists and subrecords in it
        go only where they differ: their lines would be added again.
        """
        key = {name: _written(member(there, name)) for name in self._own_keys}
        fields = {
            name: _missing(value, member(there, name), self._shapes, f"{self._name}.{name}")
            for name, value in line.items()
            if name.lower() not in self._numbers
            and is_content(name)
            and not self._is_settled_inside(name, value, there)
        }
        return {**key, **fields}

    def _is_settled_inside(self, name: str, value: Any, there: Line) -> bool:
        is_inside = isinstance(value, Mapping) and (items(value) is not None or reference_id(value) is None)
        path = f"{self._name}.{name}"
        return is_inside and same(value, member(there, name), self._shapes, path)

    def _new(self, line: Line) -> Line:
        """Return a line that is added; it must not have the number of one that is there."""
        taken = {_key(other, self._own_keys) for other in self._existing}
        if _key(line, self._own_keys) not in taken:
            return line
        return self._changeable(line)

    def _whole(self) -> list[Line]:
        """Return all lines of a sublist without a key: those that stay, changed or not, and those that are added."""
        wanted = {other: one for one, other in self._pairs.items()}
        stay: list[Line] = []
        for number, there in enumerate(self._existing):
            if number in self._removed:
                continue
            content = self._content(there)
            stay.append(
                {**content, **self._over(content, self._incoming[wanted[number]])} if number in wanted else content
            )
        return [*stay, *(self._incoming[number] for number in self._added)]

    def _content(self, line: Line) -> dict[str, Any]:
        """Return a line as it can be sent again."""
        return {
            name: _written(value)
            for name, value in line.items()
            if is_content(name) and not is_bare_link(value) and not self._shapes.is_read_only(f"{self._name}.{name}")
        }

    def _over(self, content: Line, line: Line) -> dict[str, Any]:
        """Return a line's fields spelled as in the line they go over; of a subrecord what they do not name stays."""
        spelled = {name.lower(): name for name in content}
        found = {}
        for name, value in line.items():
            there = content.get(spelled.get(name.lower(), name))
            is_part = self._shapes.kind(f"{self._name}.{name}") == "subrecord"
            if is_part and isinstance(value, Mapping) and isinstance(there, Mapping):
                value = {**there, **self._over(there, value)}  # noqa: PLW2901 - merged with what is there
            found[spelled.get(name.lower(), name)] = value
        return found

    def _differences(self) -> tuple[Difference, ...]:
        changed = [change for changes in self._changes.values() for change in changes]
        added = [Difference(f"{self._name}.items[+]", None, plain(self._incoming[number])) for number in self._added]
        removed = [
            Difference(self._place(self._existing[number], number), plain(self._existing[number]), None)
            for number in self._removed
        ]
        return (*changed, *added, *removed)

    def _place(self, line: Line, number: int) -> str:
        """Return where a line that is there stands, such as `item.items[line=3]`."""
        keys = [f"{name}={value}" for name, value in zip(self._own_keys, _key(line, self._own_keys), strict=False)]
        return f"{self._name}.items[{','.join(keys) or number}]"


def _key(line: Line, names: Sequence[str]) -> tuple[str, ...]:
    """Return what a line's key fields hold, empty when it lacks one of them or there are none."""
    key = tuple(reference_id(member(line, name)) for name in names)
    return tuple(part for part in key if part is not None) if None not in key else ()


def _missing(value: Any, before: Any, shape: TypeFields, path: str) -> Any:
    """Return a part of a line as it is to be sent: of a sublist in it the lines that are not there yet."""
    if not isinstance(value, Mapping) or shape.kind(path) == "multi-select" or reference_id(value) is not None:
        return value
    lines = items(value)
    if lines:
        return {"items": [lines[number] for number in unmatched(lines, items(before) or [], shape, path)]}
    there = before if isinstance(before, Mapping) else {}
    return {name: _missing(inner, member(there, name), shape, f"{path}.{name}") for name, inner in value.items()}


def _written(value: Any) -> Any:
    """Return a value of a document as a body has it: without links, counters and names of references."""
    lines = items(value)
    if lines is not None:
        return {"items": [_written(line) for line in lines]}
    if not isinstance(value, Mapping):
        return value
    content = {name: inner for name, inner in value.items() if is_content(name)}
    if set(content) <= {"id", "refName", "externalId"} and "id" in content:
        return {"id": content["id"]}
    return {name: _written(inner) for name, inner in content.items()}
