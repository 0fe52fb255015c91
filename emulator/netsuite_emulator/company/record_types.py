"""The record types of the account, and the statuses of its transactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from netsuite_emulator.company.bulk import bulk_tables, bulk_types
from netsuite_emulator.company.description import Company, RecordType, Sublist, Table, load_tables
from netsuite_emulator.company.settings import DELETION_TABLES, CompanySettings
from netsuite_emulator.company.shape import Shape, read_shape
from netsuite_emulator.company.shaped_types import shaped_company
from netsuite_emulator.company.views import VIEWS
from netsuite_emulator.options import SettingsError, unknown_name

__all__ = ["STATUSES", "build_company"]

# Statuses by transaction type: letter and label, as `BUILTIN.CF` and `BUILTIN.DF` show them [article_1029114514].
STATUSES: dict[str, dict[str, str]] = {
    "SalesOrd": {"A": "Pending Approval", "B": "Pending Fulfillment", "F": "Pending Billing", "G": "Billed"},
    "CustInvc": {"A": "Open", "B": "Paid In Full"},
    "CustPymt": {"B": "Not Deposited", "C": "Deposited"},
    "CustCred": {"A": "Open", "B": "Fully Applied"},
    "PurchOrd": {"A": "Pending Supervisor Approval", "B": "Pending Receipt", "F": "Pending Bill", "G": "Fully Billed"},
    "VendBill": {"A": "Open", "B": "Paid In Full"},
    "Journal": {"A": "Pending Approval", "B": "Approved for Posting"},
    "Estimate": {"A": "Open", "B": "Processed", "X": "Expired"},
}

_ADDRESS_BOOK = Sublist("addressBook", "entityaddressbook", "entity", "internalId")
_SALES_TEAM = Sublist("salesTeam", "customersalesteam", "customer", None)
_SALES_LINE = (
    "line", "item", "quantity", "rate", "amount", "price", "units", "description", "department", "class", "location",
    "isClosed", "isBillable", "commitInventory", "costEstimate", "expectedReceiptDate", "grossAmt", "itemType",
    "matchBillToReceipt", "quantityBackOrdered", "quantityBilled", "quantityCommitted", "quantityFulfilled",
    "lineUniqueKey", "custcol_size", "custcol_engraving", "custcol_fragile",
)  # fmt: skip
_EXPENSE_LINE = (
    "line", "account", "amount", "description", "department", "class", "location", "isBillable", "lineUniqueKey",
)  # fmt: skip
_JOURNAL_LINE = (
    "line", "account", "debit", "credit", "description", "department", "class", "location", "eliminate",
    "lineUniqueKey",
)  # fmt: skip
_ITEM = Sublist("item", "transactionline", "transaction", "line", _SALES_LINE, with_item=True)
_EXPENSE = Sublist("expense", "transactionline", "transaction", "line", _EXPENSE_LINE, with_item=False)
_LINE = Sublist("line", "transactionline", "transaction", "line", _JOURNAL_LINE)
_PRICE = Sublist("price", "pricing", "item", None)

_REFERRING = ("reference", "multiselect")
_NOT_IN_JOURNALS = frozenset({"entity", "terms", "dueDate", "shipDate", "shipMethod", "billingAddress"})
_BUILT: dict[str, Company] = {}


def _transaction(  # noqa: PLR0913 - one row of the table below
    name: str,
    code: str,
    label: str,
    prefix: str,
    sublists: tuple[Sublist, ...],
    *,
    sign: int,
    posting: bool,
    required: tuple[str, ...] = ("entity",),
    without: frozenset[str] = frozenset({"account"}),
) -> RecordType:
    constants = (("type", code), ("recordtype", name.lower()), ("typename", label), ("abbrevtype", prefix))
    return RecordType(
        name, "transaction", constants, sublists, without, frozenset(required),
        sign=sign, posting=posting, label=label, prefix=prefix,
    )  # fmt: skip


def _item(name: str, code: str, label: str) -> RecordType:
    return RecordType(name, "item", (("itemtype", code),), (_PRICE,), label=label)


def _plain(*names: str) -> list[RecordType]:
    return [RecordType(name, name.lower(), label=name[0].upper() + name[1:]) for name in names]


def _all_record_types() -> Iterable[RecordType]:
    yield _transaction("salesOrder", "SalesOrd", "Sales Order", "SO", (_ITEM,), sign=-1, posting=False)
    yield _transaction("estimate", "Estimate", "Estimate", "EST", (_ITEM,), sign=-1, posting=False)
    yield _transaction("invoice", "CustInvc", "Invoice", "INV", (_ITEM,), sign=-1, posting=True)
    yield _transaction("creditMemo", "CustCred", "Credit Memo", "CM", (_ITEM,), sign=1, posting=True)
    yield _transaction(
        "customerPayment", "CustPymt", "Payment", "PYMT", (), sign=1, posting=True, without=frozenset(),
    )  # fmt: skip
    yield _transaction("purchaseOrder", "PurchOrd", "Purchase Order", "PO", (_ITEM, _EXPENSE), sign=1, posting=False)
    yield _transaction("vendorBill", "VendBill", "Bill", "BILL", (_ITEM, _EXPENSE), sign=1, posting=True)
    yield _transaction(
        "journalEntry", "Journal", "Journal", "JE", (_LINE,),
        sign=1, posting=True, required=(), without=_NOT_IN_JOURNALS | {"account"},
    )  # fmt: skip
    yield RecordType(
        "customer", "customer", sublists=(_ADDRESS_BOOK, _SALES_TEAM), required=frozenset({"companyName"}),
        label="Customer",
    )  # fmt: skip
    yield RecordType("vendor", "vendor", sublists=(_ADDRESS_BOOK,), required=frozenset({"companyName"}), label="Vendor")
    yield RecordType("employee", "employee", sublists=(_ADDRESS_BOOK,), label="Employee")
    yield RecordType("contact", "contact", sublists=(_ADDRESS_BOOK,), label="Contact")
    yield RecordType("job", "job", sublists=(_ADDRESS_BOOK,), label="Project")
    yield _item("inventoryItem", "InvtPart", "Inventory Item")
    yield _item("nonInventorySaleItem", "NonInvtPart", "Non-inventory Item")
    yield _item("serviceSaleItem", "Service", "Service Item")
    yield _item("assemblyItem", "Assembly", "Assembly Item")
    yield RecordType("otherChargeSaleItem", "item", (("itemtype", "OthCharge"),), (_PRICE,), label="Other Charge Item")
    yield from _plain(
        "account", "accountingPeriod", "accountingBook", "currency", "term", "subsidiary", "department",
        "classification", "location", "priceLevel", "subscription", "consolidatedExchangeRate",
    )  # fmt: skip
    yield from _plain("customrecord_warranty", "customrecord_site_visit")
    yield from _plain("customlist_region", "customlist_channel", "customlist_size")


def build_company(settings: CompanySettings) -> Company:
    """The company's description, one and the same for the same settings, so that statements are translated once.

    Raises:
        SettingsError: a big table has the name of another one, or a setting names what does not exist.
    """
    if settings.shape is not None:  # a file, which may have changed
        return _build(settings)
    chosen = repr([getattr(settings, field.name) for field in fields(CompanySettings)])
    if chosen not in _BUILT:
        _BUILT[chosen] = _build(settings)
    return _BUILT[chosen]


def _build(settings: CompanySettings) -> Company:
    shape = read_shape(settings.shape)
    sample = [*_all_record_types()]
    if shape.types is None:
        tables = _shaped(dict(load_tables()), shape)
        shaped = [*sample, *shape.added_types()]
    else:
        tables, shaped = shaped_company(shape, sample)
    for table in bulk_tables(settings.big_tables, settings.custom_record_types):
        if table.name in tables:
            raise SettingsError(f"There is a table {table.name} already: name the big table otherwise.")
        tables[table.name] = table
    if not settings.one_world:  # there is no subsidiary anywhere [BuildHero/lakeflow-community-connectors]
        tables = {name: _without_subsidiaries(table) for name, table in tables.items() if not table.one_world}
    for name in settings.hidden_columns | shape.hidden_columns:
        _hide(tables, name.lower())
    bulk = bulk_types(settings.big_tables, settings.custom_record_types)
    kinds = [*shaped, *bulk]
    every_table = {*tables, *load_tables()}
    every_type = {kind.path for kind in kinds}
    with_rows = {kind.table for kind in kinds} | tables.keys() - load_tables().keys()
    with_rows -= {sublist.table for kind in kinds for sublist in kind.sublists}  # whose rows come with their records
    _known("table with rows to choose", settings.table_rows, with_rows)
    off = without = _known("table", settings.switched_off, every_table)
    hidden = _known("record type or table", settings.hidden_record_types | shape.hidden, every_type | every_table)
    view_only = _known("record type", shape.view_only, every_type)
    if shape.tables is not None:
        off |= {name for name in tables if name not in shape.tables}
    _known("record type", [name.partition("/")[0] for name in settings.locked_records], every_type)
    off |= set(DELETION_TABLES) - {settings.deletion_table.lower()}
    if not settings.multiple_calendars:
        off |= {"fiscalcalendar", "accountingperiodfiscalcalendars"}
    if not settings.second_book:
        off |= {"accountingbooksubsidiaries"}
    gone = off if shape.types is None else without  # record types that have no table to query are there all the same
    types = {kind.path: kind for kind in kinds if kind.table in tables and kind.table not in gone}
    joins = frozenset(tuple(name.lower().split("/")) for name in settings.refused_joins)
    _known("table", [table for join in joins for table in join], every_table)
    return Company(
        tables, types, settings.one_world, hidden, off, view_only, settings.hidden_column_text.lower(), joins
    )


def _shaped(tables: dict[str, Table], shape: Shape) -> dict[str, Table]:
    """The tables with what an account's shape adds to them and takes from them.

    Raises:
        SettingsError: a table or a target does not exist, or there is one of that name already.
    """
    _known("table", shape.fields, {*tables, *shape.added_tables()})
    shaped = {name: shape.with_fields(table) for name, table in {**tables, **shape.added_tables()}.items()}
    for name, columns in shape.fields.items():
        if name in VIEWS and any(column.kind for column in columns):
            raise SettingsError(f"The table {name} follows from others: add the fields to those.")
    for table in shaped.values():
        _known("table", [each.target for each in table.columns if each.kind in _REFERRING and each.target], shaped)
    return shaped


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    """The names in lower case, if all are known."""
    for name in sorted(names):
        if name.lower() not in known:
            raise unknown_name(what, name, known)
    return frozenset(name.lower() for name in names)


def _without_subsidiaries(table: Table) -> Table:
    return replace(table, columns=tuple(column for column in table.columns if "oneworld" not in column.marks))


def _hide(tables: dict[str, Table], name: str) -> None:
    table = tables.get(name.partition(".")[0])
    hidden = table.column(name.partition(".")[2]) if table is not None else None
    if table is None or hidden is None:
        raise SettingsError(f"The hidden column '{name}' does not exist: write table.column, such as customer.terms.")
    columns = tuple(column.out_of_sight() if column is hidden else column for column in table.columns)
    tables[table.name] = replace(table, columns=columns)
