"""All streams of an account: tables, records and queries, found with several requests at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from suitetalk import ConfigurationError, NetSuiteError, PermissionDeniedError, SuiteTalkError
from tap_netsuite.account import Account
from tap_netsuite.discovery.probe import REFUSALS, raise_outage
from tap_netsuite.discovery.queries import query_entry
from tap_netsuite.discovery.tables import CUSTOM_FIELD_PREFIXES, StreamEntry, table_entry
from tap_netsuite.extraction.records import in_threads
from tap_netsuite.known_tables import known_tables, table_of
from tap_netsuite.record_schema import column_kinds, singer_schema

logger = logging.getLogger(__name__)

Catalog = Mapping[str, Mapping[str, Any]]


def read_catalog(account: Account) -> dict[str, Mapping[str, Any]]:
    """Return the JSON Schemas of the record types by name; with `tables` set, of their types only.

    Some types are listed and cannot be read; they are left out with a warning, the others stay.
    """
    wanted = set(account.settings.tables)
    if wanted & {"transactionline", "transactionaccountingline"}:
        wanted.add("transaction")
    try:
        names = account.netsuite.metadata.record_types()
    except PermissionDeniedError as refusal:
        logger.warning("No record streams: %s", refusal)
        return {}
    chosen = [name for name in names if not wanted or table_of(name) in wanted]
    schemas = in_threads(lambda name: _schema(account, name), chosen, account.workers)
    return {name: schema for name, schema in zip(chosen, schemas, strict=True) if schema is not None}


def discover_tables(account: Account, catalog: Catalog) -> list[StreamEntry]:
    """Return the tables that SuiteQL accepts.

    Raises:
        ConfigurationError: `tables` names one it does not accept, or there is none at all.
    """
    named = account.settings.tables
    candidates = named or sorted({*known_tables(), *map(table_of, catalog)})
    results = list(in_threads(lambda table: _table(account, table, catalog), candidates, account.workers))
    entries = [result for result in results if isinstance(result, StreamEntry)]
    refusals = {table: result for table, result in zip(candidates, results, strict=True) if result not in entries}
    if named and refusals:
        table, refusal = next(iter(refusals.items()))
        raise ConfigurationError("tables", f"names {table}, which cannot be read: {refusal or 'it has no columns'}")
    if candidates and not entries:
        raise ConfigurationError(
            "tables",
            f"finds no table that can be read; the role needs SuiteAnalytics Workbook. {refusals[candidates[0]]}",
        )
    logger.info("Not available to this role in SuiteQL: %s", ", ".join(refusals) or "nothing")
    return entries


def discover_records(catalog: Catalog) -> list[StreamEntry]:
    """Return the record types as streams, named by type."""
    return [StreamEntry(record_type, singer_schema(schema), ("id",)) for record_type, schema in catalog.items()]


def discover_queries(account: Account, catalog: Catalog) -> list[StreamEntry]:
    """Return the user's queries.

    Raises:
        ConfigurationError: one of them cannot be read.
    """
    fields = {name: kind for schema in catalog.values() for name, kind in column_kinds(schema).items()}
    custom = {name: kind for name, kind in fields.items() if name.startswith(CUSTOM_FIELD_PREFIXES)}
    return [query_entry(account.netsuite.suiteql, query, custom) for query in account.settings.queries]


def _schema(account: Account, record_type: str) -> Mapping[str, Any] | None:
    try:
        return account.netsuite.metadata.json_schema(record_type)
    except SuiteTalkError as error:
        if isinstance(error, NetSuiteError):
            if not isinstance(error, REFUSALS):
                raise
            raise_outage(error)
        logger.warning("No stream for record type %s: %s", record_type, error)
        return None


def _table(account: Account, table: str, catalog: Catalog) -> StreamEntry | NetSuiteError | None:
    try:
        return table_entry(account.netsuite.suiteql, table, catalog)
    except REFUSALS as refusal:
        raise_outage(refusal)
        return refusal
