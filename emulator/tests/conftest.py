"""A client small enough to be trusted: it signs in as the documentation says and sends what it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests

from netsuite_emulator import Emulator, Settings

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Client:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.services = f"{emulator.url}/services/rest"
        self.http = requests.Session()
        self.sign_in()

    def assertion(
        self, key: Any = None, algorithm: str = "ES256", headers: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        connection = self.emulator.connection
        now = int(time.time())
        payload = {
            "iss": connection["client_id"],
            "scope": ["rest_webservices"],
            "aud": f"{self.services}/auth/oauth2/v1/token",
            "iat": now,
            "exp": now + 600,
            **claims,
        }
        known = {"kid": connection["certificate_id"], **(headers or {})}
        return jwt.encode(payload, key or connection["private_key"], algorithm, headers=known)

    def ask_for_token(self, assertion: str, **form: str) -> requests.Response:
        data = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion,
            **form,
        }
        return self.http.post(f"{self.services}/auth/oauth2/v1/token", data=data, timeout=30)

    def sign_in(self) -> None:
        self.http.headers.pop("Authorization", None)
        answer = self.ask_for_token(self.assertion())
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        address = path if path.startswith("http") else self.services + path
        return self.http.request(method, address, timeout=30, **options)

    def get(self, path: str, **options: Any) -> Any:
        answer = self.send("GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, text: str, params: list[Any] | None = None, path: str = "") -> requests.Response:
        body = {"q": text} if params is None else {"q": text, "params": params}
        return self.send("POST", f"/query/v1/suiteql{path}", json=body, headers={"Prefer": "transient"})

    def rows(self, text: str, params: list[Any] | None = None) -> list[dict[str, Any]]:
        answer = self.query(text, params)
        assert answer.status_code == 200, answer.text
        return [{key: value for key, value in row.items() if key != "links"} for row in answer.json()["items"]]

    def create(self, record_type: str, body: dict[str, Any], **options: Any) -> str:
        answer = self.send("POST", f"/record/v1/{record_type}", json=body, **options)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def close(self) -> None:
        self.http.close()
        assert self.emulator.failures == []


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]


@pytest.fixture
def client(netsuite_emulator: Emulator) -> Iterator[Client]:
    made = Client(netsuite_emulator)
    yield made
    made.close()


@pytest.fixture(scope="session")
def reader() -> Iterator[Client]:
    """For tests that change nothing: one account for all of them."""
    with Emulator(Settings(scale=0.05)) as emulator:
        made = Client(emulator)
        yield made
        made.close()


@pytest.fixture
def client_of(netsuite_emulator_factory: Callable[..., Emulator]) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(**settings: Any) -> Client:
        made.append(Client(netsuite_emulator_factory(**settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def refusal() -> Callable[[requests.Response], tuple[int, str]]:
    return error_of
