"""A Singer tap as the SDK's templates make it: a REST stream that asks SuiteQL for one page after the other."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import jwt
from requests import Response
from singer_sdk import RESTStream, Stream, Tap
from singer_sdk.authenticators import OAuthAuthenticator
from singer_sdk.pagination import OffsetPaginator

_PAGE = 1000
_TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ClientCredentials(OAuthAuthenticator):
    """A login with a certificate."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Take the settings of the tap."""
        super().__init__(auth_endpoint=config["base_url"] + _TOKEN_PATH)
        self._settings = config

    @property
    def oauth_request_body(self) -> dict[str, Any]:
        """What is sent for a token."""
        config, now = self._settings, int(time.time())
        claims = {"iss": config["client_id"], "scope": "rest_webservices", "aud": self.auth_endpoint}
        claims |= {"iat": now, "exp": now + 300}
        assertion = jwt.encode(claims, config["private_key"], "ES256", {"kid": config["certificate_id"]})
        body = {"grant_type": "client_credentials", "client_assertion_type": _ASSERTION_TYPE}
        return {**body, "client_assertion": assertion}


class Offsets(OffsetPaginator):
    """Page after page, as long as NetSuite says that there is more."""

    def has_more(self, response: Response) -> bool:
        """Tell whether there is."""
        return bool(response.json()["hasMore"])


class SuiteQLTable(RESTStream[int]):
    """A table, in the order of its ids."""

    path = "/services/rest/query/v1/suiteql"
    payload_as_json = True
    records_jsonpath = "$.items[*]"
    primary_keys = ("id",)

    @property
    def url_base(self) -> str:
        """The account."""
        return str(self.config["base_url"])

    @cached_property
    def authenticator(self) -> ClientCredentials:
        """The login, kept from page to page."""
        return ClientCredentials(self.config)

    @property
    def http_headers(self) -> dict[str, str]:
        """What SuiteQL wants."""
        return {"Prefer": "transient"}

    def get_new_paginator(self) -> Offsets:
        """Begin at the first row."""
        return Offsets(0, _PAGE)

    def get_url_params(self, context: Mapping[str, Any] | None, next_page_token: int | None) -> dict[str, Any]:
        """Return the place in the result."""
        del context
        return {"limit": _PAGE, "offset": next_page_token or 0}

    def prepare_request_payload(self, context: Mapping[str, Any] | None, next_page_token: int | None) -> dict[str, str]:
        """Return the statement."""
        del context, next_page_token
        return {"q": f"SELECT {', '.join(self.schema['properties'])} FROM {self.name} ORDER BY id"}


class PlainTap(Tap):
    """The tap around it."""

    name = "tap-plain"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - as the SDK has it

    def discover_streams(self) -> Sequence[Stream]:
        """Return the table that the settings describe."""
        text = {"type": ["string", "null"]}
        schema = {"type": "object", "properties": dict.fromkeys(self.config["columns"], text)}
        return [SuiteQLTable(self, self.config["table"], schema, http_method="POST")]


if __name__ == "__main__":
    PlainTap.cli()
