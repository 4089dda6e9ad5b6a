"""Calibration: a member's decisions or probabilities become better probabilities, class by class.

Platt's sigmoid, isotonic steps (Zadrozny and Elkan 2002), or one temperature for all classes (Guo et al.
2017); several calibrated members, one a fold, are averaged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serving.plan.estimator import (
    Entry,
    Indices,
    Matrix,
    Shape,
    Source,
    Values,
    classifier,
    decider,
    shares,
    sigmoid,
    softmax,
)
from serving.plan.explaining.explainable import explained_decision, explained_shares
from serving.plan.explaining.parts import Parts, side_by_side
from serving.plan.explaining.parts import mean as mean_parts
from serving.plan.model import PlanBroken, PlanUnsupported
from serving.plan.nodes.members import Pen, Reader
from serving.plan.nodes.vote import check_weights

TINY = 1e-12
"""Added to probabilities before their logarithm, as scikit-learn does."""

A_BIT_TOO_MUCH = 1e-5


@dataclass(frozen=True, slots=True)
class Answer:
    """A member's scores, of shape (rows, 1) for two classes, else (rows, classes); and as sums."""

    scores: Callable[[Source], Values]
    parts: Callable[[Source], Parts]


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Platt's sigmoid."""

    slope: float
    shift: float

    def __call__(self, scores: Values) -> Matrix:
        """Probabilities of scores; shape (rows,)."""
        return sigmoid(self.slope * -scores - self.shift)


@dataclass(frozen=True, slots=True)
class Steps:
    """A rising line through points, level beyond the first and the last."""

    scores: Matrix
    probabilities: Matrix

    def __call__(self, scores: Values) -> Matrix:
        """Probabilities of scores; shape (rows,)."""
        return np.interp(scores, self.scores, self.probabilities)


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Calibrates each class by itself, then makes the probabilities add up to one.

    Attributes:
        answer: The member's scores: one column for two classes, else one a class.
        curves: One a column.
        places: The class that each column is about.
        classes: How many classes there are.
    """

    answer: Answer
    curves: Sequence[Sigmoid | Steps]
    places: Indices
    classes: int

    def __call__(self, source: Source) -> Matrix:
        """Probabilities; shape (rows, classes)."""
        scores = self.answer.scores(source)
        chances = np.zeros((len(scores), self.classes))
        for at, (place, curve) in enumerate(zip(self.places, self.curves, strict=True)):
            chances[:, place] = curve(scores[:, at])
        if self.classes == 2:
            chances[:, 0] = 1.0 - chances[:, 1]
        else:
            total = chances.sum(axis=1, keepdims=True)
            even = np.full_like(chances, 1 / self.classes)
            chances = np.divide(chances, total, out=even, where=total != 0)
        chances[(chances > 1.0) & (chances <= 1.0 + A_BIT_TOO_MUCH)] = 1.0
        return chances

    def explain(self, source: Source) -> Parts:
        """The scores' parts, each behind its curve in proportion."""
        scores = self.answer.parts(source)
        if self.classes == 2:
            return scores.through(self.curves[0]).both_sides()
        nobody = Parts(np.zeros((len(scores.base), 1)), np.zeros_like(scores.each[:, :1]))
        chances = [nobody] * self.classes
        for at, (place, curve) in enumerate(zip(self.places, self.curves, strict=True)):
            chances[place] = scores.chosen(slice(at, at + 1)).through(curve)
        return side_by_side(chances).shared_out()


@dataclass(frozen=True, slots=True)
class Temperature:
    """Divides all classes' logits by one number.

    Attributes:
        answer: The member's scores, one column or one a class.
        inverse: One by the temperature.
        are_shares: Whether the scores are probabilities.
    """

    answer: Answer
    inverse: float
    are_shares: bool

    def __call__(self, source: Source) -> Matrix:
        """Probabilities; shape (rows, classes)."""
        scores = self.answer.scores(source)
        if scores.shape[1] == 1:
            scores = np.hstack([1 - scores if self.are_shares else -scores, scores])
        return softmax(self.inverse * (np.log(scores + TINY) if self.are_shares else scores))

    def explain(self, source: Source) -> Parts:
        """The scores' parts behind the softmax."""
        scores = self.answer.parts(source)
        if scores.base.shape[1] == 1:
            first = scores.times(-1, 1) if self.are_shares else scores.times(-1)
            scores = side_by_side([first, scores])
        logs = scores.through(lambda shares: np.log(shares + TINY)) if self.are_shares else scores
        return logs.times(self.inverse).softmax()


