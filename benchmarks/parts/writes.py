"""What it takes to write many records: one request each in series, one each in parallel, and batches."""

from __future__ import annotations

import argparse
import math
import re
from itertools import count

from benchmarks.account import account_of
from benchmarks.company import Company
from benchmarks.table import Table
from benchmarks.writing import Way, Writing, write, write_orders

GOAL = 1.2
"""Seconds / (batches x job time / slots)."""

GOAL_CPU = 150
"""Microseconds a record."""

GOAL_QUEUE = 1.3
"""Seconds / (jobs / processors, rounded up, x job time)."""

_PROCESSORS = 2
_QUEUE_LATENCY = 0.1
_ACCEPTED = 202
_QUESTION = re.compile(r"/async/v1/job/[^/]+$")
_WRITE = re.compile(r"/record/v1/customer(/|$)")
_BATCH = 100
_REQUESTS_OF_A_JOB = 2  # the submission, and one question after it
_FIGURES = (
    "records", "lost", "requests", "429s", "seconds", "s/1000", "ideal s", "x ideal", "CPU s", "us/record", "peak MB",
)  # fmt: skip
_QUEUE_FIGURES = ("records", "lost", "jobs", "questions", "seconds", "start s", "queue s", "x queue", "without start")
_FEW = 100  # records of a run that is nearly all start-up


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--records", type=int, default=10_000, help="records that each run writes")
    parser.add_argument("--series-records", type=int, default=100, help="records that are written one after the other")
    parser.add_argument("--parallel-records", type=int, default=2000, help="records of the run with one request each")
    parser.add_argument("--latency", type=float, default=0.3, help="seconds that each request takes")
    parser.add_argument("--job-seconds", type=float, default=0.01, help="what each record of a batch takes")
    parser.add_argument(
        "--mixed-records",
        type=int,
        default=20_000,
        help="customers, orders with lines and references, changes of both, and deletes",
    )
    parser.add_argument(
        "--queue-records", type=int, default=1000, help="records of a run against a slow queue, at least"
    )
    parser.add_argument(
        "--queue-length", type=float, default=60.0, help="seconds of the shortest queue, which more records make up"
    )
    parser.add_argument("--queue-only", action="store_true", help="measure nothing but slow queues")
    parser.add_argument(
        "--queue-seconds", type=float, nargs="*", default=[0.5, 5.0, 30.0], help="what each job takes, of any size"
    )
    parser.add_argument("--slots", type=int, default=15, help="the account's concurrency limit, and max_concurrency")


def run(chosen: argparse.Namespace) -> bool:
    """Print the figures."""
    if chosen.queue_only:
        _queues(chosen)
        return True
    company = Company(latency=chosen.latency, slots=chosen.slots, job_seconds=chosen.job_seconds, one_world=False)
    job_time = _REQUESTS_OF_A_JOB * chosen.latency + _BATCH * chosen.job_seconds
    table = Table(
        f"writes: {chosen.latency:g} s a request, {chosen.slots} slots, {job_time:g} s a job of {_BATCH} records; "
        f"ideal = batches x job time / slots; goals {GOAL} x ideal, {GOAL_CPU} microseconds of CPU a record",
        ("target-netsuite", "what"),
        _FIGURES,
    )
    settings = {"max_concurrency": chosen.slots}
    batches = chosen.records / _BATCH
    firsts = count(0, max(chosen.records, chosen.parallel_records, chosen.series_records, chosen.mixed_records))
    with account_of(company) as account:
        start_up = write(Way({}, settings), account, _FEW, next(firsts))
        table.row("start-up, few records", "upserts", *_figures(start_up))
        series = Way({"write_mode": "single"}, {"max_concurrency": 1})
        table.row(
            "one after the other", "upserts", *_figures(write(series, account, chosen.series_records, next(firsts)))
        )
        parallel = Way({"write_mode": "single"}, settings)
        table.row("side by side", "upserts", *_figures(write(parallel, account, chosen.parallel_records, next(firsts))))
        tenth = write(Way({}, settings), account, max(1, chosen.records // 10), next(firsts))
        table.row("batches, a tenth of them", "upserts", *_figures(tenth, start_up))
        for operation in ("upsert", "create"):
            first = next(firsts)
            written = write(Way({"operation": operation}, settings), account, chosen.records, first)
            table.row("batches", f"{operation}s", *_figures(written, start_up, batches * job_time / chosen.slots))
        again = write(Way({"skip_unchanged": True}, settings), account, chosen.records, first)
        table.row("the same once more", "skip_unchanged", *_figures(again, start_up))
        mixed = write_orders(settings, account, chosen.mixed_records, next(firsts))
        ideal = mixed.records / _BATCH * job_time / chosen.slots
        table.row("customers, orders with lines", "mixed", *_figures(mixed, start_up, ideal))
    if chosen.queue_records:
        _queues(chosen)
    return True


def _queues(chosen: argparse.Namespace) -> None:
    """Print how long jobs that take equally long keep the target waiting."""
    table = Table(
        f"queues: {_PROCESSORS} processors, jobs of any size take equally long; upserts, some keys twice, deletes "
        f"in between; queue = what the jobs of `batch` take, rounds of {_PROCESSORS} x job time; goal {GOAL_QUEUE} x "
        "queue, also for `auto`, which is free",
        ("job", "write_mode"),
        _QUEUE_FIGURES,
    )
    for seconds in chosen.queue_seconds:
        company = Company(
            slots=chosen.slots, job_overhead_seconds=seconds, processors=_PROCESSORS, one_world=False,
            latency=min(chosen.latency, _QUEUE_LATENCY),
        )  # fmt: skip
        records = max(chosen.queue_records, int(chosen.queue_length / seconds) * _BATCH * _PROCESSORS)
        queue = None
        with account_of(company) as account:
            for number, mode in enumerate(("batch", "auto")):
                way = Way({"write_mode": mode}, {"max_concurrency": chosen.slots}, mixed=True)
                written = write(way, account, records, number * records)
                jobs = sum(request.status == _ACCEPTED for request in written.requests)
                asked = sum(_QUESTION.search(request.path) is not None for request in written.requests)
                queue = queue or math.ceil(jobs / _PROCESSORS) * seconds
                took, start = written.usage.seconds, written.usage.seconds - _since_first_write(written)
                table.row(
                    f"{seconds:g} s", mode, written.records, written.lost, jobs, asked, took, start, queue,
                    took / queue, (took - start) / queue,
                )  # fmt: skip


def _since_first_write(written: Writing) -> float:
    """Return the seconds from the first request that writes to the last answer."""
    first = min(request.time for request in written.requests if _WRITE.search(request.path))
    return max(request.time + request.seconds for request in written.requests) - first


def _figures(written: Writing, start_up: Writing | None = None, ideal: float | None = None) -> tuple[float | None, ...]:
    usage = written.usage
    spent = usage.cpu_seconds - start_up.usage.cpu_seconds if start_up else None
    more = max(0, written.records - start_up.records) if start_up else 0
    return (
        written.records,
        written.lost,
        len(written.requests),
        sum(request.refused for request in written.requests),
        usage.seconds,
        usage.seconds / written.records * 1000,
        ideal,
        usage.seconds / ideal if ideal else None,
        usage.cpu_seconds,
        spent / more * 1e6 if spent is not None and more else None,
        usage.peak_megabytes,
    )
