"""The story of the demo, act by act. What it promises it checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg import sql

from demo.display import Display, Step
from demo.failure import DemoError
from demo.meltano import Meltano
from demo.netsuite import CALLED, Company
from demo.outbox import NEW, Outbox
from demo.table import Balance, Line
from demo.warehouse import Warehouse

STREAMS = (
    "account",
    "accountingbook",
    "accountingperiod",
    "accountingperiodfiscalcalendars",
    "accounttype",
    "customer",
    "customrecord_warranty",
    "fiscalcalendar",
    "item",
    "subsidiary",
    "transaction",
    "transactionaccountingline",
    "transactionline",
    "vendor",
)
"""What meltano.yml selects."""

_MISTAKE = "MISTAKE-1"


class Story:
    """NetSuite to the warehouse, changes, back, and the books.

    Attributes:
        in_warehouse: the balance sheet that dbt made, by subsidiary.
        in_netsuite: the sums of NetSuite's own accounting lines.
    """

    def __init__(self, display: Display, company: Company, warehouse: Warehouse, meltano: Meltano) -> None:
        """Tell it with these."""
        self._display = display
        self._company = company
        self._warehouse = warehouse
        self._meltano = meltano
        self._lines = {stream: Line(stream) for stream in STREAMS}
        self.in_warehouse: Mapping[str, Balance] = {}
        self.in_netsuite: Mapping[str, Balance] = {}

    def tell(self) -> Sequence[Line]:
        """Tell all of it and return what the final table shows.

        Raises:
            DemoError: something did not come out as it should.
        """
        self._first_run()
        self._second_run()
        self._write_back()
        self._read_again()
        self._keep_the_books()
        return list(self._lines.values())

    def _first_run(self) -> None:
        self._display.act("1. NetSuite data arrives in the warehouse")
        self._extract("Loading everything", expected=sum(map(self._company.count, STREAMS)))
        self._compare()

    def _second_run(self) -> None:
        self._display.act("2. A second run moves only what changed")
        touched = self._company.have_a_working_day()
        count = sum(len(ids) for ids in touched.values())
        self._display.say(f"Someone changed {count - 1} records in NetSuite and entered a new customer.")
        before = self._warehouse.now()
        self._extract("Loading what changed")
        for stream, line in self._lines.items():
            line.moved = self._warehouse.count_loaded_since(stream, before)
        self._compare()
        for stream, ids in touched.items():
            if not len(ids) <= self._lines[stream].moved < self._lines[stream].in_netsuite:
                raise DemoError(f"{len(ids)} rows of {stream} changed, but {self._lines[stream].moved} were moved.")
        statement = sql.SQL("SELECT phone FROM {} WHERE id::text = ANY(%s)")
        phones = self._warehouse.select(statement, "customer", touched["customer"][:-1])
        if set(phones) != {(CALLED,)}:
            raise DemoError(f"The changed phone numbers did not arrive in the warehouse; found {phones}.")

    def _write_back(self) -> None:
        self._display.act("3. Rows travel back into NetSuite")
        corrected = {
            customer: f"accounts-{customer}@example.com"
            for customer in self._company.ids("customer", "isperson = 'T'", 2)
        }
        self._company.enter_customer("Entered By Mistake", _MISTAKE)
        Outbox(self._warehouse).fill(corrected, obsolete=[_MISTAKE])
        self._display.say(
            f"Tables in the warehouse ask for {len(NEW)} customers to be created, {len(corrected)} to be updated "
            "and 1 to be deleted."
        )
        self._display.command("meltano run tap-postgres target-netsuite")
        with self._display.step("Writing into NetSuite"):
            self._meltano.run("tap-postgres", "target-netsuite")
        self._check_written(corrected)
        self._lines["customer"].written = (f"{len(NEW)} created", f"{len(corrected)} updated", "1 deleted")

    def _check_written(self, corrected: Mapping[str, str]) -> None:
        """Ask NetSuite for what was written."""
        wanted = {f"CRM-{crm_id}": columns for crm_id, columns in NEW.items()}
        found = self._company.customers_with([*wanted, _MISTAKE])
        if _MISTAKE in found:
            raise DemoError("The customer that should have been deleted is still in NetSuite.")
        created = {key: (row.get("companyname"), row.get("email")) for key, row in found.items()}
        if created != wanted:
            raise DemoError(f"The demo wrote {wanted}, but NetSuite has {created}.")
        emails = self._company.emails(list(corrected))
        if emails != corrected:
            raise DemoError(f"The demo wrote {dict(corrected)}, but NetSuite has {emails}.")

    def _read_again(self) -> None:
        self._display.act("4. What was written is read again")
        self._extract("Loading what was written")
        self._compare()
        statement = sql.SQL(
            "SELECT externalid, id, companyname, email FROM {} WHERE starts_with(externalid, 'CRM-') ORDER BY 1"
        )
        arrived = self._warehouse.select(statement, "customer")
        if {str(row[0]) for row in arrived} != {f"CRM-{crm_id}" for crm_id in NEW}:
            raise DemoError(f"The created customers did not come back into the warehouse; found {arrived}.")
        for external_id, internal_id, name, email in arrived:
            self._display.say(f"{external_id} is customer {internal_id} now: {name}, {email}")

    def _keep_the_books(self) -> None:
        self._display.act("5. The books balance, after a change, a removed line and a deletion")
        before = self._company.balance_sheet()
        self._company.correct_the_books()
        self._display.say("Someone changed an invoice, took a line out of another one, and deleted a third.")
        self._extract("Loading the corrections and making the balance sheet", then=("dbt-postgres:build",))
        self._compare(self._warehouse.count_living)
        self.in_warehouse, self.in_netsuite = self._warehouse.balance_sheet(), self._company.balance_sheet()
        if self.in_netsuite == before:
            raise DemoError("Three invoices were corrected, but NetSuite's books are as before.")
        if self.in_warehouse != self.in_netsuite:
            raise DemoError(f"NetSuite's books have {self.in_netsuite}, the warehouse's {self.in_warehouse}.")
        if any(sheet.difference for sheet in self.in_netsuite.values()):
            raise DemoError(f"The books do not balance: {self.in_netsuite}.")

    def _extract(self, title: str, expected: int | None = None, then: Sequence[str] = ()) -> None:
        blocks = ("tap-netsuite", "target-postgres", *then)
        self._display.command(f"meltano run {' '.join(blocks)}")
        with self._display.step(title) as step:
            if expected is not None:
                step.total(expected)
            before = self._warehouse.now()
            self._meltano.run(*blocks, look=lambda: self._watch_load(step, before))

    def _watch_load(self, step: Step, before: Any) -> None:
        count = self._warehouse.count_all_loaded_since(self._warehouse.tables() & set(STREAMS), before)
        step.at(count)
        step.note(f"{count:,} rows")

    def _compare(self, count: Callable[[str], int] | None = None) -> None:
        """Compare the warehouse's counts with NetSuite's; how to count may be given."""
        loaded = self._warehouse.tables()
        for stream, line in self._lines.items():
            line.in_netsuite = self._company.count(stream)
            line.in_warehouse = (count or self._warehouse.count)(stream) if stream in loaded else 0
            if line.in_netsuite != line.in_warehouse:
                raise DemoError(
                    f"NetSuite has {line.in_netsuite:,} rows of {stream}, the warehouse {line.in_warehouse:,}."
                )
        total = sum(line.in_warehouse for line in self._lines.values())
        self._display.say(f"NetSuite counts {total:,} rows in {len(self._lines)} tables, and so does the warehouse.")
