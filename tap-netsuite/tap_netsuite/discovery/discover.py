"""All streams of an account: tables, record types, queries and datasets, with as many requests at once as it allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from suitetalk import ConfigurationError, NetSuite, NotFoundError, PermissionDeniedError, SuiteQL, SuiteTalkError
from suitetalk.record_tables import table_of
from tap_netsuite.account import Account
from tap_netsuite.deletions.deletions import deletions_of
from tap_netsuite.discovery.datasets import dataset_streams
from tap_netsuite.discovery.found import NOT_KNOWN, Discovery, Finding, Found, Status, StreamEntry
from tap_netsuite.discovery.known_tables import known_tables, wanted_tables
from tap_netsuite.discovery.record_types import RecordTypes
from tap_netsuite.discovery.tables import CUSTOM_FIELD_PREFIXES, TableReader
from tap_netsuite.record_schema import column_kinds
from tap_netsuite.refusals import FAILURES, Asker, CannotTellError, Questions, is_too_slow, with_features_that_are_on
from tap_netsuite.settings import FILE_STREAM, DeletionSettings, Files
from tap_netsuite.source import Kind, kind_of

if TYPE_CHECKING:
    from tap_netsuite.settings import Query

_SMALL = ("currency", "employee", "account", "accountingperiod", "subsidiary")
_HEADS = {"transactionline": "transaction", "transactionaccountingline": "transaction"}
_TEXT = {"type": ["string", "null"]}
_OF_FILES: dict[str, dict[str, Any]] = {
    "id": {"type": ["string", "null"], "description": "Internal id of the file."},
    "name": {**_TEXT, "description": "Name of the file."},
    "folder": {**_TEXT, "description": "Internal id of the folder it is in."},
    "media_type": {**_TEXT, "description": "Kind of content, such as application/pdf."},
    "size": {"type": ["integer", "null"], "description": "Size as NetSuite states it."},
    "last_modified": {**_TEXT, "format": "date-time", "description": "When the file was changed."},
    "address": {
        **_TEXT,
        "description": "Address of the file: that for a browser where NetSuite gives it, else REST's.",
    },
    "details": {"type": ["object", "null"], "description": "All that NetSuite says of the file, by its own names."},
}
_OF_CONTENTS: dict[str, dict[str, Any]] = {
    "content": {**_TEXT, "contentEncoding": "base64", "description": "What is in the file, in base64."},
    "content_problem": {**_TEXT, "description": "Why there is no content, such as a file larger than 10 MB."},
}


def discover(account: Account) -> Discovery:
    """Find out all there is, or what `tables` names.

    What is asked of one table or record type does not wait for the others: rows of the tables are fetched while their
    record types' schemas are, and each table is finished as soon as both are there.

    Raises:
        ConfigurationError: `tables`, `queries` or `datasets` names something that cannot be read or is not there, or
            there is no table at all.
        NetSuiteError: NetSuite cannot be asked now.
    """
    account.prepare(needs_clock=False, needs_zone=False)
    patience = account.settings.discovery.probe_timeout
    with (
        _threads(account) as (requests, tables),
        closing(RecordTypes(account.netsuite.metadata.within(patience), requests)) as record_types,
    ):
        settings = account.settings
        suiteql = account.netsuite.suiteql.within(patience)
        asker = Asker(suiteql, Questions(lambda: _likely(suiteql)))
        reader = TableReader(asker, settings.discovery, record_types.schemas, requests.map)
        named = wanted_tables(settings.tables)
        first = _longest_first(named or known_tables())
        pending = {name: tables.submit(reader.read, name) for name in first}
        is_logged = tables.submit(_is_logged, settings.deletions, asker, pending)
        wanted = {*named, *(_HEADS[table] for table in named if table in _HEADS)}
        names = record_types.read(lambda record_type: not wanted or table_of(record_type) in wanted)
        if not named:
            further = sorted({*map(table_of, names)} - pending.keys())
            pending.update({name: tables.submit(reader.read, name) for name in further})

        def columns_of(table: str) -> dict[str, Kind]:
            entry = (pending[table].result() if table in pending else reader.read(table))[0]
            return {name: kind_of(schema) for name, schema in entry.schema["properties"].items()} if entry else {}

        queries = [tables.submit(_query, account, each, record_types, asker, columns_of) for each in settings.queries]
        datasets = tables.submit(dataset_streams, account.netsuite.datasets, settings.datasets, requests.map)
        files = tables.submit(_file_stream, account.netsuite, settings.files)
        _raise_first([*pending.values(), is_logged, *queries, datasets, files])
        found = [pending[name].result() for name in named or sorted(pending)]
        _check(named, found, {*known_tables(), *map(table_of, record_types.names)})
        streams = [
            *found,
            *record_types.streams(),
            *(query.result() for query in queries),
            *datasets.result(),
            *files.result(),
        ]
        return _discovery(streams, settings.deletions, is_logged=is_logged.result())


@contextmanager
def _threads(account: Account) -> Iterator[tuple[ThreadPoolExecutor, ThreadPoolExecutor]]:
    """Hand out threads for single requests, which wait for nothing else, and for tables, which wait for those."""
    requests, tables = ThreadPoolExecutor(account.workers), ThreadPoolExecutor(account.workers)
    try:
        yield requests, tables
    finally:
        for executor in (tables, requests):
            executor.shutdown(wait=False, cancel_futures=True)
        for executor in (tables, requests):
            executor.shutdown()


def _raise_first(futures: Sequence[Future[Any]]) -> None:
    """Wait for all, or until one of them fails; then raise its exception at once."""
    for future in wait(futures, return_when=FIRST_EXCEPTION).done:
        future.result()


def _longest_first(tables: Iterable[str]) -> list[str]:
    """Return tables in the order to look at them: those with many columns need most requests in a row."""
    columns = {name: len(known.columns) for name, known in known_tables().items()}
    return sorted(tables, key=lambda table: (-columns.get(table, 0), table))


def _likely(suiteql: SuiteQL) -> list[Callable[[], object]]:
    """Return questions of which a role that may ask SuiteQL at all can most likely ask one."""
    return [partial(suiteql.page, f"SELECT id FROM {table}", limit=1) for table in _SMALL]


def _is_logged(settings: DeletionSettings, asker: Asker, pending: dict[str, Future[Found]]) -> bool:
    """Tell whether the role can read a log of deletions."""
    return any(
        pending[log].result()[1].status.is_stream if log in pending else _can_read(asker, log) for log in settings.logs
    )


def _can_read(asker: Asker, log: str) -> bool:
    try:
        asker.settled(f"SELECT MAX(deleteddate) AS newest FROM {log}", limit=1)
    except FAILURES as failure:
        return is_too_slow(failure)  # then it is there, and each run says whether it can be read
    return True


def _query(
    account: Account,
    query: Query,
    record_types: RecordTypes,
    asker: Asker,
    columns_of: Callable[[str], dict[str, Kind]],
) -> Found:
    from tap_netsuite.discovery.queries import query_entry  # noqa: PLC0415 - what parses SQL takes long to load

    schemas = filter(None, record_types.schemas().values())
    fields = {name: kind for schema in schemas for name, kind in column_kinds(schema).items()}
    custom = {name: kind for name, kind in fields.items() if name.startswith(CUSTOM_FIELD_PREFIXES)}
    suiteql = account.netsuite.suiteql.with_parameters(query.parameters)
    entry, rows = query_entry(Asker(suiteql, asker.questions), query, custom, account.settings.discovery, columns_of)
    return entry, Finding(query.name, Status.READABLE if rows else Status.EMPTY)


def _check(named: Mapping[str, bool], found: Sequence[Found], known: AbstractSet[str]) -> None:
    """Refuse an account without tables, and names of tables that have to be there and cannot be read.

    Raises:
        ConfigurationError: that is so.
        CannotTellError: there is no table, because NetSuite did not answer.
    """
    missing = [finding for entry, finding in found if entry is None]
    needed = [finding for finding in missing if named.get(finding.name) and finding.is_sure]
    if needed:
        reasons = "; ".join(_reason(finding, known) for finding in needed)
        raise ConfigurationError("tables", f"names {reasons}{'' if reasons.endswith('?') else '.'}")
    if found and len(missing) == len(found):
        unsure = next((finding for finding in missing if not finding.is_sure), None)
        if unsure:
            raise CannotTellError(f"Discovery ended without a catalog; {unsure.name}: {unsure.note}")
        raise ConfigurationError(
            "tables",
            "finds no table that can be read; the role needs SuiteAnalytics Workbook. "
            f"{': '.join(filter(None, (missing[0].name, missing[0].status.value, missing[0].note)))}.",
        )


def _reason(finding: Finding, known: AbstractSet[str]) -> str:
    """Return why a table cannot be read, with the name that may have been meant."""
    name = finding.name
    table = table_of(name)
    meant = get_close_matches(name, known - {name}, n=1) if finding.status is Status.UNKNOWN else []
    hint = (
        f"records of this type are rows of `{table}`" if table != name else f"did you mean {meant[0]}?" if meant else ""
    )
    said = ": ".join(filter(None, (finding.status.value, finding.note)))
    return f"{name}, which cannot be read: {'; '.join(filter(None, (said, hint)))}"


def _discovery(found: Sequence[Found], settings: DeletionSettings, *, is_logged: bool) -> Discovery:
    entries = [entry for entry, _ in found if entry is not None]
    return Discovery(
        tuple(replace(entry, deletions=_deletions(entry, settings, is_logged=is_logged)) for entry in entries),
        tuple(with_features_that_are_on([finding for _, finding in found])),
    )


def _deletions(entry: StreamEntry, settings: DeletionSettings, *, is_logged: bool) -> str:
    if entry.dataset or entry.name == FILE_STREAM:
        return NOT_KNOWN
    return deletions_of(entry.name, entry.keys, settings, is_logged=is_logged, is_full=entry.replication_key is None)


def _file_stream(netsuite: NetSuite, wanted: Files | None) -> list[Found]:
    """Return the entry of the stream of files, and whether it can be read; nothing where it is not wanted."""
    if wanted is None:
        return []
    try:
        total = netsuite.files.list(limit=1).total
    except PermissionDeniedError as refusal:
        return [(None, Finding(FILE_STREAM, Status.NOT_PERMITTED, refusal.detail))]
    except NotFoundError:
        note = "the account has no file cabinet service; NetSuite brings it with a release of 2026"
        return [(None, Finding(FILE_STREAM, Status.FAILED, note))]
    except SuiteTalkError as failure:
        return [(None, Finding(FILE_STREAM, Status.FAILED, str(failure), is_sure=False))]
    properties = {**_OF_FILES, **(_OF_CONTENTS if wanted == "contents" else {})}
    entry = StreamEntry(FILE_STREAM, {"type": "object", "properties": properties}, ("id",))
    return [(entry, Finding(FILE_STREAM, Status.READABLE if total else Status.EMPTY))]
