"""Numbers as people write them: "$1,325.0", "€ 1.325,00", "90%", "(1,200)"; as patterns and as SQL."""

CURRENCIES = "$€£¥₹₽₩₺"
CURRENCY = rf"(?:[{CURRENCIES}]|USD|EUR|GBP|CHF|JPY|US\$|Rs\.?|kr\.?)"
SPACES = " \u00a0\u202f"
DIGITS = {
    ".": rf"(?:\d{{1,3}}(?:[,'{SPACES}]\d{{3}})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?",
    ",": rf"(?:\d{{1,3}}(?:[.'{SPACES}]\d{{3}})+(?:,\d*)?|\d+(?:,\d*)?|,\d+)(?:[eE][-+]?\d+)?",
}
"""What the digits look like, by the mark before the decimals; thousands may be set apart."""
SIGNS = "-+\u2212"


def pattern(decimal: str) -> str:
    """Give the regular expression of a whole cell; Python and DuckDB read it alike.

    >>> import re
    >>> bool(re.fullmatch(pattern("."), "($1,200)")), bool(re.fullmatch(pattern(","), "€ 1.325,00"))
    (True, True)
    """
    digits = DIGITS[decimal]
    sign, space = f"[{SIGNS}]?", f"[{SPACES}]*"
    core = f"{space}{sign}{space}{CURRENCY}?{space}{sign}{space}{digits}{space}(?:{CURRENCY}|%)?{space}"
    return rf"{core}|{space}\({core}\){space}"


def value_sql(column: str, decimal: str) -> str:
    """Write the number that a cell holds: percents as shares, brackets as minus, NULL if it holds none."""
    group = "," if decimal == "." else "."
    digits = f"regexp_extract({column}, '{_sql(DIGITS[decimal])}')"
    plain = f"translate({digits}, '{group}''{SPACES}', '')"
    if decimal == ",":
        plain = f"replace({plain}, ',', '.')"
    is_minus = f"regexp_matches({column}, '^[^0-9.,]*[(\u2212-]')"
    share = f"(CASE WHEN contains({column}, '%') THEN 100.0 ELSE 1.0 END)"
    number = f"(TRY_CAST({plain} AS DOUBLE) * (CASE WHEN {is_minus} THEN -1 ELSE 1 END) / {share})"
    return f"(CASE WHEN regexp_full_match({column}, '{_sql(pattern(decimal))}') THEN {number} END)"


def fits_sql(column: str, decimal: str) -> str:
    """Write the test whether a cell is a number with this decimal mark."""
    return f"regexp_full_match({column}, '{_sql(pattern(decimal))}')"


def _sql(regex: str) -> str:
    return regex.replace("'", "''")
