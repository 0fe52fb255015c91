"""Every setting of the tap."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from suitetalk import ConfigurationError, ConnectionSettings
from suitetalk.descriptions import Special, group, place_of, read, schema_of, setting
from suitetalk.report import RunReportSettings
from suitetalk.suiteql import Value, placeholders, without_comments
from suitetalk.timezone import zone_named
from tap_netsuite.source import Column, Kind

__all__ = ["CONFIG_SCHEMA", "RECORD_PREFIX", "Query", "TapSettings"]


RECORD_PREFIX = "record_"
"""How the names of record streams begin."""

DATASET_PREFIX = "dataset_"
"""How the names of dataset streams begin, unless they are given others."""

FILE_STREAM = "file_cabinet"
"""Name of the stream of files."""

Files = Literal["list", "contents"]
"""What is read of files."""

ALL = "*"
"""What stands for all datasets the role can see."""

OPTIONAL = "?"
"""What stands before the name of a table that need not be there."""

AUTO, OFF = "auto", "off"

DELETION_LOGS = ("deletedrecord", "deletedrecordinconnect")
"""Tables in which NetSuite lists deletions, each in some accounts only [section_163584624721]."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PATTERN = re.compile(r"[A-Za-z0-9_*?]+")
_DISPLAY = re.compile(r"([A-Za-z]\w*)\.([A-Za-z]\w*|\*)", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")
_KINDS = {"string": Kind.TEXT, "number": Kind.DECIMAL, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN}
_MEGABYTE = 1024 * 1024


def _stream(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"is {text!r}; it must be a letter, followed by letters, digits and _ only.")
    return text


def _name(text: str) -> str:
    return _stream(text).lower()


def _table(text: str) -> str:
    name = text.removeprefix(OPTIONAL)
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"is {text!r}; it must be a letter, followed by letters, digits and _ only, with ? before it where the "
            "table need not be there."
        )
    return text.lower()


def _log(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"is {text!r}; it must be auto, off, or the name of a SuiteQL table.")
    return text.lower()


def _pattern(text: str) -> str:
    if not _PATTERN.fullmatch(text):
        raise ValueError(f"is {text!r}; names are letters, digits and _, with * and ? for any of these.")
    return text.lower()


def _zone(text: str) -> str:
    try:
        zone_named(text)
    except ConfigurationError:
        raise ValueError(f"is {text!r}; it must be an IANA name such as America/Los_Angeles.") from None
    return text


def _display_column(text: str) -> tuple[str, str]:
    parts = _DISPLAY.fullmatch(text)
    if not parts:
        raise ValueError(f"is {text!r}; write a table and a column, such as customer.terms or customer.*.")
    return parts[1].lower(), parts[2].lower()


def _statement(text: str) -> str:
    statement = without_comments(text)
    if not statement:
        raise ValueError("is empty; give a SuiteQL SELECT.")
    return statement


def _parameter(value: Any) -> Value:
    """Take a value for a placeholder; no error repeats it, since it may be personal data."""
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not isfinite(value)):
        raise ValueError("is neither text, a number, true nor false; write NULL into the query itself.")
    return value


def _dataset_id(text: str) -> str:
    if not text.strip(". "):
        raise ValueError(f"is {text!r}; give the id of a saved dataset, or * for all.")
    return text


StreamName = Annotated[str, Special(_stream)]
Name = Annotated[str, Special(_name)]
Table = Annotated[str, Special(_table)]
Log = Annotated[str, Special(_log)]
Pattern = Annotated[str, Special(_pattern)]
Zone = Annotated[str, Special(_zone)]
DisplayColumn = Annotated[tuple[str, str], Special(_display_column)]
Statement = Annotated[str, Special(_statement)]
Parameter = Annotated[Value, Special(_parameter, {"type": ["string", "number", "boolean"]})]
DatasetId = Annotated[str, Special(_dataset_id)]
LowerCase = Annotated[str, Special(str.lower)]


