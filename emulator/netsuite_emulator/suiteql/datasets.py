"""Saved datasets of SuiteAnalytics Workbook [section_156577938018]."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SAMPLE_DATASETS", "Dataset"]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A saved dataset; `query` is the SuiteQL statement it stands for."""

    id: str
    name: str
    query: str
    description: str = ""


SAMPLE_DATASETS = (
    Dataset(
        id="custdataset_customers",
        name="Customers",
        query="SELECT id, entityid, companyname, email, datecreated FROM customer ORDER BY id",
    ),
    Dataset(
        id="custdataset_open_invoices",
        name="Open Invoices",
        query="SELECT id, tranid, trandate, BUILTIN.DF(entity) AS customer, foreigntotal FROM transaction "
        "WHERE type = 'CustInvc' AND BUILTIN.CF(status) = 'CustInvc:A' ORDER BY id",
        description="Invoices that are not paid.",
    ),
)
