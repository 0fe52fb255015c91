"""What can be done with a record besides reading and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from suitetalk.answer import Answer
from suitetalk.errors import ConnectionFailedError, OutcomeUnknownError, SuiteTalkError
from suitetalk.record_path import id_segment, record_path
from suitetalk.transport import Transport
from suitetalk.validation import Validation, validation_headers


class RecordActions:
    """Transform, act, attach and detach. None is repeated when its answer is lost: it may have been carried out."""

    def __init__(self, transport: Transport) -> None:
        """Send through this transport."""
        self._transport = transport

    def transform(
        self,
        record_type: str,
        record_id: str,
        target_type: str,
        body: Mapping[str, Any] | None = None,
        *,
        name_validation: Validation = "error",
        value_validation: Validation | None = None,
    ) -> str:
        """Make a record of another type out of one, and return its internal id [section_157901123882].

        Args:
            record_type: such as `salesOrder`.
            record_id: internal id, or `eid:` and the external id.
            target_type: such as `invoice`.
            body: fields that shall differ from what NetSuite carries over.
            name_validation: what to do about names of fields that do not exist.
            value_validation: what to do about values of the wrong form.

        Raises:
            OutcomeUnknownError: the answer was lost.
            NetSuiteError: NetSuite refused.
        """
        if not target_type.strip("."):
            raise SuiteTalkError(f"A record type to transform the {record_type} into is needed, such as invoice.")
        path = f"{record_path(record_type, record_id)}/!transform/{quote(target_type, safe='')}"
        headers = validation_headers(name_validation, value_validation)
        return self._transport.request("POST", path, headers=headers, body=body, repeatable=False).created_id()

    def action(
        self, record_type: str, record_id: str, name: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Carry out an action such as `confirm` and return NetSuite's answer [section_156631158782].

        Its key `result` tells whether the action succeeded.

        Raises:
            OutcomeUnknownError: the answer was lost or cannot be read.
            NetSuiteError: NetSuite refused, or the action failed.
        """
        step = name.removeprefix("@")
        if not step.strip("."):
            raise SuiteTalkError("The name of an action is needed, such as confirm.")
        path = f"{record_path(record_type, record_id)}/@{quote(step, safe='')}"
        answer = self._transport.request("POST", path, body=body, repeatable=False)
        return _result(answer)

    def attach(
        self, record_type: str, record_id: str, other_type: str, other_id: str, *, role: str | None = None
    ) -> None:
        """Attach a contact or a file to a record [article_0113084334].

        Args:
            record_type: such as `customer`.
            record_id: internal id, or `eid:` and the external id.
            other_type: `contact` or `file`.
            other_id: its id, in the same two forms.
            role: id of the role a contact has there.

        Raises:
            OutcomeUnknownError: the answer was lost.
            NetSuiteError: NetSuite refused.
        """
        path = _tie_path(record_type, record_id, "attach", other_type, other_id)
        body = {"role": {"id": role}} if role else None
        self._transport.request("POST", path, body=body, repeatable=False)

    def detach(self, record_type: str, record_id: str, other_type: str, other_id: str) -> None:
        """Undo what `attach` did [article_0113084334]; arguments and errors are those of `attach`."""
        path = _tie_path(record_type, record_id, "detach", other_type, other_id)
        self._transport.request("POST", path, repeatable=False)


def _result(answer: Answer) -> dict[str, Any]:
    try:
        result = answer.json() if answer.content else {}
    except ConnectionFailedError:
        result = None
    if not isinstance(result, dict):
        raise OutcomeUnknownError(
            f"{answer.request} was answered with no result (status {answer.status}), so what it did is unknown; "
            "look at the record before repeating it."
        )
    return result


def _tie_path(
    record_type: str, record_id: str, verb: Literal["attach", "detach"], other_type: str, other_id: str
) -> str:
    if not other_type.strip("."):
        raise SuiteTalkError(f"Say what to {verb}: contact or file.")
    other = f"{quote(other_type, safe='')}/{id_segment(other_type, other_id)}"
    return f"{record_path(record_type, record_id)}/!{verb}/{other}"
