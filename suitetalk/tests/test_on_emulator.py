"""The whole library against an emulated NetSuite, which shares no code with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.key_forms import pem_of

from netsuite_emulator import Emulator, Fault
from suitetalk import (
    ConnectionFailedError,
    ConnectionSettings,
    IncompleteResultError,
    InvalidRequestError,
    LoginRefusedError,
    NetSuite,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    RetryPolicy,
)

Open = Callable[..., NetSuite]
MakeEmulator = Callable[..., Emulator]
CUSTOMER = {"companyName": "Ärger & Söhne", "subsidiary": {"id": "1"}}


@pytest.fixture
def opened() -> Iterator[Open]:
    """Return a function that makes a client of an emulator, with changes to its settings; closed after the test."""
    with ExitStack() as stack:

        def make(emulator: Emulator, **changes: Any) -> NetSuite:
            settings = ConnectionSettings.from_mapping({**emulator.connection, **changes})
            return stack.enter_context(NetSuite(settings, retry=RetryPolicy(attempts=8, first_wait=0.01)))

        yield make


def certificate_of(key: ec.EllipticCurvePrivateKey, ends: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "connector")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(ends - timedelta(days=9)).not_valid_after(ends)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_the_key_of_the_documented_command_logs_in(
    netsuite_emulator_factory: MakeEmulator, opened: Open, rsa_folder: Path
) -> None:
    emulator = netsuite_emulator_factory(certificates=(("rsa", rsa_folder / "public.pem"),))
    key = (rsa_folder / "private.pem").read_text().replace("\n", "\\n")

    for changes in (
        {"private_key": key},
        {"private_key": None, "private_key_path": str(rsa_folder / "private.pem")},
    ):
        assert opened(emulator, certificate_id="rsa", **changes).metadata.record_types()


def test_refused_logins_say_what_to_check(
    netsuite_emulator_factory: MakeEmulator, opened: Open, tmp_path: Path, ec_pem: str
) -> None:
    expired = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "expired.pem"
    path.write_bytes(certificate_of(expired, datetime.now(timezone.utc) - timedelta(days=1)))
    emulator = netsuite_emulator_factory(certificates=(("expired", path),))

    for changes in (
        {"private_key": ec_pem},
        {"certificate_id": "another"},
        {"client_id": "another"},
        {"certificate_id": "expired", "private_key": pem_of(expired)},
    ):
        with pytest.raises(LoginRefusedError, match=r"invalid_client.*`certificate_id`.*still valid") as caught:
            opened(emulator, **changes).records.get("customer", "1")
        assert caught.value.status == 401


def test_tokens_that_end_early_are_renewed(netsuite_emulator: Emulator, opened: Open) -> None:
    client = opened(netsuite_emulator)
    some = [record["id"] for record in client.records.list("customer", limit=8).items]
    netsuite_emulator.expire_tokens()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda one: client.records.get("customer", one)["id"], some)) == some

    logins = [request for request in netsuite_emulator.requests if request.path.endswith("/token")]
    assert len(logins) == 2


def test_the_accounts_limit_is_found(netsuite_emulator_factory: MakeEmulator, opened: Open) -> None:
    emulator = netsuite_emulator_factory(concurrency_limit=2)
    client = opened(emulator)
    some = [record["id"] for record in client.records.list("customer", limit=100).items]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda one: client.records.get("customer", one)["id"], some)) == some

    assert sum(request.status == 429 for request in emulator.requests) < 50


def test_a_record_from_birth_to_death(netsuite_emulator: Emulator, opened: Open) -> None:
    records = opened(netsuite_emulator).records

    made = records.create("customer", {**CUSTOMER, "externalId": "X-1", "phone": "1"})
    assert records.get("customer", made)["companyName"] == "Ärger & Söhne"
    records.update("customer", "eid:X-1", {"phone": None, "fax": "2"})
    record = records.get("customer", made)
    assert ("phone" in record, record["fax"]) == (False, "2")
    records.upsert("customer", "X-1", {"companyName": "Neu"})
    records.upsert("customer", "X-2", {**CUSTOMER, "companyName": "Äpfel"})
    assert records.get("customer", "eid:X-1")["companyName"] == "Neu"
    records.delete("customer", made)
    for call in (lambda: records.get("customer", made), lambda: records.delete("customer", made)):
        with pytest.raises(NotFoundError, match="NONEXISTENT_ID"):
            call()
    assert records.get("customer", "eid:X-2")["companyName"] == "Äpfel"


def test_every_id_and_every_row(netsuite_emulator: Emulator, opened: Open) -> None:
    client = opened(netsuite_emulator)
    truth = {str(row[0]) for row in netsuite_emulator.execute("SELECT id FROM customer")}

    assert truth
    assert set(client.records.ids("customer")) == truth
    rows = list(client.suiteql.rows("SELECT id FROM customer ORDER BY id"))
    assert len(rows) == len(truth)
    assert {row["id"] for row in rows} == truth


def test_a_result_that_netsuite_cuts_is_an_error(netsuite_emulator_factory: MakeEmulator, opened: Open) -> None:
    client = opened(netsuite_emulator_factory(query_row_limit=10, record_row_limit=10))

    with pytest.raises(IncompleteResultError):
        list(client.suiteql.rows("SELECT id FROM customer ORDER BY id"))
    with pytest.raises(IncompleteResultError):
        list(client.records.ids("customer"))


def test_refusals_name_the_place(netsuite_emulator: Emulator, opened: Open) -> None:
    client = opened(netsuite_emulator)
    refusals: list[tuple[Callable[[], object], type[NetSuiteError], str]] = [
        (lambda: client.suiteql.page("SELECT nonsense FROM customer"), InvalidRequestError, "q"),
        (lambda: client.suiteql.page("SELECT id FROM nonsense"), InvalidRequestError, "q"),
        (lambda: client.records.list("customer", q="nonsense IS 1"), InvalidRequestError, "q"),
        (lambda: client.records.create("customer", {**CUSTOMER, "compnyName": "x"}), InvalidRequestError, "compnyName"),
        (lambda: client.records.get("nonsense", "1"), NotFoundError, ""),
        (lambda: client.metadata.json_schema("nonsense"), NotFoundError, ""),
    ]
    for call, kind, path in refusals:
        with pytest.raises(kind) as caught:
            call()
        assert path in caught.value.path
        assert caught.value.code
        assert "\n" not in str(caught.value)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "effect", ["bad_gateway", "too_many_requests", "unavailable", "cut_body", "drop_before", "drop_after", "status"]
)
def test_a_read_gets_over_faults(netsuite_emulator: Emulator, opened: Open, effect: str) -> None:
    netsuite_emulator.faults.add(Fault(effect=effect, path="/suiteql", times=2))
    netsuite_emulator.faults.add(Fault(effect=effect, path="/token", times=1))

    assert opened(netsuite_emulator).suiteql.page("SELECT id FROM customer ORDER BY id", limit=5).items


@pytest.mark.parametrize(("effect", "made"), [("drop_after", 1), ("drop_before", 0), ("bad_gateway", 0)])
def test_a_create_whose_answer_is_lost_is_not_sent_again(
    netsuite_emulator: Emulator, opened: Open, effect: str, made: int
) -> None:
    netsuite_emulator.faults.add(Fault(effect=effect, method="POST", path="/record/v1/customer", times=1))

    with pytest.raises(OutcomeUnknownError):
        opened(netsuite_emulator).records.create("customer", CUSTOMER)

    name = [CUSTOMER["companyName"]]
    assert netsuite_emulator.execute("SELECT count(*) FROM customer WHERE companyname = ?", name) == [(made,)]


def test_answers_that_are_no_json(netsuite_emulator: Emulator, opened: Open) -> None:
    client = opened(netsuite_emulator)
    netsuite_emulator.faults.add(Fault(effect="wrong_token", path="/token", times=1))
    with pytest.raises(ConnectionFailedError, match="access_token"):
        client.metadata.record_types()

    netsuite_emulator.faults.add(Fault(effect="malformed_json", path="/metadata-catalog", times=8))
    with pytest.raises(ConnectionFailedError, match="not readable JSON"):
        client.metadata.record_types()
    netsuite_emulator.faults.clear()

    assert "customer" in client.metadata.record_types()
