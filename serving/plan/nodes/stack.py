"""Stacks: what the members answer, side by side, is the matrix of a last model.

Of two classes' probabilities only the second's is passed on, as scikit-learn does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

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
from serving.plan.explaining.explainable import explained, explained_decision, explained_shares
from serving.plan.explaining.parts import Parts, side_by_side
from serving.plan.model import PlanBroken, PlanInexplicable, PlanUnsupported
from serving.plan.nodes.members import Pen, Reader
from serving.plan.nodes.vote import check_encoded, check_weights

METHODS = {"predict_proba": "shares", "decision_function": "decision", "predict": "numbers"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What of a member's answers is passed on: as numbers, of shape (rows, outputs), and as sums."""

    numbers: Callable[[Source], Values]
    parts: Callable[[Source], Parts]


@runtime_checkable
class OverParts(Protocol):
    """A last model that can explain an answer over columns that are sums themselves."""

    def explain_over(self, columns: Parts) -> Parts:
        """Its answer's parts, by what the columns are made of."""
        ...


class ClassStack:
    """Answers what the last model makes of the members' answers."""

    def __init__(self, members: Sequence[Answer], final: Classifier) -> None:
        self._members, self._final = members, final

    def classify(self, source: Source) -> tuple[Indices, Values | None]:
        """The last model's classes and probabilities."""
        return self._final.classify(_side_by_side(self._members, source))

    def explain(self, source: Source) -> Parts:
        """The last model's parts, with each member's answer taken apart in turn."""
        return _explained(self._members, self._final, source)


class NumberStack:
    """Answers the number that the last model makes of the members' numbers."""

    def __init__(self, members: Sequence[Answer], final: Regressor) -> None:
        self._members, self._final = members, final

    def estimate(self, source: Source) -> Values:
        """The last model's numbers."""
        return self._final.estimate(_side_by_side(self._members, source))

    def explain(self, source: Source) -> Parts:
        """The last model's parts, with each member's answer taken apart in turn."""
        return _explained(self._members, self._final, source)


def _side_by_side(members: Sequence[Answer], source: Source) -> Matrix:
    return np.hstack([member.numbers(source) for member in members]).astype(np.float64, copy=False)


def _explained(members: Sequence[Answer], final: object, source: Source) -> Parts:
    if not isinstance(final, OverParts):
        raise PlanInexplicable(
            "this model cannot be explained: a stack can be only if its last model is linear"
        )
    return final.explain_over(side_by_side([member.parts(source) for member in members]))


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
        return Answer(decider(member).decide, lambda source: explained_decision(member, source))
    if method == "numbers" and not classes:
        of_numbers = regressor(member)
        return Answer(
            lambda source: of_numbers.estimate(source)[:, None], lambda source: explained(member, source)
        )
    if method == "shares" and classes:
        of_classes = classifier(member)
        kept = slice(1 if classes == 2 else 0, None)
        return Answer(
            lambda source: shares(of_classes, source)[:, kept],
            lambda source: explained_shares(member, source).chosen(kept),
        )
    raise PlanBroken(f"a member of a stack cannot answer '{method}' here")
