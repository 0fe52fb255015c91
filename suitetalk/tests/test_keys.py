"""Private keys in every form users have them, and what is said about those that cannot be used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from tests.key_forms import pem_of

from suitetalk import ConfigurationError, SigningKey

CLAIMS = {"iss": "client", "aud": "https://example.com/token"}


def openssl(folder: Path, command: str) -> Path:
    """Run openssl and return the file it wrote."""
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return folder / command.rpartition("-out ")[2]


def public_pem(folder: Path) -> bytes:
    certificate = x509.load_pem_x509_certificate((folder / "public.pem").read_bytes())
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.slow
def test_the_key_of_the_documented_command_signs_what_its_certificate_verifies(rsa_folder: Path) -> None:
    key = SigningKey.read(None, str(rsa_folder / "private.pem"), None)

    token = jwt.decode(
        key.sign(CLAIMS, "certificate-7"), RSAKey.import_key(public_pem(rsa_folder)), algorithms=["PS256"]
    )
    assert token.header == {"typ": "JWT", "alg": "PS256", "kid": "certificate-7"}
    assert token.claims == CLAIMS


@pytest.mark.parametrize(
    ("curve", "algorithm"), [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")]
)
def test_the_curve_of_an_ec_key_decides_the_algorithm(curve: ec.EllipticCurve, algorithm: str) -> None:
    private = ec.generate_private_key(curve)
    key = SigningKey.read(pem_of(private), None, None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    token = jwt.decode(key.sign(CLAIMS, "kid"), ECKey.import_key(public), algorithms=[algorithm])
    assert token.header["alg"] == key.algorithm == algorithm


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem,
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\\r\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.strip(),
        lambda pem: "".join(f"    {line}\n" for line in pem.splitlines()),
        lambda pem: "\ufeff" + pem,
    ],
    ids=["as it is", "\\n", "\\r\\n", "CRLF", "one line", "stripped", "indented", "byte order mark"],
)
def test_pem_text_however_it_was_handed_over(ec_pem: str, change: object) -> None:
    assert callable(change)
    assert SigningKey.read(change(ec_pem), None, None).algorithm == "ES256"


@pytest.mark.slow
@pytest.mark.parametrize("order", [("private.pem", "public.pem"), ("public.pem", "private.pem")])
def test_a_file_with_key_and_certificate(rsa_folder: Path, tmp_path: Path, order: tuple[str, str]) -> None:
    both = tmp_path / "both.pem"
    both.write_text("".join((rsa_folder / name).read_text() for name in order))

    assert SigningKey.read(None, str(both), None).algorithm == "PS256"


@pytest.mark.parametrize(
    "command",
    [
        "pkey -in private.pem -aes256 -passout pass:geheim -out encrypted.pem",
        "rsa -in private.pem -traditional -aes128 -passout pass:geheim -out traditional.pem",
    ],
)
def test_an_encrypted_key_opens_with_its_passphrase_only(rsa_folder: Path, command: str) -> None:
    path = str(openssl(rsa_folder, command))

    assert SigningKey.read(None, path, "geheim").algorithm == "PS256"
    with pytest.raises(ConfigurationError, match="`private_key_passphrase` is missing"):
        SigningKey.read(None, path, None)
    with pytest.raises(ConfigurationError, match="`private_key_passphrase` does not open") as caught:
        SigningKey.read(None, path, "falsch")
    assert "falsch" not in str(caught.value)


def test_a_passphrase_for_a_key_without_one_does_no_harm(ec_pem: str) -> None:
    assert SigningKey.read(ec_pem, None, "unneeded").algorithm == "ES256"


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out small.pem", "2048 bit"),
        ("genpkey -algorithm ed25519 -out ed25519.pem", "kind NetSuite does not accept"),
        ("ecparam -name secp256k1 -genkey -noout -out secp256k1.pem", "kind NetSuite does not accept"),
        ("x509 -in public.pem -out certificate.pem", "holds a certificate"),
        ("pkey -in private.pem -pubout -out pub.pem", "holds a public key"),
    ],
)
def test_a_key_netsuite_would_not_take_is_refused(rsa_folder: Path, command: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        SigningKey.read(None, str(openssl(rsa_folder, command)), None)


@pytest.mark.parametrize("command", ["ecparam -name prime256v1 -genkey -out with-parameters.pem"])
def test_a_key_file_that_openssl_puts_more_into(tmp_path: Path, command: str) -> None:
    assert SigningKey.read(None, str(openssl(tmp_path, command)), None).algorithm == "ES256"


def test_a_damaged_key_is_told_from_a_missing_one(ec_pem: str) -> None:
    with pytest.raises(ConfigurationError, match="damaged") as caught:
        SigningKey.read(ec_pem[:80], None, None)
    assert ec_pem[30:60] not in str(caught.value)

    with pytest.raises(ConfigurationError, match="does not hold a PEM private key"):
        SigningKey.read("/home/me/private.pem", None, None)


@pytest.mark.parametrize("path", ["nowhere/private.pem", "~nobody-of-this-name/private.pem", "nul\x00.pem", "."])
def test_a_file_that_cannot_be_read_is_named(path: str) -> None:
    with pytest.raises(ConfigurationError, match=r"`private_key_path` names .* cannot be read"):
        SigningKey.read(None, path, None)


def test_a_key_given_as_a_path_is_not_shown(ec_pem: str) -> None:
    with pytest.raises(ConfigurationError, match="`private_key_path` holds the key itself") as caught:
        SigningKey.read(None, ec_pem, None)

    assert "BEGIN" not in str(caught.value)


def test_a_home_directory_is_found(ec_pem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key.pem").write_text(ec_pem)

    assert SigningKey.read(None, "~/key.pem", None).algorithm == "ES256"


def test_the_text_form_shows_no_key(ec_pem: str) -> None:
    assert repr(SigningKey.read(ec_pem, None, None)) == "SigningKey(algorithm='ES256')"
