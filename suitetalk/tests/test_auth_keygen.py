"""Keys and certificates that NetSuite accepts, the warning before they end, and changing them in NetSuite."""

from __future__ import annotations

import functools
import stat
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from tests.scripted_netsuite import Reply, ScriptedNetSuite

from netsuite_emulator import Emulator, Role
from suitetalk import (
    ConfigurationError,
    ConnectionFailedError,
    ConnectionSettings,
    LoginRefusedError,
    NetSuite,
    NotFoundError,
    PermissionDeniedError,
    SigningKey,
)
from suitetalk.auth import keys as keygen
from suitetalk.auth.certificates import Certificates
from suitetalk.auth.keys import certificate_of, end_of, warn_of_end

MakeEmulator = Callable[..., Emulator]
Connect = Callable[..., NetSuite]
ALGORITHMS = {
    "ec-p256": ["ES256"],
    "ec-p384": ["ES384"],
    "ec-p521": ["ES512"],
    "rsa-3072": ["PS256", "PS384", "PS512"],
    "rsa-4096": ["PS256"],
}


@functools.cache
def made(kind: str) -> keygen.KeyPair:
    """A pair of this kind, made once: RSA takes its time."""
    return keygen.generate(kind, common_name="connector")


def public_key_of(certificate: x509.Certificate) -> Any:
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    kind = ECKey if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey) else RSAKey
    return kind.import_key(pem)


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", keygen.KINDS)
def test_another_jose_implementation_accepts_the_signatures(kind: str) -> None:
    pair = made(kind)
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())

    assert SigningKey.read(pair.private_pem, None, None).algorithm == ALGORITHMS[kind][0]
    for algorithm in ALGORITHMS[kind]:
        key = SigningKey.read(pair.private_pem, None, None, algorithm)
        token = jwt.decode(key.sign({"iss": "x"}, "kid"), public_key_of(certificate), algorithms=[algorithm])
        assert token.header == {"typ": "JWT", "alg": algorithm, "kid": "kid"}


@pytest.mark.parametrize("kind", keygen.KINDS)
def test_certificates_are_what_netsuite_accepts(kind: str, tmp_path: Path) -> None:
    """Kinds and sizes of [subsect_162755332391]; openssl checks the signature."""
    pair = made(kind)
    certificate = x509.load_pem_x509_certificate(pair.certificate_pem.encode())

    assert certificate.subject.rfc4514_string() == certificate.issuer.rfc4514_string() == "CN=connector"
    assert pair.not_after == certificate.not_valid_after_utc == end_of(certificate)
    assert timedelta(days=729) < pair.not_after - datetime.now(timezone.utc) < timedelta(days=730)
    assert certificate.not_valid_before_utc < datetime.now(timezone.utc)
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        assert kind == f"rsa-{public.key_size}"
        scheme = certificate.signature_algorithm_parameters
        assert isinstance(scheme, padding.PSS)
        assert scheme._salt_length == 64
    file = tmp_path / "certificate.pem"
    file.write_text(pair.certificate_pem)
    subprocess.run(["openssl", "verify", "-check_ss_sig", "-CAfile", file, file], check=True, capture_output=True)


def test_p256_is_the_default_and_secrets_stay_out_of_text() -> None:
    pair = keygen.generate(passphrase="geheim")

    assert "PRIVATE" not in repr(pair)
    assert SigningKey.read(pair.private_pem, None, "geheim").algorithm == "ES256"
    with pytest.raises(ConfigurationError):
        SigningKey.read(pair.private_pem, None, None)


@pytest.mark.parametrize(
    "wrong", [{"kind": "rsa-2048"}, {"days": 0}, {"days": 731}, {"common_name": ""}, {"common_name": "x" * 65}]
)
def test_what_netsuite_would_refuse_is_not_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        keygen.generate(**wrong)


