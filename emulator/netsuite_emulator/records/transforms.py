"""One record made out of another, and the actions that approve or reject one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from netsuite_emulator.clock import AccountCalendar
from netsuite_emulator.company.description import Company, RecordType
from netsuite_emulator.errors import NetSuiteError, invalid_content, user_error
from netsuite_emulator.records.bodies import Validation
from netsuite_emulator.records.reading import RecordReader
from netsuite_emulator.records.store import RecordStore, insert, update
from netsuite_emulator.records.transaction_lines import post
from netsuite_emulator.records.writing import RecordWriter

__all__ = ["Transforms", "perform_action", "targets_of"]


_BANK = 1  # the account that payments come into
# What can become what, the kind of link between them, and the source's last status.
_TARGETS = {
    ("salesorder", "invoice"): ("OrdBill", "G"),
    ("purchaseorder", "vendorbill"): ("OrdBill", "G"),
    ("estimate", "salesorder"): ("EstInvc", "B"),
    ("estimate", "invoice"): ("EstInvc", "B"),
    ("invoice", "customerpayment"): ("Payment", "B"),
    ("invoice", "creditmemo"): ("SaleRet", None),
}
_PENDING_APPROVAL = "A"
_NOT_COPIED = {
    "id", "links", "tranid", "transactionnumber", "externalid", "trandate", "duedate", "shipdate", "createddate",
    "lastmodifieddate", "status", "createdfrom", "postingperiod", "startdate", "enddate", "expectedclosedate",
}  # fmt: skip
_ACTIONS = ("approve", "confirm", "reject")


def pay(store: RecordStore, invoice: int, payment: int, now: datetime) -> None:
    """Let a payment pay what is left of an invoice."""
    storage = store.storage
    found = storage.row(
        'SELECT coalesce(foreignamountunpaid, 0), coalesce(foreignamountpaid, 0) FROM "transaction" WHERE id = ?',
        [invoice],
    )
    left, paid = found or (0, 0)
    update(store, "transaction", {"foreigntotal": -left, "totalaftertaxes": -left}, payment)
    storage.rows(
        "UPDATE transactionline SET foreignamount = ?, netamount = ? WHERE transaction = ? AND mainline = 'T'",
        [-left, -left, payment],
    )
    bank = {
        "uniquekey": storage.next_id(store.company.tables["transactionline"]), "transaction": payment, "id": 1,
        "linesequencenumber": 1, "mainline": "F", "expenseaccount": _BANK, "foreignamount": left, "netamount": left,
        "linecreateddate": now, "linelastmodifieddate": now,
    }  # fmt: skip
    if store.company.one_world:
        bank["subsidiary"] = store.value(store.company.tables["transaction"], "subsidiary", payment)
    insert(store, "transactionline", bank)
    post(store, payment, now)
    settled = {"foreignamountunpaid": 0, "foreignamountpaid": paid + left, "status": "B", "lastmodifieddate": now}
    update(store, "transaction", settled, invoice)


def targets_of(source: RecordType, company: Company) -> list[RecordType]:
    """The types a record type can be transformed into."""
    names = [target for known, target in _TARGETS if known == source.path]
    return [company.record_types[name] for name in names if company.sees(company.record_types[name])]


class Transforms:
    """Called while the storage is `writing`."""

    def __init__(self, store: RecordStore, writer: RecordWriter, calendar: AccountCalendar) -> None:
        """`writer` makes the new records."""
        self._store = store
        self._writer = writer
        self._calendar = calendar

    def create(
        self,
        source: RecordType,
        identifier: int,
        target: RecordType,
        body: Any,
        validation: Validation,
        replaced: frozenset[str] = frozenset(),
    ) -> int:
        """Make a record of type `target`, with what `body` overrides, and return its id.

        Lines of the body are matched with those of the source by `orderLine`, or `line`; those in `replaced` are all
        there is.

        Raises:
            NetSuiteError: the source cannot become that.
        """
        known = _TARGETS.get((source.path, target.path))
        if known is None:
            raise user_error(f"A record of type {source.name} cannot be transformed into {target.name}.")
        if body is not None and not isinstance(body, dict):
            raise invalid_content("Invalid content: a JSON object is expected.")
        link, last_status = known
        row = self._store.row(self._store.company.tables["transaction"], "id", identifier) or {}
        self._refuse_ended(source, row, last_status)
        wanted = self._merged(source, target, identifier, body or {}, replaced)
        made = self._writer.create(target, {**wanted, "createdFrom": {"id": str(identifier)}}, validation)
        if target.name == "customerPayment":
            pay(self._store, identifier, made, self._calendar.now())
        self._connect(row, made, link)
        if last_status is not None and target.name != "customerPayment":
            self._end(source, identifier, made, last_status)
        return made

    @staticmethod
    def _refuse_ended(source: RecordType, row: dict[str, Any], last_status: str | None) -> None:
        if source.name in ("salesOrder", "purchaseOrder") and row.get("status") == _PENDING_APPROVAL:
            raise user_error("The transaction is pending approval.")
        if last_status is not None and row.get("status") in (last_status, "X"):
            raise user_error("The transaction has been processed in full. There is nothing left to transform.")

    def _merged(
        self, source: RecordType, target: RecordType, identifier: int, body: dict[str, Any], replaced: frozenset[str]
    ) -> dict[str, Any]:
        """The new record's body: the source's own, under that of the request."""
        reader = RecordReader(self._store, self._calendar, "", {"expandSubResources": "true"})
        record = reader.record(source, identifier)
        own = {name.lower(): value for name, value in body.items()}
        sublists = {sublist.name.lower() for sublist in source.sublists}
        fields = {(column.field or "").lower() for column in self._store.company.fields(target)}
        merged = {
            name: value
            for name, value in record.items()
            if name.lower() in fields - _NOT_COPIED - sublists and name.lower() not in own
        }
        for sublist in target.sublists:
            lines = (record.get(sublist.name) or {}).get("items", [])
            given = own.pop(sublist.name.lower(), None)
            if given is not None or lines:
                replace = sublist.name.lower() in replaced
                merged[sublist.name] = {"items": _lines(lines, given, sublist.name, replace=replace)}
        return {**merged, **{name: value for name, value in body.items() if name.lower() in own}}

    def _connect(self, source: dict[str, Any], made: int, link: str) -> None:
        target = self._store.row(self._store.company.tables["transaction"], "id", made) or {}
        values = {
            "previousdoc": source["id"],
            "nextdoc": made,
            "linktype": link,
            "previoustype": source["type"],
            "nexttype": target["type"],
            "lastmodifieddate": self._calendar.now(),
        }
        storage = self._store.storage
        lines = storage.rows(
            "SELECT id, foreignamount FROM transactionline WHERE transaction = ? AND mainline = 'F' ORDER BY id", [made]
        )
        for number, amount in lines or [(0, target.get("foreigntotal"))]:
            amounts = {"foreignamount": amount, "nextline": number, "previousline": number}
            insert(self._store, "nexttransactionlinelink", {**values, **amounts})
        storage.rows(
            "UPDATE transactionline SET createdfrom = ? WHERE transaction = ? AND mainline = 'F'", [source["id"], made]
        )

    def _end(self, source: RecordType, identifier: int, made: int, last_status: str) -> None:
        """Note on the source what was billed, and its last status once all of it was."""
        storage = self._store.storage
        storage.rows(
            "UPDATE transactionline SET quantitybilled = coalesce(quantitybilled, 0) + coalesce((SELECT sum(abs("
            "n.quantity)) FROM transactionline n WHERE n.transaction = ? AND n.item = transactionline.item), 0) "
            "WHERE transaction = ? AND mainline = 'F'",
            [made, identifier],
        )
        left = storage.row(
            "SELECT count(*) FROM transactionline WHERE transaction = ? AND mainline = 'F' AND item IS NOT NULL "
            "AND coalesce(quantitybilled, 0) < abs(coalesce(quantity, 0))",
            [identifier],
        )
        ended = source.name == "estimate" or not left or not left[0]
        values: dict[str, Any] = {"lastmodifieddate": self._calendar.now()}
        if ended:
            values["status"] = last_status
        update(self._store, "transaction", values, identifier)


def _lines(lines: list[dict[str, Any]], given: Any, name: str, *, replace: bool) -> list[dict[str, Any]]:
    """The source's lines under those of the request."""
    rows = [] if given is None else given.get("items") if isinstance(given, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid_content(f"The sublist '{name}' must be an object with an array 'items'.", name)
    known = {line["line"]: line for line in lines}
    by_line: dict[Any, dict[str, Any]] = {} if replace else dict(known)
    added = []
    for row in rows:
        key = row.get("orderLine", row.get("line"))
        own = {part: value for part, value in row.items() if part not in ("orderLine", "line")}
        if key is None:
            added.append(own)
        elif key in known:
            changed = {part.lower() for part in own}
            amounts = {"amount"} if changed & {"quantity", "rate"} else set()
            kept = {part: value for part, value in known[key].items() if part.lower() not in changed | amounts}
            by_line[key] = {**kept, **own}
        else:
            raise NetSuiteError(400, "USER_ERROR", f"The source has no line {key}.", path=name)
    plain = [
        {part: value for part, value in line.items() if part not in ("line", "links")} for line in by_line.values()
    ]
    return plain + added


_APPROVED, _REJECTED, _PENDING = "2", "3", "A"


class ActionError(NetSuiteError):
    """An action that fails says so at the top of its body, too."""

    content_type = "application/vnd.oracle.resource; type=error"

    def __init__(self, detail: str) -> None:
        """Keep why."""
        super().__init__(400, "USER_ERROR", detail, top_code="USER_ERROR")

    def body(self) -> dict[str, Any]:
        """The body."""
        return {**super().body(), "detail": self.detail}


def perform_action(store: RecordStore, record_type: RecordType, identifier: int, name: str, now: datetime) -> None:
    """Approve, confirm (the same) or reject a transaction that waits for it.

    Raises:
        ActionError: the type or the record does not take the action.
    """
    if name.lower() not in _ACTIONS or record_type.table != "transaction":
        raise ActionError(f"The action '{name}' is not available for {record_type.name}.")
    row = store.row(store.company.tables["transaction"], "id", identifier) or {}
    if row.get("status") != _PENDING or row.get("approvalstatus") == _REJECTED:
        raise ActionError(f"The action '{name}' cannot be performed: the record does not wait for approval.")
    values: dict[str, Any] = {"lastmodifieddate": now, "approvalstatus": _REJECTED}
    if name.lower() != "reject":
        values |= {"approvalstatus": _APPROVED, "status": "B"}
    update(store, "transaction", values, identifier)