@dataclass(frozen=True)
class DiscoverySettings:
    """Settings of discovery.

    Attributes:
        display_values: pairs of table and column, `*` for all columns that have display values.
    """

    booleans: Literal["real", "raw"] = setting(
        "real",
        "Booleans",
        "How check boxes of tables and queries are written: real for true and false, raw for NetSuite's text T and F.",
    )
    multi_selects: Literal["array", "raw"] = setting(
        "array",
        "Multi-selects",
        "How multi-selects of tables are written: array for an array of their ids, raw for NetSuite's text.",
    )
    display_values: tuple[DisplayColumn, ...] = setting(
        (),
        "Display values",
        "Columns to read with their display values, each in another column with the suffix _display; * stands for all "
        "columns of a table that have any.",
        example=["transaction.entity", "customer.*"],
    )
    catalog_cache_seconds: int = setting(
        3600,
        "Age of the cached catalog",
        "Seconds for which the result of discovery is reused from the user's cache folder; 0 turns the cache off.",
        minimum=0,
        unit="seconds",
    )
    probe_timeout: int = setting(
        60,
        "Time limit of probes",
        "Seconds that discovery waits for one answer, so that no table keeps it from finding the others.",
        minimum=1,
        unit="seconds",
    )
    refresh_catalog: bool = setting(False, "Refresh the catalog", "Ignore the cached catalog and rediscover.")

    def as_wanted(self, column: Column) -> Column:
        """Return the column with the kind its values are wanted in."""
        if column.kind is Kind.BOOLEAN and self.booleans == "raw":
            return Column(column.name, Kind.TEXT)
        if column.kind in (Kind.ID_LIST, Kind.TEXT_LIST) and self.multi_selects == "raw":
            return Column(column.name, Kind.TEXT)
        return column

    def wants_display_value(self, table: str, column: str, *, has_one: bool) -> bool:
        """Tell whether the display value of a column is wanted; `has_one` says that it is known to have one."""
        return (table, column) in self.display_values or (has_one and (table, "*") in self.display_values)

    def named_display_columns(self, table: str) -> set[str]:
        """Return the columns of a table whose display values are wanted by name."""
        return {column for named, column in self.display_values if named == table and column != "*"}


@dataclass(frozen=True)
class Query:
    """A SuiteQL statement of the user's own.

    Attributes:
        statement: the SELECT, without comments.
        primary_keys: in lower case, as the replication key.
        parameters: as many as there are placeholders; they may be personal data.
    """

    name: StreamName = setting(..., "Name", "Name of the stream.")
    statement: Statement = setting(
        ..., "Query", "A SuiteQL SELECT without ORDER BY; ? stands for each parameter.", name="query"
    )
    primary_keys: tuple[Name, ...] = setting(
        (), "Primary keys", "Columns that identify a row; needed beyond 100,000 rows.", example=["id"]
    )
    replication_key: Name | None = setting(
        None, "Replication key", "Column that grows with each change; later runs read from its highest value on."
    )
    parameters: tuple[Parameter, ...] = setting(
        (),
        "Parameters",
        "Values for the ? of the query, in order; dates as text for TO_DATE.",
        secret=True,
        example=["2024-01-31", 7],
    )

    @property
    def relation(self) -> str:
        """The query as something to select from; its parameters go with each statement that does, once."""
        return f"({self.statement})"

    def check(self, place: str) -> None:
        """Make sure that there is a value for each placeholder.

        Raises:
            ConfigurationError: there are more or fewer.
        """
        if placeholders(self.statement) != len(self.parameters):
            raise ConfigurationError(
                f"{place}.parameters",
                f"of the query {self.name} are {len(self.parameters)} values and it has {placeholders(self.statement)} "
                "placeholders (?); make them agree.",
            )


@dataclass(frozen=True)
class Dataset:
    """A saved dataset that is wanted as a stream.

    Attributes:
        id: `*` stands for all.
        name: empty to have it made of the id.
        primary_keys: in lower case, as the names in `types`.
    """

    id: DatasetId = setting(
        ..., "Id", "Id of the dataset, or its name in NetSuite; * for all that the role can see.", alone=True
    )
    name: StreamName = setting("", "Name", "Name of the stream; dataset_ and the id when absent.")
    primary_keys: tuple[LowerCase, ...] = setting((), "Primary keys", "Columns that identify a row.", example=["id"])
    types: Mapping[LowerCase, Literal["string", "number", "integer", "boolean"]] = setting(
        {},
        "Types",
        "Types of the columns that are not text, by name; dates stay text.",
        example={"amount": "number"},
    )

    @property
    def kinds(self) -> dict[str, Kind]:
        """What columns hold that are known without asking, by their names; keys are text unless said otherwise."""
        named = {name: _KINDS[word] for name, word in self.types.items()}
        return {**dict.fromkeys(self.primary_keys, Kind.TEXT), **named}

    def check(self, place: str) -> None:
        """Make sure that what is said of all datasets fits each of them.

        Raises:
            ConfigurationError: it can only be said of one.
        """
        if self.id == ALL and (self.name or self.primary_keys or self.types):
            raise ConfigurationError(
                place, "stands for all datasets; give name, primary_keys and types with one id each."
            )


def dataset_stream(dataset_id: str) -> str:
    """Return the name of the stream of a dataset that was given none."""
    return DATASET_PREFIX + _NOT_IN_NAMES.sub("_", dataset_id.lower())


