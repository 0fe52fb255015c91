"""Sets the stage, has the story told, and leaves nothing running, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import NoReturn

from demo.display import Display
from demo.emulator import start_emulator
from demo.failure import DemoError
from demo.interruption import Interrupted, Interruptions
from demo.meltano import Meltano
from demo.netsuite import Company
from demo.processes import Processes
from demo.rooms import Rooms
from demo.story import Story
from demo.table import balance_sheet_table, final_table
from demo.warehouse import Warehouse
from suitetalk import SuiteTalkError


def play(display: Display, rooms: Rooms, processes: Processes) -> None:
    """Play the demo from the first to the last act.

    Raises:
        DemoError: it did not come out as it should.
    """
    warehouse = Warehouse(rooms.fleeting / "warehouse", rooms.logs / "postgres.log")
    with display.step("Starting a PostgreSQL"):
        warehouse.start(processes)
    with display.step("Starting a NetSuite (the emulator)"):
        settings = start_emulator(processes, rooms.fleeting, rooms.logs / "emulator.log")
    meltano = Meltano(rooms, processes, {**plugin_variables(settings), **warehouse.plugin_variables})
    with display.step("Installing the plugins into Meltano") as step:
        meltano.install(step)
    with ExitStack() as stack:
        company = Company(settings)
        stack.callback(company.close)
        story = Story(display, company, warehouse, meltano)
        lines = story.tell()
    display.show(final_table(lines))
    display.show(balance_sheet_table(story.in_warehouse, story.in_netsuite))


def plugin_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that connect tap and target."""
    return {
        f"{plugin}_{name.upper()}": value
        for plugin in ("TAP_NETSUITE", "TARGET_NETSUITE")
        for name, value in settings.items()
    }


def main() -> NoReturn:
    """Run the demo.

    Raises:
        SystemExit: 0 when all came out as it should, 1 when not, 128 and the signal's number after a signal.
    """
    interruptions = Interruptions()
    display = Display()
    rooms = Rooms()
    os.environ.update(rooms.homes)
    processes = Processes(rooms.kept, interruptions.deferred)
    try:
        with rooms.reserved():
            # What a killed run left behind.
            processes.kill_strays()
            rooms.clear()
            try:
                rooms.furnish()
                play(display, rooms, processes)
            finally:
                interruptions.ignore()
                processes.stop_all()
                rooms.clear()
    except (DemoError, SuiteTalkError) as error:
        sys.stderr.write(f"\nThe demo failed: {error}\n")
        sys.exit(1)
    except Interrupted as interrupted:
        sys.stderr.write("\nInterrupted; everything the demo started has been stopped.\n")
        sys.exit(interrupted.exit_code)
    sys.exit(0)
