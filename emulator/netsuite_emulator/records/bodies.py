"""Request bodies, checked and turned into column values [section_156570709583]."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Column, Sublist
from netsuite_emulator.errors import NetSuiteError, invalid_content
from netsuite_emulator.records.store import RecordStore

__all__ = ["BodyReader", "Changes", "Validation"]

_IGNORED = {"id", "links", "refname", "internalid", "totalresults", "count", "offset", "hasmore"}
_LARGEST_NUMBER = 10**20


@dataclass
class Validation:
    """What to do with unknown names and with values of the wrong form; `warnings` collects what was let pass."""

    names: str
    values: str
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Validation:
        """The modes the headers ask for; their case does not matter [browser 2026.1].

        Raises:
            NetSuiteError: a header has a value that is not a mode.
        """
        modes: list[str] = []
        for kind, default in (("Name", "warning"), ("Value", "error")):
            header = f"X-NetSuite-Property{kind}Validation"
            mode = headers.get(header.lower(), default).strip().lower()
            if mode not in ("error", "warning", "ignore"):
                raise NetSuiteError(400, "INVALID_HEADER", f"Invalid value '{mode}' of {header}.", header=header)
            modes.append(mode)
        return cls(modes[0], modes[1])

    def header(self, name: str) -> str:
        """What the header of this name says: the one that was seen lists the names alone [reference 14.1]."""
        if name.lower() != "x-netsuite-propertyvalidation":
            return "; ".join(self.warnings)
        return ",".join(warning.partition(": ")[2] for warning in self.warnings)

    def unknown_name(self, path: str) -> None:
        """Note a property that does not exist.

        Raises:
            NetSuiteError: such properties are errors.
        """
        if self.names == "error":
            raise invalid_content(f"Unknown reference or field name '{path}'. Provide a valid field name.", path)
        if self.names == "warning":
            self.warnings.append(f"Unknown property: {path}".encode("ascii", "replace").decode())

    def bad_value(self, error: NetSuiteError, path: str) -> None:
        """Note a value of the wrong form.

        Raises:
            NetSuiteError: such values are errors.
        """
        if self.values == "error":
            raise error
        if self.values == "warning":
            self.warnings.append(f"Invalid value: {path}".encode("ascii", "replace").decode())


@dataclass
class Changes:
    """What a body asks for: column values, subrecords by column, rows by sublist (None empties it)."""

    columns: dict[str, Any] = field(default_factory=dict)
    subrecords: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    sublists: dict[str, list[Any] | None] = field(default_factory=dict)


class BodyReader:
    """Reads the bodies of one request."""

    def __init__(self, store: RecordStore, calendar: AccountCalendar, validation: Validation) -> None:
        """`validation` says what is let pass."""
        self._store = store
        self._calendar = calendar
        self._validation = validation

    def read(
        self, body: Any, columns: Sequence[Column], sublists: Sequence[Sublist], path: str = "", sign: int = 1
    ) -> Changes:
        """The changes a JSON object asks for. Names are matched in any case.

        Args:
            body: the object.
            columns: the columns that may be written.
            sublists: the sublists that may be written.
            path: where the object stands in the body, for messages.
            sign: what amounts marked as signed are multiplied with before they are stored.

        Raises:
            NetSuiteError: a name or a value is refused.
        """
        if not isinstance(body, dict):
            raise invalid_content("Invalid content: a JSON object is expected.", path or None)
        by_name = {(column.field or "").lower(): column for column in columns}
        rows_by_name = {sublist.name.lower(): sublist for sublist in sublists}
        changes = Changes()
        for name, value in body.items():
            place = f"{path}.{name}" if path else name
            key = name.lower()
            if key in rows_by_name:
                changes.sublists[rows_by_name[key].name] = self._rows(value, place)
            elif key in by_name and by_name[key].kind in ("address", "subrecord"):
                changes.subrecords[by_name[key].name] = value
            elif key in by_name and "readonly" not in by_name[key].marks and by_name[key].kind != "id":
                self._take(changes, by_name[key], value, place, sign)
            elif key not in by_name and key not in _IGNORED:
                self._validation.unknown_name(place)
        return changes

    def subrecord(self, column: Column, body: Any, place: str, before: Mapping[str, Any]) -> dict[str, Any]:
        """A subrecord that is kept as JSON, with what a body changes of it.

        Args:
            column: with the parts.
            body: the object.
            place: where it stands in the body, for messages.
            before: what there is.

        Raises:
            NetSuiteError: a name or a value is refused.
        """
        if not isinstance(body, dict):
            raise invalid_content(f"Invalid value for the sub-resource '{place}': a JSON object is expected.", place)
        by_name = {str(part.field).lower(): part for part in column.parts}
        kept = dict(before)
        for name, value in body.items():
            part, inner = by_name.get(name.lower()), f"{place}.{name}"
            if part is None:
                if name.lower() not in _IGNORED:
                    self._validation.unknown_name(inner)
            elif value is None:
                kept.pop(str(part.field), None)
            elif "readonly" not in part.marks:
                self._take_part(kept, part, value, inner)
        return kept

    def _take_part(self, kept: dict[str, Any], part: Column, value: Any, place: str) -> None:
        name = str(part.field)
        if part.kind == "subrecord":
            kept[name] = self.subrecord(part, value, place, kept.get(name, {}))
        elif part.kind == "sublist":
            rows = enumerate(self._rows(value, place) or ())
            kept[name] = [self.subrecord(part, row, f"{place}.items[{number}]", {}) for number, row in rows]
        else:
            changes = Changes()
            self._take(changes, part, value, place, 1)
            if part.name in changes.columns:
                is_read = part.kind in ("reference", "multiselect", "choice")
                kept[name] = changes.columns[part.name] if is_read else value

    def _take(self, changes: Changes, column: Column, value: Any, place: str, sign: int) -> None:
        try:
            changes.columns[column.name] = self._value(column, value, place, sign if "signed" in column.marks else 1)
        except _FormError as error:
            detail = f"Invalid value for the resource or sub-resource field '{place}'. {error}"
            self._validation.bad_value(invalid_content(detail, place), place)

    @staticmethod
    def _rows(value: Any, place: str) -> list[Any] | None:
        if value is None:
            return None
        rows = value.get("items") if isinstance(value, dict) else None
        if not isinstance(rows, list):
            raise invalid_content(f"The sublist '{place}' must be an object with an array 'items'.", place)
        return rows

    def _value(self, column: Column, value: Any, place: str, sign: int) -> Any:  # noqa: C901, PLR0911 - one for each kind
        if value is None:
            return "F" if column.kind == "flag" else None
        match column.kind:
            case "text" | "long":
                return _text(column, value)
            case "flag":
                return "T" if _expect(value, bool, "A boolean is expected.") else "F"
            case "integer":
                return _expect(value, int, "An integer is expected.")
            case "number":
                return _number(value) * sign
            case "date":
                return _date(value)
            case "datetime":
                return self._moment(value)
            case "choice":
                return _choice(column, value)
            case "reference":
                return self._reference(column, value, place)
            case "multiselect":
                return self._multiselect(column, value, place)
        raise _FormError("The field cannot be written.")

    def _moment(self, value: Any) -> datetime:
        text = _expect(value, str, "A date-time such as 2024-05-02T09:31:00Z is expected.")
        try:
            return self._calendar.from_utc(datetime.fromisoformat(text.replace("Z", "+00:00")))
        except (ValueError, OverflowError):
            raise _FormError("A date-time such as 2024-05-02T09:31:00Z is expected.") from None

    def _multiselect(self, column: Column, value: Any, place: str) -> str | None:
        items = value.get("items") if isinstance(value, dict) else None
        if not isinstance(items, list):
            raise _FormError("An object with an array 'items' is expected.")
        numbers = [self._reference(column, item, f"{place}.items[{number}]") for number, item in enumerate(items)]
        return ", ".join(str(number) for number in numbers) or None

    def _reference(self, column: Column, value: Any, place: str) -> int:
        """A reference by id, external id or name [section_156334828635]. One that leads nowhere is always an error."""
        if not isinstance(value, dict):
            raise _FormError("An object with an 'id' is expected.")
        named = {key.lower(): part for key, part in value.items()}
        found: int | None = None
        table = self._store.company.tables.get(column.target)
        if table is None:  # a shape need not say where a reference leads
            if not re.fullmatch(r"-?\d{1,18}", str(named.get("id"))):
                raise _FormError("An object with an 'id' that is a number is expected.")
            found = int(named["id"])
        elif named.get("id") is not None:
            found = int(named["id"]) if self._store.exists(table, named["id"]) else None
        elif named.get("externalid") is not None:
            found = self._store.by_external_id(table, str(named["externalid"]))
        elif named.get("refname") is not None:
            found = self._store.by_display(table, str(named["refname"]))
        else:
            raise _FormError("An object with an 'id' is expected.")
        if found is None:
            detail = (
                f"Invalid value for the resource or sub-resource field '{place}'. Provide a valid value: "
                f"no {column.target} has {value}."
            )
            raise invalid_content(detail, f"{place}.id" if "id" in named else place)
        return found


class _FormError(ValueError):
    """A value has the wrong form."""


def _expect(value: Any, kind: type, otherwise: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _FormError(otherwise)
    return value


def _text(column: Column, value: Any) -> str | None:
    text: str = _expect(value, str, "A string is expected.")
    if column.longest is not None and len(text) > column.longest:
        raise _FormError(
            f"The field {column.field} contained more than the maximum number ( {column.longest} ) of characters "
            "allowed."
        )
    return text or None


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) >= _LARGEST_NUMBER:
        raise _FormError("A number is expected.")
    return round(Decimal(str(value)), 8)


def _date(value: Any) -> date:
    text = _expect(value, str, "A date such as 2017-07-21 is expected.")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise _FormError("A date such as 2017-07-21 is expected.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _FormError("A date such as 2017-07-21 is expected.") from None


def _choice(column: Column, value: Any) -> str:
    """An id or a label of a list, bare or in an object [section_1545142146]."""
    choices, chosen = column.choices, value
    if isinstance(value, dict):
        chosen = value.get("id", value.get("refName"))
    for key, name in choices.items():
        if str(chosen) in (key, name):
            return key
    if choices or isinstance(chosen, (dict, list)) or chosen is None:
        raise _FormError("Provide one of the listed values.")
    return str(chosen)
