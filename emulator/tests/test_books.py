"""The books balance to the cent, whatever the account has and whatever is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netsuite_emulator import Emulator

UNBALANCED = """
SELECT l.transaction, l.accountingbook, t.recordtype, t.currency, sum(l.amount), sum(l.debit), sum(l.credit)
FROM transactionaccountingline l JOIN "transaction" t ON t.id = l.transaction
GROUP BY ALL HAVING sum(l.amount) <> 0 OR coalesce(sum(l.debit), 0) <> coalesce(sum(l.credit), 0)
"""
UNBALANCED_IN_CURRENCY = """
SELECT l.transaction, t.recordtype, sum(l.foreignamount) FROM transactionline l JOIN "transaction" t
ON t.id = l.transaction WHERE t.posting = 'T' GROUP BY ALL HAVING sum(l.foreignamount) <> 0
"""
MISSING = """
SELECT t.id, t.recordtype FROM "transaction" t WHERE t.posting = 'T' AND EXISTS (FROM transactionline l
WHERE l.transaction = t.id AND l.foreignamount <> 0)
AND NOT EXISTS (FROM transactionaccountingline a WHERE a.transaction = t.id AND a.accountingbook = 1)
"""

WITHOUT_SUBSIDIARY = """
SELECT t.id, t.recordtype, l.id FROM transactionaccountingline a JOIN "transaction" t ON t.id = a.transaction
LEFT JOIN transactionline l ON l.transaction = a.transaction AND l.id = a.transactionline
WHERE a.posting = 'T' AND l.subsidiary IS NULL
"""


def check(emulator: Emulator) -> None:
    in_one_world = [WITHOUT_SUBSIDIARY] if emulator.company.one_world else []
    for query in (UNBALANCED, UNBALANCED_IN_CURRENCY, MISSING, *in_one_world):
        assert emulator.execute(query) == [], query


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("multiple_calendars", "one_world", "second_book"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, False, True),
        *(
            pytest.param(*choice, marks=pytest.mark.slow)
            for choice in ((False, False, False), (False, True, True), (True, False, True), (True, True, False))
        ),
    ],
)
def test_books_balance(
    netsuite_emulator_factory: Callable[..., Emulator], *, multiple_calendars: bool, one_world: bool, second_book: bool
) -> None:
    emulator = netsuite_emulator_factory(
        multiple_calendars=multiple_calendars, one_world=one_world, second_book=second_book
    )
    check(emulator)
    books = {book for (book,) in emulator.execute("SELECT DISTINCT accountingbook FROM transactionaccountingline")}
    assert books == ({1, 2} if second_book else {1})
    assert books == {book for (book,) in emulator.execute("SELECT id FROM accountingbook")}


amounts = st.decimals("-1000000", "1000000", places=2).map(float)
lines = st.lists(st.tuples(st.integers(1, 999), st.decimals("0", "99999", places=8).map(float)), min_size=1, max_size=8)


@pytest.fixture(params=["one_world", "plain"])
def account(request: pytest.FixtureRequest, client_of: Callable[..., Any]) -> Any:
    return client_of(one_world=request.param == "one_world")


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["invoice", "creditMemo", "vendorBill"]),
    rate=st.decimals("0.00001", "250", places=8).map(float),
    written=lines,
    changed=lines,
    journal=st.lists(amounts, min_size=1, max_size=6),
)
def test_whatever_is_written_balances(
    account: Any,
    kind: str,
    rate: float,
    written: list[tuple[int, float]],
    changed: list[tuple[int, float]],
    journal: list[float],
) -> None:
    client, emulator = account, account.emulator
    entity = "vendor" if kind == "vendorBill" else "customer"
    condition = "subsidiary = 2" if emulator.company.one_world else "true"
    ((who,),) = emulator.execute(f"SELECT min(id) FROM {entity} WHERE {condition}")
    ((item,),) = emulator.execute("SELECT min(id) FROM item")

    def body(of: list[tuple[int, float]]) -> dict[str, Any]:
        items = [{"item": {"id": str(item)}, "quantity": number, "rate": price} for number, price in of]
        return {"item": {"items": items}}

    made = client.create(
        kind, {"entity": {"id": str(who)}, "currency": {"id": "4"}, "exchangeRate": rate, **body(written)}
    )
    check(emulator)
    answer = client.send("PATCH", f"/record/v1/{kind}/{made}?replace=item", json=body(changed))
    assert answer.status_code == 204, answer.text
    if kind == "invoice":
        answer = client.send("POST", f"/record/v1/invoice/{made}/!transform/customerPayment", json={})
        assert answer.status_code == 204, answer.text
    debit = round(sum(journal), 2)
    rows: list[dict[str, Any]] = [{"account": {"id": "60"}, "debit": amount} for amount in journal]
    rows.append({"account": {"id": "1"}, "credit": debit})
    answer = client.send(
        "POST",
        "/record/v1/journalEntry",
        json={
            "currency": {"id": "2"},
            "exchangeRate": rate,
            "line": {"items": rows},
        },
    )
    assert answer.status_code == 204, answer.text
    check(emulator)
    books = f"SELECT DISTINCT accountingbook FROM transactionaccountingline WHERE transaction = {made} ORDER BY 1"
    assert emulator.execute(books) in ([(1,), (2,)], [])
