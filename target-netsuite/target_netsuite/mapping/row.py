"""Row -> object of a body."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from target_netsuite.errors import FIELD_FILLED_TWICE, READ_ONLY_FIELD, UNKNOWN_FIELD, InvalidRecordError
from target_netsuite.mapping.catalog import squeezed
from target_netsuite.mapping.fields import SUB_RESOURCES, Destination, Fault, FieldRules
from target_netsuite.mapping.values import HYPERMEDIA, Convert, UnfitError, at, elements, unfit
from target_netsuite.settings.entries import EACH, Path, clashing, parse_path, path_text
from target_netsuite.settings.template import TextTemplate

logger = logging.getLogger(__name__)

ABSENT: Any = object()
"""Stands for a value that is not there at all."""

Row = Mapping[str, Any]
Step = tuple["ColumnPath", Path, Convert]
"""A column, the field it goes to, and how."""

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
            used: columns that are not sent under their own names where these are not fields.
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
        """Return the columns that would fill what is not a field."""
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
            UnfitError: it is not an array.
            InvalidRecordError: a row cannot be sent.
        """
        found = elements(rows)
        if found is None:
            raise unfit(rows, "array of lines")
        return [self._line(number, row) for number, row in enumerate(found) if row is not None]

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
            is_body=not self._place,
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
        """Return the destination's converter; what has fields itself is mapped like a row."""
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
            found = self._destination(path)
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
                found = self._destination(path)
                templates.append((template, found.path, found.convert))
        return templates

    def _destination(self, path: Path) -> Destination:
        found = self._rules.destination(self._place, path)
        if isinstance(found, Destination):
            return found
        name = path_text(path)
        if found is None:
            raise InvalidRecordError(name, f"`{name}` cannot be written", UNKNOWN_FIELD)
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


@dataclass(frozen=True)
class RowPlan:
    """How a row becomes an object.

    Attributes:
        plain: column, name of the field, converter; for columns and fields that are in nothing else, and quick.
        deep: the same for paths.
        lines: path of a sublist, and the arrays that fill its lines together.
        fixed: path and value.
        templates: template, path, converter.
        is_body: whether the object is the whole body, in which a sublist may be null.
        fault: why no row with these columns can be sent, None when they can.
    """

    plain: tuple[tuple[str, str, Convert], ...] = ()
    deep: tuple[Step, ...] = ()
    lines: tuple[tuple[Path, tuple[ArraySource, ...]], ...] = ()
    fixed: tuple[tuple[Path, Any], ...] = ()
    templates: tuple[tuple[TextTemplate, Path, Convert], ...] = ()
    is_body: bool = False
    fault: InvalidRecordError | None = field(default=None)

    def values(self, row: Row) -> dict[str, Any]:
        """Return the object for a row.

        Raises:
            InvalidRecordError: it cannot be sent.
        """
        if self.fault:
            raise InvalidRecordError(self.fault.column, self.fault.problem, self.fault.code)
        body: dict[str, Any] = {}
        column = ""
        try:
            for column, name, convert in self.plain:
                value = row[column]
                body[name] = None if value is None else convert(value)
        except (UnfitError, InvalidRecordError) as error:
            raise at(column, error) from None
        if self.deep or self.lines or self.fixed or self.templates:
            body.update(nested(self._deep_values(row)))
        return body

    def _deep_values(self, row: Row) -> dict[Path, Any]:
        values: dict[Path, Any] = {}
        for column, path, convert in self.deep:
            value = column.value(row)
            sent = value if value is ABSENT else _converted(_name(column), value, convert)
            if sent is not ABSENT:
                values[path] = sent
        for path, sources in self.lines:
            lines = _joined(sources, row)
            if lines is not None:
                values[path] = {"items": lines}
            elif self.is_body and any(source.elements(row) is None for source in sources):
                values[path] = None  # what that means, the sublist's rule says
        values.update(self.fixed)
        for template, path, convert in self.templates:
            values[path] = _converted(template.text, template.fill(row), convert)
        return values


def _converted(column: str, value: Any, convert: Convert) -> Any:
    try:
        return None if value is None else convert(value)
    except (UnfitError, InvalidRecordError) as error:
        raise at(column, error) from None


