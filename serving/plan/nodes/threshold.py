"""A moved threshold: the label changes where it says, the probabilities stay."""

from typing import Any

import numpy as np

from serving.plan.estimator import (
    Classifier,
    Decider,
    Entry,
    Indices,
    Shape,
    Source,
    Values,
    classifier,
    decider,
    shares,
)
from serving.plan.explaining.explainable import explained
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanBroken, PlanUnsupported
from serving.plan.nodes.members import Pen, Reader


class ShareThreshold:
    """Answers the positive class from a probability on."""

    def __init__(self, member: Classifier, threshold: float, positive: int) -> None:
        self._member, self._threshold, self._positive = member, threshold, positive

    def classify(self, source: Source) -> tuple[Indices, Values]:
        """The class by the threshold, and the member's probabilities."""
        probabilities = shares(self._member, source)
        reached = probabilities[:, self._positive] >= self._threshold
        return np.where(reached, self._positive, 1 - self._positive), probabilities

    def explain(self, source: Source) -> Parts:
        """The member's parts: a threshold moves none."""
        return explained(self._member, source)


class DecisionThreshold:
    """Answers the positive class from a decision on."""

    def __init__(self, member: Classifier, decisions: Decider, threshold: float, positive: int) -> None:
        self._member, self._decisions = member, decisions
        self._threshold, self._positive = threshold, positive

    def classify(self, source: Source) -> tuple[Indices, Values | None]:
        """The class by the threshold, and the member's probabilities if it has any."""
        decision = self._decisions.decide(source)[:, 0]
        reached = (decision if self._positive else -decision) >= self._threshold
        labels = np.where(reached, self._positive, 1 - self._positive)
        return labels, self._member.classify(source)[1]

    def explain(self, source: Source) -> Parts:
        """The member's parts: a threshold moves none."""
        return explained(self._member, source)


def write(model: Any, pen: Pen) -> Entry:
    """Write a fitted FixedThresholdClassifier or TunedThresholdClassifierCV.

    Raises:
        PlanUnsupported: Its member cannot be written.
    """
    member = getattr(model, "estimator_", model.estimator)
    method = model.response_method
    if method == "auto":
        method = "predict_proba" if hasattr(member, "predict_proba") else "decision_function"
    if hasattr(model, "best_threshold_"):
        threshold, label = model.best_threshold_, model._curve_scorer._get_pos_label()  # noqa: SLF001
    else:
        threshold, label = model.threshold, model.pos_label
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    classes = list(model.classes_)
    if len(classes) != 2:
        raise PlanUnsupported("only a threshold between two classes can be a plan")
    return {
        "kind": "threshold",
        "method": "shares" if method == "predict_proba" else "decision",
        "threshold": float(threshold),
        "positive": 1 if label is None else classes.index(label),
        "member": pen.member(member),
    }


def load(entry: Entry, shape: Shape, reader: Reader) -> ShareThreshold | DecisionThreshold:
    """Read what `write` wrote."""
    member = reader.member(entry["member"], shape)
    threshold, positive = float(entry["threshold"]), entry["positive"]
    if shape.classes != 2 or positive not in (0, 1) or not np.isfinite(threshold):
        raise PlanBroken("a threshold must be a finite number between two classes")
    if entry["method"] == "shares":
        return ShareThreshold(classifier(member), threshold, positive)
    return DecisionThreshold(classifier(member), decider(member), threshold, positive)
