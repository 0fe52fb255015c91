"""What the person at the terminal sees: live progress there, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Step:
    """One piece of work under way."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        """Show progress in this task's line."""
        self._progress = progress
        self._task = task
        self.result = ""

    def total(self, count: int) -> None:
        """Say how much there is to do."""
        self._progress.update(self._task, total=count)

    def at(self, count: int) -> None:
        """Say how much is done."""
        self._progress.update(self._task, completed=count, count=f"{count:,}")

    def note(self, text: str) -> None:
        """Say what came of it."""
        self.result = text


class Display:
    """Writes to stdout."""

    def __init__(self) -> None:
        """Look at where stdout goes."""
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace", line_buffering=True)
        self._console = Console(highlight=False, soft_wrap=True)

    def act(self, title: str) -> None:
        """Begin a part of the story."""
        self._console.print(f"\n[bold]{escape(title)}[/bold]")

    def say(self, text: str) -> None:
        """Tell something."""
        self._console.print(f"  {escape(text)}")

    def command(self, text: str) -> None:
        """Show a command that a person would type."""
        self._console.print(f"  [cyan]$ {escape(text)}[/cyan]")

    def show(self, thing: RenderableType) -> None:
        """Show a table or the like."""
        self._console.print()
        self._console.print(thing)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a piece of work while it lasts, and how long it took."""
        started = time.monotonic()
        if not self._console.is_terminal:
            self._console.print(f"  {escape(title)} ...")
        with Progress(
            TextColumn("  [progress.description]{task.description}"),
            SpinnerColumn(),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            step = Step(progress, progress.add_task(escape(title), total=None, count=""))
            yield step
        result = ", ".join(part for part in (step.result, f"{time.monotonic() - started:.1f} s") if part)
        self._console.print(f"  [green]{escape(title)}: done[/green] ({escape(result)})")
