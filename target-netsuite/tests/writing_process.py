"""A small run of writer and journal, to be killed: creates customers without an external id, each number once.

Arguments: the connection (a JSON file), the folder of journal and state, prefix, how many. It goes on after the number
that the file `state` names, as a tap does.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.writes import QUICK_POLLING, ConfirmCustomers, connected, creates

from target_netsuite.journal.journal import Journal
from target_netsuite.writing.recovery import recover
from target_netsuite.writing.writer import Writer, WriterOptions

_CHUNK = 15


def main(connection: Path, folder: Path, prefix: str, count: int) -> None:
    """Write all numbers after the state."""
    state = folder / "state"
    reached = int(state.read_text()) if state.exists() else 0
    journal = Journal(folder / "journal.sqlite")
    netsuite = connected(json.loads(connection.read_text()))
    recover(netsuite, journal, policy=lambda _: "stop")
    writer = Writer(netsuite, journal, confirm=ConfirmCustomers(netsuite), options=WriterOptions(polling=QUICK_POLLING))

    def write(start: int) -> None:
        wanted = creates(prefix, range(start, min(start + _CHUNK, count + 1)), findable=False)
        writer.carry_out([one for one in wanted if not journal.already_done(one.intent)])

    starts = range(reached + 1, count + 1, _CHUNK)
    with ThreadPoolExecutor(3) as threads:
        for start, _ in zip(starts, threads.map(write, starts), strict=True):
            draft = folder / "state.part"
            draft.write_text(str(min(start + _CHUNK - 1, count)))
            draft.replace(state)
            journal.acknowledged({"people": start + _CHUNK - 1})
    journal.finished()
    journal.close()
    writer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
