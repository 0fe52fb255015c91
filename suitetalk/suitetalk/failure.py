"""What a request that brought no answer means: try again, give up, or nobody knows."""

from __future__ import annotations

import requests
from requests.exceptions import ContentDecodingError, InvalidSchema, InvalidURL, ProxyError, Timeout
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError

from suitetalk.errors import ConnectionFailedError, OutcomeUnknownError
from suitetalk.retry import TryAgainError


def connection_failure(name: str, error: OSError, *, repeatable: bool) -> Exception:
    """Turn what the HTTP library raised into what the transport raises.

    Args:
        name: method and path of the request, and the host.
        error: a RequestException, or an OSError from preparing the connection.
        repeatable: whether carrying the request out twice does no harm.

    Returns:
        TryAgainError when the request may be sent again; OutcomeUnknownError when NetSuite may have acted on it and
        must not act twice; ConnectionFailedError when another try would fail alike.
    """
    hopeless = _what_no_try_mends(error)
    if hopeless:
        return ConnectionFailedError(f"{name} failed: {hopeless}.")
    words = _why(error)
    if repeatable or _never_sent(error):
        advice = "check the network, `account_id`, `base_url` and `request_timeout`"
        return TryAgainError(ConnectionFailedError(f"{name} failed: {words}; {advice}."))
    return OutcomeUnknownError(
        f"{name} was sent and its answer was lost ({words}), so whether NetSuite carried it out is unknown; "
        "look the record up before repeating it."
    )


def _what_no_try_mends(error: OSError) -> str:
    """Return why trying again is in vain and what to do instead, empty when it is not in vain."""
    if not isinstance(error, requests.RequestException):
        return (
            "the certificates this machine trusts cannot be read; check the environment variables REQUESTS_CA_BUNDLE "
            "and CURL_CA_BUNDLE"
        )
    if isinstance(error, (InvalidURL, InvalidSchema)):
        return "its address, or that of the proxy, cannot be used; check `base_url` and the proxy variables"
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "the server's certificate is not trusted; check `base_url` and the certificates this machine trusts"
    return ""


def _never_sent(error: OSError) -> bool:
    """Tell whether no connection came about, neither to NetSuite nor to a proxy before it."""
    return isinstance(error, ProxyError) or isinstance(_cause(error), (NewConnectionError, ConnectTimeoutError))


def _why(error: OSError) -> str:
    """Name the kind of failure without the addresses and objects the library's text is full of."""
    cause = _cause(error)
    kinds = {
        "the proxy gave no connection": isinstance(error, ProxyError),
        "no connection": isinstance(cause, NewConnectionError),
        "no connection in time": isinstance(cause, ConnectTimeoutError),
        "no answer in time": isinstance(error, Timeout) or isinstance(cause, ReadTimeoutError),
        "the answer's compression is damaged": isinstance(error, ContentDecodingError),
        "the encrypted connection broke": isinstance(error, requests.exceptions.SSLError),
    }
    return next((words for words, applies in kinds.items() if applies), "the connection was cut")


def _cause(error: OSError) -> object:
    """Return the error of the layer below, which tells more."""
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else cause
