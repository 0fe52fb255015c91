"""What is known of an account where NetSuite's documentation leaves it open, and for how long it is believed."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)

DAY = 86_400.0
"""Seconds for which a refusal is believed: what an account refuses today it may take tomorrow."""

_FORMAT = 1


class Facts:
    """What one client has learned, and what earlier ones have. Thread-safe.

    What NetSuite refuses need not be tried again for a day. Any other fact is checked once, by whoever relies on it
    first, and forgotten when it no longer holds: an account changes.

    Attributes:
        refused: what the account is known to refuse, in words of those who tried it.
    """

    def __init__(self, kept: bytes | None = None, *, only: str = "") -> None:
        """Begin with what `written` has returned to an earlier client; what is damaged or outdated is left out.

        Args:
            kept: what was returned.
            only: what the names of the facts begin with that are taken; empty for all of them, and the refusals.
        """
        self.refused: set[str] = set()
        self._since: dict[str, float] = {}
        self._learned: dict[str, tuple[Any, float | None]] = {}
        self._certain: set[str] = set()
        self._locks: dict[str, threading.RLock] = {}
        self._lock = threading.Lock()
        self._read(kept)
        self._kept = self._document()
        if only:
            self.refused.clear()
            self._learned = {name: fact for name, fact in self._learned.items() if name.startswith(only)}

    def learn(self, name: str, value: Any, *, lasts: float | None = None) -> None:
        """Remember a fact that has just been seen to hold; `value` is JSON, `lasts` the seconds it is believed for."""
        with self._lock:
            self._learned[name] = value, None if lasts is None else time.time() + lasts
            self._certain.add(name)

    def known(self, name: str) -> Any | None:
        """Return a fact, unchecked; None where there is none."""
        with self._lock:
            return self._learned.get(name, (None, None))[0]

    def checked(self, name: str, holds: Callable[[Any], bool]) -> Any | None:
        """Return a fact that holds, None where there is none; `holds` asks NetSuite, once for all that call this."""
        with self._lock:
            turn = self._locks.setdefault(name, threading.RLock())
        with turn:
            value = self.known(name)
            if value is None or name in self._certain:
                return value
            if not holds(value):
                logger.info("What was known of the account is not so any more: %s", name)
                self.forget(name)
                return None
            self._certain.add(name)
            return value

    def knows_any(self, beginning: str) -> bool:
        """Tell whether there is a fact whose name begins so."""
        with self._lock:
            return any(name.startswith(beginning) for name in self._learned)

    def forget(self, name: str) -> None:
        """Forget a fact that has turned out not to hold."""
        with self._lock:
            self._learned.pop(name, None)
            self._certain.discard(name)

    def written(self) -> bytes | None:
        """Return what is worth keeping for later clients; None where that is what there was at the beginning."""
        document = self._document()
        return None if document == self._kept else json.dumps(document, separators=(",", ":")).encode()

    def _document(self) -> dict[str, Any]:
        now = time.time()
        with self._lock:
            self._since = {name: self._since.get(name, now) for name in sorted(self.refused)}
            return {"format": _FORMAT, "refused": dict(self._since), "facts": dict(self._learned)}

    def _read(self, kept: bytes | None) -> None:
        now = time.time()
        try:
            document = json.loads(kept or b"{}")
            if document.get("format") != _FORMAT:
                return
            since = {str(name): float(when) for name, when in document["refused"].items()}
            learned = {str(name): (value, until) for name, (value, until) in document["facts"].items()}
            self._learned = {name: fact for name, fact in learned.items() if fact[1] is None or fact[1] > now}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            logger.debug("What was known of the account is damaged: %s", error)
            return
        self._since = {name: when for name, when in since.items() if now - when < DAY}
        self.refused = set(self._since)
