"""Asynchronous requests: jobs, tasks, batches, idempotency keys."""
