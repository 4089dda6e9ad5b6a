"""How counts, shares, numbers and lists of names are written for a person."""

from collections.abc import Sequence

from projects.counted import counted

LISTED = 6
YEARS = (1500, 2100)


def amount(count: int, unit: str = "") -> str:
    """Write a count, with its unit.

    >>> amount(1, "row"), amount(12345, "row"), amount(7)
    ('1 row', '12,345 rows', '7')
    """
    return counted(count, unit) if unit else f"{count:,}"


def share(part: float) -> str:
    """Write a share as percent; never as 0 or 100 what is not.

    >>> share(0.5), share(0.0004), share(0.99999), share(0)
    ('50 %', '0.04 %', 'over 99.99 %', '0 %')
    """
    percent = 100 * part
    if 0 < percent < 0.01:
        return "under 0.01 %"
    if 99.99 < percent < 100:
        return "over 99.99 %"
    if percent < 1 or percent > 99:
        return f"{percent:.2g} %" if percent < 1 else f"{percent:.4g} %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def figure(value: float, *, is_year: bool = False) -> str:
    """Write a number with as many digits as help; a year without a comma.

    >>> figure(1234567.0), figure(0.00012345), figure(12.0), figure(3.14159), figure(1e20)
    ('1,234,567', '0.0001234', '12', '3.142', '1e+20')
    >>> figure(1965.0, is_year=True), figure(1996.25, is_year=True), figure(9999.0, is_year=True)
    ('1965', '1996.2', '9,999')
    """
    if is_year and YEARS[0] <= value <= YEARS[1]:
        return f"{value:.1f}".removesuffix(".0")
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN differs from itself
        return str(value)
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.4g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    if size >= 1000:
        return f"{value:,.0f}" if size >= 100_000 else f"{value:,.1f}".removesuffix(".0")
    return f"{value:.4g}"


def names(listed: Sequence[str]) -> str:
    """Write columns' names, the first six of many.

    >>> names(["a", "b"])
    "'a' and 'b'"
    """
    shown = [f"'{name:.60}'" for name in listed[:LISTED]]
    more = len(listed) - len(shown)
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
