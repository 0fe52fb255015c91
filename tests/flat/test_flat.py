"""CSV files as a CRM exports them, written with the settings that docs/writing.md shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netsuite_emulator import Emulator, Settings

_FILES = Path(__file__).parent
_PAGE = (_FILES.parents[1] / "docs" / "writing.md").read_text(encoding="utf-8")
_CHAPTER = _PAGE.partition("## From a flat table or CSV")[2].partition("\n## ")[0]
_STREAMS: dict[str, Any] = {
    stream: settings
    for block in re.findall(r"```json\n(.*?)```", _CHAPTER, re.DOTALL)
    for stream, settings in json.loads(block)["streams"].items()
}
_ALL = {name: f"{name}.csv" for name in ("customers", "orders", "order_lines")}
_CUSTOMERS = (
    "SELECT externalid, companyname, email, creditlimit, custentity_vip, custentity_birthday, phone FROM customer"
)
_ADDRESSES = """
    SELECT c.externalid, a.addr1, a.zip, a.city, a.country, b.defaultbilling
    FROM customer c JOIN entityaddressbook b ON b.entity = c.id JOIN entityaddress a ON a.nkey = b.addressbookaddress
    WHERE c.externalid LIKE 'CRM-%' ORDER BY 1
"""
_LINES = """
    SELECT t.externalid, c.externalid, i.itemid, abs(l.quantity) FROM transaction t JOIN customer c ON c.id = t.entity
    JOIN transactionline l ON l.transaction = t.id JOIN item i ON i.id = l.item
    WHERE t.externalid LIKE 'SHOP-%' AND l.mainline = 'F' AND l.taxline = 'F' ORDER BY 1, l.id
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05)) as running:
        yield running


def _write(
    emulator: Emulator, folder: Path, files: dict[str, str], streams: dict[str, Any] | None = None, **settings: Any
) -> tuple[int, dict[str, dict[str, int]], list[dict[str, Any]]]:
    """Pipe files into the target; return its exit code, counts that are not 0, and refusals."""
    config = folder / "config.json"
    config.write_text(json.dumps({**emulator.connection, "streams": streams or _STREAMS, "journal": "off", **settings}))
    paths = [f"{stream}={name if '/' in name else _FILES / name}" for stream, name in files.items()]
    tap = subprocess.run([sys.executable, _FILES / "csv_tap.py", *paths], stdout=subprocess.PIPE, check=True)
    command = [sys.executable, "-m", "target_netsuite", "--config", str(config)]
    target = subprocess.run(command, input=tap.stdout, capture_output=True, check=False)
    log = target.stderr.decode()
    counts = [json.loads(line) for line in re.findall(r"SUMMARY: (\{.*\})", log)]
    refused = [json.loads(line) for line in re.findall(r"REFUSED: (\{.*\})", log)]
    summary = {line.pop("stream"): {name: count for name, count in line.items() if count} for line in counts}
    return target.returncode, summary, refused


@pytest.mark.slow
def test_customers_with_an_address_and_orders_with_lines(emulator: Emulator, tmp_path: Path) -> None:
    code, summary, refused = _write(emulator, tmp_path, _ALL)
    assert (code, refused) == (0, [])
    assert (summary["customers"], summary["orders"]) == ({"created": 5}, {"created": 2})
    customers = {row[0]: row[1:] for row in emulator.execute(f"{_CUSTOMERS} WHERE externalid LIKE 'CRM-%'")}
    assert customers["CRM-K1"][:4] == ("Müller & Söhne GmbH", "info@mueller-soehne.example", 1500.5, "T")
    assert str(customers["CRM-K1"][4]).startswith("1987-03-01")
    assert customers["CRM-K2"][0] == 'Bäckerei "Zur Sonne"'
    assert [customers[f"CRM-K{number}"][3] for number in (3, 4, 5)] == ["T", "T", "F"]
    addresses = [
        ("CRM-K1", "Hauptstraße 1", "50667", "Köln", "DE", "T"),
        ("CRM-K3", "Storgatan 5, 2 tr", "111 51", "Stockholm", "SE", "T"),
        ("CRM-K4", "Piotrkowska 12", None, "Łódź", "PL", "T"),
    ]
    assert [tuple(cell or None for cell in row) for row in emulator.execute(_ADDRESSES)] == addresses
    lines = [
        ("SHOP-1001", "CRM-K1", "NUT-0000", 3),
        ("SHOP-1001", "CRM-K1", "DÉCOR-0001", 10),
        ("SHOP-1002", "CRM-K3", "NUT-0000", 1),
    ]
    assert emulator.execute(_LINES) == lines
    emulator.clear_requests()
    code, summary, refused = _write(emulator, tmp_path, _ALL)
    assert (code, refused) == (0, [])
    assert (summary["customers"], summary["orders"]) == ({"unchanged": 5}, {"unchanged": 2})
    writes = [one for one in emulator.requests if "/record/" in one.path and one.method != "GET"]
    assert [(one.method, one.path) for one in writes] == []