def test_files_are_private_and_never_written_over(tmp_path: Path) -> None:
    pair = keygen.generate()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    keygen.write(pair, key, certificate)

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    load_pem_private_key(key.read_bytes(), None)
    assert certificate.read_text() == pair.certificate_pem
    with pytest.raises(ConfigurationError, match="already exists"):
        keygen.write(keygen.generate(), key, tmp_path / "other.pem")
    with pytest.raises(ConfigurationError, match="already exists"):
        keygen.write(keygen.generate(), tmp_path / "other.pem", certificate)
    with pytest.raises(ConfigurationError, match="cannot be made"):
        keygen.write(pair, tmp_path / "no-folder" / "key.pem", certificate)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["certificate.pem", "key.pem"]
    assert key.read_text() == pair.private_pem


def test_the_next_steps_name_the_page_and_the_files() -> None:
    said = keygen.next_steps(keygen.generate().not_after, "key.pem", "certificate.pem")
    for words in ("OAuth 2.0 Client Credentials (M2M) Setup", "certificate.pem", "key.pem", "`certificate_id`"):
        assert words in said
    assert "PRIVATE KEY" not in said


@pytest.mark.slow
def test_an_rsa_key_signs_with_the_algorithm_of_the_setting(
    netsuite: ScriptedNetSuite, connect: Connect, rsa_folder: Path
) -> None:
    netsuite.answers(Reply(body={"id": "7"}))
    path = str(rsa_folder / "private.pem")
    connect(private_key=None, private_key_path=path, signing_algorithm="PS512").records.get("customer", "7")

    assertion = netsuite.token_requests[0].form()["client_assertion"]
    key = RSAKey.import_key((rsa_folder / "private.pem").read_text())
    assert jwt.decode(assertion, key, algorithms=["PS512"]).claims["iss"] == "the-client"


def test_an_algorithm_of_another_kind_of_key_is_refused(connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match=r"`signing_algorithm` is 'PS256'.*ES256"):
        connect(signing_algorithm="PS256")


def ends(tmp_path: Path, connect: Connect, days: int, layout: str) -> None:
    """Connect with a certificate that ends after some days, kept in one of the ways users keep it."""
    pair = keygen.generate(days=days)
    if layout == "in the text":
        connect(private_key=pair.private_pem + pair.certificate_pem)
    elif layout == "in the file":
        (tmp_path / "both.pem").write_text(pair.certificate_pem + pair.private_pem)
        connect(private_key=None, private_key_path=str(tmp_path / "both.pem"))
    elif layout == "beside it":
        keygen.write(pair, tmp_path / "a.key", tmp_path / "some.crt")
        (tmp_path / "other.pem").write_text(keygen.generate(days=3).certificate_pem)
        (tmp_path / "broken.cer").write_text("-----BEGIN CERTIFICATE-----\nnone")
        connect(private_key=None, private_key_path=str(tmp_path / "a.key"))
    else:
        (tmp_path / "named").write_text(pair.certificate_pem)
        connect(private_key=pair.private_pem, certificate_path=str(tmp_path / "named"))


@pytest.mark.parametrize("layout", ["in the text", "in the file", "beside it", "named"])
@pytest.mark.parametrize(("days", "warned"), [(20, True), (40, False)])
def test_the_end_of_the_certificate_is_announced(
    connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture, layout: str, days: int, *, warned: bool
) -> None:
    ends(tmp_path, connect, days, layout)

    assert [("ends on" in said, "`suitetalk keygen`" in said) for said in caplog.messages] == [(True, True)] * warned


