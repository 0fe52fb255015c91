"""How well the governor serves accounts whose limit it is not told, against a semaphore that is told.

Run `python benchmarks/governor.py`. For each hidden limit it prints, measured at the emulated account: the mean number
of requests in flight as a share of the limit, the share of requests refused with 429, and the time against that of the
semaphore in the same run. With fewer `--rounds` the search for the limit weighs more.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from netsuite_emulator import Emulator, Settings
from suitetalk import ConnectionSettings, Governor, Limiter, NetSuite, Permit

_BLOCKED = 429
_SPARE_THREADS = 8  # more work than places, always
_PATH = "/serverTime"


class ToldSemaphore:
    """The ideal: knows the limit, and never sends one request too many."""

    def __init__(self, limit: int) -> None:
        """Let this many through at once."""
        self._places = threading.Semaphore(limit)

    def acquire(self) -> Permit:
        """Wait for a place."""
        self._places.acquire()
        return Permit(0)

    def release(self, permit: Permit, *, blocked: bool) -> None:
        """Free the place."""
        del permit, blocked
        self._places.release()


@dataclass(frozen=True)
class Measured:
    """What one run came to.

    Attributes:
        seconds: wall time.
        in_flight: mean number of requests the account was working on.
        refused: share of all requests that it answered with 429.
    """

    seconds: float
    in_flight: float
    refused: float


def measure(limit: int, rounds: int, latency: float, limiter: Limiter) -> Measured:
    """Send `rounds` times `limit` requests as fast as the limiter lets them through."""
    with Emulator(Settings(concurrency_limit=limit, latency=latency, scale=0.01)) as emulator:
        settings = ConnectionSettings.from_mapping(emulator.connection)
        with NetSuite(settings, limiter=limiter) as client:
            client.system.server_time()  # logs in
            before = len(emulator.requests)
            begun = time.perf_counter()
            with ThreadPoolExecutor(limit + _SPARE_THREADS) as threads:
                list(threads.map(lambda _: client.system.server_time(), range(rounds * limit)))
            seconds = time.perf_counter() - begun
        asked = [request for request in emulator.requests[before:] if request.path.endswith(_PATH)]
    served = [request for request in asked if request.status != _BLOCKED]
    busy = sum(request.seconds for request in served)
    return Measured(seconds, busy / seconds, 1 - len(served) / len(asked))


def lines(limits: list[int], rounds: int, latency: float) -> Iterator[str]:
    """Yield a table, a line as soon as it is known."""
    yield f"{rounds} rounds of requests that take {latency:g} s"
    yield f"{'limit':>5}  {'in flight':>18}  {'of the limit':>12}  {'429s':>6}  {'time / ideal':>12}"
    for limit in limits:
        ideal = measure(limit, rounds, latency, ToldSemaphore(limit))
        found = measure(limit, rounds, latency, Governor())
        flights = f"{found.in_flight:.1f} (ideal {ideal.in_flight:.1f})"
        share = found.in_flight / limit
        ratio = found.seconds / ideal.seconds
        yield f"{limit:>5}  {flights:>18}  {share:>12.0%}  {found.refused:>6.1%}  {ratio:>12.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limits", type=int, nargs="+", default=[1, 5, 15, 55], help="hidden limits")
    parser.add_argument("--rounds", type=int, default=60, help="requests for each place")
    parser.add_argument("--latency", type=float, default=0.25, help="seconds a request takes")
    chosen = parser.parse_args()
    for line in lines(chosen.limits, chosen.rounds, chosen.latency):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
