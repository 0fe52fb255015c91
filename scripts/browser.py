"""A headless Chromium that shows a page: for the pictures of the documentation, and for tests of what people see.

It is driven over the two pipes of `--remote-debugging-pipe`, so that it needs no package and no port. Chromium is
Debian's package `chromium`.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Browser", "BrowserError"]

_PATIENCE = 60.0  # seconds


class BrowserError(RuntimeError):
    """The browser is missing, or refused what it was asked."""


class Browser:
    """One page in one browser; use it as a context manager.

    Attributes:
        complaints: exceptions and errors of the page's scripts, and what its content security policy forbade.
        addresses: what was loaded, in order.
    """

    def __init__(self, width: int = 1280, height: int = 900, *, dark: bool = False, phone: bool = False) -> None:
        """Start it.

        Args:
            width: of the window, in CSS pixels.
            height: likewise.
            dark: whether the page is told that a person prefers dark colours.
            phone: whether it is a phone: touch, and two pixels for one.

        Raises:
            BrowserError: there is no Chromium.
        """
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise BrowserError("There is no Chromium; install Debian's package chromium.")
        self._profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        read_by_it, self._out = os.pipe()
        self._in, written_by_it = os.pipe()
        command = [
            program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
            "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "about:blank",
        ]  # fmt: skip
        # Chromium reads from descriptor 3 and writes to 4.
        joined = f'exec "$@" 3<&{read_by_it} 4>&{written_by_it}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", joined, "bash", *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=(read_by_it, written_by_it), start_new_session=True,
        )  # fmt: skip
        os.close(read_by_it)
        os.close(written_by_it)
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = ""
        self._open_page(width, height, dark=dark, phone=phone)

    def __enter__(self) -> Browser:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)
        self._profile.cleanup()

    def open(self, address: str) -> None:
        """Load a page, and wait until it is there."""
        self._send("Page.navigate", url=address)
        self.wait(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(address[:8])})")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression comes to, waited for where it is a promise.

        Raises:
            BrowserError: it fails.
        """
        answer = self._send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"])[:1000])
        return answer["result"].get("value")

    def wait(self, expression: str) -> Any:
        """Wait until an expression is true, and return it; no element, which Python sees as an empty dictionary.

        Raises:
            BrowserError: it has not become true in a minute.
        """
        end = time.monotonic() + _PATIENCE
        while True:
            value = self.value(expression)
            if value:
                return value
            if time.monotonic() > end:
                raise BrowserError(f"{expression} has not become true. Complaints: {self.complaints}")
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """What a person reads in an element."""
        return str(self.value(f"document.querySelector({json.dumps(selector)}).innerText"))

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._send("Input.insertText", text=text)

    def press(self, key: str, *, control: bool = False) -> None:
        """Press and release a key: `Tab`, `Enter`, ` ` or a letter."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        sent = {" ": " ", "Enter": "\r"}.get(key, "")
        about = {"key": key, "code": {" ": "Space"}.get(key, key), "windowsVirtualKeyCode": codes.get(key, ord(key[0]))}
        modifiers = 2 if control else 0
        self._send("Input.dispatchKeyEvent", type="keyDown", text=sent, modifiers=modifiers, **about)
        self._send("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **about)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what is seen, or the whole page, as PNG."""
        taken = self._send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def _open_page(self, width: int, height: int, *, dark: bool, phone: bool) -> None:
        targets = self._send("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable")
        colours = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._send("Emulation.setEmulatedMedia", features=colours)
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        if phone:
            self._send("Emulation.setTouchEmulationEnabled", enabled=True)

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._in, 1 << 20)
            if not part:
                raise BrowserError("The browser has ended.")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.addresses.append(parameters["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"])[:500])
            case "Log.entryAdded" if (
                parameters["entry"]["level"] == "error" and parameters["entry"]["source"] != "network"
            ):
                self.complaints.append(parameters["entry"]["text"])
