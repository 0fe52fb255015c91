"""No write happens twice: whatever the network does, what may have been carried out is not sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.scripted_netsuite import BLOCKED, CUT, Received, Reply, ScriptedNetSuite, refused

from suitetalk import NetSuite, OutcomeUnknownError, SuiteTalkError

CREATED = Reply(204, headers={"Location": "https://x.example/services/rest/record/v1/customer/5"})
# What may happen to a request: whether NetSuite carries it out, and what the client sees of it.
FATES: dict[str, tuple[bool, Reply]] = {
    "done": (True, CREATED),
    "done, answer lost": (True, CUT),
    "done, answer cut": (True, Reply(body={"a": 1}, sent=2)),
    "done, hidden behind a 502": (True, Reply(502, b"<html>", {"Content-Type": "text/html"})),
    "done, hidden behind a 500": (True, refused(500, "UNEXPECTED_ERROR", "Error ID: x")),
    "done, hidden behind a 504": (True, Reply(504)),
    "done, no Location": (True, Reply(204)),
    "not done, connection cut": (False, CUT),
    "not done, 503": (False, Reply(503, b"", {"Retry-After": "0"})),
    "not done, blocked": (False, BLOCKED),
    "not done, login refused": (False, refused(401, "INVALID_LOGIN", "Invalid login attempt.")),
    "not done, invalid": (False, refused(400, "USER_ERROR", "No.")),
}
LINES: dict[str, Any] = {"item": {"items": [{"quantity": 1}]}}
WRITES: dict[str, Callable[[NetSuite], object]] = {
    "create": lambda client: client.records.create("salesOrder", {"memo": "x"}),
    "update that adds lines": lambda client: client.records.update("salesOrder", "1", LINES),
    "upsert that adds lines": lambda client: client.records.upsert("salesOrder", "A-1", LINES),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@given(fates=st.lists(st.sampled_from(sorted(FATES)), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_write_is_carried_out_once_at_most_and_never_called_failed_when_it_was_done(
    netsuite: ScriptedNetSuite, client: NetSuite, write: Callable[[NetSuite], object], fates: list[str]
) -> None:
    plan = [*fates, "done"]
    done = 0

    def script(_: Received) -> Reply:
        nonlocal done
        carried_out, reply = FATES[plan.pop(0)]
        done += carried_out
        return reply

    netsuite.script = script
    try:
        write(client)
    except OutcomeUnknownError:
        assert done <= 1
    except SuiteTalkError:
        assert done == 0
    else:
        assert done == 1


ONE_LINE = {"items": [{"item": {"id": "7"}, "quantity": 1}]}


@pytest.mark.parametrize(
    ("body", "replace", "tries"),
    [
        ({"memo": "x"}, (), 2),
        ({"memo": None, "entity": {"id": "7"}}, (), 2),
        ({"tags": ["a", "b"]}, (), 2),
        ({"item": None}, (), 2),
        ({"item": {"items": []}}, (), 2),
        ({"item": ONE_LINE}, ("item",), 2),
        ({"Item": ONE_LINE}, ("ITEM",), 2),
        ({"item": ONE_LINE}, (), 1),
        ({"item": {"Items": [{"quantity": 1}]}}, (), 1),
        ({"item": ONE_LINE, "expense": ONE_LINE}, ("item",), 1),
        ({"inventoryDetail": {"inventoryAssignment": ONE_LINE}}, (), 1),
        ({"item": {"items": [{"inventoryDetail": {"inventoryAssignment": ONE_LINE}}]}}, ("item",), 1),
        ({"a": [{"b": ONE_LINE}]}, (), 1),
        ({"custentity_colours": {"items": [{"id": "1"}, {"id": "2", "refName": "Blue"}]}}, (), 2),
    ],
)
def test_only_what_cannot_add_lines_twice_is_repeated(
    netsuite: ScriptedNetSuite, client: NetSuite, body: dict[str, Any], replace: tuple[str, ...], tries: int
) -> None:
    netsuite.answers(CUT, Reply(204))

    if tries == 1:
        with pytest.raises(OutcomeUnknownError):
            client.records.update("salesOrder", "1", body, replace=replace)
    else:
        client.records.update("salesOrder", "1", body, replace=replace)
    assert len(netsuite.requests) == tries


def test_a_delete_is_repeated(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(CUT, Reply(204))

    client.records.delete("customer", "1")
    assert [request.method for request in netsuite.requests] == ["DELETE", "DELETE"]
