"""Make the pictures of the documentation: `make screenshots` runs this.

Everything in them is real: an emulator with the sample company, and readers that share its limit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from netsuite_emulator import Emulator, Fault, Settings
from suitetalk import ConnectionSettings, NetSuite, SuiteTalkError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.browser import Browser  # the folder is no package, and this file is run as a program

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
_LARGEST = 150_000
_BUSY = 40.0  # seconds
_STATEMENTS = (
    "SELECT id, companyname, email FROM customer WHERE isinactive = 'F' ORDER BY id",
    "SELECT id, tranid, trandate, foreigntotal FROM transaction WHERE type = 'CustInvc' ORDER BY id",
    "SELECT transaction, uniquekey, item, quantity FROM transactionline ORDER BY uniquekey",
    "SELECT account, SUM(amount) AS total FROM transactionaccountingline GROUP BY account ORDER BY account",
)


def main() -> None:
    """Make all of them."""
    PICTURES.mkdir(exist_ok=True)
    of_the_emulator()
    of_a_report()
    of_the_demo()
    for picture in sorted(PICTURES.glob("*.png")):
        size = picture.stat().st_size
        print(f"{picture.relative_to(PICTURES.parent.parent)}  {size // 1000} kB")
        if size > _LARGEST:
            sys.exit(f"{picture.name} has more than {_LARGEST // 1000} kB.")


def of_the_emulator() -> None:
    """Show its page at work: on a desk, in the dark, on a phone."""
    with Emulator(Settings(scale=0.2, latency=0.15)) as emulator, _readers(emulator):
        emulator.faults.add(Fault(effect="unavailable", probability=0.04))
        time.sleep(_BUSY)
        _page(emulator, "emulator", Browser(1160, 700))
        _page(emulator, "emulator-dark", Browser(1160, 700, dark=True))
        _page(emulator, "emulator-phone", Browser(390, 844, phone=True))


def _page(emulator: Emulator, name: str, started: Browser) -> None:
    with started as browser:
        browser.open(f"{emulator.url}/")
        browser.wait("document.querySelectorAll('#tables li').length > 20 && !!document.querySelector('.status')")
        browser.value("document.querySelector('#run').click()")
        browser.wait("document.querySelectorAll('#rows tbody tr').length > 5")
        browser.picture(PICTURES / f"{name}.png")


def of_a_report() -> None:
    """Show the report of a run of the tap that was throttled, and in which one table could not be read."""
    with Emulator(Settings(scale=0.2, latency=0.1)) as emulator, tempfile.TemporaryDirectory() as folder:
        emulator.faults.add(Fault(effect="too_many_requests", probability=0.1, path="/query/"))
        emulator.faults.add(Fault(effect="status", statement="FROM term ORDER BY"))
        page, config = Path(folder, "run.html"), Path(folder, "config.json")
        tables = ["account", "customer", "transaction", "transactionline", "term"]
        config.write_text(json.dumps({**emulator.connection, "report": str(page), "tables": tables}))
        tap = [sys.executable, "-m", "tap_netsuite", "--config", str(config)]
        subprocess.run(tap, stdout=subprocess.DEVNULL, check=False, env={**os.environ, "XDG_CACHE_HOME": folder})
        with Browser(1160, 800) as browser:
            browser.open(page.as_uri())
            browser.picture(PICTURES / "report.png")


def of_the_demo() -> None:
    """Show what `make demo` ends with on a terminal: what has moved, and the balance sheet."""
    folder = PICTURES.parent.parent
    variables = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "84"}
    demo = [sys.executable, "-m", "demo"]
    told = subprocess.run(demo, cwd=folder, env=variables, stdout=subprocess.PIPE, check=True).stdout.decode()
    last = told.rindex("\n", 0, told.rindex("What moved"))
    _terminal("demo", f"$ make demo\n…\n{told[last:].rstrip()}")


def _terminal(name: str, text: str) -> None:
    """Show text as a terminal does, with the colours that its escape sequences name."""
    console = Console(record=True, width=84, file=StringIO())
    console.print(Text.from_ansi(text))
    template = (
        '<meta charset="utf-8"><style>{stylesheet} body {{background: #0c1117; color: #d7dde5; margin: 16px}} '
        "pre {{font: 14px/1.3 'DejaVu Sans Mono', monospace; margin: 0}}</style><pre>{code}</pre>"
    )
    with tempfile.TemporaryDirectory() as folder, Browser(760, 200) as browser:
        page = Path(folder, "terminal.html")
        page.write_text(console.export_html(theme=MONOKAI, code_format=template), encoding="utf-8")
        browser.open(page.as_uri())
        browser.picture(PICTURES / f"{name}.png", whole=True)


@contextmanager
def _readers(emulator: Emulator) -> Iterator[None]:
    """Read with two clients that do not know of each other, now more and now less, so that they meet the limit."""
    ended = threading.Event()

    def read(client: NetSuite, number: int) -> None:
        while not ended.wait(0.1 * number):
            try:
                client.suiteql.page(_STATEMENTS[number % len(_STATEMENTS)], limit=100)
            except SuiteTalkError:  # the fault has struck it too often
                continue

    settings = ConnectionSettings.from_mapping(emulator.connection)
    with NetSuite(settings) as one, NetSuite(settings) as other:
        threads = [threading.Thread(target=read, args=(client, n)) for n in range(4) for client in (one, other)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()


if __name__ == "__main__":
    main()
