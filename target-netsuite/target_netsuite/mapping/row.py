"""Row -> object of a body."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from target_netsuite.errors import FIELD_FILLED_TWICE, READ_ONLY_FIELD, UNKNOWN_FIELD, InvalidRecordError
from target_netsuite.mapping.catalog import squeezed
from target_netsuite.mapping.fields import SUB_RESOURCES, Destination, Fault, FieldRules
from target_netsuite.mapping.values import (
    ABSENT,
    HYPERMEDIA,
    Convert,
    UnfitError,
    at,
    from_json,
    is_blank,
    is_empty,
    listed,
    unfit,
)
from target_netsuite.settings.entries import EACH, Path, TextTemplate, clashing, parse_path, path_text

logger = logging.getLogger(__name__)

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
        fields: Iterable[tuple[str | ColumnPath, Path]] | None = None,
        *,
        arrays: Collection[str] = (),
        formats: Mapping[str, str | None] | None = None,
        elsewhere: Collection[str] = (),
        used: Collection[str] = (),
    ) -> None:
        """Prepare.

        Args:
            rules: what is known of the fields.
            place: `()` for the body, else the path of a sublist or subrecord, spelled as the catalog does.
            fields: columns, and their paths below the place; None for all columns under their own names.
            arrays: columns that are arrays, as the stream's schema says.
            formats: columns of the stream's schema, with the form of their texts.
            elsewhere: columns that are never sent under their own names; their case and underscores do not count.
            used: columns that are not sent under their own names where these are not fields.
        """
        self._rules = rules
        self._place = place
        self._fields = None if fields is None else tuple(fields)
        self._arrays = frozenset(arrays)
        self._formats = formats or {}
        self._elsewhere = frozenset(map(squeezed, elsewhere))
        self._used = frozenset(used)
        self.keeps_lines = rules.keeps_lines
        self._row_settings = rules.row_settings(place)
        templates = self._row_settings.templates.values()
        self.template_columns = tuple(dict.fromkeys(column for one in templates for column in one.columns))
        self._plans: dict[tuple[str, ...], RowPlan] = {}
        self._inner: dict[Path, RowMapping] = {}

    def values(self, row: Row) -> dict[str, Any]:
        """Return the object for a row; nulls stay nulls.

        Raises:
            InvalidRecordError: it cannot be sent.
        """
        return self._plan_of(row).values(row)

    def is_blank(self, row: Row) -> bool:
        """Tell whether there is nothing in any column of a row that is sent.

        Raises:
            InvalidRecordError: it cannot be sent.
        """
        return self._plan_of(row).is_blank(row)

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
        """Return the objects for the rows of an array; a single object is a row, and one with nothing in it is none.

        Raises:
            UnfitError: it is not an array.
            InvalidRecordError: a row cannot be sent.
        """
        found = listed(rows)
        if found is None:
            found = [row] if isinstance(row := from_json(rows), Mapping) else None
        if found is None:
            raise unfit(rows, "array of lines")
        lines = [self._line(number, row) for number, row in enumerate(found) if row is not None]
        return [line for line in lines if line is not None]

    def sublist(self, rows: Any) -> dict[str, Any]:
        """Return the object of a sublist for the rows of an array; errors are those of `lines`."""
        return {"items": self.lines(rows)}

    def _line(self, number: int, row: Any) -> dict[str, Any] | None:
        try:
            return None if isinstance(row, Mapping) and self.is_blank(row) else self.part(row)
        except (UnfitError, InvalidRecordError) as error:
            raise at(f"[{number}]", error) from None

    def part(self, row: Any) -> dict[str, Any]:
        """Return the object for what should be a row.

        Raises:
            UnfitError: it is none.
            InvalidRecordError: it cannot be sent.
        """
        row = from_json(row)
        if not isinstance(row, Mapping):
            raise unfit(row, "object")
        return self.values(row)

    def _plan_of(self, row: Row) -> RowPlan:
        columns = tuple(row)
        plan = self._plans.get(columns)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[columns] = self._plan(columns)
        if plan.fault:
            raise InvalidRecordError(plan.fault.column, plan.fault.problem, plan.fault.code)
        return plan

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
        _check_clashes([*(path for _, path, _ in steps), *(sublist.path for sublist in lines), *filled])
        plain = [step for step in steps if _is_plain(step)] if self._rules.empty_text != "absent" else []
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
        return [(column, path) for column, path in self._mapped(columns) if EACH not in path]

    def _mapped(self, columns: tuple[str, ...]) -> list[tuple[ColumnPath, Path]]:
        """Return the columns that `fields` names, as far as they are there."""
        known = {*self._formats, *columns}
        mapped = [
            (column_path(column, known) if isinstance(column, str) else column, path)
            for column, path in self._fields or ()
        ]
        return [(column, path) for column, path in mapped if column.names[0] in columns]

    def _lines(self, columns: tuple[str, ...]) -> list[SublistPlan]:
        """Return how columns fill the lines of sublists."""
        sublists: dict[Path, list[tuple[ColumnPath, Path]]] = {}
        left_out = []
        for column, path in self._mapped(columns):
            if EACH in path:
                mark = path.index(EACH)
                found = self._rules.destination(self._place, path[:mark])
                if isinstance(found, Destination):
                    sublists.setdefault(found.path, []).append((column, path[mark + 1 :]))
                elif found and not self._may_leave_out(found):
                    raise InvalidRecordError(column.text, f"`{column.text}` {found.problem}", found.code)
                else:
                    left_out.append(column.text)
        self._report(left_out)
        return [self._sublist_plan(sublist, filled) for sublist, filled in sublists.items()]

    def _sublist_plan(self, sublist: Path, filled: list[tuple[ColumnPath, Path]]) -> SublistPlan:
        place = (*self._place, *sublist)
        given = self._rules.row_settings(place)
        inside = [*(path for _, path in filled), *given.constants, *given.templates]
        _check_clashes((*sublist, EACH, *self._rules.spelled_marked(path, place)) for path in inside)
        sources: dict[Path, list[ColumnPath]] = {}
        for column, _ in filled:
            sources.setdefault(column.names, []).append(column)
        return SublistPlan(
            path=sublist,
            sources=tuple(self._source(names, columns) for names, columns in sources.items()),
            mapping=RowMapping(
                self._rules, place, [(_in_line(column), path) for column, path in filled], formats=self._formats
            ),
            is_body=not self._place,
        )

    def _source(self, names: Path, columns: list[ColumnPath]) -> LineSource:
        return LineSource(
            column=ColumnPath(".".join(names), names),
            of_objects=any(column.inside for column in columns),
            is_array=names[0] in self._arrays or any(column.inside is not None for column in columns),
        )

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
        convert = self._rules.unless_empty(inner.part if found.kind == "subrecord" else inner.sublist)
        return partial(_unless_linked, convert)

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

    def nothing_for(self, empty: str) -> Any:
        """Return what empty text is where text does not fit: itself where the setting refuses it."""
        return self._rules.unless_empty(lambda value: value)(empty)

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


def _check_clashes(paths: Iterable[Path]) -> None:
    clash = clashing(paths)
    if clash:
        name = path_text(clash)
        raise InvalidRecordError(
            name, f"several columns fill the field `{name}`; name the right one in `fields`", FIELD_FILLED_TWICE
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
        lines: the sublists that columns fill.
        fixed: path and value.
        templates: template, path, converter.
        fault: why no row with these columns can be sent, None when they can.
    """

    plain: tuple[tuple[str, str, Convert], ...] = ()
    deep: tuple[Step, ...] = ()
    lines: tuple[SublistPlan, ...] = ()
    fixed: tuple[tuple[Path, Any], ...] = ()
    templates: tuple[tuple[TextTemplate, Path, Convert], ...] = ()
    fault: InvalidRecordError | None = field(default=None)

    def values(self, row: Row) -> dict[str, Any]:
        """Return the object for a row.

        Raises:
            InvalidRecordError: it cannot be sent.
        """
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

    def is_blank(self, row: Row) -> bool:
        """Tell whether there is nothing in any of the columns."""
        columns = [column for column, _, _ in self.plain]
        columns += [column for template, _, _ in self.templates for column in template.columns]
        paths = [column for column, _, _ in self.deep]
        paths += [source.column for sublist in self.lines for source in sublist.sources]
        return all(is_blank(row[column]) for column in columns) and all(is_blank(path.value(row)) for path in paths)

    def _deep_values(self, row: Row) -> dict[Path, Any]:
        values: dict[Path, Any] = {}
        for column, path, convert in self.deep:
            value = column.value(row)
            sent = value if value is ABSENT else _converted(_name(column), value, convert)
            if sent is not ABSENT:
                values[path] = sent
        for sublist in self.lines:
            lines = sublist.lines(row)
            if lines is not ABSENT:
                values[sublist.path] = None if lines is None else {"items": lines}
        values.update((path, value) for path, value in self.fixed if value is not ABSENT)
        for template, path, convert in self.templates:
            sent = _converted(template.text, template.fill(row), convert)
            if sent is not ABSENT:
                values[path] = sent
        return values


