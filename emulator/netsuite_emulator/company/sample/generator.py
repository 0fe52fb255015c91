"""Fills empty tables with the sample company."""

from __future__ import annotations

from pathlib import Path

import duckdb

from netsuite_emulator.company.choices import CHOICES
from netsuite_emulator.company.record_types import STATUSES, build_company
from netsuite_emulator.company.settings import SAMPLE_SETTINGS, CompanySettings

__all__ = ["fill"]

_ASSETS = {"Bank", "AcctRec", "OthCurrAsset", "FixedAsset", "OthAsset", "DeferExpense"}
_BALANCE_SHEET = _ASSETS | {"AcctPay", "CredCard", "OthCurrLiab", "LongTermLiab", "DeferRevenue", "Equity"}
_LEFT = _ASSETS | {"COGS", "Expense", "OthExpense"}
"""Account types that a debit increases."""


def fill(connection: duckdb.DuckDBPyConnection, settings: CompanySettings) -> None:
    """Write the sample company into the tables of `connection`.

    Args:
        connection: a database that has every table, OneWorld's included, and the views.
        settings: `scale` 1 means about 6,000 transactions; the same `seed` makes the same company with the same
            version of DuckDB.
    """
    for name in SAMPLE_SETTINGS:
        connection.execute(f"SET VARIABLE {name} = $value", {"value": getattr(settings, name)})
    _fill_lists(connection)
    for script in sorted(Path(__file__).parent.glob("*.sql")):
        connection.execute(script.read_text("utf-8"))


def _fill_lists(connection: duckdb.DuckDBPyConnection) -> None:
    types = build_company(CompanySettings()).types_of_table("transaction")
    labels = {dict(kind.constants)["type"]: kind.label for kind in types}
    statuses = [
        f"({_quote(letter)}, {_quote(kind)}, {_quote(name)}, {_quote(labels[kind] + ' : ' + name)})"
        for kind, letters in STATUSES.items()
        for letter, name in letters.items()
    ]
    connection.execute(f"INSERT INTO transactionstatus (id, trantype, name, fullname) VALUES {', '.join(statuses)}")
    account_types = [
        f"({_quote(kind)}, {_quote(name)}, {_flag(kind in _BALANCE_SHEET)}, {_flag(kind in _LEFT)}, {number})"
        for number, (kind, name) in enumerate(CHOICES["accounttype"].items(), 1)
    ]
    connection.execute(
        f'INSERT INTO accounttype (id, longname, balancesheet, "left", seqnum) VALUES {", ".join(account_types)}'
    )


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _flag(value: object) -> str:
    return _quote("T" if value else "F")
