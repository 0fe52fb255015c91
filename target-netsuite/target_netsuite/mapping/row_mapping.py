"""From a row of the input, a record or a line of one, to an object of the body."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from target_netsuite.errors import FIELD_FILLED_TWICE, READ_ONLY_FIELD, UNKNOWN_FIELD, InvalidRecordError
from target_netsuite.mapping.column_values import ABSENT, ColumnPath, column_path
from target_netsuite.mapping.converters import Convert
from target_netsuite.mapping.documents import HYPERMEDIA, elements
from target_netsuite.mapping.field_rules import SUB_RESOURCES, Destination, Fault, FieldRules
from target_netsuite.mapping.names import squeezed
from target_netsuite.mapping.row_plan import ArraySource, Row, RowPlan, Step
from target_netsuite.mapping.unfit import UnfitError, at, unfit
from target_netsuite.settings.paths import EACH, Path, clashing, path_text
from target_netsuite.template import TextTemplate

logger = logging.getLogger(__name__)

SINGER_PREFIX = "_sdc_"
_MOST_PLANS = 1000  # sets of columns; a stream has few, unless its columns are data
_LEFT_OUT = (UNKNOWN_FIELD, READ_ONLY_FIELD)


class RowMapping:
    """Turns the rows of one place into objects; how, is worked out once for each set of columns."""

    def __init__(
        self,
        rules: FieldRules,
        place: Path = (),
        fields: Mapping[str, Path] | None = None,
        *,
        formats: Mapping[str, str | None] | None = None,
        elsewhere: Collection[str] = (),
        used: Collection[str] = (),
    ) -> None:
        """Prepare.

        Args:
            rules: what is known of the fields.
            place: `()` for the body, else the path of a sublist or subrecord, spelled as the catalog does.
            fields: column -> path below the place; None for all columns under their own names.
            formats: columns of the stream's schema, with the form of their texts.
            elsewhere: columns that are never sent under their own names; their case and underscores do not count.
            used: columns that are not sent under their own names where these are no fields.
        """
        self._rules = rules
        self._place = place
        self._fields = fields
        self._formats = formats or {}
        self._elsewhere = frozenset(map(squeezed, elsewhere))
        self._used = frozenset(used)
        self._row_settings = rules.row_settings(place)
        self._plans: dict[tuple[str, ...], RowPlan] = {}
        self._inner: dict[Path, RowMapping] = {}

    def values(self, row: Row) -> dict[str, Any]:
        """Return the object for a row; nulls stay nulls.

        Raises:
            InvalidRecordError: it cannot be sent.
        """
        columns = tuple(row)
        plan = self._plans.get(columns)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[columns] = self._plan(columns)
        return plan.values(row)

    def unknown(self, columns: Collection[str]) -> list[str]:
        """Return the columns that would fill what is no field."""
        return [
            column.text
            for column, path in self._wanted(tuple(columns))
            if column.text not in self._used
            and isinstance(found := self._rules.destination(self._place, path), Fault)
            and found.code == UNKNOWN_FIELD
        ]

    def lines(self, rows: Any) -> list[dict[str, Any]]:
        """Return the objects for the rows of an array.

        Raises:
            UnfitError: it is no array.
            InvalidRecordError: a row cannot be sent.
        """
        found = elements(rows)
        if found is None:
            raise unfit(rows, "array of lines")
        return [self._line(number, row) for number, row in enumerate(found)]

    def sublist(self, rows: Any) -> dict[str, Any]:
        """Return the object of a sublist for the rows of an array; errors are those of `lines`."""
        return {"items": self.lines(rows)}

    def _line(self, number: int, row: Any) -> dict[str, Any]:
        try:
            return self.part(row)
        except (UnfitError, InvalidRecordError) as error:
            raise at(f"[{number}]", error) from None

    def part(self, row: Any) -> dict[str, Any]:
        """Return the object for what should be a row.

        Raises:
            UnfitError: it is none.
            InvalidRecordError: it cannot be sent.
        """
        if not isinstance(row, Mapping):
            raise unfit(row, "object")
        return self.values(row)

    def _plan(self, columns: tuple[str, ...]) -> RowPlan:
        try:
            return self._made(columns)
        except InvalidRecordError as error:
            return RowPlan(fault=error)

    def _made(self, columns: tuple[str, ...]) -> RowPlan:
        fixed = self._fixed()
        templates = self._templates(columns)
        filled = [path for path, _ in fixed] + [path for _, path, _ in templates]
        steps, left_out = self._steps(columns, frozenset(filled) if self._fields is None else frozenset())
        self._report(left_out)
        lines = self._lines(columns)
        clash = clashing([*(path for _, path, _ in steps), *(path for path, _ in lines), *filled])
        if clash:
            name = path_text(clash)
            raise InvalidRecordError(
                name, f"several columns fill the field `{name}`; name the right one in `fields`", FIELD_FILLED_TWICE
            )
        plain = [step for step in steps if _is_plain(step)]
        return RowPlan(
            plain=tuple((column.text, path[0], convert) for column, path, convert in plain),
            deep=tuple(step for step in steps if step not in plain),
            lines=tuple(lines),
            fixed=tuple(fixed),
            templates=tuple(templates),
        )

    def _steps(self, columns: tuple[str, ...], filled: Collection[Path]) -> tuple[list[Step], list[str]]:
        """Return column, path and converter of all that goes, and the columns that are left out."""
        steps, left_out = [], []
        for column, path in self._wanted(columns):
            found = self._rules.destination(self._place, path, self._formats.get(column.text))
            if isinstance(found, Destination) and found.path not in filled:
                steps.append((column, found.path, self._converter(found)))
            elif isinstance(found, Fault) and not (found.code == UNKNOWN_FIELD and column.text in self._used):
                if not self._may_leave_out(found):
                    raise InvalidRecordError(column.text, f"`{column.text}` {found.problem}", found.code)
                left_out.append(column.text)
        return steps, left_out

    def _wanted(self, columns: tuple[str, ...]) -> list[tuple[ColumnPath, Path]]:
        if self._fields is None:
            return [
                (ColumnPath(column, (column,)), tuple(column.split(".")))
                for column in columns
                if squeezed(column) not in self._elsewhere
                and not column.startswith(SINGER_PREFIX)
                and not self._rules.is_own_number(self._place, column)
            ]
        paths = {text: column_path(text, {*self._formats, *columns}) for text in self._fields}
        return [
            (column, self._fields[text])
            for text, column in paths.items()
            if EACH not in self._fields[text] and column.names[0] in columns
        ]

    def _lines(self, columns: tuple[str, ...]) -> list[tuple[Path, tuple[ArraySource, ...]]]:
        """Return the sublists that columns with arrays fill."""
        arrays: dict[Path, dict[tuple[Path, bool], dict[str, Path]]] = {}
        left_out = []
        for text, path in (self._fields or {}).items():
            column = column_path(text, {*self._formats, *columns})
            if EACH in path and column.names[0] in columns:
                mark = path.index(EACH)
                found = self._rules.destination(self._place, path[:mark])
                if isinstance(found, Destination):
                    of_one = arrays.setdefault(found.path, {}).setdefault((column.names, column.inside is None), {})
                    of_one[column.inside or ""] = path[mark + 1 :]
                elif found and not self._may_leave_out(found):
                    raise InvalidRecordError(text, f"`{text}` {found.problem}", found.code)
                else:
                    left_out.append(text)
        self._report(left_out)
        return [
            (
                sublist,
                tuple(
                    self._source(sublist, names, fields, of_values=of_values)
                    for (names, of_values), fields in of.items()
                ),
            )
            for sublist, of in arrays.items()
        ]

    def _source(self, sublist: Path, names: Path, fields: Mapping[str, Path], *, of_values: bool) -> ArraySource:
        mapping = RowMapping(self._rules, (*self._place, *sublist), fields)
        return ArraySource(ColumnPath(".".join(names), names), mapping.values, of_values)

    def _converter(self, found: Destination) -> Convert:
        """Return the destination's converter; what has fields of its own is mapped like a row."""
        if found.kind not in SUB_RESOURCES:
            return found.convert
        if found.kind == "multi-select":
            return partial(_unless_linked, found.convert)
        place = (*self._place, *found.path)
        if place not in self._inner:
            self._inner[place] = RowMapping(self._rules, place)
        inner = self._inner[place]
        return partial(_unless_linked, inner.part if found.kind == "subrecord" else inner.sublist)

    def _fixed(self) -> list[tuple[Path, Any]]:
        fixed = []
        for path, value in self._row_settings.constants.items():
            found = self._settled(path)
            try:
                fixed.append((found.path, None if value is None else self._converter(found)(value)))
            except (UnfitError, InvalidRecordError) as error:
                raise at(path_text(path), error) from None
        return fixed

    def _templates(self, columns: tuple[str, ...]) -> list[tuple[TextTemplate, Path, Convert]]:
        """Return those of which all columns are there; the fields of others are left alone."""
        templates = []
        for path, template in self._row_settings.templates.items():
            if all(column in columns for column in template.columns):
                found = self._settled(path)
                templates.append((template, found.path, found.convert))
        return templates

    def _settled(self, path: Path) -> Destination:
        found = self._rules.destination(self._place, path)
        if isinstance(found, Destination):
            return found
        name = path_text(path)
        if found is None:
            raise InvalidRecordError(name, f"`{name}` is nothing that can be written", UNKNOWN_FIELD)
        raise InvalidRecordError(name, f"the setting for `{name}` {found.problem}", found.code)

    def _may_leave_out(self, fault: Fault) -> bool:
        return self._rules.leave_out and fault.code in _LEFT_OUT

    def _report(self, left_out: list[str]) -> None:
        new = [column for column in left_out if (*self._place, column) not in self._rules.left_out]
        if new:
            self._rules.left_out.update((*self._place, column) for column in new)
            place = f" in `{'.'.join(self._place)}`" if self._place else ""
            stream = self._rules.stream
            logger.warning(
                "Columns of stream `%s`%s are left out, since they cannot be written: %s.",
                stream,
                place,
                ", ".join(new),
            )


def _is_plain(step: Step) -> bool:
    """Tell whether a step leads from a column to a field that are in nothing else, and always gives a value."""
    column, path, convert = step
    in_nothing = len(path) == 1 and column.names == (column.text,)
    return in_nothing and not (isinstance(convert, partial) and convert.func is _unless_linked)


def _unless_linked(convert: Convert, value: Any) -> Any:
    """Return what becomes of a sublist or the like; `ABSENT` for one that was read as a mere link to it, or without."""
    return ABSENT if isinstance(value, Mapping) and value.keys() <= {HYPERMEDIA} else convert(value)
