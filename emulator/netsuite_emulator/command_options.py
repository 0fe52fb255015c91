"""The options of the command that are about signing in, jobs and the role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from netsuite_emulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["further_options"]

_DEFAULTS = Settings()
_OPTIONS = (
    click.option("--client-secret", default=_DEFAULTS.client_secret, help="Client secret, and TBA's consumer secret."),
    click.option("--public-client-id", default=_DEFAULTS.public_client_id, help="Client id of the public client."),
    click.option("--token-id", default=_DEFAULTS.token_id, help="Token id for token-based authentication."),
    click.option("--token-secret", default=_DEFAULTS.token_secret, help="Token secret for token-based authentication."),
    click.option(
        "--redirect-uri", "redirect_uris", multiple=True,
        help="A registered redirect URI; may be given several times. Default: one with https, one with a scheme.",
    ),
    click.option("--http-redirects", is_flag=True, help="Take redirect URIs with plain http, which NetSuite refuses."),
    click.option(
        "--consent", default=_DEFAULTS.consent, type=click.Choice(["ask", "allow", "deny"]),
        help="How the consent page answers.",
    ),
    click.option("--pkce-required", is_flag=True, help="Ask confidential clients for PKCE, too."),
    click.option("--code-lifetime", default=_DEFAULTS.code_lifetime, help="Seconds an authorization code lives."),
    click.option(
        "--refresh-token-lifetime", default=_DEFAULTS.refresh_token_lifetime,
        help="Seconds a refresh token of the confidential client lives.",
    ),
    click.option(
        "--public-refresh-token-lifetime", default=_DEFAULTS.public_refresh_token_lifetime,
        help="Seconds a refresh token of the public client lives.",
    ),
    click.option(
        "--public-rotation-lifetime", default=_DEFAULTS.public_rotation_lifetime,
        help="Seconds after which the public client's user must consent again.",
    ),
    click.option("--clock-offset", default=_DEFAULTS.clock_offset, help="Seconds the account's clock is ahead."),
    click.option(
        "--integration-concurrency-limit", type=int, default=None, help="Part of the limit kept for this integration."
    ),
    click.option("--job-seconds", default=_DEFAULTS.job_seconds, help="Seconds each task of a job takes."),
    click.option("--async-processors", default=_DEFAULTS.async_processors, help="Tasks at once."),
    click.option(
        "--batches-sequential/--batches-parallel", default=_DEFAULTS.batches_sequential,
        help="How batches run that do not say.",
    ),
    click.option(
        "--tasks-in-input-order/--tasks-shuffled", default=_DEFAULTS.tasks_in_input_order,
        help="How the tasks of a batch are numbered.",
    ),
    click.option("--batch-requests/--no-batch-requests", default=True, help="Whether the account takes batches."),
    click.option("--dataset", multiple=True, metavar="ID=SUITEQL", help="A saved dataset; may be given several times."),
    click.option("--analytics/--no-analytics", default=True, help="The permission SuiteAnalytics Workbook."),
    click.option("--not-listed", multiple=True, metavar="RECORD_TYPE", help="A type the role may read and not list."),
    click.option("--view-only", multiple=True, metavar="RECORD_TYPE", help="A type the role may read and not write."),
    click.option("--reads-in-edit-mode", is_flag=True, help="GET of --view-only types fails, as in edit mode."),
)  # fmt: skip


def further_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
