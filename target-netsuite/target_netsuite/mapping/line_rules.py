"""The sublists of a stream's records: where their lines come from, and how they meet those that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from target_netsuite.errors import InvalidRecordError
from target_netsuite.intents import LineRule
from target_netsuite.mapping.documents import elements
from target_netsuite.mapping.field_rules import Fault, FieldRules
from target_netsuite.mapping.row_mapping import RowMapping
from target_netsuite.mapping.unfit import UnfitError, at
from target_netsuite.settings.paths import Path
from target_netsuite.settings.stream_settings import StreamSettings
from target_netsuite.settings.sublist_settings import SublistSettings


class LineRules:
    """What `sublists`, `replace` and the catalog say of the sublists of one stream."""

    def __init__(self, settings: StreamSettings, rules: FieldRules) -> None:
        """Prepare."""
        named = {rules.spelled((name,))[0]: (name, sublist) for name, sublist in settings.sublists.items()}
        in_catalog = rules.shape.sublists if rules.shape else {}
        filled = {path[0] for path in rules.sublists_named() if len(path) == 1}
        replaced = {rules.spelled((name,))[0] for name in settings.replace}
        self._rules: dict[str, LineRule] = {}
        for sublist in {**in_catalog, **named, **dict.fromkeys(filled)}:
            keys = in_catalog[sublist].keys if sublist in in_catalog else ()
            given = named[sublist][1] if sublist in named else SublistSettings()
            spelled = tuple(rules.spelled((key,), (sublist,))[0] for key in given.keys or keys)
            mode = given.mode or ("replace" if sublist in replaced else "merge" if spelled else "append")
            self._rules[sublist] = LineRule(mode, spelled)
        self.replaced_fields = tuple(sorted(replaced - self._rules.keys()))
        where = {name: rules.destination((), (name,)) for name in settings.sublists}
        self._faults = {name: found for name, found in where.items() if isinstance(found, Fault)}
        self._mappings = [
            (sublist, name, given, _line_mapping(rules, (sublist,), given)) for sublist, (name, given) in named.items()
        ]

    def of(self, body: Mapping[str, Any]) -> dict[str, LineRule]:
        """Return the rules of the sublists that are in a body."""
        return {sublist: rule for sublist, rule in self._rules.items() if sublist in body}

    def values(
        self, record: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> dict[str, dict[str, Any] | None]:
        """Return the sublists that are filled from a column of their own, or from the rows of a child stream.

        A column that is null makes a sublist null; what that means, `settled` says.

        Raises:
            InvalidRecordError: a line cannot be sent.
        """
        found: dict[str, dict[str, Any] | None] = {}
        for sublist, name, given, mapping in self._mappings:
            source, column = (rows, name) if given.stream else (record, given.column or "")
            if column not in source:
                continue
            self._check_known(name)
            lines = source[column]
            found[sublist] = None if lines is None else {"items": _mapped(given.stream or column, mapping, lines)}
        return found

    def _check_known(self, name: str) -> None:
        fault = self._faults.get(name)
        if fault:
            raise InvalidRecordError(name, f"`{name}` of the setting `sublists` {fault.problem}", fault.code)

    def settled(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body in which a sublist that is null says what its rule means by it.

        NetSuite empties a sublist that is null also where nothing is to be replaced [section_1545295601]; here null
        empties one that is to be replaced, and leaves the lines of others alone. No lines at all are the same.
        """
        for sublist, rule in self._rules.items():
            if sublist not in body:
                continue
            lines = elements(body[sublist])
            if lines:
                body[sublist] = {"items": lines}
            elif lines is not None or body[sublist] is None:
                if rule.mode == "replace":
                    body[sublist] = {"items": []}
                else:
                    del body[sublist]
        return body


def _line_mapping(rules: FieldRules, place: Path, given: SublistSettings) -> RowMapping:
    used = {column for template in given.templates.values() for column in template.columns}
    return RowMapping(rules, place, given.fields, elsewhere=given.parent_key, used=used)


def _mapped(column: str, mapping: RowMapping, lines: Any) -> list[dict[str, Any]]:
    try:
        return mapping.lines(list(lines) if isinstance(lines, tuple) else lines)
    except (UnfitError, InvalidRecordError) as error:
        raise at(column, error) from None
