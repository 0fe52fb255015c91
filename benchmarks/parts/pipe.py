"""What the loader makes of it: tap-netsuite | target-postgres | PostgreSQL, with narrow and with wide rows."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from benchmarks.account import Account, account_of
from benchmarks.company import BIG_TABLE, Company
from benchmarks.failure import BenchmarkError, NotInstalledError, end_of
from benchmarks.readers.tap_netsuite import TapNetSuite, discovered
from benchmarks.reading import private_folders
from benchmarks.table import Table
from demo.processes import Processes
from demo.warehouse import Warehouse

LOADER = "meltanolabs-target-postgres==0.8.1"
"""The loader as meltano.yml has it."""

_ENVIRONMENT = Path(__file__).resolve().parent.parent / ".environments" / "target-postgres"
_NARROW = (f"{BIG_TABLE}_1", f"{BIG_TABLE}_2")
_WIDE = ("transactionline", "transaction")
_OURS = {"validate_records": False, "use_copy": True}
_FIGURES = ("rows", "columns", "seconds", "rows a s", "tap CPU", "loader CPU", "pg CPU", "us a row")


@dataclass(frozen=True)
class _Spent:
    """Seconds from start to end, and processor time of the taps, the loaders and PostgreSQL."""

    seconds: float
    tap: float
    loader: float
    database: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--rows", type=int, default=50_000, help="rows of each of two tables of twenty columns")
    parser.add_argument(
        "--without-defaults", action="store_true", help="leave out the loader's defaults, which are slow"
    )


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures; False where the loader cannot be installed."""
    table = Table(
        "pipe: tap-netsuite | target-postgres; seconds with start-up, CPU in seconds; us a row is the loader's CPU",
        ("loader", "tables"),
        _FIGURES,
    )
    try:
        program = _prepared_loader()
    except NotInstalledError as error:
        table.note("not measured", str(error))
        return False
    company = Company(slots=15, tables=dict.fromkeys(_NARROW, chosen.rows), customers=1300)
    tap = TapNetSuite(discovered(company, [*_NARROW, *_WIDE]))
    ways = [
        *([] if chosen.without_defaults else [("its defaults", {}, False)]),
        ("our settings", _OURS, False),
        ("ours, one for each stream", _OURS, True),
    ]
    with account_of(company) as account, _postgres() as host:
        for kind, streams in (("narrow", _NARROW), ("wide", _WIDE)):
            sizes = account.sizes([f'"{stream}"' for stream in streams])
            rows = sum(size.rows for size in sizes.values())
            columns = max(len(tap.properties(stream)) for stream in streams)
            for way, settings, apart in ways:
                shares = [[stream] for stream in streams] if apart else [list(streams)]
                spent = _pipes(tap, account, shares, program, host, settings)
                each = spent.loader / rows * 1e6
                table.row(
                    way, kind, rows, columns, spent.seconds, rows / spent.seconds, spent.tap, spent.loader,
                    spent.database, each,
                )  # fmt: skip
    return True


def _pipes(
    tap: TapNetSuite,
    account: Account,
    shares: Sequence[Sequence[str]],
    program: Path,
    host: Path,
    settings: Mapping[str, object],
) -> _Spent:
    """Run a pipe for each share of the streams, side by side, into a new schema.

    Raises:
        BenchmarkError: a tap or a loader failed.
    """
    with tempfile.TemporaryDirectory(prefix="netsuite-bench-") as name:
        home = Path(name)
        config = home / "loader.json"
        address = f"postgresql+psycopg://demo:none@localhost/postgres?host={host}"
        schema = f"netsuite_{time.time_ns()}"
        config.write_text(json.dumps({"sqlalchemy_url": address, "default_target_schema": schema, **settings}))
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as database:
            database.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))  # two loaders would both try
        before, begun = _cpu_of_postgres(host), time.perf_counter()
        taps, loaders = [], []
        with (home / "log").open("wb") as log:
            for number, share in enumerate(shares):
                directory = home / str(number)
                directory.mkdir()
                environment = {**os.environ, **private_folders(home)}
                command = tap.command(account, share, directory)
                taps.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment))
                source = taps[-1].stdout
                loaders.append(
                    subprocess.Popen([program, "--config", config], stdin=source, stdout=subprocess.DEVNULL, stderr=log)
                )
                if source:
                    source.close()  # so that the tap notices when the loader is gone
            spent_by_taps, spent_by_loaders = sum(map(_cpu_of, taps)), sum(map(_cpu_of, loaders))
        seconds = time.perf_counter() - begun
        if any(process.returncode for process in (*taps, *loaders)):
            raise BenchmarkError(f"The pipe failed:\n{end_of(home / 'log')}")
        return _Spent(seconds, spent_by_taps, spent_by_loaders, _cpu_of_postgres(host) - before)


def _cpu_of(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process, and return its processor time."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def _cpu_of_postgres(host: Path) -> float:
    """Return the processor time of the server, of its connections, and of those that have ended."""
    server = psutil.Process(int((host / "data" / "postmaster.pid").read_text().split("\n", 1)[0]))
    spent = sum(server.cpu_times()[:4])
    for child in server.children():
        with suppress(psutil.NoSuchProcess):  # one that cleared up has ended meanwhile
            spent += sum(child.cpu_times()[:4])
    return spent


@contextmanager
def _postgres() -> Iterator[Path]:
    """A PostgreSQL, by the folder of its socket, which is what clients call its host."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="wh-") as short:  # a socket's path has some hundred characters
        processes = Processes(Path(short))
        try:
            warehouse = Warehouse(Path(short) / "warehouse", Path(short) / "postgres.log")
            warehouse.start(processes)
            yield Path(short) / "warehouse"
        finally:
            processes.stop_all()


def _prepared_loader() -> Path:
    """Return the loader's program, installed when it is not there.

    Raises:
        NotInstalledError: it cannot be had.
    """
    program = _ENVIRONMENT / "bin" / "target-postgres"
    if not program.exists():
        print(f"Installing {LOADER} into {_ENVIRONMENT} ...", file=sys.stderr, flush=True)
        venv.create(_ENVIRONMENT, clear=True)
        python = str(_ENVIRONMENT / "bin" / "python")
        command = [sys.executable, "-m", "uv", "pip", "install", "--compile-bytecode", "--python", python, LOADER]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise NotInstalledError(f"target-postgres could not be installed:\n{done.stdout[-2000:]}")
    return program
