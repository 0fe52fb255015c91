"""How deletions of a table's rows come to be known."""

from __future__ import annotations

from tap_netsuite.discovery.entry import NOT_KNOWN

DELETION_LOGS = ("deletedrecord", "deletedrecordinconnect")
"""Tables in which NetSuite lists deletions, each in some accounts only [section_163584624721]."""

IN_LOG = "deletion log"
BY_REREADING = "lines of re-read transactions"
BY_COMPARING = "compare keys on request"

_LINES = frozenset({"transactionline", "transactionaccountingline"})
_LOGGED = frozenset({"transaction", "customer", "vendor", "item"})


def deletions_of(table: str, keys: tuple[str, ...], *, is_logged: bool) -> str:
    """Return how deletions are known, or that they are not [section_4031815869].

    Lines go with their transactions, and neither they nor links are ever in a log.

    Args:
        table: name of the table.
        keys: its keys; without any, rows cannot be compared.
        is_logged: whether the role can read a deletion log.
    """
    if table in _LINES:
        return BY_REREADING if keys else NOT_KNOWN
    if is_logged and (table in _LOGGED or table.startswith("customrecord_")):
        return IN_LOG
    return BY_COMPARING if keys and table not in DELETION_LOGS else NOT_KNOWN
