"""What is known of an account's limit, and who holds how many of its places: the rules that sharers go by."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol, TypeVar

FIRST_LIMIT = 4.0
_PATIENCE = 20  # rounds of successes before one more is tried, near what was too many the last time
_LONGEST_PATIENCE = 3.0  # seconds of it, since those who took the places may have ended
_SURE_AFTER = 2  # repetitions of a refusal at the same number: then it is the account's limit, not somebody's load
_MOST_DOUBLINGS = 5  # of the patience with a limit that is sure
_GROWTH = 0.25  # of the limit in one round elsewhere, so that a large account is not idle for long
_HIGHEST_LIMIT = 55  # the largest account [bridgehead_1500275603] with four SuiteCloud Plus licences
_REMEMBERED = 300.0  # seconds for which what was learned is kept, once nobody asks any more
_CLAIM = 0.5  # seconds for which a place is left to somebody who waits and does not come
Result = TypeVar("Result")


@dataclass(frozen=True)
class Permit:
    """Leave to have one request in flight.

    Attributes:
        generation: how often the limit had been cut when the permit was given.
        number: how many requests were in flight then, this one included.
    """

    generation: int
    number: int = 0


@dataclass
class Member:
    """One of those who share an account's limit.

    Attributes:
        token: a number that nobody else has.
        most: requests that it may have in flight at most; 0 where that is not set.
        held: requests that it has in flight.
        wants: whether it waits for a place.
        turn: when it was last given a place, in numbers of places given.
        asked_at: when it last asked for a place and got none.
        seen_at: when it last wrote into the ledger.
    """

    token: int = 0
    most: int = 0
    held: int = 0
    wants: bool = False
    turn: int = 0
    asked_at: float = 0.0
    seen_at: float = 0.0


@dataclass
class Ledger:
    """What is known of an account's limit, and who holds how many of its places. Times are seconds since the epoch.

    The limit goes up by a quarter, or one, in each round of successes, and is halved on a 429. Near what was too many
    the last time it is patient. A refusal that comes at the same number again and again shows the limit itself, unless
    a higher one is known, which NetSuite or the user has named, or NetSuite bore a while ago. Then it stays just below,
    and tries one more ever more seldom.

    Attributes:
        limit: requests that may be in flight; it grows in fractions.
        too_many: at how many NetSuite refused the last time.
        cut_at: when the limit was last cut.
        used_at: when the ledger was last written.
        borne_at: when so many requests were in flight, and were answered, as there are in `borne`.
        repeated: how often it refused at that number before, one time after the other.
        generation: how often the limit has been cut.
        first_generation: what that was when the first of the present members came.
        told: the limit that NetSuite names, 0 where it does not.
        turns: places given so far.
        borne: the most requests in flight that NetSuite is known to bear.
        members: those who share it, by their numbers.
    """

    limit: float = FIRST_LIMIT
    too_many: float = inf
    cut_at: float = 0.0
    used_at: float = 0.0
    borne_at: float = 0.0
    repeated: int = 0
    generation: int = 0
    first_generation: int = 0
    told: int = 0
    turns: int = 0
    borne: int = 0
    members: dict[int, Member] = field(default_factory=dict)

    @property
    def in_flight(self) -> int:
        """Requests that are in flight now."""
        held = 0  # a plain loop, since it is done for each request
        for member in self.members.values():
            held += member.held
        return held

    @property
    def highest(self) -> int:
        """What the limit may grow to: what users or NetSuite say."""
        named = self.told or _HIGHEST_LIMIT
        highest = 0
        for member in self.members.values():
            highest = max(highest, member.most or named)
        return highest

    @property
    def places(self) -> int:
        """Requests that may be in flight now."""
        return min(int(self.limit), self.highest)

    def join(self, number: int, member: Member, now: float) -> None:
        """Take in one more, who may know the limit; the first remembers what was learned not long ago."""
        if not self.members:
            self._begin(now)
        self.members[number] = member
        if not self._is_learned:
            self.limit = max(self.limit, float(member.most))

    def _begin(self, now: float) -> None:
        if abs(now - self.used_at) > _REMEMBERED:
            self.limit, self.too_many, self.repeated, self.borne = FIRST_LIMIT, inf, 0, 0
        elif self.too_many < inf:
            self.limit = self.too_many - 1
        self.told = 0
        self.first_generation = self.generation

    @property
    def _is_learned(self) -> bool:
        return self.generation > self.first_generation

    def take_word(self, limit: int) -> None:
        """Take NetSuite's word for the limit, unless something else has been learned."""
        self.told = max(self.told, limit)
        if not self._is_learned:
            self.limit = float(self.told)

    def learn(self, permit: Permit, now: float, *, blocked: bool) -> None:
        """Adapt the limit to the outcome of a request, which is still in flight; one sent before a cut says nothing."""
        if permit.generation != self.generation:
            return
        if blocked:
            self._cut(min(self.places, max(permit.number, self.in_flight)), now)
        elif self.limit < (highest := self.highest) and self.in_flight >= int(self.limit):
            # A limit nobody comes near proves nothing by its successes.
            before = int(self.limit)
            self.limit = min(self.limit + self._growth(now) / self.limit, float(highest))
            if self.limit >= before + 1 and before >= self.borne:
                self.borne, self.borne_at = before, now

    def _cut(self, number: int, now: float) -> None:
        if abs(now - self.borne_at) > _REMEMBERED:
            self.borne = 0
        is_named = self.told or all(member.most for member in self.members.values())
        is_same = max(1, self.borne) < number == self.too_many and not is_named
        self.repeated = self.repeated + 1 if is_same else 0
        self.too_many = float(max(2, number))
        self.limit = self.too_many - 1 if self.repeated >= _SURE_AFTER else self.too_many / 2
        self.cut_at = now
        self.generation += 1

    def _growth(self, now: float) -> float:
        """Return by how much the limit may grow in one round."""
        if abs(self.limit - self.too_many) <= 1:
            if self.repeated >= _SURE_AFTER:
                return 1 / (_PATIENCE << min(self.repeated, _MOST_DOUBLINGS))
            if abs(now - self.cut_at) < _LONGEST_PATIENCE:
                return 1 / _PATIENCE
        return max(1.0, _GROWTH * self.limit)

    def admit(self, number: int, waiting: int, now: float) -> int:
        """Give a member as many places as it wants and may have, and return how many."""
        me, before = self.members[number], self.turns
        free = min(self.places - self.in_flight, (me.most or _HIGHEST_LIMIT) - me.held, waiting)
        while self.turns - before < free and not self._is_outdone(me, now):
            self.turns += 1
            me.held += 1
            me.turn = self.turns
        admitted = self.turns - before
        me.wants = admitted < waiting and me.held < (me.most or _HIGHEST_LIMIT)
        me.asked_at = now
        return admitted

    def _is_outdone(self, me: Member, now: float) -> bool:
        """Tell whether somebody has a better claim to the next place: who holds fewer, or was served longer ago."""
        return any(
            member.wants and abs(now - member.asked_at) < _CLAIM and _claim(member) < _claim(me)
            for member in self.members.values()
            if member is not me
        )

    def next_served(self, number: int) -> int | None:
        """Return which other member to wake, because there is a place for it."""
        if len(self.members) == 1 or self.in_flight >= self.places:
            return None
        waiting = [one for one, member in self.members.items() if member.wants and one != number]
        return min(waiting, key=lambda one: _claim(self.members[one]), default=None)


