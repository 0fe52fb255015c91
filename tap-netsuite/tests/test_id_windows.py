"""Listing ids by windows against a brute-force model: nothing that stays is lost, nothing comes twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suitetalk import IncompleteResultError
from tap_netsuite.reading.record_ids import Listing, NoWindowsError, Window, windows_with_ids

Change = Callable[[set[int]], None]
Order = Callable[[int], float]

IDS = st.one_of(st.integers(-40, 40), st.integers(1_000_000, 1_000_030), st.integers(-(10**12), 10**12))
SIZES = st.integers(2, 6)
ORDERS: dict[str, Order] = {
    "ascending": float,
    "descending": lambda record_id: -float(record_id),
    "scattered": lambda record_id: record_id * 2654435761 % 4294967291,
}


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Something that happens between two answers."""
    record_id = draw(IDS)
    comes = draw(st.booleans())
    return lambda ids: ids.add(record_id) if comes else ids.discard(record_id)


class UnorderedList:
    """A list end point with small pages, in an order of its own, that changes after each answer."""

    def __init__(self, ids: set[int], page_size: int, order: Order, happening: Iterator[Change]) -> None:
        self.ids = set(ids)
        self.always = set(ids)
        self.ever = set(ids)
        self.requests = 0
        self._page_size = page_size
        self._order = order
        self._happening = happening

    def ask(self, window: Window) -> Future[Listing]:
        self.requests += 1
        here = sorted(filter(window.holds, self.ids), key=self._order)
        future: Future[Listing] = Future()
        future.set_result(Listing(tuple(map(str, here[: self._page_size])), len(here)))
        change = next(self._happening, None)
        if change:
            change(self.ids)
        self.always &= self.ids
        self.ever |= self.ids
        return future


@given(
    ids=st.sets(IDS, max_size=60),
    page_size=SIZES,
    order=st.sampled_from(sorted(ORDERS)),
    happening=st.lists(changes(), max_size=40),
    after=st.one_of(st.none(), IDS),
)
def test_whatever_happens_all_that_stays_comes_once_and_in_order(
    ids: set[int], page_size: int, order: str, happening: list[Change], after: int | None
) -> None:
    listed = UnorderedList(ids, page_size, ORDERS[order], iter(happening))
    came = list(chain.from_iterable(windows_with_ids(listed.ask, Window(after))))
    wanted = {record_id for record_id in listed.always if after is None or record_id > after}
    assert came == sorted(set(came))
    assert wanted <= set(came) <= listed.ever
    assert listed.requests <= 2 * len(listed.ever) + 1


@given(ids=st.sets(IDS, max_size=60), page_size=SIZES, order=st.sampled_from(sorted(ORDERS)))
def test_each_part_that_came_can_be_gone_on_from(ids: set[int], page_size: int, order: str) -> None:
    quiet = UnorderedList(ids, page_size, ORDERS[order], iter(()))
    came: list[int] = []
    for part in windows_with_ids(quiet.ask, Window()):
        came += part
        rest = chain.from_iterable(windows_with_ids(quiet.ask, Window(came[-1] if came else None)))
        assert [*came, *rest] == sorted(ids)


@pytest.mark.slow
def test_a_thousand_ids_a_request_take_few_requests() -> None:
    for order in ORDERS.values():
        listed = UnorderedList(set(range(0, 300_000, 3)), 1000, order, iter(()))
        assert sum(map(len, windows_with_ids(listed.ask, Window()))) == 100_000
        assert listed.requests < 450


def answers(*listings: Listing) -> Callable[[Window], Future[Listing]]:
    given_in_turn = iter(listings)

    def ask(_: Window) -> Future[Listing]:
        future: Future[Listing] = Future()
        future.set_result(next(given_in_turn))
        return future

    return ask


def test_an_answer_with_fewer_than_it_counts_is_asked_for_again() -> None:
    again = answers(Listing((), 1), Listing(("7",), 1))
    assert list(windows_with_ids(again, Window())) == [[7]]
    with pytest.raises(IncompleteResultError, match="lists 0 of the 1 records"):
        list(windows_with_ids(answers(*[Listing((), 1)] * 3), Window()))


def test_a_list_that_always_says_that_there_are_more_ends() -> None:
    def ask(window: Window) -> Future[Listing]:
        future: Future[Listing] = Future()
        there = [str(each) for each in range(9) if window.holds(each)]
        future.set_result(Listing(tuple(there), len(there), has_more=True))
        return future

    assert [each for part in windows_with_ids(ask, Window()) for each in part] == list(range(9))


@pytest.mark.parametrize("record_id", ["US", "007", "-", ""])
def test_ids_that_are_no_numbers_have_no_windows(record_id: str) -> None:
    with pytest.raises(NoWindowsError):
        list(windows_with_ids(answers(Listing(("1", record_id), 2)), Window()))


def test_an_account_that_passes_over_the_window_is_found_out() -> None:
    with pytest.raises(NoWindowsError):
        list(windows_with_ids(answers(Listing(("5", "6"), 2)), Window(5)))
