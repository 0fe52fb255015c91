"""The answers that faults give in place of the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netsuite_emulator.errors import NetSuiteError
from netsuite_emulator.exchange import Answer, error_answer
from netsuite_emulator.governance import concurrency_exceeded

if TYPE_CHECKING:
    from netsuite_emulator.faults import Fault

__all__ = ["spoiled"]

_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def spoiled(fault: Fault) -> Answer:
    """The answer a fault gives in place of the work."""
    headers = dict(fault.headers)
    if fault.effect in ("too_many_requests", "unavailable") and fault.seconds is not None:
        headers["Retry-After"] = f"{fault.seconds:g}"
    if fault.effect == "bad_gateway":
        return Answer(502, _HTML, headers, "text/html")
    if fault.effect == "too_many_requests":
        return error_answer(concurrency_exceeded(headers))
    if fault.effect == "wrong_token":
        return Answer(200, {"token": "none", "expires": 0}, headers)
    if fault.effect == "unavailable":
        return error_answer(NetSuiteError(503, "UNEXPECTED_ERROR", "Service unavailable.", headers=headers))
    if fault.body is not None:
        return Answer(fault.status, fault.body, headers)
    detail = "An unexpected error occurred. Error ID: fault"
    return error_answer(NetSuiteError(fault.status, "UNEXPECTED_ERROR", detail, headers=headers))
