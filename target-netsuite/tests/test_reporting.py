"""The files, counts and limits of what is reported."""

from __future__ import annotations

import json
import logging
import stat
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.target_runs import Run, files_of_at_most

from suitetalk import ConfigurationError
from suitetalk.descriptions import read as checked
from target_netsuite.errors import RecordsRefusedError, ReportFileError
from target_netsuite.intents import Difference, Intent, Operation, Outcome, Refusal, Settled
from target_netsuite.reporting.line_file import LineFile
from target_netsuite.reporting.progress import summary_table
from target_netsuite.reporting.report import Report, as_line
from target_netsuite.settings.target import MaxRejects, ReportSettings

LOGGER = logging.getLogger("report")
REJECTED = Refusal("rejected", "No such term", "terms", "INVALID_KEY_OR_REF", 400, "Look it up.", attempts=2)


def intent(number: int = 1, operation: Operation = Operation.UPSERT, **payload: Any) -> Intent:
    key = {"id": number}
    external_id = f"CRM-{number}"
    return Intent("people", number, key, operation, "customer", external_id=external_id, payload={**key, **payload})


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text().splitlines()]


def report_of(*settled: Settled, **settings: Any) -> Report:
    report = Report(LOGGER, checked(ReportSettings, {name: str(value) for name, value in settings.items()}))
    for one in settled:
        report.take(one.intent.stream)
        report.add(one)
    report.close()
    return report