@dataclass(frozen=True)
class RecordSettings:
    """Settings of one record type."""

    q: str = setting("", "Filter", "Filter of the list, such as `isInactive IS false`.")
    fields: tuple[str, ...] = setting(
        (), "Fields", "Body fields to read; all when absent.", example=["companyName", "email"]
    )
    expand: tuple[str, ...] = setting(
        (),
        "Expand",
        "Sublists and subrecords to embed; all when absent, none where fields are given.",
        example=["addressBook"],
    )
    simple_enums: bool = setting(False, "Simple enumerations", "Read enumerations as their bare id.")
    fallback: Literal["none", "suiteql"] = setting(
        "none",
        "Fallback",
        "Where a record that NetSuite refuses is read from instead: none, or suiteql for its SuiteQL table.",
    )

    @property
    def expands_all(self) -> bool:
        """Whether all sublists and subrecords are embedded; `fields` would be ignored then [section 3.3]."""
        return not self.fields and not self.expand

    @property
    def falls_back(self) -> bool:
        """Whether records that NetSuite refuses are read from their SuiteQL table."""
        return self.fallback == "suiteql"


@dataclass(frozen=True)
class DeletionSettings:
    """Settings of deletions.

    Attributes:
        log: table name, `auto` or `off`.
        log_timezone: None for the usual zone of the log.
        seen_keys: file or folder of the store, None for no store.
        compare_keys: names or patterns of streams.
    """

    log: Log = setting(
        AUTO,
        "Deletion log",
        "SuiteQL table in which NetSuite lists deletions; auto takes deletedrecord or deletedRecordInConnect, "
        "whichever the role can read; off reads no log.",
        name="deletion_log",
    )
    log_timezone: Zone | None = setting(
        None,
        "Time zone of the deletion log",
        "IANA name of the time zone of the log's times; the account's when absent, and America/Los_Angeles for "
        "deletedRecordInConnect.",
        name="deletion_log_timezone",
    )
    seen_keys: Path | None = setting(
        None,
        "Seen keys",
        "SQLite file, or a folder for one, that remembers the keys of rows from run to run, so that deleted lines and "
        "deletions in the streams of `compare_keys` are found. Keep it next to the state, one file for each state.",
    )
    seen_keys_max_mb: int = setting(
        1024,
        "Size of the seen keys",
        "Size up to which the file of `seen_keys` may grow. Beyond it new keys are no longer stored, with a warning; "
        "deletions of stored keys are still found.",
        minimum=1,
        unit="megabytes",
    )
    compare_keys: tuple[Pattern, ...] = setting(
        (),
        "Streams to compare",
        "Streams whose seen keys every run looks up in NetSuite to find deletions; one request for every 1,000 keys. "
        "Needs `seen_keys`.",
        example=["department", "customlist_*"],
    )

    since: datetime | None = setting(
        None,
        "Deletions since",
        "The first run of a stream passes on deletions that NetSuite logged since this date, for a loader that has "
        "older rows; since `start_date` when absent.",
        name="deletions_since",
    )

    @property
    def seen_keys_max_bytes(self) -> int:
        """Size up to which the store of keys may grow."""
        return self.seen_keys_max_mb * _MEGABYTE

    @property
    def reads_log(self) -> bool:
        """Whether a deletion log is wanted."""
        return self.log != OFF

    @property
    def logs(self) -> tuple[str, ...]:
        """The tables that may be the log."""
        return DELETION_LOGS if self.log == AUTO else tuple({self.log} - {OFF})

    def compares(self, stream: str) -> bool:
        """Tell whether the keys of a stream are to be compared."""
        return any(fnmatchcase(stream, pattern) for pattern in self.compare_keys)

    def check(self, place: str) -> None:
        """Make sure that there are keys to compare with.

        Raises:
            ConfigurationError: nothing remembers them.
        """
        if self.compare_keys and not self.seen_keys:
            raise ConfigurationError(
                place_of(place, "compare_keys"),
                "compares with the keys that were seen; set seen_keys to a file that remembers them.",
            )