@pytest.mark.slow
def test_an_address_changes_and_stays_where_its_cells_are_empty(emulator: Emulator, tmp_path: Path) -> None:
    header = "id,name,email,street,zip,city,country,credit_limit,vip,birthday,terms,owner,phone\n"
    cells = {"M1": "Alte Gasse 1,50667,Köln,DE", "M2": "Ringweg 2,50667,Köln,DE"}
    later = {"M1": "Neue Gasse 9,,Bonn,DE", "M2": ",,,"}
    found = []
    for address in (cells, later):
        file = tmp_path / "customers.csv"
        file.write_text(header + "".join(f"{key},{key},,{text},,,,,,\n" for key, text in address.items()))
        assert _write(emulator, tmp_path, {"customers": str(file)})[0] == 0
        found.append([row[:4] for row in emulator.execute(_ADDRESSES) if row[0].startswith("CRM-M")])
    assert found[0] == [
        ("CRM-M1", "Alte Gasse 1", "50667", "Köln"),
        ("CRM-M2", "Ringweg 2", "50667", "Köln"),
    ]
    assert [tuple(cell or None for cell in row) for row in found[1]] == [
        ("CRM-M1", "Neue Gasse 9", None, "Bonn"),
        ("CRM-M2", "Ringweg 2", "50667", "Köln"),
    ]
    remove = {"customers": {**_STREAMS["customers"], "lines_when_empty": "remove"}}
    assert _write(emulator, tmp_path, {"customers": str(tmp_path / "customers.csv")}, remove)[0] == 0
    assert [row[0] for row in emulator.execute(_ADDRESSES) if row[0].startswith("CRM-M")] == ["CRM-M1"]


def test_cells_that_do_not_fit_are_refused_with_a_sentence(emulator: Emulator, tmp_path: Path) -> None:
    code, _, refused = _write(emulator, tmp_path, {"customers": "wrong.csv"})
    assert code == 1
    assert {(line["key"]["id"], line["code"], line["path"]) for line in refused} == {
        ("W1", "WRONG_TYPE", "credit_limit"),
        ("W2", "WRONG_TYPE", "credit_limit"),
        ("W3", "WRONG_TYPE", "birthday"),
        ("W4", "WRONG_TYPE", "vip"),
        ("W5", "REFERENCE_NOT_FOUND", "terms"),
        ("", "MISSING_KEY", "id"),
    }
    sentences = [line["message"] for line in refused if line["path"] == "credit_limit"]
    assert all("has a thousands separator or a decimal comma" in sentence for sentence in sentences)
    assert emulator.execute("SELECT count(*) FROM customer WHERE externalid LIKE 'CRM-W%'") == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["null", "absent"])
def test_an_empty_cell_clears_or_leaves_alone(emulator: Emulator, tmp_path: Path, policy: str) -> None:
    streams = {"customers": {**_STREAMS["customers"], "empty_text": policy}}
    header = "id,name,email,street,zip,city,country,credit_limit,vip,birthday,terms,owner,phone\n"
    file = tmp_path / "customers.csv"
    for row in ("{0},{0},,,,,,12.5,yes,2001-02-03,Net 30,emp107@example.com,1", "{0},{0},,,,,,,,,,,"):
        file.write_text(header + row.format(f"E-{policy}") + "\n")
        assert _write(emulator, tmp_path, {"customers": str(file)}, streams)[0] == 0
    query = (
        f"SELECT creditlimit, custentity_birthday, terms, salesrep FROM customer WHERE externalid = 'CRM-E-{policy}'"
    )
    (cells,) = emulator.execute(query)
    assert [cell is None for cell in cells] == [policy == "null"] * 4
