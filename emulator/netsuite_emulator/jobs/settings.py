"""What can be chosen about asynchronous requests."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AsyncSettings"]


@dataclass(frozen=True, kw_only=True)
class AsyncSettings:
    """How jobs run, how long they are remembered (seconds), and how they look."""

    job_seconds: float = 0.0
    async_processors: int = 2
    # open points
    batches_sequential: bool = True
    tasks_in_one_item: bool = True
    tasks_in_input_order: bool = True
    batch_requests: bool = True
    progress_while_running: str = "pending"
    job_retention: float | None = None
    idempotency_lifetime: float | None = None
