"""Run with the PyPI package `netsuite` installed: what its REST part says of an emulator, as JSON.

Only the address is changed: the package builds it from the account id.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from netsuite import Config, NetSuiteRestApi, TokenAuth


async def answers(connection: dict[str, str]) -> dict[str, Any]:
    """Ask for a page of SuiteQL, a record, its schema, and write one."""
    auth = TokenAuth(
        consumer_key=connection["client_id"],
        consumer_secret=connection["client_secret"],
        token_id=connection["token_id"],
        token_secret=connection["token_secret"],
    )
    client = NetSuiteRestApi(Config(account=connection["account_id"], auth=auth))
    client._make_url = lambda subpath: f"{connection['base_url']}/services/rest{subpath}"
    page = await client.suiteql("SELECT id, symbol FROM currency ORDER BY id", limit=5, offset=5)
    await client.post("/record/v1/customer", json={"companyName": "Ō & Söhne", "subsidiary": {"id": "1"}})
    found = await client.suiteql("SELECT id FROM customer WHERE companyname = 'Ō & Söhne'")
    created = found["items"][0]["id"]
    await client.patch(f"/record/v1/customer/{created}", json={"phone": "555 0100"})
    record = await client.get(f"/record/v1/customer/{created}")
    await client.delete(f"/record/v1/customer/{created}")
    schema = await client.jsonschema("customer")
    return {"currencies": page["totalResults"], "phone": record["phone"], "fields": len(schema["properties"])}


if __name__ == "__main__":
    json.dump(asyncio.run(answers(json.load(sys.stdin))), sys.stdout)