def _claim(member: Member) -> tuple[int, int]:
    return member.held, member.turn


class SharingLostError(Exception):
    """A ledger can no longer be shared; the text says why.

    Attributes:
        matters: whether the user asked for it, and is to hear of it.
    """

    def __init__(self, reason: str, *, matters: bool) -> None:
        """Say why."""
        super().__init__(reason)
        self.matters = matters


Work = Callable[[Ledger, int, float, Callable[[int], bool]], Result]
"""What is done with a ledger: given it, one's number in it, the time, and what tells whether a member is alive."""


class LedgerKeeper(Protocol):
    """Keeps a ledger for one member, which calls `change` from one thread at a time.

    Attributes:
        needs_signs_of_life: whether a member that does not write for some seconds is taken for dead.
    """

    needs_signs_of_life: bool

    def change(self, most: int, work: Work[Result]) -> Result:
        """Do something with the ledger that nobody else reads or writes meanwhile; it may be done again from the start.

        `most` is what the member says of itself where it has not joined yet. Whoever has a place then is woken.

        Raises:
            SharingLostError: the ledger cannot be shared.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Wait until this member is woken, or for that time.

        Raises:
            SharingLostError: the ledger cannot be shared.
        """
        ...


class OwnLedger:
    """A ledger that nobody shares."""

    needs_signs_of_life = False

    def __init__(self, limit: int | None = None) -> None:
        """Begin with this limit, where one is known."""
        self._ledger = Ledger()
        self._first_limit = limit

    def change(self, most: int, work: Work[Result]) -> Result:
        """Do something with the ledger."""
        now = time.time()
        if not self._ledger.members:
            self._ledger.join(0, Member(most=most), now)
            self._ledger.limit = float(self._first_limit or self._ledger.limit)
        return work(self._ledger, 0, now, lambda _: True)

    def wait(self, seconds: float) -> None:
        """Wait for nobody."""
        time.sleep(seconds)
