"""A regression of a transformed target: the numbers are brought back to the target's own scale."""

from collections.abc import Callable
from typing import Any

import numpy as np

from serving.plan.estimator import Entry, Regressor, Shape, Source, Values, regressor
from serving.plan.explaining.explainable import explained
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanBroken, PlanUnsupported
from serving.plan.nodes.members import Pen, Reader

INVERSES: dict[str, Callable[[Values], Values]] = {
    "expm1": np.expm1,
    "exp": np.exp,
    "log1p": np.log1p,
    "log": np.log,
    "sqrt": np.sqrt,
    "square": np.square,
}


class Transformed:
    """Answers `inverse(member * scale + shift)`."""

    def __init__(self, member: Regressor, inverse: str | None, scale: float, shift: float) -> None:
        self._member, self._scale, self._shift = member, scale, shift
        self._inverse = None if inverse is None else INVERSES[inverse]

    def estimate(self, source: Source) -> Values:
        """The numbers in the target's scale."""
        numbers = self._member.estimate(source)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return numbers * self._scale + self._shift if self._inverse is None else self._inverse(numbers)

    def explain(self, source: Source) -> Parts:
        """The member's parts in the target's scale, behind a function in proportion."""
        parts = explained(self._member, source)
        return (
            parts.times(self._scale, self._shift) if self._inverse is None else parts.through(self._inverse)
        )


def write(model: Any, pen: Pen) -> Entry:
    """Write a fitted TransformedTargetRegressor: a numpy function by name, or a StandardScaler.

    Raises:
        PlanUnsupported: Its function is another.
    """
    entry = {"kind": "transformed", "inverse": None, "scale": 1.0, "shift": 0.0}
    transformer = model.transformer_
    kind = type(transformer).__name__
    if kind == "StandardScaler":
        if transformer.scale_ is not None:
            entry["scale"] = float(transformer.scale_[0])
        if transformer.mean_ is not None:
            entry["shift"] = float(transformer.mean_[0])
    elif kind == "FunctionTransformer" and transformer.inverse_func is None:
        pass
    elif kind == "FunctionTransformer" and _name(transformer.inverse_func):
        entry["inverse"] = _name(transformer.inverse_func)
    else:
        raise PlanUnsupported(
            f"a target transformed by {kind} cannot be a plan; by {', '.join(INVERSES)} of numpy it can"
        )
    return {**entry, "member": pen.member(model.regressor_)}


def _name(function: Any) -> str | None:
    return next((name for name, known in INVERSES.items() if function is known), None)


def load(entry: Entry, shape: Shape, reader: Reader) -> Transformed:
    """Read what `write` wrote."""
    scale, shift = float(entry["scale"]), float(entry["shift"])
    if shape.classes or not np.isfinite([scale, shift]).all() or entry["inverse"] not in (None, *INVERSES):
        raise PlanBroken("a transformed target must be a number with a known inverse")
    return Transformed(regressor(reader.member(entry["member"], shape)), entry["inverse"], scale, shift)
