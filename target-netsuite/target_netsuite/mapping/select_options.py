"""The labels of what may be chosen in a field, as forms show them."""

from __future__ import annotations

import logging

from suitetalk import NetSuiteError, Records
from suitetalk.pages import PAGE_SIZE
from target_netsuite.mapping.refusals import is_refusal

logger = logging.getLogger(__name__)

_MOST_PAGES = 20


class FormOptions:
    """Asks NetSuite for select options [article_0115100241]."""

    def __init__(self, records: Records) -> None:
        """Send through these."""
        self._records = records

    def __call__(self, record_type: str, field: str) -> dict[str, str] | None:
        """Return the id of each label; a label that two choices have is left out.

        Args:
            record_type: such as `customer`.
            field: a body field, or sublist and field such as `item.commitInventory`.

        Returns:
            None when NetSuite does not tell, as for a field of a subrecord, or has more of them than can be chosen by
            label within reason.

        Raises:
            SuiteTalkError: NetSuite was not reached.
        """
        found: dict[str, set[str]] = {}
        for number in range(_MOST_PAGES):
            try:
                page = self._records.select_options(record_type, field, offset=number * PAGE_SIZE)
            except NetSuiteError as error:
                if not is_refusal(error):
                    raise
                logger.debug("What may be chosen in %s of %s is not told: %s", field, record_type, error)
                return None
            for option in page.items:
                found.setdefault(str(option.get("refName", "")), set()).add(str(option.get("id", "")))
            if not page.has_more:
                return {label: next(iter(ids)) for label, ids in found.items() if label and len(ids) == 1}
        return None
