"""Which records may be written beside each other, held against every pair of them."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.intents import Intent, Match, Operation, Reference
from target_netsuite.pipeline.order import Order, claims_of

_IDS = st.sampled_from("abc")
_TYPES = st.sampled_from(["customer", "vendor", "salesOrder", "invoice"])
_REFERENCE = st.builds(
    Reference,
    st.sampled_from(["customer", "vendor", "entity", "salesOrder"]),
    st.sampled_from(["externalId", "name"]),
    _IDS,
)
_BODY: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"entity": _REFERENCE}),
    st.fixed_dictionaries(
        {"item": st.fixed_dictionaries({"items": st.lists(st.fixed_dictionaries({"to": _REFERENCE}), max_size=2)})}
    ),
    st.fixed_dictionaries({"parent": st.fixed_dictionaries({"externalId": _IDS})}),
)


@st.composite
def _inputs(draw: st.DrawFn) -> list[Intent]:
    intents = []
    for number in range(draw(st.integers(0, 14))):
        address = draw(st.sampled_from(["internal_id", "external_id", "match", "none"]))
        value = draw(_IDS)
        given_address = {"match": Match("email", value)} if address == "match" else {address: value}
        intents.append(
            Intent(
                stream=draw(st.sampled_from(["one", "two"])),
                number=number,
                key={"id": draw(_IDS)} if draw(st.booleans()) else {},
                operation=draw(st.sampled_from(list(Operation))),
                record_type=draw(_TYPES),
                body=draw(_BODY),
                **({} if address == "none" else given_address),
            )
        )
    return intents


def _has_to_wait(later: Intent, earlier: Intent) -> bool:
    """Tell whether order matters between two."""
    late, early = claims_of(later), claims_of(earlier)
    return bool(
        late.touches & early.touches
        or late.leans_on & early.touches
        or early.group in late.waits_for
        or (late.waits_for_others and early.group[0] != late.group[0])
        or (late.waits_for_streams and early.group[0] == late.group[0] and earlier.stream != later.stream)
    )


@given(_inputs(), st.integers(0, 1000))
def test_each_waits_for_those_it_depends_on_and_for_nothing_else(intents: list[Intent], seed: int) -> None:
    chance, order = random.Random(seed), Order()
    settled: set[int] = set()
    taken: dict[int, object] = {}
    for intent in intents:
        order.add(intent, claims_of(intent))
    waits = {pair for pair in combinations(range(len(intents)), 2) if _has_to_wait(intents[pair[1]], intents[pair[0]])}
    while len(settled) < len(intents):
        free = {
            place
            for place in range(len(intents))
            if place not in settled and all(early in settled for early, late in waits if late == place)
        }
        assert sum(order.ready().values()) + len(taken) == len(free)
        if order.ready():
            for pending in order.take(chance.choice(list(order.ready())), chance.randint(1, 3)):
                assert pending.place in free
                taken[pending.place] = pending
        finished = chance.sample(list(taken), chance.randint(0 if order.ready() else 1, len(taken)))
        order.settle([taken.pop(place) for place in finished])  # type: ignore[misc]  # they are what was taken
        settled.update(finished)
        assert order.settled_up_to == next(
            (place for place in range(len(intents)) if place not in settled), len(intents)
        )
    assert order.unsettled == 0


def _intent(number: int, **given_parts: Any) -> Intent:
    record_type = given_parts.get("record_type", "customer")
    parts = {"stream": record_type, "record_type": record_type, "key": {"id": number}, "operation": Operation.UPSERT}
    return Intent(number=number, **{**parts, **given_parts})


def test_an_order_waits_for_its_customer_and_a_delete_for_what_may_refer_to_it() -> None:
    order = Order()
    customer = _intent(0, external_id="C-1")
    sale = _intent(1, record_type="salesOrder", body={"entity": Reference("customer", "externalId", "C-1")})
    another = _intent(2, record_type="salesOrder", body={"entity": Reference("customer", "externalId", "C-9")})
    removal = _intent(3, operation=Operation.DELETE, external_id="C-5")
    for intent in (customer, sale, another, removal):
        order.add(intent, claims_of(intent))
    (first,) = order.take("customer", 9)
    assert [pending.intent for pending in order.take("salesOrder", 9)] == [another]
    order.settle([first])
    (second,) = order.take("salesOrder", 9)
    assert second.intent is sale
    assert order.ready() == {}


def test_a_delete_waits_for_writes_of_its_own_kind_and_references_for_deletes_by_internal_id() -> None:
    order = Order()
    boss = Reference("customer", "externalId", "C-1")
    former = _intent(0, external_id="C-2", body={"parent": {"id": None}})
    removals = [_intent(number, operation=Operation.DELETE, internal_id=str(number)) for number in (1, 2)]
    later = _intent(3, external_id="C-3", body={"parent": boss})
    for intent in (former, *removals, later):
        order.add(intent, claims_of(intent))
    for expected in ([former], removals, [later]):
        taken = order.take("customer", 9)
        assert [pending.intent for pending in taken] == expected
        order.settle(taken)


def test_records_that_need_nothing_count_for_how_far_all_is_settled() -> None:
    order = Order()
    order.skip()
    order.add(_intent(1), claims_of(_intent(1)))
    order.skip()
    assert order.settled_up_to == 1
    order.settle(order.take("customer", 1))
    assert order.settled_up_to == 3
