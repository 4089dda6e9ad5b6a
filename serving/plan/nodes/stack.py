"""Stacks: what the members answer, side by side, is the matrix of a last model.

Of two classes' probabilities only the second's is passed on, as scikit-learn does.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from serving.plan.estimator import (
    Classifier,
    Entry,
    Indices,
    Matrix,
    Regressor,
    Shape,
    Source,
    Values,
    classifier,
    decider,
    regressor,
    shares,
)
from serving.plan.model import PlanBroken, PlanUnsupported
from serving.plan.nodes.members import Pen, Reader
from serving.plan.nodes.vote import check_encoded, check_weights

Answer = Callable[[Source], Values]
METHODS = {"predict_proba": "shares", "decision_function": "decision", "predict": "numbers"}


class ClassStack:
    """Answers what the last model makes of the members' answers."""

    def __init__(self, members: Sequence[Answer], final: Classifier) -> None:
        self._members, self._final = members, final

    def classify(self, source: Source) -> tuple[Indices, Values | None]:
        """The last model's classes and probabilities."""
        return self._final.classify(_side_by_side(self._members, source))


class NumberStack:
    """Answers the number that the last model makes of the members' numbers."""

    def __init__(self, members: Sequence[Answer], final: Regressor) -> None:
        self._members, self._final = members, final

    def estimate(self, source: Source) -> Values:
        """The last model's numbers."""
        return self._final.estimate(_side_by_side(self._members, source))


def _side_by_side(members: Sequence[Answer], source: Source) -> Matrix:
    return np.hstack([member(source) for member in members]).astype(np.float64, copy=False)


def write(model: Any, pen: Pen) -> Entry:
    """Write a fitted StackingClassifier or StackingRegressor.

    Raises:
        PlanUnsupported: It passes its own input on, or a member cannot be written or answers labels.
    """
    if model.passthrough:
        raise PlanUnsupported(
            "a stack with passthrough=True cannot be a plan; its last model takes raw columns"
        )
    methods = [METHODS[method] for method in model.stack_method_]
    classes = len(model.classes_) if hasattr(model, "classes_") else 0
    if classes and "numbers" in methods:
        raise PlanUnsupported("a stack whose members answer labels cannot be a plan")
    if classes:
        check_encoded([*model.estimators_, model.final_estimator_], classes)
    return {
        "kind": "stack",
        "methods": methods,
        "members": [pen.member(member) for member in model.estimators_],
        "final": pen.on_matrix(model.final_estimator_),
    }


def load(entry: Entry, shape: Shape, reader: Reader) -> ClassStack | NumberStack:
    """Read what `write` wrote."""
    members = [reader.member(member, shape) for member in entry["members"]]
    check_weights(None, len(members))
    pairs = zip(members, entry["methods"], strict=True)
    answers = [_answer(member, method, shape.classes) for member, method in pairs]
    final = reader.member(entry["final"], Shape(len(answers) * shape.outputs, shape.classes))
    if shape.classes:
        return ClassStack(answers, classifier(final))
    return NumberStack(answers, regressor(final))


def _answer(member: object, method: str, classes: int) -> Answer:
    if method == "decision":
        return decider(member).decide
    if method == "numbers" and not classes:
        of_numbers = regressor(member)
        return lambda source: of_numbers.estimate(source)[:, None]
    if method == "shares" and classes:
        of_classes = classifier(member)
        first = 1 if classes == 2 else 0
        return lambda source: shares(of_classes, source)[:, first:]
    raise PlanBroken(f"a member of a stack cannot answer '{method}' here")
