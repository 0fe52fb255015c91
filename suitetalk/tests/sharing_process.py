"""A process that sends requests as fast as its governor lets it: `python sharing_process.py SETTINGS SECONDS THREADS`.

Prints a line when it is ready, waits for one, sends, and prints when each request ended, by the host's clock, and how
many were refused.
"""

from __future__ import annotations

import json
import sys
import threading
import time

from suitetalk import ConnectionSettings, NetSuite


def main() -> None:
    """Send until the time is up."""
    settings, seconds, threads = json.loads(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    ended: list[float] = []
    with NetSuite(ConnectionSettings.from_mapping(settings)) as netsuite:
        netsuite.system.server_time()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        until = time.time() + seconds

        def send() -> None:
            while time.time() < until:
                netsuite.system.server_time()
                ended.append(time.time())

        senders = [threading.Thread(target=send) for _ in range(threads)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        throttled = netsuite.transport.traffic.throttled
    json.dump({"ended": ended, "throttled": throttled}, sys.stdout)


if __name__ == "__main__":
    main()
