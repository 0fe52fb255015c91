"""The lists that choice fields take their values from: identifier and label of each value."""

from __future__ import annotations

__all__ = ["CHOICES"]

COUNTRIES = {
    "US": "United States", "CA": "Canada", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "JP": "Japan",
    "BR": "Brazil", "IE": "Ireland", "PL": "Poland", "SE": "Sweden", "IN": "India", "AU": "Australia",
}  # fmt: skip


def _numbered(*names: str) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(names, 1)}


CHOICES: dict[str, dict[str, str]] = {
    "accounttype": {
        "Bank": "Bank", "AcctRec": "Accounts Receivable", "OthCurrAsset": "Other Current Asset",
        "FixedAsset": "Fixed Asset", "OthAsset": "Other Asset", "AcctPay": "Accounts Payable",
        "CredCard": "Credit Card", "OthCurrLiab": "Other Current Liability", "LongTermLiab": "Long Term Liability",
        "Equity": "Equity", "Income": "Income", "COGS": "Cost of Goods Sold", "Expense": "Expense",
        "OthIncome": "Other Income", "OthExpense": "Other Expense", "NonPosting": "Non Posting",
        "DeferRevenue": "Deferred Revenue", "DeferExpense": "Deferred Expense", "Stat": "Statistical",
    },
    "accountinglinetype": {
        "ASSET": "Asset", "INCOME": "Income", "COGS": "Cost of Goods Sold", "EXPENSE": "Expense", "TAX": "Tax",
        "ACCOUNTSRECEIVABLE": "Accounts Receivable", "ACCOUNTSPAYABLE": "Accounts Payable",
    },
    "approvalstatus": _numbered("Pending Approval", "Approved", "Rejected"),
    "atpmethod": {"CUMULATIVE_ATP_WITH_LOOK_AHEAD": "Cumulative ATP with Look Ahead", "DISCRETE_ATP": "Discrete ATP"},
    "commitinventory": _numbered("Available Qty", "Complete Qty", "Do Not Commit"),
    "contactrole": {"-10": "Primary Contact", "-20": "Alternate Contact", "1": "Decision Maker"},
    "costestimatetype": {"AVGCOST": "Average Cost", "ITEMDEFINED": "Item Defined Cost"},
    "costingmethod": {"AVG": "Average", "FIFO": "FIFO", "STANDARD": "Standard", "LOT": "Lot Numbered"},
    "country": COUNTRIES,
    "creditholdoverride": {"AUTO": "Auto", "ON": "On", "OFF": "Off"},
    "customercategory": _numbered("Corporate", "Individual", "Public Sector", "Reseller"),
    "customform": {"68": "Standard Form", "101": "House Form", "102": "House Form (Web)"},
    "emailpreference": {"DEFAULT": "Default", "HTML": "HTML", "PLAIN_TEXT": "Plain Text"},
    "entitystatus": {"6": "LEAD-Unqualified", "8": "PROSPECT-In Discussion", "13": "CUSTOMER-Closed Won"},
    "gender": {"f": "Female", "m": "Male", "nb": "Non-binary"},
    "inventorystatus": _numbered("Good", "Hold", "Damaged"),
    "itemsubtype": {"Sale": "Sale", "Purchase": "Purchase", "Resale": "Resale"},
    "itemtype": {
        "InvtPart": "Inventory Item", "NonInvtPart": "Non-inventory Item", "Service": "Service",
        "OthCharge": "Other Charge", "Assembly": "Assembly/Bill of Materials",
    },
    "jobstatus": _numbered("Pending", "In Progress", "Closed"),
    "language": {"en_US": "English (U.S.)", "de_DE": "German", "fr_FR": "French (France)", "ja_JP": "Japanese"},
    "paymentmethod": _numbered("Cash", "Check", "Visa", "Bank Transfer"),
    "ratetype": {"AVERAGE": "Average", "CURRENT": "Current", "HISTORICAL": "Historical"},
    "salesrole": {"-2": "Sales Rep", "1": "Account Executive"},
    "shipcarrier": {"ups": "UPS", "nonups": "FedEx/USPS/More"},
    "source": {"WEB": "Web (Classic)", "IMPORT": "CSV", "REST": "REST Web Services"},
    "stage": {"LEAD": "Lead", "PROSPECT": "Prospect", "CUSTOMER": "Customer"},
    "subscriptionstatus": {"ACTIVE": "Active", "DRAFT": "Draft", "CLOSED": "Closed"},
    "unit": _numbered("Each", "Box", "Pallet"),
    "unitstype": _numbered("Count", "Weight"),
    "vendorcategory": _numbered("Supplier", "Contractor", "Tax Agency"),
    "weightunit": {"1": "lb", "2": "oz", "3": "kg", "4": "g"},
}  # fmt: skip
