"""The functions SuiteQL knows [section_158513731864], as DuckDB macros with Oracle's meaning."""

from __future__ import annotations

from collections.abc import Iterator

from netsuite_emulator.clock import AccountCalendar

__all__ = ["DATE_FUNCTIONS", "MACROS", "NATIVE", "TEXT_FUNCTIONS", "macro_statements"]

# Functions that DuckDB has under the same name and with the same meaning; aggregates and window functions among them.
NATIVE = frozenset({
    "ABS", "ACOS", "APPROX_COUNT_DISTINCT", "ASCII", "ASIN", "ATAN", "ATAN2", "AVG", "CEIL", "CHR", "COALESCE", "CORR",
    "COS", "COSH", "COUNT", "COVAR_POP", "COVAR_SAMP", "DENSE_RANK", "EXP", "FLOOR", "LAST_DAY", "LN", "LOWER",
    "LTRIM", "MAX", "MEDIAN", "MIN", "NULLIF", "POWER", "RANK", "ROUND", "ROW_NUMBER", "RTRIM", "SIGN", "SIN", "SINH",
    "SQRT", "SUM", "TAN", "TANH", "UPPER",
})  # fmt: skip

# Each macro is called ora_<name>; `{zone}` and `{date}` are the account's time zone and date format.
MACROS = {
    "NVL": "(a, b) AS coalesce(a, b)",
    "NVL2": "(a, b, c) AS CASE WHEN a IS NULL THEN c ELSE b END",
    "NANVL": "(a, b) AS CASE WHEN isnan(a::DOUBLE) THEN b ELSE a END",
    "MOD": "(a, b) AS CASE WHEN b = 0 THEN a ELSE a % b END",
    "REMAINDER": "(a, b) AS a - b * round_even(a / b, 0)",
    "BITAND": "(a, b) AS a::BIGINT & b::BIGINT",
    "LOG": "(base, a) AS ln(a) / ln(base)",
    "LENGTH": "(a) AS nullif(length(a::VARCHAR), 0)",
    "LENGTHB": "(a) AS nullif(strlen(a::VARCHAR), 0)",
    "LENGTHC": "(a) AS nullif(length(a::VARCHAR), 0)",
    "INSTR": "(a, b) AS instr(a::VARCHAR, b::VARCHAR)",
    "SUBSTR": (
        "(a, n) AS nullif(substr(ora_text(a), CASE WHEN n = 0 THEN 1 ELSE n END), ''), "
        "(a, n, l) AS nullif(substr(ora_text(a), CASE WHEN n = 0 THEN 1 ELSE n END, greatest(l, 0)::BIGINT), '')"
    ),
    "LPAD": "(a, n) AS lpad(ora_text(a), n::INTEGER, ' '), (a, n, c) AS lpad(ora_text(a), n::INTEGER, c)",
    "RPAD": "(a, n) AS rpad(ora_text(a), n::INTEGER, ' '), (a, n, c) AS rpad(ora_text(a), n::INTEGER, c)",
    "REPLACE": (
        "(a, b) AS nullif(replace(ora_text(a), b, ''), ''), "
        "(a, b, c) AS nullif(replace(ora_text(a), b, coalesce(c, '')), '')"
    ),
    "TRANSLATE": "(a, b, c) AS translate(a, b, c)",
    "CONCAT": "(parts) AS nullif(array_to_string(parts, ''), '')",
    "INITCAP": (
        "(a) AS array_to_string(list_transform(string_split(lower(a), ' '), "
        "lambda word: upper(word[1]) || word[2:]), ' ')"
    ),
    "GREATEST": (
        "(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN greatest(a, b) END, "
        "(a, b, c) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL THEN greatest(a, b, c) END, "
        "(a, b, c, d) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL AND d IS NOT NULL "
        "THEN greatest(a, b, c, d) END"
    ),
    "LEAST": (
        "(a, b) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN least(a, b) END, "
        "(a, b, c) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL THEN least(a, b, c) END, "
        "(a, b, c, d) AS CASE WHEN a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL AND d IS NOT NULL "
        "THEN least(a, b, c, d) END"
    ),
    "TO_NUMBER": "(a) AS a::DECIMAL(38, 10)",
    "TO_CLOB": "(a) AS ora_text(a)",
    "TO_NCHAR": "(a) AS ora_text(a)",
    "TO_CHAR": "(a) AS ora_text(a)",
    "REGEXP_REPLACE": (
        "(a, b) AS regexp_replace(a::VARCHAR, b, '', 'g'), (a, b, c) AS regexp_replace(a::VARCHAR, b, c, 'g')"
    ),
    "REGEXP_SUBSTR": "(a, b) AS nullif(regexp_extract(a::VARCHAR, b), '')",
    "REGEXP_INSTR": "(a, b) AS instr(a::VARCHAR, nullif(regexp_extract(a::VARCHAR, b), ''))",
    # The same for equal values of one type, in every run; the second argument is the highest bucket, the third a seed.
    "ORA_HASH": (
        "(a) AS (hash(a) % 4294967296)::BIGINT, (a, n) AS (hash(a) % (n + 1)::UBIGINT)::BIGINT, "
        "(a, n, seed) AS (hash(a, seed) % (n + 1)::UBIGINT)::BIGINT"
    ),
    "ADD_MONTHS": (
        "(a, n) AS CASE WHEN a::DATE = last_day(a::DATE) THEN last_day((a + to_months(n::INTEGER))::DATE) "
        "+ (a::TIMESTAMP - date_trunc('day', a::TIMESTAMP)) ELSE a + to_months(n::INTEGER) END"
    ),
    "MONTHS_BETWEEN": (
        "(a, b) AS CASE WHEN day(a) = day(b) OR (a::DATE = last_day(a::DATE) AND b::DATE = last_day(b::DATE)) "
        "THEN (year(a) - year(b)) * 12 + month(a) - month(b) "
        "ELSE (year(a) - year(b)) * 12 + month(a) - month(b) + (day(a) - day(b)) / 31 END"
    ),
    # Of an hour that happens twice DuckDB takes the later one; an hour before is no such hour.
    "SYS_EXTRACT_UTC": "(a) AS least(timezone('UTC', timezone('{zone}', a::TIMESTAMP)), "
    "timezone('UTC', timezone('{zone}', a::TIMESTAMP - INTERVAL 1 HOUR)) + INTERVAL 1 HOUR)",
    "NOW": "() AS date_trunc('second', timezone('{zone}', now()))",
    "SHIFT": "(a, days) AS a::TIMESTAMP + to_microseconds(round(days * 86400000000)::BIGINT)",
    "DAYS": "(a, b) AS epoch(a::TIMESTAMP - b::TIMESTAMP) / 86400",
    "TRUNC_DATE": "(a, part) AS date_trunc(part, a::TIMESTAMP)",
    "TRUNC_NUMBER": (
        "(a) AS trunc(a::DECIMAL(28, 8))::BIGINT, (a, n) AS trunc(a * power(10, n)::DECIMAL(18, 0)) / power(10, n)"
    ),
    "NUMBER": "(a) AS try_cast(a AS DECIMAL(28, 8))",
}