class Audit(Enum):
    """What is done about rows that NetSuite counts and does not show."""

    ERROR = "error"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class TapSettings:
    """The settings of the tap."""

    connection: ConnectionSettings = group()
    start_date: datetime | None = setting(
        None,
        "Start date",
        "The first run of an incremental stream reads rows changed since this date; all rows when absent. Later runs "
        "go on from their bookmark, whatever this says.",
    )
    tables: tuple[Table, ...] = setting(
        (),
        "Tables",
        "SuiteQL tables to discover; all when absent. A table with ? before its name need not be there. Two names "
        "stand for several tables each, of which those are taken that are there: netsuite2 for what Fivetran's "
        "dbt_netsuite selects, core for accounts, transactions, and whom and what these are about.",
        example=["customer", "transaction", "?job"],
    )
    queries: tuple[Query, ...] = setting(
        (),
        "Queries",
        "SuiteQL statements to read as additional streams.",
        example=[{"name": "open_orders", "query": "SELECT id, tranid FROM transaction", "primary_keys": ["id"]}],
    )
    datasets: tuple[Dataset, ...] = setting(
        (),
        "Datasets",
        "Saved datasets to read as additional streams: ids, or entries with more settings; * for all that the role can "
        "see.",
        example=["custdataset_sales", {"id": "custdataset_items", "primary_keys": ["id"]}],
    )
    files: Files | None = setting(
        None,
        "Files",
        "Read the files of the file cabinet as the stream file_cabinet, which is there only with this setting: list "
        "for names, folders, sizes and addresses, contents for what is in files of at most 10 MB too. Young: little of "
        "NetSuite's service is documented.",
    )
    account_timezone: Zone | None = setting(
        None,
        "Account time zone",
        "IANA name of the time zone that SuiteQL's times are in, such as America/Los_Angeles; NetSuite is asked when "
        "absent.",
    )
    lookback_seconds: int = setting(
        60,
        "Look-back",
        "A change that was still being saved while a run read is found by the next run if saving took no longer than "
        "this; each run reads this much again.",
        minimum=0,
        unit="seconds",
    )
    page_size: int = setting(
        1000,
        "Page size",
        "Rows to ask for at once. A page that NetSuite fails at, or takes too long for, is asked for in smaller pages "
        "automatically.",
        minimum=50,
        maximum=1000,
        unit="rows",
    )
    audit: Audit = setting(
        Audit.ERROR,
        "Audit",
        "What to do when NetSuite counts rows that did not arrive: error ends the run with exit code 1 once all "
        "streams are read, warn only logs a warning, off does not ask NetSuite for the count.",
    )
    activates_versions: bool = setting(
        True,
        "Emit `ACTIVATE_VERSION` messages",
        "Whether records carry a version and one ACTIVATE_VERSION follows the last record of a stream that was read "
        "whole and proven complete, so that loaders drop rows that are gone from NetSuite; not where rows leave in "
        "BATCH files, with `audit` off, or where `start_date` leaves rows out.",
        name="emit_activate_version_messages",
    )
    max_drop_percent: float = setting(
        30.0,
        "Largest drop",
        "How many percent fewer rows than at the last whole reading are taken for deleted; beyond it the run ends with "
        "an error, since a role that was narrowed sees fewer rows without an error from NetSuite.",
        minimum=0,
        maximum=100,
    )
    new_columns: Literal["read", "warn"] = setting(
        "read",
        "New columns",
        "What to do about a column that is new since the state was written: read again the rows that have a value in "
        "it, or only warn.",
    )
    discovery: DiscoverySettings = group()
    record_streams: Mapping[LowerCase, RecordSettings] = setting(
        {},
        "Record streams",
        "How record streams are read, by record type.",
        example={"customer": {"fields": ["companyName", "email"]}},
    )
    deletions: DeletionSettings = group()
    run_report: RunReportSettings = group()

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> TapSettings:
        """Check a plain mapping of settings.

        Raises:
            ConfigurationError: a setting is missing or wrong.
        """
        return read(cls, config)

    def check(self, place: str) -> None:
        """Make sure that the start date has come and that no stream has the name of another.

        Raises:
            ConfigurationError: it lies in the future; two streams have the same name, or one is like that of a record
                stream.
        """
        if self.start_date and self.start_date > datetime.now(timezone.utc):
            raise ConfigurationError(
                place_of(place, "start_date"),
                f"is {self.start_date.isoformat()}, which lies in the future, so no row would ever be read; give an "
                "earlier date.",
            )
        taken = {FILE_STREAM} if self.files else set[str]()
        queries = [query.name for query in self.queries]
        datasets = [each.name or dataset_stream(each.id) for each in self.datasets]
        for source, names in (("queries", queries), ("datasets", datasets)):
            for name in names:
                if name in taken or name.startswith(RECORD_PREFIX):
                    raise ConfigurationError(
                        place_of(place, source),
                        f"has a name that is taken, {name!r}; give each stream a different one.",
                    )
                taken.add(name)


CONFIG_SCHEMA: dict[str, Any] = schema_of(TapSettings)
"""JSON Schema of all settings."""
