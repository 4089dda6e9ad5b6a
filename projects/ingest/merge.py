"""Aggregates of parts of a table become those of the whole: what DuckDB would have said of all rows."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

CALL = re.compile(r"(?P<name>\w+)\(.*?(?:, (?P<most>\d+))?\)", re.DOTALL)
Merge = Callable[[Sequence[Any]], Any]


def merged(rows: Iterable[Sequence[Any]], aggregates: Sequence[str]) -> list[Any]:
    """Merge what the parts of a table answered.

    Args:
        rows: An answer a part, each with one value an aggregate.
        aggregates: Their SQL: count, count_if, min, max, bool_and or histogram.
    """
    merges = [_merge_of(sql) for sql in aggregates]
    columns = zip(*rows, strict=True)
    return [
        merge([value for value in column if value is not None])
        for merge, column in zip(merges, columns, strict=True)
    ]


def _merge_of(sql: str) -> Merge:
    call = CALL.fullmatch(sql)
    if call is None or call["name"] not in MERGES:
        raise RuntimeError(f"the answers of parts to {sql:.60} cannot be merged")
    if call["most"]:
        return MANY[call["name"]](int(call["most"]))
    return MERGES[call["name"]]


def _order(value: Any) -> tuple[bool, Any]:
    """Order values as DuckDB does, to which NaN is the greatest of numbers."""
    return (True, 0) if isinstance(value, float) and math.isnan(value) else (False, value)


def _histogram(values: Sequence[Any]) -> dict[Any, int] | None:
    total: Counter[Any] = Counter()
    for value in values:
        total.update(value)
    return dict(sorted(total.items())) if values else None


def _some(most: int, *, is_greatest: bool) -> Merge:
    def merge(values: Sequence[Any]) -> list[Any] | None:
        return sorted(chain.from_iterable(values), key=_order, reverse=is_greatest)[:most] if values else None

    return merge


MERGES: dict[str, Merge] = {
    "count": sum,
    "count_if": sum,
    "min": lambda values: min(values, key=_order, default=None),
    "max": lambda values: max(values, key=_order, default=None),
    "bool_and": lambda values: all(values) if values else None,
    "histogram": _histogram,
}
MANY: dict[str, Callable[[int], Merge]] = {
    "min": lambda most: _some(most, is_greatest=False),
    "max": lambda most: _some(most, is_greatest=True),
}
