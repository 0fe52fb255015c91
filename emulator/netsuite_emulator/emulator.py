"""A NetSuite account that runs in this process: everything is put together here.

What a test wants of an account stands in `Emulator`: how to connect, what was asked, faults, and the truth behind the
services.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from netsuite_emulator.account import Account
from netsuite_emulator.auth.certificates import KeyPair, load_certificate, load_or_create_key_pair
from netsuite_emulator.auth.consent_page import CONSENT_PATH
from netsuite_emulator.churning import Churning
from netsuite_emulator.clock import AccountCalendar, Clock
from netsuite_emulator.company.description import Table
from netsuite_emulator.company.record_types import build_company
from netsuite_emulator.faults import FaultBoard
from netsuite_emulator.http.application import Application
from netsuite_emulator.http.control import Control, LoggedRequest, RequestLog
from netsuite_emulator.http.governance import Governor
from netsuite_emulator.http.page import Gate
from netsuite_emulator.http.server import BackgroundServer
from netsuite_emulator.options import SettingsError
from netsuite_emulator.records.loading import load_records
from netsuite_emulator.records.store import RecordStore
from netsuite_emulator.records.writing import delete_record
from netsuite_emulator.services import Services
from netsuite_emulator.settings import Settings
from netsuite_emulator.storage.storage import Storage

if TYPE_CHECKING:
    from typing_extensions import Self  # of the type checker alone; never imported when it runs

__all__ = ["Emulator"]

_PAUSE = 0.005


class Emulator:
    """A local NetSuite.

    Use it as a context manager, or call `start` and `stop`.

    Attributes:
        settings: the settings it was made with.
        company: the description of its tables and record types.
        faults: the faults that are switched on.
        notes: what of the records that were loaded was left out.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Make the account and its company; nothing listens yet.

        Raises:
            SettingsError: a certificate or a directory cannot be used, or a setting does not fit the company.
        """
        self.settings = settings or Settings()
        self.company = build_company(self.settings)
        self.settings.check(self.company)
        self.faults = FaultBoard()
        for fault in self.settings.faults:
            self.faults.add(fault)
        self._log = RequestLog()
        self._clock = Clock(self.settings.clock_offset)
        limit = self.settings.integration_concurrency_limit or self.settings.concurrency_limit
        self._governor = Governor(limit, self.settings.retry_after, self.settings.latency)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._key_pair = self._prepare_key_pair()
        self.calendar = AccountCalendar(self.settings.date_format, self.settings.time_zone)
        try:
            self._storage = Storage(self.settings, self.company, self.calendar)
            self.notes = load_records(self.company, self._storage, self.calendar, self.settings.records)
        except SettingsError:
            self._remove_temporary()
            raise
        certificates = {self.settings.certificate_id: self._key_pair.certificate}
        certificates.update({name: load_certificate(path) for name, path in self.settings.certificates})
        self._failures: list[str] = []
        account = Account(self.settings, self.company, self._storage, self.calendar, self._clock)
        self._services = Services(account, certificates, self.faults, self._failures, lambda: self._governor.limit)
        self._server: BackgroundServer | None = None

    def start(self) -> Self:
        """Listen, and return once requests are accepted.

        Raises:
            SettingsError: the address cannot be used.
        """
        control = Control(
            self.faults, self._log, self._governor, self.churning,
            execute=self.execute, query=self._services.query, tables=self._tables, advance=self.advance,
            failures=self._failures,
        )  # fmt: skip
        gate = Gate(self.settings.control_hosts, self.account_id)
        application = Application(self._services, self._governor, self.faults, self._log, control, gate)
        self._server = BackgroundServer(application, self.settings.host, self.settings.port)
        self._server.start()
        return self

    def stop(self) -> None:
        """End at once."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._services.stop()
        self._storage.close()
        self._remove_temporary()

    def _remove_temporary(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("The emulator is not running: use `with Emulator() as emulator:`.")
        return self._server.port

    @property
    def url(self) -> str:
        """Its address, `http://127.0.0.1:<port>`, without a slash at the end."""
        return f"http://{self.settings.host}:{self.port}"

    @property
    def account_id(self) -> str:
        """The account's id as NetSuite shows it."""
        return self.settings.account_id

    @property
    def credentials_directory(self) -> Path:
        """Where the private key and the certificate are."""
        return self._key_pair.path.parent

    @property
    def private_key_path(self) -> Path:
        """The file of the private key."""
        return self._key_pair.path

    @property
    def connection(self) -> dict[str, str]:
        """What a client needs: account_id, base_url, client_id, certificate_id, private_key (PEM text)."""
        return {
            "account_id": self.account_id,
            "base_url": self.url,
            "client_id": self.settings.client_id,
            "certificate_id": self.settings.certificate_id,
            "private_key": self._key_pair.private_key,
        }

    @property
    def authorization_code_connection(self) -> dict[str, str]:
        """For the authorization code grant: account_id, base_url, client_id, client_secret, redirect_uri."""
        return {
            "account_id": self.account_id,
            "base_url": self.url,
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
            "redirect_uri": next(iter(self.settings.redirect_uris), ""),
        }

    @property
    def public_connection(self) -> dict[str, str]:
        """As `authorization_code_connection`, for the public client, which has no secret."""
        connection = {**self.authorization_code_connection, "client_id": self.settings.public_client_id}
        del connection["client_secret"]
        return connection

    @property
    def token_based_connection(self) -> dict[str, str]:
        """For token-based authentication: account_id, base_url, client_id, client_secret, token_id, token_secret."""
        return {
            "account_id": self.account_id,
            "base_url": self.url,
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
            "token_id": self.settings.token_id,
            "token_secret": self.settings.token_secret,
        }

    @property
    def authorize_url(self) -> str:
        """The consent page."""
        return self.url + CONSENT_PATH

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests so far, oldest first."""
        return self._log.all()

    @property
    def highest_in_flight(self) -> int:
        """The most governed requests that ever ran at once."""
        return self._governor.highest

    @property
    def failures(self) -> list[str]:
        """Mistakes of the emulator itself, which callers see as status 500."""
        return list(self._failures)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._log.clear()

    def wait_until_quiet(self, seconds: float = 10.0) -> bool:
        """Wait until no governed request runs and no job is unfinished, as after a client that was killed.

        Returns: whether it is so; False after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while self._governor.in_flight or self._services.has_unfinished_jobs():
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True

    def expire_tokens(self) -> None:
        """End every access token now."""
        self._services.auth.tokens.expire_all()

    def advance(self, seconds: float) -> None:
        """Let everything grow older at once: tokens, codes, lock-outs, jobs.

        What callers sign is still judged by the true time; the setting `clock_offset` is for clocks that differ.
        """
        self._clock.advance(seconds)

    def register_redirect_uri(self, uri: str) -> None:
        """Register one more redirect URI, with both integration records.

        Raises:
            SettingsError: NetSuite would refuse it.
        """
        self._services.auth.integrations.register(uri)

    def execute(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run DuckDB's SQL on the stored tables, behind NetSuite's back: to know the truth, or to change it."""
        with self._storage.writing():
            self._storage.lookups.forget()
            return self._storage.rows(sql, parameters or [])

    def delete(self, record_type: str, identifier: int) -> None:
        """Delete a record as a user would, so that NetSuite's log of deletions has it where it logs the type.

        Raises:
            KeyError: no such record type.
            NetSuiteError: there is no such record, or others refer to it.
        """
        kind = self.company.record_types[record_type.lower()]
        store = RecordStore(self.company, self._storage)
        with self._storage.writing():
            delete_record(store, kind, store.find(kind, str(identifier)), self.calendar.now())

    @property
    def churning(self) -> Churning:
        """Changes the company while it is read: `churning.start(Churn(table="customer"))`, `churning.changes`."""
        return self._services.churning

    def _tables(self) -> list[dict[str, Any]]:
        """The tables of SuiteQL: name, how many rows, and a statement that reads them in order."""
        company = self.company
        tables = [table for name, table in sorted(company.tables.items()) if company.sees_table(name)]
        tables = [table for table in tables if company.table_of_query(table.name)]
        counts = " UNION ALL ".join(f"SELECT '{table.name}', count(*) FROM \"{table.name}\"" for table in tables)
        rows = dict(self._storage.rows(counts))
        return [
            {
                "name": table.name,
                "rows": rows[table.name],
                "columns": len(table.visible()),
                "statement": _reading(table),
            }
            for table in tables
        ]

    def _prepare_key_pair(self) -> KeyPair:
        directory = self.settings.credentials_directory
        if directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="netsuite-emulator-", ignore_cleanup_errors=True)
            directory = Path(self._temporary.name)
        return load_or_create_key_pair(directory)


def _reading(table: Table) -> str:
    """The statement for a table's rows in a fixed order, as far as SuiteQL shows its key."""
    shown = {column.name for column in table.visible()}
    key = [name for name in table.key if name in shown]
    return f"SELECT * FROM {table.name}{' ORDER BY ' + ', '.join(key) if key else ''}"
