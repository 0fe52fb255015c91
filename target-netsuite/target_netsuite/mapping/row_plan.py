"""How rows with one set of columns become objects, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from target_netsuite.errors import InvalidRecordError
from target_netsuite.mapping.column_values import ABSENT, ColumnPath
from target_netsuite.mapping.converters import Convert
from target_netsuite.mapping.documents import elements
from target_netsuite.mapping.nesting import nested
from target_netsuite.mapping.unfit import UnfitError, at, unfit
from target_netsuite.settings.paths import Path
from target_netsuite.template import TextTemplate

Row = Mapping[str, Any]
Step = tuple[ColumnPath, Path, Convert]
"""A column, the field it goes to, and how."""


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

    def lines(self, row: Row) -> list[dict[str, Any]] | None:
        """Return the lines of a row; None when there is no array, or null.

        Raises:
            InvalidRecordError: the column is no array, or a line of it cannot be sent.
        """
        value = self.column.value(row)
        if value is ABSENT or value is None:
            return None
        found = elements(value)
        if found is None:
            raise at(_name(self.column), unfit(value, "array"))
        return [self._line(number, element) for number, element in enumerate(found)]

    def _line(self, number: int, element: Any) -> dict[str, Any]:
        try:
            if self.of_values:
                return self.line({"": element})
            if element is not None and not isinstance(element, Mapping):
                raise unfit(element, "object")
            return self.line(element or {})
        except (UnfitError, InvalidRecordError) as error:
            raise at(f"{_name(self.column)}[{number}]", error) from None


@dataclass(frozen=True)
class RowPlan:
    """How a row becomes an object.

    Attributes:
        plain: column, name of the field, converter; for columns and fields that are in nothing else, and quick.
        deep: the same for paths.
        lines: path of a sublist, and the arrays that fill its lines together.
        fixed: path and value.
        templates: template, path, converter.
        fault: why no row with these columns can be sent, None when they can.
    """

    plain: tuple[tuple[str, str, Convert], ...] = ()
    deep: tuple[Step, ...] = ()
    lines: tuple[tuple[Path, tuple[ArraySource, ...]], ...] = ()
    fixed: tuple[tuple[Path, Any], ...] = ()
    templates: tuple[tuple[TextTemplate, Path, Convert], ...] = ()
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
    """Return lines that several arrays fill together, the first elements of all the first line, and so on."""
    found = [(source, lines) for source in sources if (lines := source.lines(row)) is not None]
    if not found:
        return None
    first, joined = found[0]
    for source, lines in found[1:]:
        if len(lines) != len(joined):
            problem = (
                f"has {len(lines)} elements, and `{_name(first.column)}` has {len(joined)}; both fill the same lines"
            )
            raise at(_name(source.column), UnfitError(problem))
        joined = [{**line, **more} for line, more in zip(joined, lines, strict=True)]
    return joined


def _name(column: ColumnPath) -> str:
    return ".".join(column.names)
