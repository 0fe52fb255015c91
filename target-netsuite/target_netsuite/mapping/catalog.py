"""Reading the shape of a record type."""

from __future__ import annotations

import logging

from suitetalk import MetadataCatalog, NetSuite, NetSuiteError, NotFoundError, Records
from suitetalk.shapes import fields_of
from target_netsuite.errors import UnknownRecordTypeError
from target_netsuite.mapping.names import Names
from target_netsuite.mapping.record_shape import RecordShape
from target_netsuite.mapping.refusals import is_refusal

logger = logging.getLogger(__name__)


def read_shape(netsuite: NetSuite, record_type: str, *, refresh: bool = False) -> RecordShape | None:
    """Return what the catalog says of a record type; None, and a warning, when the role may not see it.

    Args:
        netsuite: the account.
        record_type: as it is set, in any spelling such as `sales_order`.
        refresh: whether NetSuite is asked although the catalog's copy on disk has the type.

    Raises:
        UnknownRecordTypeError: neither the catalog nor the record service knows the type.
        NetSuiteError: NetSuite is not itself, or the login was refused.
        ConnectionFailedError: NetSuite was not reached.
    """
    names = _names(netsuite.metadata)
    spelled = names.find(record_type) or record_type
    try:
        schema = netsuite.metadata.json_schema(spelled, refresh=refresh)
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
        if isinstance(error, NotFoundError) and _is_missing(netsuite.records, spelled):
            near = names.nearest(record_type)
            raise UnknownRecordTypeError(
                f"is {record_type!r}, which NetSuite does not have or does not show to the role"
                f"{f'; did you mean {near!r}?' if near else '; `suitetalk metadata` lists what there is.'}"
            ) from None
        logger.warning(
            "NetSuite's catalog does not show the record type %s to this role, so its records are sent without being "
            "checked and converted (%s)",
            record_type,
            error,
        )
        return None
    required = schema.get("required")
    named = [str(name) for name in required] if isinstance(required, list) else []
    return RecordShape(spelled, fields_of(schema), named)


def _is_missing(records: Records, record_type: str) -> bool:
    """Tell whether there is no such type: what exists is listed, or refused for want of a permission."""
    try:
        records.list(record_type, limit=1)
    except NotFoundError:
        return True
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
    return False


def _names(catalog: MetadataCatalog) -> Names:
    try:
        return Names(catalog.record_types())
    except NetSuiteError as error:
        if not is_refusal(error):
            raise
        return Names(())
