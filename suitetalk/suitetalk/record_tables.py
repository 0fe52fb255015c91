"""Temporary."""


def table_of(record_type: str) -> str:
    """Return it."""
    name = record_type.lower()
    return {"salesorder": "transaction", "invoice": "transaction"}.get(name, name)