def test_a_certificate_that_has_ended_is_said_plainly(caplog: pytest.LogCaptureFixture) -> None:
    now = datetime.now(timezone.utc)
    assert warn_of_end(now - timedelta(days=1))
    assert not warn_of_end(now + timedelta(days=31))
    assert "ended on" in caplog.text


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), ("text", "no PEM certificate"), ("other", "of another key")]
)
def test_a_certificate_file_that_is_not_the_keys(
    connect: Connect, tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "certificate.pem"
    if content:
        file.write_text(keygen.generate().certificate_pem if content == "other" else content)
    with pytest.raises(ConfigurationError, match=f"`certificate_path`.*{words}"):
        connect(certificate_path=str(file))


def test_without_a_certificate_nothing_is_known(ec_pem: str) -> None:
    assert certificate_of(SigningKey.read(ec_pem, None, None), ec_pem, None, None) is None


def test_rotation_on_the_emulator(netsuite_emulator: Emulator) -> None:
    connection = netsuite_emulator.connection
    new = keygen.generate("ec-p384")
    with NetSuite(ConnectionSettings.from_mapping(connection)) as client:
        certificates = Certificates(client.transport, connection["client_id"])
        (present,) = certificates.all()
        assert (present.id, present.revoked) == (connection["certificate_id"], False)
        assert present.valid_until
        assert present.valid_until > datetime.now(timezone.utc)
        added = certificates.rotate(present.id, new.certificate_pem)
        assert (added.entity, added.role) == (present.entity, present.role)

    changed = {**connection, "certificate_id": added.id, "private_key": new.private_pem}
    with NetSuite(ConnectionSettings.from_mapping(changed)) as client:
        certificates = Certificates(client.transport, connection["client_id"])
        certificates.revoke(present.id)
        assert {one.id: one.revoked for one in certificates.all()} == {present.id: True, added.id: False}
        with pytest.raises(NotFoundError):
            certificates.revoke("unknown")
        with pytest.raises(ConfigurationError, match="`certificate_id`"):
            certificates.rotate("unknown", new.certificate_pem)
    netsuite_emulator.expire_tokens()
    with pytest.raises(LoginRefusedError), NetSuite(ConnectionSettings.from_mapping(connection)) as client:
        client.metadata.record_types()


def test_rotation_without_the_permission(netsuite_emulator_factory: MakeEmulator) -> None:
    emulator = netsuite_emulator_factory(role=Role(manages_certificates=False))
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as client:
        certificates = Certificates(client.transport, emulator.connection["client_id"])
        with pytest.raises(PermissionDeniedError) as caught:
            certificates.all()
    assert emulator.connection["client_id"] not in str(caught.value)


@pytest.mark.parametrize("body", [{}, "x", [7], None])
def test_a_list_of_another_shape(netsuite: ScriptedNetSuite, connect: Connect, body: Any) -> None:
    netsuite.answers(Reply(body=body))
    with pytest.raises(ConnectionFailedError, match="no list of certificates"):
        Certificates(connect().transport, "the-client").all()


@pytest.mark.parametrize(
    ("written", "year"),
    [("2027-03-01T10:00:00Z", 2027), ("2027-03-01T10:00:00.000Z", 2027), (1803895200, 2027), ("1803895200000", 2027)],
)
def test_times_in_every_form(netsuite: ScriptedNetSuite, connect: Connect, written: Any, year: int) -> None:
    netsuite.answers(Reply(body=[{"certificate_id": "c", "valid_until": written}]))
    (found,) = Certificates(connect().transport, "the-client").all()
    assert found.valid_until
    assert found.valid_until.year == year


def test_a_time_that_cannot_be_read_is_none(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.answers(Reply(body=[{"certificate_id": "c", "valid_until": "soon"}, {"certificate_id": "d"}]))
    found = Certificates(connect().transport, "the-client").all()
    assert [one.valid_until for one in found] == [None, None]


def test_an_upload_without_an_id(netsuite: ScriptedNetSuite, connect: Connect) -> None:
    netsuite.answers(Reply(body={}))
    with pytest.raises(ConnectionFailedError, match="without telling its id"):
        Certificates(connect().transport, "the-client").upload("pem", entity="7", role="3")
    assert netsuite.requests[0].json() == {"fileContent": "pem", "role": 3, "entity": 7}
