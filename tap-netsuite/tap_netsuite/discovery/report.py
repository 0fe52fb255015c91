"""Telling people and programs what discovery found, table by table."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from tap_netsuite.dataset_settings import Dataset, dataset_stream
from tap_netsuite.discovery.entry import ALL_DATASETS, Discovery, Finding, Status, StreamEntry

STATUS, NOTE, LEFT_OUT, DELETIONS = "netsuite.status", "netsuite.note", "netsuite.left-out", "netsuite.deletions"
DATASET = "netsuite.dataset"
"""What a stream's metadata in the catalog has besides the Singer ones."""

_HEAD = ("Table", "Status", "Note")


def stream_metadata(discovery: Discovery) -> dict[str, dict[str, Any]]:
    """Return what the catalog says of each stream: its status, and how deletions are known."""
    findings = {finding.name: finding for finding in discovery.findings}
    return {entry.name: _metadata(entry, findings.get(entry.name)) for entry in discovery.streams}


def with_metadata(catalog: dict[str, Any], added: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Add to the stream-level metadata of a catalog's streams, by name."""
    for stream in catalog["streams"]:
        for part in stream["metadata"]:
            if not part["breadcrumb"]:
                part["metadata"].update(added.get(stream["tap_stream_id"], {}))
    return catalog


def findings_in(catalog: Any) -> list[Finding]:
    """Return what a catalog that was discovered earlier says of its streams; nothing where it says nothing."""
    streams = catalog.get("streams", []) if isinstance(catalog, Mapping) else []
    return [
        Finding(stream["tap_stream_id"], Status(said[STATUS]), str(said.get(NOTE, "")), tuple(said.get(LEFT_OUT, ())))
        for stream in streams
        for part in stream.get("metadata", [])
        if not part.get("breadcrumb") and (said := part.get("metadata", {})).get(STATUS) in set(Status)
    ]


def datasets_in(catalog: Any) -> dict[str, str]:
    """Return the ids of the datasets that streams of a catalog were discovered of, by stream."""
    streams = catalog.get("streams", []) if isinstance(catalog, Mapping) else []
    return {
        stream["tap_stream_id"]: str(part["metadata"][DATASET])
        for stream in streams
        for part in stream.get("metadata", [])
        if not part.get("breadcrumb") and DATASET in part.get("metadata", {})
    }


def write_table(findings: Iterable[Finding], output: TextIO) -> None:
    """Write a table for a person; record types that are simply there are counted only."""
    shown = [finding for finding in findings if finding.status is not Status.IN_CATALOG]
    rows = [_HEAD, *((finding.name, finding.status.value, _note(finding)) for finding in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = (f"{name:{widths[0]}}  {status:{widths[1]}}  {note}" for name, status, note in rows)
    output.writelines(f"{line.rstrip()}\n" for line in lines)
    counts = {status: sum(finding.status is status for finding in findings) for status in Status}
    output.write("; ".join(f"{count} {status.value}" for status, count in counts.items() if count) + "\n")


def log_findings(findings: Iterable[Finding], logger: logging.Logger) -> None:
    """Log one line for each, with its parts as extra fields for what reads logs."""
    for finding in findings:
        logger.info(
            "%s",
            ": ".join(filter(None, (finding.name, finding.status.value, finding.note))),
            extra={
                "netsuite_table": finding.name,
                "netsuite_status": finding.status.value,
                "netsuite_note": finding.note,
            },
        )


def warn_of_columns(findings: Iterable[Finding], logger: logging.Logger) -> None:
    """Warn of the columns that are left out, one line for each table that is a stream."""
    for finding in findings:
        if finding.left_out and finding.status.is_stream:
            logger.warning(
                "%s is read without %s: NetSuite refuses them, because of the account's features or the role",
                finding.name,
                ", ".join(finding.left_out),
            )


def warn_of_datasets(findings: Iterable[Finding], wanted: Iterable[Dataset], logger: logging.Logger) -> None:
    """Warn of the datasets that were asked for and are no streams, one line for each."""
    names = {ALL_DATASETS, *(dataset.name or dataset_stream(dataset.id) for dataset in wanted)}
    for finding in findings:
        if finding.name in names and not finding.status.is_stream:
            logger.warning("%s is not read: %s: %s", finding.name, finding.status.value, finding.note)


def of_streams(findings: Iterable[Finding], names: Sequence[str]) -> Iterator[Finding]:
    """Yield what is said of these streams."""
    chosen = set(names)
    return (finding for finding in findings if finding.name in chosen)


def _metadata(entry: StreamEntry, finding: Finding | None) -> dict[str, Any]:
    said: dict[str, Any] = {DELETIONS: entry.deletions, **({DATASET: entry.dataset} if entry.dataset else {})}
    if finding:
        said[STATUS] = finding.status.value
        said.update({NOTE: finding.note} if finding.note else {})
        said.update({LEFT_OUT: list(finding.left_out)} if finding.left_out else {})
    return said


def _note(finding: Finding) -> str:
    without = f"without {', '.join(finding.left_out)}" if finding.left_out else ""
    return "; ".join(filter(None, (finding.note, without)))
