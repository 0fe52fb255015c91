"""Saved datasets: what is asked for, and results that are whole or an error."""

from __future__ import annotations

import pytest
from tests.scripted_netsuite import Received, Reply, ScriptedNetSuite, refused

from suitetalk import READABLE_ROWS, IncompleteResultError, NetSuite, NotFoundError, SuiteTalkError

ROOT = "/services/rest/query/v1/dataset/"


def test_list(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    items = [{"links": [], "id": "custdataset_a", "name": "A"}]
    netsuite.answers(Reply(body={"items": items, "count": 1, "hasMore": False, "offset": 0, "totalResults": 1}))

    assert [dataset["id"] for dataset in client.datasets.list()] == ["custdataset_a"]
    assert (netsuite.requests[0].method, netsuite.requests[0].path) == ("GET", ROOT)


def test_all_rows_of_a_dataset(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    def script(request: Received) -> Reply:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        end = min(offset + limit, 2500)
        items = [{"links": [], "Id": str(number)} for number in range(offset, end)]
        return Reply(body={"items": items, "hasMore": end < 2500, "totalResults": 2500})

    netsuite.script = script
    assert [row["Id"] for row in client.datasets.rows("a/b c")] == [str(number) for number in range(2500)]
    assert {request.path for request in netsuite.requests} == {f"{ROOT}a%2Fb%20c/result"}
    page = client.datasets.page("x", limit=2, offset=4)
    assert (page.items, page.total, page.has_more) == ([{"Id": "4"}, {"Id": "5"}], 2500, True)


def test_what_is_not_whole_is_an_error(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body={"items": [{"id": "1"}], "hasMore": True, "totalResults": READABLE_ROWS + 1}))

    with pytest.raises(IncompleteResultError, match="100001 rows"):
        list(client.datasets.rows("x"))
    with pytest.raises(IncompleteResultError, match="1 of 100001"):
        list(client.datasets.list())


def test_a_missing_dataset_is_told(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(refused(404, "NONEXISTENT_ID", "No such dataset."))

    with pytest.raises(NotFoundError):
        client.datasets.page("x")
    for dataset_id in ("", ".."):
        with pytest.raises(SuiteTalkError, match="is needed"):
            client.datasets.page(dataset_id)
