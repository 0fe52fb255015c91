"""Stream maps and flattening, which the SDK does for the tap and the target, with what it lacks.

- A record may lack columns that its stream has: a deletion comes with its key alone, and NetSuite leaves out what is
  null. To an expression such a column is None.
- A deletion passes every filter, since what a filter looks at has gone with the row. What cannot be computed without
  the row is None.
- What fails says which stream and which column.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.mapper import (
    NULL_STRING,
    CustomStreamMap,
    PluginMapper,
    RemoveRecordTransform,
    SameRecordTransform,
    StreamMap,
)
from singer_sdk.singerlib.catalog import Catalog

from suitetalk.errors import ConfigurationError, SuiteTalkError

logger = logging.getLogger(__name__)

DELETED_AT = "_sdc_deleted_at"
_FILTER, _ELSE, _KEYS = "__filter__", "__else__", "__key_properties__"
_MAP = "an object of columns with their expressions, or null to leave the stream out"
_COLUMN_FORMS = {
    _ELSE: "null, to leave out all other columns",
    _KEYS: "a list of names",
    _FILTER: "text with an expression",
    "__alias__": "the name of a stream",
    "__source__": "the name of a stream",
}
_FORMS: dict[str, tuple[tuple[type, ...], str]] = {
    "stream_maps": ((Mapping,), "it has to be an object with a map for each stream"),
    "stream_map_config": ((Mapping,), "it has to be an object of values that expressions use"),
    "faker_config": ((Mapping,), "it has to be an object with `seed` and `locale`"),
    "flattening_enabled": ((bool,), "it has to be true or false"),
    "flattening_max_depth": ((int,), "it has to be a whole number"),
    "flattening_separator": ((str,), "it has to be text"),
    "flattening_max_key_length": ((int,), "it has to be a whole number"),
}
IN_USE = ("stream_maps", "flattening_enabled")
"""The settings without which rows leave as they came, so that neither `Mapper` nor `check_forms` is needed."""
MAP_SETTINGS = tuple(_FORMS)
_MOST_SHOWN = 60
_SELF = "self"  # in an expression: what the record has in the column that the expression is for
_NOT_EXPRESSIONS = ("__alias__", "__source__", _ELSE, _KEYS)


class StreamMapError(SuiteTalkError):
    """An expression of `stream_maps` failed on a record; the text names stream and column."""


class _KeyNeedsRowError(Exception):
    """A key of a deletion is computed from columns that went with the row; the text is its name."""


class Mapper(PluginMapper):
    """The SDK's maps of a plugin's streams."""

    def __init__(self, plugin_config: dict[str, Any], logger: logging.Logger) -> None:
        """Read the settings `stream_maps` and `flattening_…`.

        Raises:
            ConfigurationError: they cannot be used, whatever the streams.
        """
        given = {name: value for name, value in plugin_config.items() if value is not None}
        maps = given.get("stream_maps", {})
        _check_expressions(maps)
        columns = (one.items() for one in maps.values() if isinstance(one, Mapping))
        self._computed = {name for one in columns for name, expression in one if isinstance(expression, str)}
        try:
            super().__init__(plugin_config=given, logger=logger)
        except ConfigValidationError as error:
            raise ConfigurationError("flattening_enabled", f"is not enough: {'; '.join(error.errors)}.") from None
        except Exception as error:  # the SDK raises errors of several kinds, from its parser and from Python's
            raise ConfigurationError("stream_maps", f"cannot be used: {_reason(error)}.") from error

    def register_raw_streams_from_catalog(self, catalog: Catalog) -> None:
        """Make the maps of a catalog's streams; what is wrong with one that is not selected does not matter.

        Raises:
            ConfigurationError: see `register_raw_stream_schema`; or two streams would be written under one name.
        """
        chosen = []
        for entry in catalog.streams:
            name = entry.stream or entry.tap_stream_id
            is_selected = entry.metadata.resolve_selection()[()]
            chosen += [name] if is_selected else []
            try:
                super().register_raw_streams_from_catalog(Catalog([(name, entry)]))
            except ConfigurationError:
                if is_selected:
                    raise
                unmapped = SameRecordTransform(name, entry.schema.to_dict(), entry.key_properties, None)
                self.stream_maps[name] = [unmapped]
        self.check_names(chosen)

    def register_raw_stream_schema(
        self, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        """Make the maps of a stream.

        Raises:
            ConfigurationError: a map does not fit the stream, or gives two of its columns one name.
        """
        try:
            super().register_raw_stream_schema(stream_name, schema, key_properties)
        except Exception as error:  # of several kinds too, such as those of the map's expressions
            raise _misfit(stream_name, error) from error
        for stream_map in self.stream_maps[stream_name]:
            if type(stream_map) is CustomStreamMap:
                stream_map.__class__ = _Map  # the SDK takes no class for the maps that it makes

    def check_names(self, streams: Iterable[str]) -> None:
        """Make sure that nothing but the rows of one stream is written under a name.

        Raises:
            ConfigurationError: two of these streams have one name, or one has it twice.
        """
        sources: dict[str, str] = {}
        for stream, alias in self._written_as(streams):
            if alias in sources:
                other = sources[alias]
                what = f"stream {stream} twice" if other == stream else f"streams {other} and {stream}"
                raise ConfigurationError(
                    "stream_maps", f"writes the {what} under one name, {alias}; give each a name of its own."
                )
            sources[alias] = stream

    def known_schema(self, stream_map: StreamMap) -> dict[str, Any]:
        """Return a copy of a map's schema that says nothing of the columns that the map computes.

        The SDK takes most expressions for texts, whatever they give; or for what the column was before.
        """
        schema = copy.deepcopy(stream_map.transformed_schema)
        columns = schema.get("properties", {})
        if isinstance(stream_map, CustomStreamMap):
            columns.update({name: {} for name in self._computed & columns.keys()})
        return schema

    def _written_as(self, streams: Iterable[str]) -> Iterator[tuple[str, str]]:
        for stream in streams:
            for stream_map in self.stream_maps[stream]:
                if not isinstance(stream_map, RemoveRecordTransform):
                    yield stream, stream_map.stream_alias


class _Partial(dict[str, Any]):
    """A record that lacks columns of its stream, which are None to expressions.

    Attributes:
        missed: the names that were asked for and are not there.
        tells_deletion: whether an expression has looked at the moment of its deletion.
    """

    def __init__(self, record: Mapping[str, Any], columns: Mapping[str, Any], missed: list[str] | None = None) -> None:
        super().__init__(record)
        self._columns = columns
        self.missed: list[str] = [] if missed is None else missed
        self.tells_deletion = False

    @property
    def is_deletion(self) -> bool:
        return super().get(DELETED_AT) is not None

    def copy(self) -> _Partial:
        return _Partial(self, self._columns, self.missed)

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self and name in self._columns:
            self.missed.append(name)
        return super().get(name, default)

    def __missing__(self, name: str) -> None:
        if name not in self._columns and name != _SELF:
            raise KeyError(name)
        self.missed.append(name)


class _Map(CustomStreamMap):
    """A map of the SDK for records that may lack columns."""

    _has_warned = False

    def transform(self, record: dict[str, Any]) -> dict[str, Any] | None:
        given = self._given(record)
        try:
            mapped = super().transform(given)
        except _KeyNeedsRowError as error:
            self._warn(f"its key {error} is computed from columns that a deletion lacks")
            return None
        if mapped is None or not isinstance(given, _Partial):
            return mapped
        if given.is_deletion and not given.tells_deletion and DELETED_AT not in mapped:
            self._warn(f"its map leaves out `{DELETED_AT}`")
            return None
        return dict(mapped)

    def get_filter_result(self, record: dict[str, Any]) -> bool:
        given = self._given(record)
        if isinstance(given, _Partial) and given.is_deletion:
            return True
        return super().get_filter_result(given)

    def _given(self, record: dict[str, Any]) -> dict[str, Any]:
        columns = self.raw_schema.get("properties") or {}
        if isinstance(record, _Partial) or record.keys() >= columns.keys():
            return record
        return _Partial(record, columns)

    def _eval(self, expr: str, expr_parsed: ast.Expr, record: dict[str, Any], property_name: str | None) -> Any:
        deletion = record if isinstance(record, _Partial) and record.is_deletion else None
        missed = len(deletion.missed) if deletion else 0
        value, is_failed = None, False
        try:
            value = super()._eval(expr, expr_parsed, record, property_name)
        except Exception as error:  # an expression of the user's may raise anything
            if deletion is None:
                raise self._error(expr, property_name, error) from error
            is_failed = True
        if deletion is not None:
            deletion.tells_deletion |= DELETED_AT in expr
            needs_row = is_failed or len(deletion.missed) > missed
            if needs_row and property_name in (self.transformed_key_properties or ()):
                raise _KeyNeedsRowError(property_name)
        return value

    def _error(self, expression: str, column: str | None, error: Exception) -> StreamMapError:
        what = f"column {column}" if column else "filter"
        return StreamMapError(
            f"`stream_maps` cannot compute the {what} of stream {self.stream_name} with {expression!r}: "
            f"{_reason(error)}; correct the expression."
        )

    def _warn(self, why: str) -> None:
        if not self._has_warned:
            logger.warning("Deletions of %s are not passed on, because %s", self.stream_name, why)
            self._has_warned = True


def check_forms(settings: Mapping[str, Any]) -> None:
    """Check that the SDK's settings on maps and flattening have the types they need, before the SDK does.

    Raises:
        ConfigurationError: one has not.
    """
    for name, (kinds, form) in _FORMS.items():
        if not _is_one(settings.get(name), *kinds):
            raise ConfigurationError(name, f"is {_shown(settings[name])}; {form}.")
    for stream, columns in (settings.get("stream_maps") or {}).items():
        if stream == _ELSE or not isinstance(columns, Mapping):
            if columns not in (None, NULL_STRING):
                form = "null, to leave out all other streams" if stream == _ELSE else _MAP
                raise ConfigurationError("stream_maps", f"has {_shown(columns)} for {stream}; it has to be {form}.")
            continue
        for column, value in columns.items():
            if not _is_form_of(column, value):
                form = _COLUMN_FORMS.get(column, "text with an expression, or null to leave the column out")
                raise ConfigurationError(
                    "stream_maps",
                    f"has for the stream {stream} {_shown(value)} as {column}; it has to be {form}.",
                )


def _is_form_of(column: str, value: Any) -> bool:
    if column == _ELSE:
        return value in (None, NULL_STRING)
    if column == _KEYS:
        return value is None or (isinstance(value, list) and all(isinstance(name, str) for name in value))
    return _is_one(value, str)


def _is_one(value: Any, *kinds: type) -> bool:
    """Tell whether a value is null or of one of the types; to Python a boolean is a number as well."""
    return value is None or (isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)))


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _check_expressions(stream_maps: Mapping[str, Any]) -> None:
    for stream, columns in stream_maps.items():
        for column, expression in columns.items() if isinstance(columns, Mapping) else ():
            if column in _NOT_EXPRESSIONS or not isinstance(expression, str) or expression == NULL_STRING:
                continue
            what = "a filter" if column == _FILTER else f"an expression for {column}"
            try:
                is_expression = isinstance(ast.parse(expression).body[0], ast.Expr)
            except (SyntaxError, IndexError, ValueError):
                is_expression = False
            if not is_expression:
                raise ConfigurationError(
                    "stream_maps", f"has for the stream {stream} {what} that cannot be read: {expression!r}."
                )


def _misfit(stream: str, error: Exception) -> ConfigurationError:
    reason = _reason(error)
    if reason.startswith("Duplicate column name"):
        column = reason.rpartition(" ")[2]
        return ConfigurationError(
            "flattening_enabled",
            f"gives two columns of the stream {stream} the name {column}; deselect one of them, or choose another "
            "`flattening_separator`, `flattening_max_depth` or `flattening_max_key_length`.",
        )
    return ConfigurationError("stream_maps", f"does not fit the stream {stream}: {reason}.")


def _reason(error: BaseException) -> str:
    """Return why something failed, in one line; the SDK's own words repeat the expression alone."""
    cause = error.__cause__ or error
    if isinstance(cause, KeyError):
        return f"there is no {cause}"
    return " ".join(str(cause).split()).rstrip(".") or type(cause).__name__
