"""The metadata catalog in its forms, its copy on disk, and the system service."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripted_netsuite import Reply, ScriptedNetSuite, refused

from netsuite_emulator import Emulator
from suitetalk import (
    ConcurrencyLimits,
    ConnectionFailedError,
    ConnectionSettings,
    LoginRefusedError,
    NetSuite,
    NotFoundError,
    SuiteTalkError,
)
from suitetalk.metadata import CatalogCache, MetadataCatalog, fields_of

Connect = Callable[..., NetSuite]
SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "x": 0.1}
DAY = 86_400.0


@pytest.fixture
def cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def cached(config: dict[str, Any], changes: Mapping[str, Any] | None = None, *, age: float = DAY) -> NetSuite:
    return NetSuite(ConnectionSettings.from_mapping({**config, **(changes or {})}), metadata_age=age)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_some_types_and_the_open_api_form(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body={"items": [{"name": "customer"}]}))
    assert client.metadata.record_types(["customer", "salesOrder"]) == ["customer"]
    netsuite.answers(Reply(body={"openapi": "3.0.1", "paths": {}}))
    assert client.metadata.open_api(["customer"])["openapi"] == "3.0.1"
    assert client.metadata.open_api()

    types, some, everything = netsuite.requests
    assert types.query == {"select": "customer,salesOrder"}
    assert (some.query, some.headers["Accept"]) == ({"select": "customer"}, "application/swagger+json")
    assert everything.query == {}
    netsuite.answers(Reply(body={"items": []}))
    with pytest.raises(ConnectionFailedError, match="OpenAPI"):
        client.metadata.open_api()


@pytest.mark.parametrize("record_type", ["", "."])
def test_a_schema_of_nothing_is_refused_before_anything_is_sent(
    netsuite: ScriptedNetSuite, client: NetSuite, record_type: str
) -> None:
    with pytest.raises(SuiteTalkError, match="is needed"):
        client.metadata.json_schema(record_type)
    assert netsuite.requests == []


def test_every_form_on_the_emulator(netsuite_emulator: Emulator) -> None:
    with NetSuite(ConnectionSettings.from_mapping(netsuite_emulator.connection)) as client:
        assert client.metadata.record_types(["customer", "salesorder"]) == ["customer", "salesorder"]
        assert any("customer" in path for path in client.metadata.open_api(["customer"])["paths"])
        fields = {field.name: field for field in client.metadata.fields("salesOrder")}
        assert (fields["item"].kind, fields["item"].keys) == ("sublist", ("line",))
        assert fields["entity"].kind == "reference"
        assert fields["item.quantity"].kind == "number"
        limits = client.system.concurrency_limits()
        assert limits is None or limits.account == 5


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["id", "items", "string", "date", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["properties", "items", "id", "refName", "enum", "x-ns-sublistkey", "value", "title"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "id", "items"]), VALUES))
def test_an_odd_schema_is_read_as_far_as_it_goes(properties: dict[str, Any]) -> None:
    for field in fields_of({"properties": properties}):
        assert field.name


def test_what_is_on_disk_is_not_asked_for(netsuite: ScriptedNetSuite, config: dict[str, Any], cache_home: Path) -> None:
    netsuite.answers(Reply(body=SCHEMA))

    with cached(config) as client:
        fresh = client.metadata.json_schema("customer")
    with cached(config) as client:
        assert client.metadata.json_schema("customer") == fresh
        assert type(client.metadata.json_schema("customer")["x"]) is type(fresh["x"])
    assert len(netsuite.requests) == 1
    (path,) = files_in(cache_home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert config["client_id"] not in str(path)


def test_each_document_and_each_login_has_its_own(
    netsuite: ScriptedNetSuite, config: dict[str, Any], cache_home: Path
) -> None:
    netsuite.answers(Reply(body={**SCHEMA, "items": [], "paths": {}}))

    logins: list[dict[str, str]] = [{}, {"certificate_id": "another"}, {"account_id": "7654321"}]
    for changes in logins:
        with cached(config, changes) as client:
            client.metadata.json_schema("customer")
            client.metadata.json_schema("vendor")
            client.metadata.record_types()
            client.metadata.record_types(["customer"])
            client.metadata.open_api(["customer"])
    assert len(netsuite.requests) == 15
    assert len(files_in(cache_home)) == 15


def test_what_is_too_old_is_asked_for_again(
    netsuite: ScriptedNetSuite, config: dict[str, Any], cache_home: Path
) -> None:
    netsuite.answers(Reply(body=SCHEMA))

    with cached(config, age=60) as client:
        client.metadata.json_schema("customer")
        (path,) = files_in(cache_home)
        now = path.stat().st_mtime
        for moment, requests in ((now - 30, 1), (now - 90, 2), (now + 900, 3)):
            os.utime(path, (moment, moment))
            client.metadata.json_schema("customer")
            assert len(netsuite.requests) == requests
    with cached(config, age=0) as client:
        client.metadata.json_schema("customer")
    assert len(netsuite.requests) == 4


def test_nothing_is_kept_unless_it_is_wanted_or_refused(
    netsuite: ScriptedNetSuite, connect: Connect, config: dict[str, Any], cache_home: Path
) -> None:
    netsuite.answers(Reply(body=SCHEMA))
    connect().metadata.json_schema("customer")
    netsuite.answers(refused(404, "NONEXISTENT_ID", "No."))
    with cached(config) as client, pytest.raises(NotFoundError):
        client.metadata.json_schema("customer")

    assert files_in(cache_home) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_copy_is_asked_for_again(
    netsuite: ScriptedNetSuite, config: dict[str, Any], cache_home: Path, damage: bytes
) -> None:
    netsuite.answers(Reply(body=SCHEMA))

    with cached(config) as client:
        client.metadata.json_schema("customer")
        (path,) = files_in(cache_home)
        path.write_bytes(damage)
        client.metadata.json_schema("customer")
        client.metadata.json_schema("customer")
    assert len(netsuite.requests) == 2


def test_a_disk_that_cannot_be_used_ends_nothing(
    netsuite: ScriptedNetSuite, client: NetSuite, config: dict[str, Any], tmp_path: Path, monkeypatch: Any
) -> None:
    netsuite.answers(Reply(body=SCHEMA))
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")

    catalog = MetadataCatalog(client.transport, CatalogCache(in_the_way / "x", DAY))
    assert catalog.json_schema("customer")
    assert catalog.json_schema("customer")
    folder = tmp_path / "folder"
    catalog = MetadataCatalog(client.transport, CatalogCache(folder, DAY))
    assert catalog.json_schema("customer")
    (path,) = files_in(folder)
    path.unlink()
    path.mkdir()
    assert catalog.json_schema("customer")
    assert files_in(folder) == []

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    with cached(config) as other:
        assert other.metadata.json_schema("customer")


def test_threads_share_a_cache(netsuite: ScriptedNetSuite, config: dict[str, Any], cache_home: Path) -> None:
    netsuite.answers(Reply(body=SCHEMA))
    found: list[Any] = []
    with cached(config) as client:
        threads = [
            threading.Thread(target=lambda: found.append(client.metadata.json_schema("customer"))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 8
    assert len(files_in(cache_home)) == 1


def test_a_login_by_consent_keeps_nothing(config: dict[str, Any], cache_home: Path) -> None:
    consent = {name: value for name, value in config.items() if name not in ("certificate_id", "private_key")} | {
        "auth_method": "authorization_code",
        "redirect_uri": "https://localhost:8080/callback",
    }

    assert CatalogCache.of_login(ConnectionSettings.from_mapping(consent), DAY) is None


def test_concurrency_limits(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    body = {"accountConcurrencyLimit": 25, "accountUnallocatedConcurrencyLimit": "20", "integrationLimitType": "x"}
    netsuite.answers(Reply(body=body))
    assert client.system.concurrency_limits() == ConcurrencyLimits(25, 20, None, "x")

    for reply in (
        refused(403, "INSUFFICIENT_PERMISSION", "Administrators only."),
        refused(400, "USER_ERROR", "You lack a permission."),
        refused(404, "INVALID_REQUEST", "No such resource."),
        refused(405, "INVALID_METHOD", "No."),
    ):
        netsuite.answers(reply)
        assert client.system.concurrency_limits() is None
    netsuite.answers(refused(401, "INVALID_LOGIN", "No."))
    with pytest.raises(LoginRefusedError):
        client.system.concurrency_limits()


def test_the_server_s_clock(netsuite: ScriptedNetSuite, client: NetSuite) -> None:
    netsuite.answers(Reply(body={"serverTime": "2025-03-26T16:21:00.000Z"}))

    assert client.system.server_time() == datetime(2025, 3, 26, 16, 21, tzinfo=timezone.utc)
    bodies: list[Any] = [{}, {"serverTime": 7}, []]
    for body in bodies:
        netsuite.answers(Reply(body=body))
        with pytest.raises(ConnectionFailedError, match="check `base_url`"):
            client.system.server_time()


@pytest.mark.parametrize(
    ("limits", "usable"),
    [
        (ConcurrencyLimits(25, 20, 7), 7),
        (ConcurrencyLimits(25, 20), 19),
        (ConcurrencyLimits(5), 4),
        (ConcurrencyLimits(1), 1),
        (ConcurrencyLimits(), None),
    ],
)
def test_one_place_of_a_shared_limit_is_left_to_others(limits: ConcurrencyLimits, usable: int | None) -> None:
    assert limits.usable == usable
