"""Reads two NetSuite accounts, each in groups of streams that run at once, within what each account allows.

A pool for each account holds as many slots as the account may have requests at once (pools.json). A task takes as many
slots as it may have requests in flight, and the tap gets the same number as `max_concurrency`: so Airflow starts no
more than fit, wherever its workers are. Within that, runs on one host share what is free from request to request; for
workers on several hosts name a Redis server in NETSUITE_LIMITS, and they do too.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = os.environ["NETSUITE_PROJECT"]
"""The folder of meltano.yml."""

MELTANO = os.environ.get("MELTANO", "meltano")
"""The command, in its own environment: Airflow and Meltano need different versions of the same packages."""

ACCOUNTS = {
    "acme": {"lists": 2, "books": 2},
    "globex": {"lists": 2},
}
"""For each account its groups of streams, and how many requests each may have in flight."""

for account, groups in ACCOUNTS.items():
    with DAG(
        dag_id=f"netsuite_{account}",
        schedule="@hourly",
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        max_active_runs=1,  # a state belongs to one run at a time
        default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    ):
        for group, requests in groups.items():
            name = f"{account}-{group}"
            settings = {"MAX_CONCURRENCY": str(requests)}
            if limits := os.environ.get("NETSUITE_LIMITS"):
                settings["CONCURRENCY_REDIS"] = limits
            prefix = f"TAP_NETSUITE__{name.upper().replace('-', '_')}"
            BashOperator(
                task_id=group,
                bash_command=f"{MELTANO} run tap-netsuite--{name} target-jsonl--{name}",
                cwd=PROJECT,
                env={f"{prefix}_{setting}": value for setting, value in settings.items()},
                append_env=True,
                pool=f"netsuite_{account}",
                pool_slots=requests,
                # The tap ends at SIGTERM with a state that goes on from there; a target that writes needs the time.
                execution_timeout=timedelta(hours=6),
            )