# Helpers the macros above use, in the order in which they must exist.
_HELPERS = {
    "ora_plain": (
        "(a) AS CASE WHEN contains(a, '.') THEN coalesce(nullif(rtrim(rtrim(a, '0'), '.'), ''), '0') ELSE a END"
    ),
    # A floating-point number without an exponent.
    "ora_digits": "(a) AS replace(ltrim(split_part(a, 'e', 1), '-'), '.', '')",
    "ora_exponent": "(a) AS split_part(a, 'e', 2)::INTEGER",
    "ora_fixed": (
        "(a) AS CASE WHEN a = '-0.0' THEN '0' WHEN NOT contains(a, 'e') THEN ora_plain(a) "
        "ELSE CASE WHEN starts_with(a, '-') THEN '-' ELSE '' END || CASE WHEN contains(a, 'e-') "
        "THEN '0.' || repeat('0', -ora_exponent(a) - 1) || ora_digits(a) "
        "ELSE rpad(ora_digits(a), ora_exponent(a) + 1, '0') END END"
    ),
    "ora_text": (
        "(a) AS CASE WHEN typeof(a) = 'DATE' OR typeof(a) LIKE 'TIMESTAMP%' "
        "THEN strftime(try_cast(a::VARCHAR AS TIMESTAMP), '{date}') "
        "WHEN typeof(a) LIKE 'DECIMAL%' OR typeof(a) = 'DOUBLE' THEN ora_plain(a::VARCHAR) ELSE a::VARCHAR END"
    ),
}

# What a function returns, where the difference between dates, texts and numbers decides how it is treated further.
DATE_FUNCTIONS = frozenset({
    "ADD_MONTHS", "LAST_DAY", "SYS_EXTRACT_UTC", "NOW", "SHIFT", "TRUNC_DATE", "TO_DATE", "TO_TIMESTAMP",
    "TO_TIMESTAMP_TZ",
})  # fmt: skip
TEXT_FUNCTIONS = frozenset({
    "CHR", "CONCAT", "INITCAP", "LOWER", "LPAD", "LTRIM", "REGEXP_REPLACE", "REGEXP_SUBSTR", "REPLACE", "RPAD",
    "RTRIM", "SUBSTR", "TO_CHAR", "TO_CLOB", "TO_NCHAR", "TRANSLATE", "UPPER",
})  # fmt: skip


def macro_statements(calendar: AccountCalendar) -> Iterator[str]:
    """The statements that make the macros, for the account's date format and time zone."""
    named = {**_HELPERS, **{f"ora_{name.lower()}": body for name, body in MACROS.items()}}
    for name, body in named.items():
        filled = body.replace("{zone}", calendar.time_zone).replace("{date}", calendar.strftime_format())
        yield f"CREATE OR REPLACE MACRO {name}{filled}"
