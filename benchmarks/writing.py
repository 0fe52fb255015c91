"""target-netsuite writing into one account, with everything that is known of it afterwards."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.account import Account, Request
from benchmarks.measured_process import Usage, measure
from benchmarks.reading import private_folders

PROGRAM = Path(sys.executable).with_name("target-netsuite")
STREAM = "people"
_PREFIX = "BENCH-"
_TWICE, _DELETED = 50, 7  # every so many numbers
_MIXED = 20  # see `write_orders`
_CHANGED = "Changed."
_COLUMNS = {
    "companyName": "string",
    "email": "string",
    "phone": "string",
    "comments": "string",
    "creditLimit": "number",
}


@dataclass(frozen=True)
class Way:
    """A way of writing.

    Attributes:
        stream: settings of the stream.
        settings: other settings.
        mixed: whether some keys come twice, and some records are deleted, in between.
    """

    stream: Mapping[str, Any]
    settings: Mapping[str, Any]
    mixed: bool = False


@dataclass(frozen=True)
class Writing:
    """What came of it.

    Attributes:
        records: how many were to be written.
        lost: how many of them NetSuite does not have afterwards, or has more than once.
        usage: what the process needed.
        requests: what it asked, logins left out.
    """

    records: int
    lost: int
    usage: Usage
    requests: Sequence[Request]


def write(way: Way, account: Account, records: int, first: int = 0) -> Writing:
    """Write records with numbers from `first` on, each with an external id of its own.

    Raises:
        BenchmarkError: the target failed.
    """
    fields = {column: column for column in _COLUMNS}
    stream = {"record_type": "customer", "external_id": _PREFIX + "{number}", "fields": fields, **way.stream}
    usage, requests = _measured({STREAM: stream}, way.settings, _messages(records, first, mixed=way.mixed), account)
    found = account.number(
        "SELECT count(DISTINCT externalid) - (count(*) - count(DISTINCT externalid)) FROM customer "
        f"WHERE externalid LIKE '{_PREFIX}%' AND CAST(substr(externalid, {len(_PREFIX) + 1}) AS INTEGER) "
        f"BETWEEN {first} AND {first + records - 1}"
    )
    kept = sum(not _is_deleted(number, first, records) for number in range(first, first + records))
    return Writing(records, (kept if way.mixed else records) - found, usage, requests)


def write_orders(settings: Mapping[str, Any], account: Account, records: int, first: int) -> Writing:
    """Write customers, orders of theirs with two lines each, changes of both, and deletes of customers without orders.

    Of twenty operations eight are new customers, eight new orders, two change a customer, one an order, and one deletes
    one of the customers.

    Raises:
        BenchmarkError: the target failed.
    """
    item = account.number("SELECT min(id) FROM item WHERE itemtype = 'InvtPart'")
    fields = {column: column for column in _COLUMNS}
    lines = {"items": "item[].item", "quantities": "item[].quantity"}
    streams = {
        STREAM: {"record_type": "customer", "external_id": _PREFIX + "{number}", "fields": fields},
        "orders": {
            "record_type": "salesOrder",
            "external_id": _PREFIX + "{number}",
            "fields": {"customer": "entity", "memo": "memo", **lines},
            "references": {"entity": {"record_type": "customer", "by": "external_id", "template": _PREFIX + "{value}"}},
        },
    }
    part = records // _MIXED
    customers, orders, changed_customers, changed_orders, deleted = 8 * part, 8 * part, 2 * part, part, part
    kept = customers - deleted

    def messages() -> Iterator[dict[str, Any]]:
        yield from _messages(customers, first)
        columns = {"number": {"type": "integer"}, "customer": {"type": "integer"}, "memo": {"type": "string"}}
        arrays = dict.fromkeys(("items", "quantities"), {"type": "array"})  # noqa: RUF024 - it is only read
        schema = {"properties": {**columns, **arrays}}
        yield {"type": "SCHEMA", "stream": "orders", "key_properties": ["number"], "schema": schema}
        for number in range(first, first + orders):
            row = {"number": number, "customer": first + number % kept, "memo": f"Order {number}"}
            lists = {"items": [item, item], "quantities": [1, 2 + number % 5]}
            yield {"type": "RECORD", "stream": "orders", "record": {**row, **lists}}
        for number in range(first, first + changed_customers):
            yield {"type": "RECORD", "stream": STREAM, "record": {**_record(number), "comments": _CHANGED}}
        for number in range(first, first + changed_orders):
            yield {"type": "RECORD", "stream": "orders", "record": {"number": number, "memo": _CHANGED}}
        for number in range(first + kept, first + customers):
            yield {"type": "RECORD", "stream": STREAM, "record": _deletion(number)}

    usage, requests = _measured(streams, settings, messages(), account)
    ours = f"externalid LIKE '{_PREFIX}%' AND CAST(substr(externalid, {len(_PREFIX) + 1}) AS INTEGER) >= {first}"
    wanted = {
        f"customer WHERE {ours}": kept,
        f"customer WHERE {ours} AND comments = '{_CHANGED}'": changed_customers,
        f"transaction WHERE {ours}": orders,
        f"transaction WHERE {ours} AND memo = '{_CHANGED}'": changed_orders,
        f"transactionline WHERE mainline = 'F' AND transaction IN (SELECT id FROM transaction WHERE {ours})": 2
        * orders,
    }
    lost = sum(abs(number - account.number(f"SELECT count(*) FROM {what}")) for what, number in wanted.items())
    return Writing(_MIXED * part, lost, usage, requests)


def _measured(
    streams: Mapping[str, Any], settings: Mapping[str, Any], messages: Iterator[dict[str, Any]], account: Account
) -> tuple[Usage, Sequence[Request]]:
    """Run the target once, and return what it needed and what it asked."""
    with tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        directory = Path(name)
        config, source = directory / "config.json", directory / "input.jsonl"
        config.write_text(json.dumps({**account.certificate, "streams": streams, **settings}), encoding="utf-8")
        source.write_text("".join(map(_line, messages)), encoding="utf-8")
        account.forget_requests()
        usage = measure(
            [str(PROGRAM), "--config", str(config)], directory / "output", private_folders(directory), source
        )
    return usage, account.requests()


def _messages(records: int, first: int, *, mixed: bool = False) -> Iterator[dict[str, Any]]:
    columns = {
        "number": {"type": "integer"},
        "_sdc_deleted_at": {"type": ["null", "string"]},
        **{column: {"type": kind} for column, kind in _COLUMNS.items()},
    }
    yield {"type": "SCHEMA", "stream": STREAM, "key_properties": ["number"], "schema": {"properties": columns}}
    for number in range(first, first + records):
        yield {"type": "RECORD", "stream": STREAM, "record": _record(number)}
        if mixed and number % _TWICE == 0:
            yield {"type": "RECORD", "stream": STREAM, "record": {**_record(number), "comments": "Written twice."}}
        if mixed and number == first + records // 2:
            for one in filter(lambda one: _is_deleted(one, first, records), range(first, number)):
                yield {"type": "RECORD", "stream": STREAM, "record": _deletion(one)}
        if number % 1000 == 0:
            yield {"type": "STATE", "value": {"bookmarks": {STREAM: number}}}


def _is_deleted(number: int, first: int, records: int) -> bool:
    return number % _DELETED == 0 and number < first + records // 2


def _record(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "companyName": f"Bench {number}",
        "email": f"someone{number}@example.com",
        "phone": f"+49 30 {number:07}",
        "comments": f"Written as number {number}.",
        "creditLimit": number + 0.25,
    }


def _deletion(number: int) -> dict[str, Any]:
    return {"number": number, "_sdc_deleted_at": "2026-01-01T00:00:00Z"}


def _line(message: Mapping[str, Any]) -> str:
    return json.dumps(message) + "\n"
