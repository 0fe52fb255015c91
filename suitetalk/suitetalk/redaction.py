"""Other people's words, made fit to show: without secrets, and without what would steer a terminal."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = "[hidden]"
"""What is shown in the place of a secret."""

_NAMES = (
    r"access_token|refresh_token|id_token|client_assertion|client_secret|consumer_secret|token_secret|private_key"
    r"|code|code_verifier|password|passphrase|assertion|token"
)
_IN_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"([?&](?:{_NAMES})=)[^&\s]*", re.IGNORECASE)
_IN_FORM = re.compile(rf"((?:^|[?&\s])(?:{_NAMES})=)[^&\s]*", re.IGNORECASE)
_ANYWHERE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"  # assertion or access token
    r"|(?<=\bBearer )(?!realm=)\S+"
    r"|(?<=\bBasic )(?!realm=)\S+"
    r"|\boauth_(?:consumer_key|token|signature)=\S+",
    re.DOTALL,
)
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they reorder the text around them
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, *map(ord, _TURNING))}


def readable(words: object) -> str:
    """Return somebody else's words on one line, without secrets and control characters.

    NetSuite echoes no login, but a proxy may show the request it could not pass on.
    """
    return printable(without_secrets(" ".join(str(words).split()), form=True))


def without_secrets(text: str, *, form: bool = False) -> str:
    """Hide what looks like a key, a token or another secret.

    Args:
        text: a body, an address or a sentence.
        form: whether it may be the fields of a form, in which a name and `=` begin a secret at any word; in other
            text, such as a SuiteQL statement, they do so only after `?` or `&`.
    """
    text = _IN_JSON.sub(rf'\1"{HIDDEN}"', text)
    text = (_IN_FORM if form else _IN_ADDRESS).sub(rf"\1{HIDDEN}", text)
    return _ANYWHERE.sub(HIDDEN, text)


def printable(text: str) -> str:
    """Keep control characters in a text from steering a terminal; tabs and ends of lines become blanks."""
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_json(text: str) -> str:
    r"""Write the control characters that JSON leaves as they are as `\u009b` and the like; it means the same."""
    return text if text.isascii() and "\x7f" not in text else text.translate(_ESCAPES)


def _shown(character: str) -> str:
    if character in "\t\r\n":
        return " "
    steers = unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in _TURNING
    return "\N{REPLACEMENT CHARACTER}" if steers else character