def _converted(column: str, value: Any, convert: Convert) -> Any:
    try:
        return None if value is None else convert(value)
    except (UnfitError, InvalidRecordError) as error:
        raise at(column, error) from None


def _name(column: ColumnPath) -> str:
    return ".".join(column.names)


@dataclass(frozen=True)
class SublistPlan:
    """How columns fill the lines of a sublist together: the first elements of all the first line, and so on.

    A single value is a line of one.

    Attributes:
        path: of the sublist.
        sources: the columns.
        mapping: makes a line of a row that has an element of each column under the column's name.
        is_body: whether the sublist is in the body, where it may be null.
    """

    path: Path
    sources: tuple[LineSource, ...]
    mapping: RowMapping
    is_body: bool

    def lines(self, row: Row) -> Any:
        """Return the lines; `ABSENT` when the row says nothing of them, None when it says that there are none.

        Elements in which there is nothing make no line.

        Raises:
            InvalidRecordError: a line cannot be sent.
        """
        parts = [part for source in self.sources if (part := source.part(row, self.mapping)) is not None]
        arrays = [part for part in parts if part.elements is not None]
        if not arrays:
            says_none = any(part.source.is_array for part in parts) or not self.mapping.keeps_lines
            return None if parts and self.is_body and says_none else ABSENT
        length = len(arrays[0].elements or ())
        for part in arrays:
            if len(part.elements or ()) != length:
                raise at(part.name, UnfitError(_lengths(part, arrays[0])))
        lines = [self._line(row, number, parts) for number in range(length)]
        return [line for line in lines if line is not None]

    def _line(self, row: Row, number: int, parts: list[Part]) -> dict[str, Any] | None:
        found = {part: part.element(number) for part in parts}
        elements = {part.name: one for part, one in found.items() if one is not None or not part.source.of_objects}
        wanted = self.mapping.template_columns
        for element in elements.values() if wanted else ():
            if isinstance(element, Mapping):
                elements = {**{column: element[column] for column in wanted if column in element}, **elements}
        outside = {column: row[column] for column in wanted if column in row}
        try:
            return None if self.mapping.is_blank(elements) else self.mapping.values({**outside, **elements})
        except InvalidRecordError as error:
            raise _at_line(error, number, parts) from None


