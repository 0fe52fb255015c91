"""Which SuiteQL table holds the records of a type, and how to tell them from the others in it [section 5.9]."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from suitetalk.suiteql import quoted

_TRANSACTION_TYPES = """
assemblybuild assemblyunbuild binputawayworksheet bintransfer blanketpurchaseorder bulkownershiptransfer
cashrefund cashsale check creditcardcharge creditcardrefund creditmemo customerdeposit customerpayment
customerpaymentauthorization customerrefund customtransaction deposit depositapplication estimate
expensereport fulfillmentrequest inboundshipment intercompanyjournalentry intercompanytransferorder
inventoryadjustment inventorycostrevaluation inventorycount inventorystatuschange inventorytransfer invoice
itemfulfillment itemreceipt journalentry opportunity ownershiptransfer paycheck paycheckjournal
periodendjournal purchasecontract purchaseorder purchaserequisition requestforquote returnauthorization
revenuearrangement revenuecommitment revenuecommitmentreversal salesorder statisticaljournalentry
storepickupfulfillment transferorder vendorbill vendorcredit vendorpayment vendorprepayment
vendorprepaymentapplication vendorreturnauthorization vendorrfq waveorder workorder workorderclose
workordercompletion workorderissue
"""

_ITEM_TYPES = """
assemblyitem descriptionitem discountitem downloaditem giftcertificateitem inventoryitem itemgroup kititem
lotnumberedassemblyitem lotnumberedinventoryitem markupitem noninventorypurchaseitem noninventoryresaleitem
noninventorysaleitem otherchargepurchaseitem otherchargeresaleitem otherchargesaleitem paymentitem
serializedassemblyitem serializedinventoryitem servicepurchaseitem serviceresaleitem servicesaleitem
subscriptionplan subtotalitem
"""

_TRANSACTIONS = frozenset(_TRANSACTION_TYPES.split())
_ITEMS = frozenset(_ITEM_TYPES.split())
_CUSTOM_TRANSACTIONS = ("customtransaction", "customsale", "custompurchase")
_STAGES_OF_CUSTOMER = frozenset({"lead", "prospect"})
_ENTITIES = frozenset(
    "customer vendor employee contact partner job lead prospect othername entitygroup competitor".split()  # noqa: SIM905 - shorter
)
_PAGES = {
    "transaction": "/app/accounting/transactions/transaction.nl?id={}",
    "item": "/app/common/item/item.nl?id={}",
    "entity": "/app/common/entity/entity.nl?id={}",
    "account": "/app/accounting/account/account.nl?id={}",
    "subsidiary": "/app/common/otherlists/subsidiarytype.nl?id={}",
    "department": "/app/common/otherlists/departmenttype.nl?id={}",
    "location": "/app/common/otherlists/locationtype.nl?id={}",
    "classification": "/app/common/otherlists/classtype.nl?id={}",
    "file": "/app/common/media/mediaitem.nl?id={}",
}
"""Pages of the user interface as they are seen in browsers; NetSuite documents none, and leads on to the right one."""


@dataclass(frozen=True)
class RecordTable:
    """Where the records of a type are.

    Attributes:
        name: of the table.
        record_type: what its column `recordtype` holds for them, in lower case; empty where the table has no such
            column, or holds one type only.
    """

    name: str
    record_type: str = ""

    @property
    def condition(self) -> str:
        """The condition for the records of the type, empty when there is none."""
        return f"LOWER(recordtype) = {quoted(self.record_type)}" if self.record_type else ""


@lru_cache(maxsize=1024)
def record_table(record_type: str) -> RecordTable:
    """Return where the records of a type are; how the type is spelled, upper or lower case, does not matter.

    All kinds of items are in one table without the type's name in it: their ids and external ids differ anyway.
    """
    name, table = record_type.lower(), table_of(record_type)
    return RecordTable(table, name if table == "transaction" != name else "")


def page_of(record_type: str, record_id: int) -> str | None:
    """Return the path of the page that shows a record; None for types whose page is not known."""
    table = table_of(record_type)
    page = _PAGES.get("entity" if table in _ENTITIES else table)
    return page.format(record_id) if page else None


@lru_cache(maxsize=1024)
def table_of(record_type: str) -> str:
    """Return the table that holds a record type.

    All transactions are in one table, all items in another [section 5.9]; the rest have their own names.
    """
    name = record_type.lower()
    if name in _TRANSACTIONS or name.startswith(_CUSTOM_TRANSACTIONS):
        return "transaction"
    if name in _ITEMS:
        return "item"
    return "customer" if name in _STAGES_OF_CUSTOMER else name