def _joined(sources: tuple[ArraySource, ...], row: Row) -> list[dict[str, Any]] | None:
    """Return lines that several arrays fill together, the first elements of all the first line, and so on.

    Where all of them have null, there is no line.
    """
    arrays = [(source, source.elements(row)) for source in sources]
    found = [(source, array) for source, array in arrays if array is not ABSENT and array is not None]
    if not found:
        return None
    first, length = found[0][0], len(found[0][1])
    for source, array in found[1:]:
        if len(array) != length:
            problem = f"has {len(array)} elements, and `{_name(first.column)}` has {length}; both fill the same lines"
            raise at(_name(source.column), UnfitError(problem))
    joined: list[dict[str, Any]] = []
    for number in range(length):
        if any(array[number] is not None for _, array in found):
            line: dict[str, Any] = {}
            for source, array in found:
                line |= source.mapped(number, array[number])
            joined.append(line)
    return joined


def _name(column: ColumnPath) -> str:
    return ".".join(column.names)


@dataclass(frozen=True)
class ArraySource:
    """An array whose elements fill fields of lines.

    Attributes:
        column: where it is in the row.
        line: turns an element into a line.
        of_values: whether the elements are single values, given to `line` under the name of nothing.
    """

    column: ColumnPath
    line: Callable[[Row], dict[str, Any]]
    of_values: bool

    def elements(self, row: Row) -> Any:
        """Return the elements of a row's array; `ABSENT` when there is no array, None when it is null.

        Raises:
            InvalidRecordError: the column is not an array.
        """
        value = self.column.value(row)
        found = value if value is ABSENT or value is None else elements(value)
        if found is None and value is not None:
            raise at(_name(self.column), unfit(value, "array"))
        return found

    def mapped(self, number: int, element: Any) -> dict[str, Any]:
        """Return the line for an element.

        Raises:
            InvalidRecordError: it cannot be sent.
        """
        try:
            if self.of_values:
                return self.line({"": element})
            if element is not None and not isinstance(element, Mapping):
                raise unfit(element, "object")
            return self.line(element or {})
        except (UnfitError, InvalidRecordError) as error:
            raise at(f"{_name(self.column)}[{number}]", error) from None


@dataclass(frozen=True)
class ColumnPath:
    """Where a value is in a row.

    Attributes:
        text: as it is written in the settings, for messages.
        names: names from the outside in, up to the value or up to the array it is in.
        inside: path within each element of the array; None when there is no array.
    """

    text: str
    names: Path
    inside: str | None = None

    def value(self, row: Any) -> Any:
        """Return the value, or the array; `ABSENT` when there is none, None when something on the way is null."""
        for name in self.names:
            if row is None:
                return None
            if not isinstance(row, Mapping) or name not in row:
                return ABSENT
            row = row[name]
        return row


def column_path(text: str, known: Collection[str]) -> ColumnPath:
    """Read the path of a column.

    Args:
        text: as it is written; one that names a known column as it stands is that column.
        known: columns of the stream's schema.
    """
    path = None if text in known else parse_path(text)
    if path is None:
        return ColumnPath(text, (text,))
    if EACH not in path:
        return ColumnPath(text, path)
    place = path.index(EACH)
    return ColumnPath(text, path[:place], ".".join(path[place + 1 :]).replace(f".{EACH}", EACH))


def nested(values: Mapping[Path, Any]) -> dict[str, Any]:
    """Return paths and values as nested objects; an object of nothing but nulls is null itself.

    So `entity.id` = null clears the reference, instead of asking for an entity without an id.
    """
    members: dict[str, dict[Path, Any]] = {}
    for path, value in values.items():
        members.setdefault(path[0], {})[path[1:]] = value
    return {name: _nested(inside) for name, inside in members.items()}


def _nested(inside: Mapping[Path, Any]) -> Any:
    if () in inside:
        return inside[()]
    return None if all(value is None for value in inside.values()) else nested(inside)


def without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without nulls, for a record that is new: there is nothing to clear."""
    kept = ((name, _without_nulls(value)) for name, value in body.items() if value is not None)
    return {name: value for name, value in kept if value != {} or body[name] == {}}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return without_nulls(value)
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
