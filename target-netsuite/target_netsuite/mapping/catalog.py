"""Reading the shape of a record type."""

from __future__ import annotations

import logging

from suitetalk import MetadataCatalog, NetSuiteError
from suitetalk.shapes import fields_of
from target_netsuite.mapping.names import Names
from target_netsuite.mapping.record_shape import RecordShape
from target_netsuite.mapping.refusals import is_refusal

logger = logging.getLogger(__name__)


def read_shape(catalog: MetadataCatalog, record_type: str) -> RecordShape | None:
    """Return what the catalog says of a record type; None, and a warning, when the role may not see it.

    Args:
        catalog: of the account.
        record_type: as it is set, in any spelling such as `sales_order`.

    Raises:
        NetSuiteError: NetSuite is not itself, or the login was refused.
        ConnectionFailedError: NetSuite was not reached.
    """
    spelled = _spelled(catalog, record_type)
    try:
        schema = catalog.json_schema(spelled)
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
        logger.warning(
            "NetSuite's catalog does not show the record type %s to this role (%s), so its records are sent without "
            "being checked and converted; compare `record_type` with the list of `suitetalk metadata`.",
            record_type,
            error,
        )
        return None
    required = schema.get("required")
    names = [str(name) for name in required] if isinstance(required, list) else []
    return RecordShape(spelled, fields_of(schema), names)


def _spelled(catalog: MetadataCatalog, record_type: str) -> str:
    try:
        return Names(catalog.record_types()).find(record_type) or record_type
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
        return record_type
