"""What is known of NetSuite's tables fits together, and feeds the models that are made for them."""

from __future__ import annotations

import pytest

from tap_netsuite.discovery.known_tables import (
    feature_of,
    known_tables,
    main_table,
    permission_of,
    usual_kind,
    wanted_tables,
)
from tap_netsuite.source import Kind

# Tables and columns that the netsuite2 models of fivetran/dbt_netsuite select, but for Fivetran's own.
NETSUITE2 = {
    "account": "id externalid parent acctnumber accttype sspecacct fullname accountsearchdisplaynamecopy description "
    "deferralacct cashflowrate generalrate currency class department location includechildren isinactive issummary "
    "eliminate",
    "accountingbook": "id name basebook effectiveperiod isadjustmentonly isconsolidated contingentrevenuehandling "
    "isprimary twosteprevenueallocation unbilledreceivablegrouping",
    "accountingbooksubsidiaries": "accountingbook status subsidiary",
    "accountingperiod": "id parent periodname startdate enddate closedondate isquarter isyear isadjust isposting "
    "closed alllocked arlocked aplocked",
    "accountingperiodfiscalcalendars": "accountingperiod fiscalcalendar parent",
    "accounttype": "id balancesheet left longname",
    "classification": "id externalid name fullname isinactive",
    "consolidatedexchangerate": "id postingperiod fromcurrency fromsubsidiary tocurrency tosubsidiary currentrate "
    "averagerate accountingbook historicalrate",
    "currency": "id name symbol",
    "customer": "id entityid externalid parent isperson altname companyname firstname lastname email phone "
    "defaultbillingaddress defaultshippingaddress receivablesaccount currency firstorderdate",
    "customersubsidiaryrelationship": "id entity subsidiary isprimarysub primarycurrency balance unbilledorders",
    "department": "id parent name fullname subsidiary isinactive",
    "employee": "id entityid firstname lastname email supervisor approver department class location subsidiary "
    "hiredate isinactive currency expenselimit purchaseorderlimit",
    "entity": "id contact customer employee entitytitle isperson parent project type vendor",
    "entityaddress": "addr1 addr2 addr3 addressee addrtext city country dropdownstate nkey state zip",
    "fiscalcalendar": "id externalid fiscalmonth isdefault name",
    "item": "id fullname itemtype description department class location subsidiary assetaccount expenseaccount "
    "gainlossaccount incomeaccount intercoexpenseaccount intercoincomeaccount deferralaccount deferredrevenueaccount "
    "parent",
    "job": "id customer defaultbillingaddress defaultshippingaddress entityid externalid parent",
    "location": "id name fullname mainaddress parent subsidiary",
    "locationmainaddress": "addr1 addr2 addr3 addressee addrtext city country dropdownstate nkey state zip",
    "nexus": "id country description state taxagency",
    "subsidiary": "id name fullname email mainaddress country state fiscalcalendar parent iselimination currency",
    "transaction": "id transactionnumber type memo trandate status createdby createddate duedate closedate currency "
    "entity lastmodifiedby postingperiod posting nexus taxregoverride taxdetailsoverride taxpointdate "
    "taxpointdateoverride intercoadj isreversal reversal reversaldate reversaldefer",
    "transactionaccountingline": "transaction transactionline accountingbook account amount amountlinked amountpaid "
    "amountunpaid credit debit exchangerate netamount posting",
    "transactionline": "id transaction linesequencenumber memo entity item class location subsidiary department "
    "isclosed isbillable iscogs cleared commitmentfirm mainline taxline eliminate netamount",
    "vendor": "id altname companyname datecreated category",
    "vendorcategory": "id name",
    "vendorsubsidiaryrelationship": "id entity subsidiary isprimarysub primarycurrency balance unbilledorders",
}


@pytest.mark.parametrize("table", NETSUITE2)
def test_the_columns_of_dbt_netsuite_are_asked_for(table: str) -> None:
    assert set(NETSUITE2[table].split()) <= known_tables()[table].columns.keys()


def test_keys_and_references_are_columns() -> None:
    for name, table in known_tables().items():
        assert {*table.keys, *table.references} <= table.columns.keys(), name


def test_ids_are_of_one_type_wherever_they_stand() -> None:
    assert known_tables()["transaction"].columns["id"] is Kind.INTEGER
    for table, column in (("transactionline", "transaction"), ("transaction", "entity"), ("customer", "currency")):
        assert known_tables()[table].columns[column] is Kind.INTEGER
    assert usual_kind("owner") is Kind.INTEGER
    assert usual_kind("lastmodifiedby") is Kind.INTEGER
    assert usual_kind("subsidiary") is None, "a multi-select in some tables"
    assert known_tables()["accounttype"].columns["id"] is known_tables()["account"].columns["accttype"] is Kind.TEXT


@pytest.mark.parametrize(
    ("table", "permission"),
    [
        ("transactionline", "Transactions > Find Transaction"),
        ("customer", "Lists > Customers"),
        ("customrecord_site", "Custom Record > customrecord_site"),
        ("customlist_size", "Setup > Custom Lists"),
        ("something", ""),
    ],
)
def test_the_permission_that_shows_a_table(table: str, permission: str) -> None:
    assert permission_of(table) == permission


def test_the_feature_a_table_belongs_to() -> None:
    assert feature_of("accountsubsidiarymap") == "OneWorld"
    assert main_table("OneWorld") == "subsidiary"
    assert feature_of("transaction") == ""


def test_tables_of_production_extracts_are_known_with_their_keys() -> None:
    assert known_tables()["inventoryitemlocations"].keys == ("item", "location")
    assert known_tables()["vendoraddressbookentityaddress"].keys == ("nkey",)
    assert feature_of("priceplan") == "SuiteBilling"
    for table in ("term", "pricelevel"):
        assert known_tables()[table].columns["lastmodifieddate"] is Kind.DATE_TIME


def test_presets_are_known_tables_that_need_not_be_there() -> None:
    assert wanted_tables(["netsuite2"]) == dict.fromkeys(sorted(NETSUITE2), False)
    wanted = wanted_tables(["core", "customer", "?job"])
    assert wanted.keys() <= known_tables().keys()
    assert (wanted["customer"], wanted["vendor"], wanted["job"]) == (True, False, False)
