"""How soon the governor makes use of what an account allows; counted in rounds, so no machine is too slow."""

from __future__ import annotations

from collections import deque

import pytest

from suitetalk import Governor, Permit


class Account:
    """Refuses what is above its limit; there is always more work, and requests end in the order they were sent."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.governor = Governor()
        self._flying: deque[tuple[Permit, bool]] = deque()

    def round(self) -> int:
        """Let as many requests end as were in flight, sending others for them; return how many were refused."""
        refused = 0
        self._send()
        for _ in range(len(self._flying)):
            permit, blocked = self._flying.popleft()
            self.governor.release(permit, blocked=blocked)
            refused += blocked
            self._send()
        return refused

    def _send(self) -> None:
        while len(self._flying) < self.governor.limit:
            served = sum(not blocked for _, blocked in self._flying)
            self._flying.append((self.governor.acquire(), served >= self.limit))


@pytest.mark.parametrize(("limit", "rounds"), [(5, 2), (15, 8), (55, 14)])
def test_a_limit_is_reached_in_few_rounds(limit: int, rounds: int) -> None:
    account = Account(limit)

    for _ in range(rounds):
        if account.governor.limit < limit:
            assert account.round() == 0
    assert account.governor.limit >= limit


@pytest.mark.parametrize("limit", [2, 5, 15, 40])
def test_over_time_most_places_are_used_and_few_requests_refused(limit: int) -> None:
    account = Account(limit)
    refused = used = 0
    for _ in range(200):
        refused += account.round()
        used += min(account.governor.limit, limit)

    assert used >= 0.85 * 200 * limit
    assert refused <= 0.05 * 200 * limit