def _lengths(part: Part, first: Part) -> str:
    one, other = (_count(each.elements or ()) for each in (part, first))
    return f"has {one}, and `{first.name}` has {other}; both fill the same lines"


def _count(found: Collection[Any]) -> str:
    return f"{len(found)} element{'' if len(found) == 1 else 's'}"


def _at_line(error: InvalidRecordError, number: int, parts: list[Part]) -> InvalidRecordError:
    """Return the error with the number of the element that is at fault."""
    for part in parts:
        rest = error.column.removeprefix(part.name)
        if error.column.startswith(part.name) and rest[:1] in ("", ".", "[") and not part.is_single:
            column = f"{part.name}[{number}]{rest}"
            problem = error.problem.replace(f"`{error.column}`", f"`{column}`", 1)
            return InvalidRecordError(column, problem, error.code)
    return error


def _in_line(column: ColumnPath) -> ColumnPath:
    """Return where the value of a column is in a row that has the elements of its arrays in place of the arrays."""
    name = ".".join(column.names)
    if not column.inside:
        return ColumnPath(column.text, (name,))
    inner = column_path(column.inside, ())
    return ColumnPath(column.text, (name, *inner.names), inner.inside)


@dataclass(frozen=True, eq=False)
class Part:
    """What a column has for the lines of one row.

    Attributes:
        source: the column.
        elements: one for each line; None when there is nothing in the column.
        otherwise: what each line gets then, as far as other columns make lines.
        is_single: whether the column is a single value.
    """

    source: LineSource
    elements: list[Any] | None
    otherwise: Any = None
    is_single: bool = False

    @property
    def name(self) -> str:
        """The column's."""
        return self.source.column.text

    def element(self, number: int) -> Any:
        """Return what there is for a line."""
        return self.otherwise if self.elements is None else self.elements[number]


