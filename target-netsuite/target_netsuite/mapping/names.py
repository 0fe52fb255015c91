"""Finding a name however its letters are cased, and whether its words are parted by underscores or not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def squeezed(name: str) -> str:
    """Return a name without what two spellings of it may differ in: `company_name` and `companyName` are one."""
    return name.lower().replace("_", "")


class Names:
    """Names that are known, found again by other spellings of them."""

    def __init__(self, names: Iterable[str]) -> None:
        """Take the names as they are spelled; when two differ in nothing else, only their own spelling finds them."""
        self._lower: dict[str, set[str]] = {}
        self._squeezed: dict[str, set[str]] = {}
        self._all = tuple(names)
        for name in self._all:
            self._lower.setdefault(name.lower(), set()).add(name)
            self._squeezed.setdefault(squeezed(name), set()).add(name)

    def find(self, name: str) -> str | None:
        """Return the name that is meant; None when there is none, or no telling which.

        The same letters go before the same letters in other case, and these before other underscores.
        """
        for found in (self._lower.get(name.lower(), set()), self._squeezed.get(squeezed(name), set())):
            if name in found:
                return name
            if len(found) == 1:
                return next(iter(found))
        return None

    def nearest(self, name: str) -> str | None:
        """Return the known name that is most like this one, None when none is."""
        by_squeezed = {squeezed(known): known for known in self._all}
        close = get_close_matches(squeezed(name), by_squeezed, n=1)
        return by_squeezed[close[0]] if close else None
