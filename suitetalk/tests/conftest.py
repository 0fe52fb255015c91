"""Keys, a scripted NetSuite, and clients of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

# pytest calls this file suitetalk.tests.conftest and puts its grandparent folder where the package belongs.
if getattr(sys.modules.get("suitetalk"), "__file__", None) is None:
    sys.modules.pop("suitetalk", None)

from tests.key_forms import pem_of
from tests.scripted_netsuite import ScriptedNetSuite

from suitetalk import ConnectionSettings, NetSuite, RetryPolicy

QUICK = RetryPolicy(attempts=4, first_wait=0.001)
# As connector documentation gives it, but for the name, which openssl would ask for.
OPENSSL_COMMAND = (
    "openssl req -new -x509 -newkey rsa:4096 -keyout private.pem -sigopt rsa_padding_mode:pss -sha256 "
    "-sigopt rsa_pss_saltlen:64 -out public.pem -nodes -days 730 -subj /CN=connector"
)
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep this machine's proxies out of the tests, and the tests out of this user's tokens."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("NETSUITE_TOKEN_STORE", "file")
    for name in _PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="session")
def rsa_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with private.pem and public.pem, made by the command of the documentation."""
    folder = tmp_path_factory.mktemp("rsa")
    subprocess.run(OPENSSL_COMMAND.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def ec_pem() -> str:
    """A P-256 private key as PEM text; made in no time."""
    return pem_of(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def netsuite() -> Iterator[ScriptedNetSuite]:
    """A NetSuite that answers as the test tells it to."""
    with ScriptedNetSuite() as running:
        yield running


@pytest.fixture
def config(netsuite: ScriptedNetSuite, ec_pem: str) -> dict[str, Any]:
    """Settings that lead to the scripted NetSuite."""
    return {
        "account_id": "1234567_SB1",
        "base_url": netsuite.address,
        "client_id": "the-client",
        "certificate_id": "the-certificate",
        "private_key": ec_pem,
        "request_timeout": 120,
    }


@pytest.fixture
def connect(config: dict[str, Any]) -> Iterator[Callable[..., NetSuite]]:
    """Return a function that makes a client, from the settings with changes to them; closed after the test."""
    with ExitStack() as opened:

        def make(retry: RetryPolicy = QUICK, **changes: Any) -> NetSuite:
            return opened.enter_context(NetSuite(ConnectionSettings.from_mapping({**config, **changes}), retry=retry))

        yield make


@pytest.fixture
def client(connect: Callable[..., NetSuite]) -> NetSuite:
    """A client of the scripted NetSuite."""
    return connect()
