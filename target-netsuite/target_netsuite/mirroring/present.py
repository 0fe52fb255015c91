"""Reading the external ids that NetSuite holds."""

from __future__ import annotations

from collections.abc import Iterator

from suitetalk import SuiteQL, quoted
from target_netsuite.errors import MirrorError


def present_ids(suiteql: SuiteQL, table: str, conditions: tuple[str, ...], prefix: str) -> Iterator[tuple[str, str]]:
    """Yield internal and external ids of all rows whose external id begins with a text, and maybe of some more.

    They are read in the order of their ids, so that what others write meanwhile moves no row to another page. In the
    end their number is compared with NetSuite's count from before; believe none of them until then.

    Args:
        suiteql: what runs statements.
        table: such as `customer`.
        conditions: further ones on the rows.
        prefix: what the external ids begin with; letters, digits, `_` and `-`. `_` stands for any letter here.

    Raises:
        MirrorError: NetSuite counts more rows than could be read.
        NetSuiteError: NetSuite refused a statement.
        ConnectionFailedError: no usable answer.
    """
    has_id = f"externalid LIKE {quoted(prefix + '%')}" if prefix else "externalid IS NOT NULL"
    where = " AND ".join((has_id, *conditions))
    [counted] = suiteql.page(f"SELECT COUNT(*) AS rows_there FROM {table} WHERE {where}").items
    last = read = 0
    has_more = True
    while has_more:
        page = suiteql.page(f"SELECT id, externalid FROM {table} WHERE {where} AND id > {last} ORDER BY id")
        yield from ((str(row["id"]), str(row["externalid"])) for row in page.items)
        read += len(page.items)
        has_more = page.has_more and bool(page.items)
        last = int(page.items[-1]["id"]) if page.items else last
    if read < int(counted["rows_there"]):
        raise MirrorError(
            f"NetSuite counts {counted['rows_there']} rows of {table} with such an external id and returned {read}, so "
            "nothing is deleted; run again when nobody else writes there."
        )