def test_a_reject_holds_the_reason_and_the_record_with_all_digits(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    amount = Decimal("12345678901234567890.10")
    report_of(Settled(intent(amount=amount, name="é"), refusal=REJECTED), rejects=path)
    assert read(path) == [
        {
            "stream": "people", "key": {"id": 1}, "operation": "upsert", "stage": "rejected", "status": 400,
            "code": "INVALID_KEY_OR_REF", "path": "terms", "message": "No such term", "advice": "Look it up.",
            "attempts": 2, "payload": {"id": 1, "amount": amount, "name": "é"},
        }
    ]  # fmt: skip
    assert "12345678901234567890.10" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_files_are_appended_to_and_a_cut_line_gets_an_end(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    path.write_text('{"stream": "pe')
    report_of(Settled(intent(1), refusal=REJECTED), rejects=path)
    report_of(Settled(intent(2), refusal=REJECTED), rejects=path)
    cut, *whole = path.read_text().splitlines()
    assert (cut, [json.loads(line)["key"]["id"] for line in whole]) == ('{"stream": "pe', [1, 2])


def test_a_receipt_joins_the_key_with_the_internal_id(tmp_path: Path) -> None:
    path = tmp_path / "receipts.jsonl"
    report_of(
        Settled(intent(1), Outcome.CREATED, internal_id="77"), Settled(intent(2), refusal=REJECTED), receipts=path
    )
    assert read(path) == [
        {
            "stream": "people", "key": {"id": 1}, "operation": "upsert", "outcome": "created",
            "record_type": "customer", "internal_id": "77", "external_id": "CRM-1",
        }
    ]  # fmt: skip


def test_lines_of_many_threads_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    report = Report(LOGGER, ReportSettings(rejects=path))
    LOGGER.disabled = True

    def settle(first: int) -> None:
        for number in range(first, first + 200):
            report.add(Settled(intent(number, text="x" * number), refusal=REJECTED))

    threads = [threading.Thread(target=settle, args=(first,)) for first in range(1, 1000, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.close()
    LOGGER.disabled = False
    assert sorted(line["key"]["id"] for line in read(path)) == list(range(1, 1001))
    assert (report.refused, report.settled) == (1000, 1000)


@pytest.mark.parametrize("setting", ["rejects", "receipts", "differences"])
def test_a_full_disk_is_a_sentence_that_names_the_file(setting: str) -> None:
    settled = Settled(intent(), Outcome.UPDATED, differences=(Difference("email", "a", "b"),))
    if setting == "rejects":
        settled = Settled(intent(), refusal=REJECTED)
    with pytest.raises(ReportFileError, match=rf"/dev/full of the setting `{setting}` cannot be written \(No space"):
        report_of(settled, **{setting: "/dev/full"})


def test_a_path_that_leads_nowhere_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(ReportFileError, match="No such file or directory"):
        Report(LOGGER, ReportSettings(rejects=tmp_path / "none" / "rejects.jsonl"))


def test_a_summary_counts_what_became_of_the_records(caplog: pytest.LogCaptureFixture) -> None:
    outcomes = [*Outcome, Outcome.ALREADY_GONE]
    refusals = [REJECTED, REJECTED, Refusal("invalid", "Unknown field")]
    with caplog.at_level(logging.INFO):
        report = report_of(
            *(Settled(intent(), outcome) for outcome in outcomes),
            *(Settled(intent(), refusal=refusal) for refusal in refusals),
        )
    counts = {
        "created": 1, "updated": 1, "upserted": 1, "unchanged": 1, "deleted": 3, "already_gone": 2, "inactivated": 1,
        "invalid": 1, "rejected": 2, "refused": 3,
    }  # fmt: skip
    assert Run([], caplog.text).summary == {"people": counts}
    assert (report.read, report.settled, report.refused) == (11, 11, 3)
    head, row = (line.split() for line in summary_table(report.counts(), dry_run=False))
    assert " ".join(head) == (
        "Stream Created Updated Upserted Unchanged Deleted Already gone Inactivated Invalid Rejected"
    )
    assert " ".join(row) == "people 1 1 1 1 3 2 1 1 2"


def test_a_dry_run_shows_first_what_a_mirror_would_delete(caplog: pytest.LogCaptureFixture) -> None:
    report = Report(LOGGER, checked(ReportSettings, {"dry_run": True}))
    with caplog.at_level(logging.INFO):
        for number in range(1, 26):
            report.add(Settled(intent(number), Outcome.UPDATED, differences=(Difference("amount", 1, 2),)))
        for number in range(-1, -24, -1):
            report.add(Settled(intent(number, Operation.DELETE), Outcome.DELETED))
        report.close()
    shown = [json.loads(line.partition("DIFFERENCE: ")[2]) for line in caplog.messages if "DIFFERENCE: " in line]
    assert [one["outcome"] for one in shown] == ["deleted"] * 20 + ["updated"] * 20
    assert "3 more records that the mirror would delete in stream `people`" in caplog.text
    assert "5 more differences in stream `people`" in caplog.text


def test_a_dry_run_shows_twenty_differences_of_a_stream_and_keeps_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = {name: tmp_path / name for name in ("rejects", "receipts", "differences")}
    config = {**{name: str(path) for name, path in paths.items()}, "dry_run": True}
    report = Report(LOGGER, checked(ReportSettings, config))
    amount = (Decimal("1.10"), Decimal("1.20"))
    with caplog.at_level(logging.INFO):
        for number in range(1, 26):
            report.add(Settled(intent(number), Outcome.UPDATED, differences=(Difference("amount", *amount),)))
        report.add(Settled(intent(30), Outcome.UNCHANGED))
        report.add(Settled(intent(31, Operation.DELETE), Outcome.DELETED))
        report.add(Settled(intent(32), refusal=REJECTED))
        report.close()
    assert caplog.text.count("DIFFERENCE: ") == 20
    assert f"6 more differences in stream `people`; all are in {paths['differences']}." in caplog.text
    first, *_, last = read(paths["differences"])
    assert first == {
        "stream": "people", "key": {"id": 1}, "operation": "upsert", "outcome": "updated",
        "path": "amount", "before": amount[0], "after": amount[1],
    }  # fmt: skip
    assert last == {"stream": "people", "key": {"id": 31}, "operation": "delete", "outcome": "deleted"}
    assert not paths["rejects"].exists()
    assert not paths["receipts"].exists()
    counts = {"updated": 25, "unchanged": 1, "deleted": 1, "rejected": 1, "refused": 1}
    assert Run([], caplog.text).summary == {"people": {"dry_run": True, **counts}}
    assert "Would update" in summary_table(report.counts(), dry_run=True)[0]


@given(refused=st.integers(0, 50), more=st.integers(0, 50), limit=st.integers(0, 100), percent=st.booleans())
def test_a_limit_is_a_number_or_a_share(refused: int, more: int, limit: int, *, percent: bool) -> None:
    allowed = MaxRejects.parse(f"{limit}{'%' * percent}").allows(refused, refused + more)
    assert allowed is (refused <= (limit * (refused + more) / 100 if percent else limit))


@pytest.mark.parametrize("given", ["many", "101%", "1.5", -1, True, "5 %%", None])
def test_what_is_not_a_limit_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="whole number, or percent such as 5%"):
        MaxRejects.parse(given)


def test_too_many_refused_records_end_the_run_and_the_sentence_says_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    some = [Settled(intent(1), refusal=REJECTED), *(Settled(intent(n), Outcome.CREATED) for n in range(2, 11))]
    report_of(*some, max_rejects="10%").check()
    with pytest.raises(RecordsRefusedError) as caught:
        report_of(*some, max_rejects="9.5%", rejects=path).check()
    assert str(caught.value).startswith("1 of 10 records were refused, and `max_rejects` allows 9.5%; ")
    assert str(path) in str(caught.value)


def test_two_files_have_two_names(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(ConfigurationError, match="same file"):
        checked(ReportSettings, {"rejects": str(tmp_path / "a"), "receipts": str(tmp_path / "link")})


@pytest.mark.parametrize("config", [{"rejects": 7}, {"dry_run": "maybe"}])
def test_other_wrong_settings_are_named(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(ReportSettings, config)
    assert [caught.value.setting] == list(config)


def test_a_wrong_limit_ends_the_run_before_it_begins(listen: Callable[..., Run]) -> None:
    run = listen({"people": {"record_type": "customer"}}, max_rejects="no")
    assert isinstance(run.error, ConfigurationError)


def test_a_line_that_finds_no_room_leaves_no_part_of_it(tmp_path: Path) -> None:
    file = LineFile("rejects", tmp_path / "rejects.jsonl")
    file.write({"id": 1})
    with files_of_at_most(20), pytest.raises(ReportFileError, match="no room for a whole line"):
        file.write({"id": 2, "text": "x" * 50})
    file.write({"id": 3})
    file.close()
    assert read(tmp_path / "rejects.jsonl") == [{"id": 1}, {"id": 3}]


@pytest.mark.parametrize("existed", [True, False])
def test_a_report_file_is_for_its_owner_alone(tmp_path: Path, *, existed: bool) -> None:
    path = tmp_path / "receipts.jsonl"
    if existed:
        path.write_text("{}\n")
        path.chmod(0o644)

    file = LineFile("receipts", path)
    file.write({"a": 1})
    file.close()

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().splitlines()[-1] == '{"a":1}'


def test_a_report_file_is_not_opened_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "rejects.jsonl").symlink_to("elsewhere")

    with pytest.raises(ReportFileError, match="it is a link; name the file that it leads to"):
        LineFile("rejects", tmp_path / "rejects.jsonl")

    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_reports_can_go_to_a_descriptor(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb", buffering=0) as out:
        out.write(b"before\n")
        file = LineFile("differences", Path(f"/dev/fd/{out.fileno()}"))
        file.write({"a": 1})
        file.close()
        out.write(b"after\n")

    assert (tmp_path / "out").read_text() == 'before\n{"a":1}\nafter\n'


def test_no_control_character_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    assert as_line({"message": "x\x1b\x9b\u202e"}) == '{"message": "x\\u001b\\u009b\\u202e"}'
