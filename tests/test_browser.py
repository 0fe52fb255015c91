"""The emulator's page as people use it: in a real Chromium, with a mouse or without, on a phone, in the dark."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from netsuite_emulator import Emulator, Fault, Settings
from scripts.browser import Browser

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

HOSTILE = "</td><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
ROWS = "document.querySelectorAll('#rows tbody tr').length"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(Settings(scale=0.05)) as made:
        yield made


def opened(browser: Browser, emulator: Emulator) -> None:
    browser.open(f"{emulator.url}/")
    browser.wait("document.querySelectorAll('#tables li').length > 20 && document.title.includes('1234567_SB1')")


def ask(emulator: Emulator, statement: str) -> None:
    """Ask as a client that forgot to log in: it is refused, and in the list of requests."""
    requests.post(f"{emulator.url}/services/rest/query/v1/suiteql", json={"q": statement}, timeout=120)


def test_requests_faults_and_rows_are_seen(emulator: Emulator) -> None:
    emulator.execute(f"UPDATE currency SET name = '{HOSTILE.replace(chr(39), chr(39) * 2)}' WHERE id = 1")
    with Browser() as browser:
        opened(browser, emulator)
        ask(emulator, f"SELECT '{HOSTILE}' FROM currency")
        browser.wait("document.querySelector('#requests tbody tr .status')?.textContent === '401'")
        assert HOSTILE in browser.text("#requests tbody")

        browser.value("document.querySelector('#query').value = 'SELECT id, name FROM currency ORDER BY id'")
        browser.value("document.querySelector('#run').click()")
        browser.wait(f"{ROWS} === 5")
        assert HOSTILE in browser.text("#rows")
        browser.value("document.querySelector('#query').value = 'SELECT nonsense FROM currency'")
        browser.value("document.querySelector('#run').click()")
        assert "nonsense" in browser.wait("document.querySelector('#query-error').textContent")

        emulator.faults.add(Fault(effect="unavailable"))
        ask(emulator, "SELECT 1 FROM currency")
        browser.wait("document.querySelector('#requests .fault')?.textContent === 'unavailable'")
        browser.wait("document.querySelector('#faults').textContent.includes('struck 1 of 1')")
        browser.wait("document.querySelectorAll('#strip .spoiled').length > 0")
        assert browser.value("document.title") == "1234567_SB1 · NetSuite emulator"
        assert browser.complaints == []
        assert {address.partition("?")[0].rpartition("/emulator/")[0] for address in browser.addresses} <= {
            "", emulator.url
        }  # fmt: skip


def test_without_a_mouse(emulator: Emulator) -> None:
    with Browser() as browser:
        opened(browser, emulator)
        browser.press("Tab")
        assert browser.value("document.activeElement.className") == "skip"
        browser.press("Enter")
        browser.wait("document.activeElement.id === 'query' || location.hash === '#query'")
        browser.value("document.querySelector('#query').focus(); document.querySelector('#query').select()")
        browser.type("SELECT id FROM currency")
        browser.press("Enter", control=True)
        browser.wait(f"{ROWS} === 5")

        reached = set()
        browser.value("document.activeElement.blur(); document.querySelector('a.skip').focus()")
        for _ in range(14):
            browser.press("Tab")
            reached.add(browser.value("document.activeElement.id || document.activeElement.name || "
                                      "document.activeElement.type || document.activeElement.tagName"))  # fmt: skip
            assert browser.value("getComputedStyle(document.activeElement).outlineStyle") != "none"
        assert {"trouble", "pause", "limit", "latency", "checkbox"} <= reached

        browser.value("document.querySelector('[role=switch]').focus()")
        browser.press(" ")
        while not emulator.faults.listing():
            time.sleep(0.02)
        assert emulator.faults.listing()[0]["effect"] == "too_many_requests"
        browser.wait("document.querySelectorAll('#faults li').length === 1")
        browser.press(" ")
        while emulator.faults.listing():
            time.sleep(0.02)

        browser.value("document.querySelector('[name=limit]').focus(); document.querySelector('[name=limit]').select()")
        browser.type("2")
        browser.press("Enter")
        browser.wait("document.querySelector('#now').textContent.endsWith('of 2')")


def test_on_a_phone_and_in_the_dark(emulator: Emulator, tmp_path: Path) -> None:
    ask(emulator, "SELECT id, companyname, email, phone, datecreated, lastmodifieddate FROM customer ORDER BY id")
    with Browser(360, 740, phone=True) as light, Browser(360, 740, dark=True) as dark:
        grounds = []
        for browser in (light, dark):
            opened(browser, emulator)
            browser.value("document.querySelector('#query').value = 'SELECT * FROM customer ORDER BY id'")
            browser.value("document.querySelector('#run').click()")
            browser.wait(f"{ROWS} > 5")
            assert browser.value("document.documentElement.scrollWidth") == 360
            grounds.append(browser.value("getComputedStyle(document.body).backgroundColor"))
            browser.picture(tmp_path / "page.png")
            assert (tmp_path / "page.png").stat().st_size > 5000
        assert sum(map(int, grounds[0][4:-1].split(","))) > 600
        assert sum(map(int, grounds[1][4:-1].split(","))) < 150


def test_a_page_of_another_site_can_do_nothing(emulator: Emulator) -> None:
    with Emulator(Settings(scale=0.05)) as other, Browser() as browser:
        opened(browser, other)  # another port is another origin
        address, body = json.dumps(f"{emulator.url}/emulator/sql"), json.dumps('{"sql": "DELETE FROM currency"}')
        for options in (
            "mode: 'no-cors'",
            "headers: {'X-Emulator-Token': 'x'}",
            "headers: {'Content-Type': 'text/plain'}",
        ):
            browser.value(f"fetch({address}, {{method: 'POST', body: {body}, {options}}}).catch(() => 0).then(() => 1)")
        # The page's own policy forbids these; a page without one could send them.
        browser.open("about:blank")
        for options in ("mode: 'no-cors'", "headers: {'X-Emulator-Token': 'x'}"):
            browser.value(f"fetch({address}, {{method: 'POST', body: {body}, {options}}}).catch(() => 0).then(() => 1)")
        assert emulator.execute("SELECT count(*) FROM currency") == [(5,)]
        seen = f"fetch('{emulator.url}/').then((answer) => answer.text()).catch(() => 'nothing')"
        assert browser.value(seen) == "nothing"
