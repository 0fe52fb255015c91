"""The `requests` session all requests go through, with what could carry a login elsewhere switched off."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from suitetalk.account import is_loopback

_POOL_SIZE = 64


class Session(requests.Session):
    """A session that threads can share, and that sends to the address it is given and nowhere else.

    It follows no redirect and reads no login from a netrc file. It keeps no cookies: `requests` guards their jar
    badly against several threads, and NetSuite's services need none. Plain http to this machine passes no proxy,
    which could read it; https goes through the proxies of the environment, which see nothing of it.
    """

    def __init__(self) -> None:
        """Prepare one pool of connections per host."""
        super().__init__()
        adapter = HTTPAdapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.auth = _unchanged  # without one, requests looks into netrc files
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that no answer is a redirect; requests would otherwise read its target, well-formed or not."""
        del resp

    def merge_environment_settings(self, url: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        """Take proxies and trusted certificates from the environment, but no proxy for this machine itself."""
        settings = super().merge_environment_settings(url, *args, **kwargs)
        return {**settings, "proxies": {}} if is_loopback(_host(url)) else settings


def _host(url: str | bytes | None) -> str:
    text = url.decode() if isinstance(url, bytes) else url or ""
    return urlsplit(text).hostname or ""


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