@dataclass(frozen=True)
class LineSource:
    """A column that fills fields of lines, by its elements or as a single value.

    Attributes:
        column: where it is in the row.
        of_objects: whether its elements have to be objects.
        is_array: whether it is meant to be an array.
    """

    column: ColumnPath
    of_objects: bool
    is_array: bool

    def part(self, row: Row, mapping: RowMapping) -> Part | None:
        """Return what a row's column has; None when there is no such column.

        Raises:
            InvalidRecordError: it cannot fill lines.
        """
        value = self.column.value(row)
        if isinstance(value, str) and is_empty(value) and self.is_array:
            nothing = mapping.nothing_for(value)
            if nothing is value:
                raise at(self.column.text, unfit(value, "array"))
            value = nothing
        if value is ABSENT:
            return None
        if value is None or is_empty(value):
            return Part(self, None, value, is_single=not self.is_array)
        found = listed(value)
        if found is None:
            single = from_json(value) if self.of_objects else value
            if self.of_objects and not isinstance(single, Mapping):
                raise at(self.column.text, unfit(value, "array"))
            return Part(self, [single], is_single=True)
        for number, element in enumerate(found) if self.of_objects else ():
            if element is not None and not isinstance(element, Mapping):
                raise at(f"{self.column.text}[{number}]", unfit(element, "object"))
        return Part(self, found)


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
        """Return the value, or the array; `ABSENT` when there is none, None when something on the way is null.

        Raises:
            InvalidRecordError: something on the way is not an object.
        """
        for depth, name in enumerate(self.names):
            row = from_json(row) if depth else row
            if row is None or is_empty(row):
                return None
            if not isinstance(row, Mapping):
                raise at(".".join(self.names[:depth]), unfit(row, "object"))
            if name not in row:
                row = row.get(".".join(self.names[depth:]), ABSENT)
                break
            row = row[name]
        return row if self.inside is None or row is None or row is ABSENT else _inside(row, self.inside)


def _inside(array: Any, text: str) -> Any:
    """Return what is at a path in each element of an array; what is not an array stays as it is."""
    found = listed(array)
    if found is None or not text:
        return array if found is None else found
    path = column_path(text, ())
    values = [path.value(element) for element in found]
    if path.inside is not None:
        values = [inner for value in values for inner in (value if isinstance(value, list) else [value])]
    return [value for value in values if value is not ABSENT]


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
