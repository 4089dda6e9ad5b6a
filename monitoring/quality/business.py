"""Business metrics: the policy's expressions over whole columns at once, with numpy.

A missing cell is passed over by what sums up, and no comparison with one is true. An expression that reads
`outcome` or `value` is of the rows that have one; any other is of all rows.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.quality.evaluation import evaluate
from monitoring.quality.expression import OWN_NAMES, Expression, ExpressionError, parse
from monitoring.quality.figures import Business
from monitoring.quality.labels import codes

MOST_METRICS = 20


def business(
    rows: pa.Table, expressions: Mapping[str, str], *, classes: Sequence[Any] | None = None
) -> Business | None:
    """Compute a policy's business metrics.

    Args:
        rows: Logged predictions: features, prediction, and label and value where outcomes have come.
        expressions: By name.
        classes: A classifier's labels: predictions and outcomes then take their spelling.

    Returns:
        None where the policy has no business metric.
    """
    if not expressions:
        return None
    names = sorted(expressions)
    metrics: dict[str, float] = {}
    counts: dict[str, int] = {}
    problems = []
    if len(names) > MOST_METRICS:
        problems.append(
            f"the policy has {len(names)} business metrics; the first {MOST_METRICS} by name are kept,"
            f" without '{names[MOST_METRICS]}' and what follows"
        )
    for name in names[:MOST_METRICS]:
        try:
            metrics[name], counts[name] = _computed(rows, parse(expressions[name]), classes)
        except ExpressionError as error:
            problems.append(f"the business metric '{name}' {error}")
    return Business(metrics, counts, tuple(problems))


def _computed(rows: pa.Table, expression: Expression, classes: Sequence[Any] | None) -> tuple[float, int]:
    for name, column in (("outcome", "label"), ("value", "value")):
        if name in expression.names:
            rows = rows.filter(rows[column].is_valid()) if column in rows.column_names else rows.slice(0, 0)
    if not rows.num_rows:
        raise ExpressionError("has no rows: no outcome that it reads has come")
    cells = {name: _own(rows, name, classes) for name in expression.names}
    features = _features(rows, expression.columns)
    found = evaluate(expression, cells, features, rows.num_rows)
    if not np.isfinite(found):
        raise ExpressionError(f"comes to {found} on {rows.num_rows} rows: nothing to sum up, or divided by 0")
    return found, rows.num_rows


def _own(rows: pa.Table, name: str, classes: Sequence[Any] | None) -> Any:
    column = rows["label" if name == "outcome" else name]
    if name == "value" or not classes:
        return cells_of(column)
    places = codes(column, classes)
    known = cells_of(pa.chunked_array([pa.array(list(classes))]))
    return np.where(places >= 0, known[np.maximum(places, 0)], cells_of_missing(known))


def _features(rows: pa.Table, wanted: Sequence[str]) -> dict[str, Any]:
    column = rows["features"] if "features" in rows.column_names else None
    known = (
        [field.name for field in column.type]
        if column is not None and pa.types.is_struct(column.type)
        else []
    )
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, [*OWN_NAMES, *known], n=1)
            hint = (
                f"did you mean '{near[0]}'?" if near else f"there are {', '.join([*OWN_NAMES, *known][:12])}"
            )
            raise ExpressionError(f"reads '{name}', which the log does not hold; {hint}")
    return {name: cells_of(pc.struct_field(column, name)) for name in wanted}


def cells_of_missing(like: Any) -> Any:
    """What stands for a missing cell in an array of this kind."""
    return np.nan if like.dtype.kind == "f" else None


def cells_of(column: pa.ChunkedArray) -> Any:
    """A column as an array: numbers and booleans as doubles with NaN for gaps, texts as objects with None."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    return np.asarray(
        pc.cast(column, pa.string()).to_pandas().astype(object).where(column.is_valid().to_numpy(), None)
    )
