"""What the exit code of the command means."""

from __future__ import annotations

import click

from suitetalk.errors import (
    ConfigurationError,
    InvalidArgumentError,
    LoginNeededError,
    LoginRefusedError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
)

FAILED = 1
USAGE = 2
LOGIN = 3
NOT_FOUND = 4
NOT_PERMITTED = 5
OUTCOME_UNKNOWN = 6

BY_ERROR: dict[type[BaseException], int] = {
    ConfigurationError: USAGE,
    InvalidArgumentError: USAGE,
    LoginRefusedError: LOGIN,
    LoginNeededError: LOGIN,
    NotFoundError: NOT_FOUND,
    PermissionDeniedError: NOT_PERMITTED,
    OutcomeUnknownError: OUTCOME_UNKNOWN,
    click.UsageError: USAGE,
}

MEANINGS = (
    (0, "done"),
    (FAILED, "NetSuite refused or failed, or could not be reached"),
    (USAGE, "wrong command line or setting"),
    (LOGIN, "login refused or needed"),
    (NOT_FOUND, "no such record or record type, or not visible to the role"),
    (NOT_PERMITTED, "the role lacks a permission"),
    (OUTCOME_UNKNOWN, "a write was sent and its answer was lost: look before repeating it"),
    (130, "interrupted"),
    (141, "the reader of the output left"),
)
