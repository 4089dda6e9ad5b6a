"""A checked expression over whole columns: what each node comes to."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.quality.expression import Expression, ExpressionError, is_feature
from monitoring.quality.labels import spelling

_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
}
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


def evaluate(expression: Expression, own: Mapping[str, Any], features: Mapping[str, Any], rows: int) -> float:
    """What an expression comes to.

    Args:
        expression: Checked.
        own: `prediction`, `outcome`, `value`, those that it reads, each of shape (rows,).
        features: Its columns, likewise; doubles with NaN, or objects of texts with None.
        rows: How many rows there are.

    Raises:
        ExpressionError: A text is used as a number.
    """
    frame = _Frame(dict(features) | dict(own), features, rows)
    with np.errstate(all="ignore"):
        found = frame.of(expression.tree)
        return float(found if expression.is_summed_up else _mean(frame.numbers(found)))


@dataclass(frozen=True, slots=True)
class _Frame:
    names: Mapping[str, Any]
    features: Mapping[str, Any]
    rows: int

    def of(self, node: ast.expr) -> Any:
        """One value a row, or one number for all."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return self.names[node.id]
        if isinstance(node, ast.Subscript) and is_feature(node) and isinstance(node.slice, ast.Constant):
            return self.features[str(node.slice.value)]
        return self._combined(node)

    def _combined(self, node: ast.expr) -> Any:
        if isinstance(node, ast.BinOp):
            return _ARITHMETIC[type(node.op)](self._number(node.left), self._number(node.right))
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.BoolOp):
            parts = [_truth(self.of(part)) for part in node.values]
            every = isinstance(node.op, ast.And)
            return (
                (np.logical_and if every else np.logical_or).reduce(np.broadcast_arrays(*parts)).astype(float)
            )
        if isinstance(node, ast.Compare):
            return self._compared(node)
        if isinstance(node, ast.IfExp):
            return self._where([node.test, node.body, node.orelse])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._called(node.func.id, node.args)
        raise ExpressionError(f"may not hold {type(node).__name__}")

    def _unary(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return np.logical_not(_truth(self.of(node.operand))).astype(float)
        number = self._number(node.operand)
        return -number if isinstance(node.op, ast.USub) else number

    def _compared(self, node: ast.Compare) -> Any:
        sides = [self.of(side) for side in (node.left, *node.comparators)]
        found: Any = True
        for operator, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True):
            found = np.logical_and(found, _compare(operator, left, right))
        return np.asarray(found).astype(float)

    def _where(self, nodes: list[ast.expr]) -> Any:
        test, yes, no = (self.of(node) for node in nodes)
        if _is_text(yes) != _is_text(no):
            raise ExpressionError("chooses between a text and a number")
        return np.where(_truth(test), yes, no)

    def _called(self, name: str, nodes: list[ast.expr]) -> Any:
        if name == "where":
            return self._where(nodes)
        if name == "count" and not nodes:
            return float(self.rows)
        if name in ("count", "share"):
            truth = np.broadcast_to(_truth(self.of(nodes[0])), self.rows)
            return float(truth.sum() if name == "count" else truth.mean())
        if name in _OVER_ROWS:
            return _OVER_ROWS[name](self.numbers(self.of(nodes[0])))
        return _OF_ONE_ROW[name](*(self._number(node) for node in nodes))

    def _number(self, node: ast.expr) -> Any:
        return _as_number(self.of(node))

    def numbers(self, found: Any) -> Any:
        """One number a row, shape (rows,)."""
        return np.broadcast_to(_as_number(found), self.rows)


def _as_number(found: Any) -> Any:
    if _is_text(found):
        raise ExpressionError("uses a text as a number; compare it with == or turn it into one before")
    return np.asarray(found, dtype=np.float64)


def _is_text(found: Any) -> bool:
    return isinstance(found, str) or (isinstance(found, np.ndarray) and found.dtype.kind in "OU")


def _truth(found: Any) -> Any:
    """What counts as so: numbers other than 0 and texts that are not empty; a gap never does."""
    if _is_text(found):
        return np.vectorize(bool, otypes=[bool])(found)
    number = np.asarray(found, dtype=np.float64)
    return (number != 0) & ~np.isnan(number)


def _compare(operator: ast.cmpop, left: Any, right: Any) -> Any:
    there = _is_there(left) & _is_there(right)
    if isinstance(operator, ast.Eq | ast.NotEq):
        if _is_text(left) or _is_text(right):
            same = _spelled(left) == _spelled(right)
        else:
            same = np.asarray(left) == np.asarray(right)
        same = np.asarray(same, dtype=bool)
        return there & (same if isinstance(operator, ast.Eq) else ~same)
    return there & _ORDER[type(operator)](_as_number(left), _as_number(right))


def _spelled(found: Any) -> Any:
    """Texts, numbers spelled as labels are, so that `'1'` equals 1."""
    if not np.ndim(found):
        return spelling(str(found) if _is_text(found) else float(found))
    import pandas as pd

    places, values = pd.factorize(found)
    return np.array([*map(spelling, values.tolist()), ""], dtype=object)[places]


def _is_there(found: Any) -> Any:
    if _is_text(found):
        return np.asarray(found, dtype=object) != None  # noqa: E711 - one by one
    return ~np.isnan(np.asarray(found, dtype=np.float64))


def _mean(values: Any) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")


def _rounded(values: Any, digits: Any = 0.0) -> Any:
    places = 10.0 ** np.clip(np.trunc(digits), -15, 15)
    return np.round(values * places) / places


_OVER_ROWS: Mapping[str, Callable[[Any], float]] = {
    "sum": lambda values: float(np.nansum(values)),
    "mean": _mean,
    "least": lambda values: float(np.fmin.reduce(values)),
    "most": lambda values: float(np.fmax.reduce(values)),
}
_OF_ONE_ROW: Mapping[str, Callable[..., Any]] = {
    "abs": np.abs,
    "min": lambda *values: np.minimum.reduce(np.broadcast_arrays(*values)),
    "max": lambda *values: np.maximum.reduce(np.broadcast_arrays(*values)),
    "round": _rounded,
}