class Calibrated:
    """Answers the mean of calibrated members."""

    def __init__(self, members: Sequence[OneByOne | Temperature]) -> None:
        self._members = members

    def classify(self, source: Source) -> tuple[Indices, Values]:
        """The likeliest class by the mean."""
        total = sum(member(source) for member in self._members)
        mean: Matrix = np.asarray(total) / len(self._members)
        return mean.argmax(axis=1), mean

    def explain(self, source: Source) -> Parts:
        """The mean of the members' parts."""
        return mean_parts([member.explain(source) for member in self._members])


def write(model: Any, pen: Pen) -> Entry:
    """Write a fitted CalibratedClassifierCV.

    Raises:
        PlanUnsupported: A member cannot be written, or its calibration is unknown.
    """
    classes = list(model.classes_)
    return {
        "kind": "calibrated",
        "members": [_member(calibrated, classes, pen) for calibrated in model.calibrated_classifiers_],
    }


def _member(calibrated: Any, classes: list[Any], pen: Pen) -> Entry:
    estimator = calibrated.estimator
    known = list(estimator.classes_)
    # Before a calibration by temperature scikit-learn numbers labels that are texts.
    if calibrated.method == "temperature" and known == list(range(len(classes))):
        known = classes
    places = [classes.index(label) for label in known]
    if calibrated.method == "temperature" and len(places) != len(classes):
        raise PlanUnsupported("a member calibrated by temperature must know all classes")
    return {
        "member": pen.member(estimator),
        "method": "decision" if hasattr(estimator, "decision_function") else "shares",
        "places": places,
        "curves": [_curve(curve, calibrated.method) for curve in calibrated.calibrators],
    }


def _curve(curve: Any, method: str) -> Entry:
    if method == "sigmoid":
        return {"kind": "sigmoid", "slope": float(curve.a_), "shift": float(curve.b_)}
    if method == "isotonic":
        scores, probabilities = curve.X_thresholds_, curve.y_thresholds_
        return {"kind": "steps", "scores": scores.tolist(), "probabilities": probabilities.tolist()}
    if method == "temperature":
        return {"kind": "temperature", "inverse": float(curve.beta_)}
    raise PlanUnsupported(f"the calibration '{method}' cannot be a plan")


def load(entry: Entry, shape: Shape, reader: Reader) -> Calibrated:
    """Read what `write` wrote."""
    check_weights(None, len(entry["members"]))
    return Calibrated([_calibrator(member, shape, reader) for member in entry["members"]])


def _calibrator(entry: Entry, shape: Shape, reader: Reader) -> OneByOne | Temperature:
    places = np.array(entry["places"], dtype=np.intp)
    known = set(places.tolist())
    if len(known) < 2 or len(known) < len(places) or not known <= set(range(shape.classes)):
        raise PlanBroken("a calibrated member must know two or more of the classes")
    answer = _answer(entry, reader.member(entry["member"], Shape(shape.width, len(places))), len(places))
    kinds = {curve["kind"] for curve in entry["curves"]}
    if kinds == {"temperature"}:
        return Temperature(answer, _finite(entry["curves"][0]["inverse"]), entry["method"] == "shares")
    # A member of two classes has one column. Of two classes in all it is about the second; of more,
    # scikit-learn takes it to be about the member's first.
    about = places if len(places) > 2 else places[:1] + (shape.classes == 2)
    curves = [_read_curve(curve) for curve in entry["curves"]]
    if shape.classes == 2 and places.tolist() != [0, 1]:
        raise PlanBroken("the two classes of a calibrated member must stand in order")
    if len(curves) != len(about):
        raise PlanBroken(f"{len(about)} curves are needed to calibrate, not {len(curves)}")
    return OneByOne(answer, curves, about, shape.classes)


def _answer(entry: Entry, member: object, classes: int) -> Answer:
    if entry["method"] == "decision":
        return Answer(decider(member).decide, lambda source: explained_decision(member, source))
    of_classes = classifier(member)
    kept = slice(1 if classes == 2 else 0, None)
    return Answer(
        lambda source: shares(of_classes, source)[:, kept],
        lambda source: explained_shares(member, source).chosen(kept),
    )


def _read_curve(curve: Entry) -> Sigmoid | Steps:
    if curve["kind"] == "sigmoid":
        return Sigmoid(_finite(curve["slope"]), _finite(curve["shift"]))
    scores = np.array(curve["scores"], dtype=np.float64)
    probabilities = np.array(curve["probabilities"], dtype=np.float64)
    rises = scores.ndim == 1 and len(scores) > 0 and (np.diff(scores) >= 0).all()
    if not rises or scores.shape != probabilities.shape or not np.isfinite([scores, probabilities]).all():
        raise PlanBroken("the points of a calibration must rise")
    return Steps(scores, probabilities)


def _finite(number: Any) -> float:
    if not np.isfinite(float(number)):
        raise PlanBroken("the numbers of a calibration must be finite")
    return float(number)
