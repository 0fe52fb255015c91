"""Logins that NetSuite refuses, through the command as a person runs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.tap_runs import Json, Run, command, run

from netsuite_emulator import Emulator


def pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def ended_certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tap")])
    ended = datetime.now(timezone.utc) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial_number=7)
    builder = builder.not_valid_before(ended - timedelta(days=9)).not_valid_after(ended)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def assert_refused(finished: Run, secret: str) -> None:
    """One sentence that names what to check, nothing written, and no key in the log."""
    assert finished.exit_code == 1
    assert finished.lines == []
    assert finished.sentence.startswith("Error: NetSuite refused POST to the token end point")
    assert "`private_key`" in finished.sentence or "certificate" in finished.sentence
    assert "Traceback" not in finished.log
    assert secret not in finished.log


def test_a_key_that_is_not_the_certificates(config: Json, tmp_path: Path) -> None:
    other = pem_of(ec.generate_private_key(ec.SECP256R1()))
    assert_refused(run(command(tmp_path, {**config, "private_key": other}, "--discover")), other.splitlines()[1])


def test_a_certificate_that_has_ended(netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "ended.pem"
    path.write_bytes(ended_certificate(key))
    emulator = netsuite_emulator_factory(certificates=(("ended", path),))
    config = {**emulator.connection, "certificate_id": "ended", "private_key": pem_of(key)}
    assert_refused(run(command(tmp_path, config, "--discover")), pem_of(key).splitlines()[1])
