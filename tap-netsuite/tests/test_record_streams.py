"""Whole records through the record service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.tap_runs import Json, Run, read, selected

from netsuite_emulator import Emulator, Fault
from suitetalk import ConnectionSettings, IncompleteResultError, NetSuite, Records
from tap_netsuite.extraction.records import in_threads, whole_records


@pytest.fixture
def emulator(netsuite_emulator_factory: Callable[..., Emulator]) -> Emulator:
    return netsuite_emulator_factory()


def records(emulator: Emulator, catalog: Json, record_type: str) -> Run:
    return read(emulator.connection, selected(catalog, f"record_{record_type}"))


def test_records_come_with_their_sublists(emulator: Emulator, catalog: Json) -> None:
    run = records(emulator, catalog, "salesorder")
    assert run.error is None
    orders = {int(record["id"]): record for record in run.records("record_salesorder")}
    lines = emulator.execute(
        "SELECT t.id, count(l.id) FROM transaction t LEFT JOIN transactionline l "
        "ON l.transaction = t.id AND l.mainline = 'F' AND l.item IS NOT NULL WHERE t.type = 'SalesOrd' GROUP BY t.id"
    )
    assert {key: len(record["item"]["items"]) for key, record in orders.items()} == dict(lines)
    assert all(record["item"]["totalResults"] == len(record["item"]["items"]) for record in orders.values())
    assert '"links"' not in "".join(run.lines)


def refused(message: str) -> Json:
    return {"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": message, "o:errorCode": "USER_ERROR"}]}


def test_a_locked_record_keeps_no_other_from_coming_and_is_an_error_at_the_end(
    emulator: Emulator, catalog: Json
) -> None:
    first, *others = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    locked = refused("This record is locked by a workflow.")
    emulator.faults.add(Fault(effect="status", status=400, path=f"/vendor/{first}$", body=locked))
    run = records(emulator, catalog, "vendor")
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)
    assert "1 records of vendor could not be read" in str(run.error)
    assert "locked by a workflow" in str(run.error)
    assert f"/vendor/{first}" in str(run.error)


def test_a_record_with_fewer_lines_than_counted_is_an_error_at_the_end(emulator: Emulator, catalog: Json) -> None:
    keys = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    body = {"id": str(keys[0]), "addressBook": {"items": [], "totalResults": 3}}
    emulator.faults.add(Fault(effect="status", status=200, path=f"/vendor/{keys[0]}$", body=body))
    run = records(emulator, catalog, "vendor")
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(keys[1:])
    assert "0 of the 3 lines" in str(run.error)


def test_a_record_deleted_after_the_list_is_left_out(emulator: Emulator, catalog: Json) -> None:
    key, *others = sorted(key for (key,) in emulator.execute("SELECT id FROM vendor"))
    emulator.faults.add(Fault(effect="status", status=404, path=f"/vendor/{key}$"))
    run = records(emulator, catalog, "vendor")
    assert run.error is None
    assert {int(record["id"]) for record in run.records("record_vendor")} == set(others)


def test_a_value_that_does_not_fit_is_named_with_its_record(emulator: Emulator, catalog: Json) -> None:
    (key,) = emulator.execute("SELECT min(id) FROM vendor")[0]
    body = {"id": str(key), "isInactive": "perhaps"}
    emulator.faults.add(Fault(effect="status", status=200, path=f"/vendor/{key}$", body=body))
    run = records(emulator, catalog, "vendor")
    assert f"record {key}: isInactive holds 'perhaps', which is no boolean" in str(run.error)


class ShortList(Records):
    """A record service of which each record comes with one line fewer than it counts."""

    def __init__(self) -> None:
        pass

    def ids(self, record_type: str, *, q: str | None = None) -> Any:  # noqa: ARG002 - the service's form
        return iter(["1", "2"])

    def get(self, record_type: str, record_id: str, **_: Any) -> dict[str, Any]:
        raise IncompleteResultError(f"GET {record_type}/{record_id} delivered 0 of the 1 lines of a sublist.")


def test_many_incomplete_records_are_counted() -> None:
    with pytest.raises(IncompleteResultError, match="2 records of vendor could not be read"):
        list(whole_records(ShortList(), "vendor", 2))


def test_results_come_in_the_order_of_the_items_and_errors_in_their_place() -> None:
    def half(number: int) -> int:
        if number == 30:
            raise ValueError(number)
        return number // 2

    results = in_threads(half, range(50), 4)
    assert [next(results) for _ in range(30)] == [number // 2 for number in range(30)]
    with pytest.raises(ValueError, match="30"):
        next(results)


def test_a_list_that_changed_while_it_was_read_is_read_again(emulator: Emulator) -> None:
    class Changing(Records):
        """Lists as far as the first record, as when the others have moved to pages read before; then all."""

        listings = 0

        def __init__(self) -> None:
            super().__init__(NetSuite(ConnectionSettings.from_mapping(emulator.connection)).transport)

        def ids(self, record_type: str, *, q: str | None = None) -> Iterator[str]:
            self.listings += 1
            for record_id in super().ids(record_type, q=q):
                yield record_id
                if self.listings == 1:
                    raise IncompleteResultError("The list changed.")

    changing = Changing()
    came = [record["id"] for record in whole_records(changing, "currency", workers=2)]
    assert sorted(came) == sorted(str(key) for (key,) in emulator.execute("SELECT id FROM currency"))
    assert changing.listings == 2
