"""Records that are refused, and faults that end a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.target_runs import Run, record, schema, state

from netsuite_emulator import Emulator, Fault
from suitetalk import ConfigurationError, LoginRefusedError
from target_netsuite.errors import MessageError, RecordsRefusedError, StoppedError

Listen = Callable[..., Run]

_COLUMNS = {
    "id": {"type": "integer"},
    "companyName": {"type": ["null", "string"]},
    "dateClosed": {"type": "string", "format": "date"},
}


def _stream(prefix: str, **settings: Any) -> dict[str, Any]:
    return {"people": {"record_type": "customer", "external_id": f"{prefix}-{{id}}", **settings}}


def _names(emulator: Emulator, prefix: str) -> list[str]:
    rows = emulator.execute(f"SELECT companyname FROM customer WHERE externalid LIKE '{prefix}-%' ORDER BY externalid")
    return [name for (name,) in rows]


def _refusal(status: int, code: str) -> dict[str, Any]:
    detail = {"detail": f"Refused with {status}", "o:errorCode": code, "o:errorPath": "email"}
    return {"type": "about:blank", "title": "Refused", "status": status, "o:errorDetails": [detail]}


@pytest.mark.parametrize(
    ("bad", "path", "words"),
    [
        ({"id": "x", "companyName": "B"}, "id", "'x' is not of type 'integer'"),
        ({"companyName": "B"}, "id", "`id` is missing"),
        ({"id": 2, "companyName": 5}, "companyName", "5 is not of type"),
        ({"id": 2, "companyName": "B", "dateClosed": "tomorrow"}, "dateClosed", "not a date"),
        ({"id": 2, "companyname": "B", "companyName": "B"}, "companyname", "several columns"),
    ],
)
def test_an_invalid_record_is_reported_and_the_others_go_on(
    emulator: Emulator, listen: Listen, prefix: str, bad: dict[str, Any], path: str, words: str
) -> None:
    run = listen(
        _stream(prefix),
        schema("people", _COLUMNS),
        record("people", id=1, companyName="A"),
        record("people", **bad),
        state(1),
        record("people", id=3, companyName="C"),
        state(2),
    )
    assert isinstance(run.error, RecordsRefusedError)
    assert "1 of 3 records" in str(run.error)
    assert run.states == [1, 2]
    assert _names(emulator, prefix) == ["A", "C"]
    [line] = run.refused
    assert (line["stream"], line["record"], line["operation"], line["stage"], line["path"]) == (
        "people", 2, "upsert", "invalid", path,
    )  # fmt: skip
    assert line["key"] == {name: value for name, value in bad.items() if name == "id"}
    assert words in line["message"]
    assert run.summary == {"people": {"created": 2, "invalid": 1, "refused": 1}}


def test_an_external_id_that_cannot_be_addressed_is_refused_before_it_is_sent(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    run = listen(
        _stream(prefix), schema("people"), record("people", id="a/b", companyName="A"), record("people", id=None)
    )
    assert [line["stage"] for line in run.refused] == ["invalid", "invalid"]
    assert [request for request in emulator.requests if request.method == "PUT"] == []


def test_records_are_not_checked_against_the_schema_when_that_is_switched_off(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    run = listen(
        _stream(prefix),
        schema("people", _COLUMNS),
        record("people", id="x", companyName="A"),
        validate_records=False,
    )
    assert (run.error, _names(emulator, prefix)) == (None, ["A"])


@pytest.mark.parametrize("validates", [True, False])
def test_schemas_of_other_taps_are_taken_and_what_cannot_be_checked_is_said_once(
    emulator: Emulator, listen: Listen, prefix: str, *, validates: bool
) -> None:
    columns = {
        "id": {"type": "integer"},
        "companyName": {"type": ["null", "string"], "pattern": "^\\p{L}+$", "required": True},
        "score": {"type": "number", "maximum": 10, "exclusiveMaximum": True, "multipleOf": 1e-38},
        "since": {"type": ["date-time", "null"]},
        "owner": {"$ref": "#/definitions/nope"},
    }
    streams = _stream(prefix, fields={"companyName": "companyName"})
    run = listen(
        streams,
        schema("people", columns),
        record("people", id=1, companyName="A", score=9.5, since="2026-01-01T00:00:00Z", owner=1),
        record("people", id=2, companyName="B", score=10),
        schema("people", {**columns, "more": {}}),
        record("people", id=3, companyName="C"),
        validate_records=validates,
        max_rejects=5,
    )
    assert (run.error, _names(emulator, prefix)) == (None, ["A", "C"] if validates else ["A", "B", "C"])
    assert [line["path"] for line in run.refused] == (["score"] if validates else [])
    assert run.log.count("`properties.since.type`") == run.log.count("not checked") == int(validates)


@pytest.mark.parametrize(
    "later",
    [
        schema("people", {"id": {"type": "integer"}}),
        {"type": "SCHEMA", "stream": "people", "schema": {}},
        {
            "type": "SCHEMA",
            "stream": "people",
            "schema": {"type": "object", "properties": None},
            "key_properties": None,
        },
    ],
)
def test_a_later_schema_may_lack_a_column(
    emulator: Emulator, listen: Listen, prefix: str, later: dict[str, Any]
) -> None:
    run = listen(
        _stream(prefix, fields={"companyName": "companyName"}),
        schema("people", _COLUMNS),
        record("people", id=1, companyName="A"),
        later,
        record("people", id=1),
        record("people", id=2, companyName="B"),
        later,
        state(1),
    )
    assert (run.error, run.states, _names(emulator, prefix)) == (None, [1], ["A", "B"])
    assert run.log.count("lacks a column") == (later["schema"].get("properties") is not None)


_BAD_LINES = [
    r'{"type": "RECORD", "stream": "people", "record": {"id": 2, "companyName": "cut \ud83d"}}' + "\n",
    r'{"type": "RECORD", "stream": "people", "record": {"id": 3, "companyName": "C", "phone": "\udc81"}}' + "\n",
    '{"type": "RECORD", "stream": "people", "record": {"id": 4, "companyName": "D", "creditLimit": NaN}}\n',
]


@pytest.mark.slow
@pytest.mark.parametrize("invalid_text", ["refuse", "replace"])
def test_one_bad_line_is_one_refused_record(
    emulator: Emulator, command: Callable[..., Run], prefix: str, tmp_path: Path, invalid_text: str
) -> None:
    rejects = tmp_path / "rejects.jsonl"
    settings = {"rejects": str(rejects), "max_rejects": 5, "invalid_text": invalid_text}
    good = [record("people", id=number, companyName=f"No {number}") for number in (1, 9)]
    run = command(_stream(prefix), "\ufeff", schema("people"), good[0], *_BAD_LINES, good[1], state(1), **settings)
    assert (run.exit_code, run.states) == (0, [1])
    replaced = ["C", "cut \ufffd"] if invalid_text == "replace" else []
    assert sorted(_names(emulator, prefix)) == sorted(["No 1", "No 9", *replaced])
    refused = [(line["key"]["id"], line["code"], line["path"]) for line in run.refused]
    texts = [(2, "INVALID_TEXT", "companyName"), (3, "INVALID_TEXT", "phone")]
    assert refused == [*([] if replaced else texts), (4, "INVALID_NUMBER", "creditLimit")]

    again = command(_stream(prefix), arguments=["--replay", str(rejects)], **{**settings, "invalid_text": "refuse"})
    assert [line["code"] for line in again.refused] == [code for _, code, _ in refused]
    corrected = rejects.read_text().replace(r"cut \ud83d", "whole").replace(r"\udc81", "1").replace("NaN", "5")
    rejects.write_text(corrected)
    assert command(_stream(prefix), arguments=["--replay", str(rejects)], **settings).exit_code == 0
    assert sorted(_names(emulator, prefix)) == sorted(["No 1", "No 9", "D", "C", "cut \ufffd" if replaced else "whole"])
    assert rejects.read_text() == ""


def test_a_stream_map_may_take_out_what_cannot_be_read(emulator: Emulator, listen: Listen, prefix: str) -> None:
    columns = {"id": {"type": "integer"}, "companyName": {"type": "string"}, "phone": {"type": "string"}}
    maps = {"people": {"phone": None}}
    run = listen(_stream(prefix), schema("people", columns), *_BAD_LINES[:2], stream_maps=maps, max_rejects=1)
    assert (run.error, _names(emulator, prefix)) == (None, ["C"])


def test_an_unknown_field_is_refused_before_anything_is_sent(emulator: Emulator, listen: Listen, prefix: str) -> None:
    run = listen(
        _stream(prefix),
        schema("people"),
        record("people", id=1, companyName="A", nonsense=1),
        record("people", id=2, companyName="B"),
    )
    [line] = run.refused
    assert (line["stage"], line["code"], line["path"], line["key"]) == (
        "invalid", "UNKNOWN_FIELD", "nonsense", {"id": 1},
    )  # fmt: skip
    assert _names(emulator, prefix) == ["B"]
    assert len([request for request in emulator.requests if request.method == "PUT" and request.status < 300]) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "USER_ERROR"),
        (403, "INSUFFICIENT_PERMISSION"),
        (404, "NONEXISTENT_ID"),
        (405, "INVALID_METHOD"),
        (422, "X"),
    ],
)
def test_what_netsuite_refuses_is_told_in_its_words(
    emulator: Emulator, listen: Listen, prefix: str, status: int, code: str
) -> None:
    emulator.faults.add(Fault(effect="status", status=status, body=_refusal(status, code), path=f"{prefix}-2"))
    run = listen(
        _stream(prefix),
        schema("people"),
        *[record("people", id=number, companyName=str(number)) for number in (1, 2, 3)],
        state("end"),
    )
    [line] = run.refused
    assert (line["status"], line["code"], line["path"], line["message"]) == (
        status, code, "email", f"Refused with {status}",
    )  # fmt: skip
    assert (_names(emulator, prefix), run.states) == (["1", "3"], ["end"])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(effect="status", status=401, body=_refusal(401, "INVALID_LOGIN"), path="/record/"), "INVALID_LOGIN"),
        (Fault(effect="too_many_requests", path="/record/"), "CONCURRENCY_LIMIT_EXCEEDED"),
        (Fault(effect="status", status=500, path="/record/"), "500"),
        (Fault(effect="unavailable", path="/record/"), "503"),
        (Fault(effect="bad_gateway", path="/record/"), "502"),
        (Fault(effect="drop_before", path="/record/"), "the connection was cut"),
        (Fault(effect="status", status=302, body={}, path="/record/"), "302"),
        (Fault(effect="wrong_token", path="/token"), "access_token"),
    ],
    ids=lambda value: value.effect if isinstance(value, Fault) else None,
)
def test_a_fault_that_is_not_the_records_own_ends_the_run_before_the_next_state(
    emulator: Emulator, listen: Listen, prefix: str, fault: Fault, words: str
) -> None:
    listen(_stream(prefix), schema("people"))  # the catalog is known from now on, and not what fails
    emulator.expire_tokens()
    emulator.faults.add(fault)
    run = listen(_stream(prefix), schema("people"), state(0), record("people", id=1, companyName="A"), state(1))
    assert isinstance(run.error, StoppedError)
    assert words in run.sentence
    assert 'stream `people` with the key {"id": 1}' in run.sentence
    assert "Traceback" not in run.log
    assert (run.states, run.summary, _names(emulator, prefix)) == ([0], {"people": {}}, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    "effect", ["too_many_requests", "unavailable", "bad_gateway", "drop_before", "drop_after", "cut_body"]
)
@pytest.mark.parametrize("operation", ["create", "update", "upsert", "delete"])
def test_a_fault_that_passes_is_overcome_and_nothing_is_done_twice(
    emulator: Emulator, listen: Listen, prefix: str, effect: str, operation: str
) -> None:
    if operation in ("update", "delete"):
        listen(_stream(prefix), schema("people"), record("people", id=1, companyName="Old"))
    emulator.clear_requests()
    emulator.faults.add(Fault(effect=effect, path="/record/v1/customer", times=1))
    run = listen(
        _stream(prefix, operation=operation), schema("people"), record("people", id=1, companyName="New"), state(1)
    )
    assert (run.error, run.states) == (None, [1])
    assert _names(emulator, prefix) == ([] if operation == "delete" else ["New"])


@pytest.mark.parametrize("effect", ["drop_after", "bad_gateway", "status"])
def test_a_create_that_cannot_be_found_again_ends_the_run_when_its_answer_is_lost(
    emulator: Emulator, listen: Listen, prefix: str, effect: str
) -> None:
    emulator.faults.add(Fault(effect=effect, method="POST", path="/record/v1/customer", nth=2))
    run = listen(
        {"people": {"record_type": "customer", "write_mode": "single"}},
        schema("people", keys=("companyName",)),
        record("people", companyName=f"{prefix} one"),
        record("people", companyName=f"{prefix} two"),
        state(2),
        max_concurrency=1,
    )
    assert isinstance(run.error, StoppedError)
    assert f'{{"companyName": "{prefix} ' in run.sentence
    assert "Look in NetSuite for a new customer" in run.sentence
    assert (run.states, run.summary) == ([], {"people": {"created": 1}})
    found = emulator.execute(f"SELECT companyname FROM customer WHERE companyname LIKE '{prefix} %'")
    assert len(found) == (2 if effect == "drop_after" else 1)


@pytest.mark.parametrize("effect", ["drop_after", "drop_before", "bad_gateway", "cut_body"])
def test_a_create_that_nothing_tells_of_goes_in_a_batch_that_is_done_once(
    emulator: Emulator, listen: Listen, prefix: str, effect: str
) -> None:
    emulator.faults.add(Fault(effect=effect, method="POST", path="/record/v1/customer", times=2))
    run = listen(
        {"people": {"record_type": "customer"}},
        schema("people", keys=("companyName",)),
        *[record("people", companyName=f"{prefix} {number}") for number in range(3)],
        state(3),
    )
    assert (run.error, run.states, run.summary) == (None, [3], {"people": {"created": 3}})
    found = emulator.execute(f"SELECT companyname FROM customer WHERE companyname LIKE '{prefix} %' ORDER BY 1")
    assert found == [(f"{prefix} {number}",) for number in range(3)]


@pytest.mark.parametrize("settings", [{}, {"operation": "update"}])
@pytest.mark.parametrize("mode", ["append", "merge", "replace"])
def test_lines_whose_answer_is_lost_are_read_back_and_not_added_again(
    emulator: Emulator, listen: Listen, prefix: str, settings: dict[str, str], mode: str
) -> None:
    listen(_stream(prefix), schema("people"), record("people", id=1, companyName="A"))
    emulator.faults.add(Fault(effect="drop_after", method="PATCH", path="/customer/", times=1))
    book = {"items": [{"label": "Office", "addressBookAddress": {"city": "Utrecht"}}]}
    lines = {"sublists": {"addressBook": {"mode": mode, "keys": ["label"]}}}
    for _ in range(2):
        run = listen(
            _stream(prefix, **settings, **lines), schema("people"), record("people", id=1, addressBook=book), state(1)
        )
        assert (run.error, run.states) == (None, [1])
    ((internal_id,),) = emulator.execute(f"SELECT id FROM customer WHERE externalid = '{prefix}-1'")
    found = emulator.execute(f"SELECT label FROM entityaddressbook WHERE entity = {internal_id}")
    assert found == [("Office",)]


def test_a_create_whose_lost_try_arrives_late_is_settled_by_looking_again(
    emulator: Emulator, listen: Listen, prefix: str
) -> None:
    # The first try is carried out, but a proxy hides it: its answer is lost and the look-up finds nothing.
    emulator.faults.add(Fault(effect="drop_after", method="POST", path="/customer", times=1))
    not_there = Fault(
        effect="status", status=404, body=_refusal(404, "NONEXISTENT_ID"), method="GET", path=prefix, times=1
    )
    emulator.faults.add(not_there)
    run = listen(
        _stream(prefix, operation="create"), schema("people"), record("people", id=1, companyName="A"), state(1)
    )
    assert (run.error, run.states, run.summary) == (None, [1], {"people": {"created": 1}})
    assert _names(emulator, prefix) == ["A"]


def test_a_wrong_key_or_certificate_ends_the_run_with_what_to_check(listen: Listen, prefix: str) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for settings in ({"private_key": other.decode()}, {"certificate_id": "other"}, {"client_id": "other"}):
        run = listen(_stream(prefix), schema("people"), record("people", id=1), state(1), **settings)
        assert isinstance(run.error, (LoginRefusedError, StoppedError))  # the catalog is read first, or was before
        assert "`certificate_id`" in run.sentence
        assert "PRIVATE" not in run.sentence + run.log
        assert run.states == []


@pytest.mark.slow
def test_an_expired_certificate_ends_the_run_with_what_to_check(
    listen: Listen, emulator: Emulator, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, long_ago, long_ago + timedelta(days=729))
    path = tmp_path / "old.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with Emulator(replace(emulator.settings, certificates=(("old", path),))) as other:
        settings = {"base_url": other.url, "certificate_id": "old", "private_key": pem}
        run = listen(_stream("T"), schema("people"), record("people", id=1), state(1), **settings)
    assert isinstance(run.error, (LoginRefusedError, StoppedError))
    assert "certificate" in run.sentence
    assert run.states == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"account_id": "evil.example.com/1234"}, "account_id"),
        ({"account_id": "1234@evil.example.com"}, "account_id"),
        ({"account_id": None}, "account_id"),
        ({"client_id": ""}, "client_id"),
        ({"certificate_id": 7}, "certificate_id"),
        ({"private_key": None}, "private_key"),
        ({"private_key": "what"}, "private_key"),
        ({"request_timeout": "soon"}, "request_timeout"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"validate_records": "maybe"}, "validate_records"),
    ],
)
def test_a_wrong_setting_is_named(listen: Listen, prefix: str, settings: dict[str, Any], named: str) -> None:
    run = listen(_stream(prefix), schema("people"), **settings)
    assert isinstance(run.error, ConfigurationError)
    assert run.error.setting == named


def test_numbers_may_come_as_text(listen: Listen, prefix: str) -> None:
    run = listen(_stream(prefix), schema("people"), request_timeout="30", max_concurrency="2")
    assert run.error is None


@pytest.mark.parametrize(
    ("streams", "messages", "words"),
    [
        ({"others": {"record_type": "customer"}}, [schema("people")], "no entry for the stream `people`"),
        ({"people": {"record_type": "customer", "external_id": "{code}"}}, [schema("people", _COLUMNS)], "`code`"),
        ({"people": {"record_type": "customer", "id_field": "ns"}}, [schema("people", _COLUMNS)], "`ns`"),
    ],
)
def test_settings_that_do_not_fit_the_stream_end_the_run_before_it_begins(
    listen: Listen, streams: dict[str, Any], messages: list[dict[str, Any]], words: str
) -> None:
    run = listen(streams, *messages, record("people", id=1, companyName="A"), state(1))
    assert isinstance(run.error, ConfigurationError)
    assert words in str(run.error)
    assert run.states == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "BATCH", "stream": "people", "encoding": {}, "manifest": []}, "BATCH"),
        ({"type": "LOG", "text": "hello"}, "'LOG'"),
        ('{"type": "RECORD", "stream": "people", "rec', "not a complete JSON object"),
    ],
)
def test_a_message_that_cannot_be_used_ends_the_run(
    emulator: Emulator, listen: Listen, prefix: str, message: Any, words: str
) -> None:
    run = listen(
        _stream(prefix), schema("people"), record("people", id=1, companyName="A"), state(1), message, state(2)
    )
    assert isinstance(run.error, MessageError)
    assert words in str(run.error)
    assert (run.states, _names(emulator, prefix)) == ([1], ["A"])
    assert run.summary == {"people": {"created": 1}}
