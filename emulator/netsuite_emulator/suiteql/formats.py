"""Oracle's format models (`YYYY-MM-DD HH24:MI:SS`, `999,990.00`) for DuckDB."""

from __future__ import annotations

import re

__all__ = ["format_number_sql", "is_number_format", "parse_formats", "to_char_sql"]

_TOKENS = {
    "YYYY": "%Y", "RRRR": "%Y", "IYYY": "%G", "YY": "%y", "RR": "%y", "MM": "%m", "DDD": "%j", "DD": "%d",
    "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S", "FF3": "%g", "FF6": "%f", "FF": "%f",
    "AM": "%p", "PM": "%p", "IW": "%V", "WW": "%W", "MONTH": "%B", "MON": "%b", "DAY": "%A", "DY": "%a",
    "Q": "", "D": "",
}  # fmt: skip
_LONGEST_FIRST = "|".join(sorted(_TOKENS, key=len, reverse=True))
_PATTERN = re.compile(rf'"[^"]*"|FM|{_LONGEST_FIRST}|.', re.IGNORECASE | re.DOTALL)
_SPECIAL = frozenset({"Q", "D", "MON", "MONTH", "DAY", "DY"})
_UNPADDED = {"%m": "%-m", "%d": "%-d", "%H": "%-H", "%I": "%-I", "%j": "%-j"}


def is_number_format(model: str) -> bool:
    """Whether a format model is one for numbers."""
    return bool(re.fullmatch(r"(FM)?[$SLMI]*[90,.GD]+(MI|PR|S)?", model.strip(), re.IGNORECASE))


def format_number_sql(value: str, model: str) -> str:
    """DuckDB's expression for a number in a format model; `value` is an SQL expression."""
    upper = model.upper().replace("FM", "").replace("G", ",").replace("D", ".")
    places = len(upper.partition(".")[2].strip("MIPRS")) if "." in upper else 0
    grouped = "," if "," in upper else ""
    text = f"format('{{:{grouped}.{places}f}}', ({value})::DOUBLE)"
    if "$" in upper:
        text = f"'$' || {text}"
    return text if model.upper().startswith("FM") else f"' ' || {text}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def to_char_sql(value: str, model: str) -> str:
    """DuckDB's expression for a date or time in a format model; `value` is an SQL expression."""
    moment = f"({value})::TIMESTAMP"
    pieces: list[str] = []
    plain = ""  # what one strftime can write

    def flush() -> None:
        nonlocal plain
        if plain:
            pieces.append(f"strftime({moment}, {_quoted(plain)})")
        plain = ""

    unpadded = False
    for token in _PATTERN.findall(model):
        upper = token.upper()
        if upper == "FM":
            unpadded = not unpadded
        elif upper in _SPECIAL:
            flush()
            pieces.append(_special(moment, token))
        elif upper in _TOKENS:
            code = _TOKENS[upper]
            plain += _UNPADDED.get(code, code) if unpadded else code
        else:
            literal = token[1:-1] if token.startswith('"') and len(token) > 1 else token
            plain += literal.replace("%", "%%")
    flush()
    return " || ".join(pieces) or "NULL"


def _special(moment: str, token: str) -> str:
    """What strftime does not know, and names, which follow the case of the model: MON gives JAN, Mon gives Jan."""
    upper = token.upper()
    if upper == "Q":
        return f"quarter({moment})::VARCHAR"
    if upper == "D":
        return f"(dayofweek({moment}) + 1)::VARCHAR"
    name = f"strftime({moment}, '{_TOKENS[upper]}')"
    if token.isupper():
        return f"upper({name})"
    return f"lower({name})" if token.islower() else name


def parse_formats(model: str) -> list[str]:
    """The `strptime` formats of a model: in full, and without the time, which Oracle lets one leave out."""
    text = ""
    dates_only = ""
    for token in _PATTERN.findall(model):
        upper = token.upper()
        if upper == "FM":
            continue
        if upper in ("HH24", "HH12", "HH") and not dates_only:
            dates_only = text.rstrip(" T")
        text += _TOKENS[upper] if upper in _TOKENS else token.strip('"').replace("%", "%%")
    return [text, dates_only] if dates_only else [text]
