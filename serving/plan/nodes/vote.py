"""Votes: the mean of the members' probabilities or numbers, or the label that most members give."""

from collections.abc import Sequence
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
    regressor,
    shares,
)
from serving.plan.explaining.explainable import explained, explained_shares
from serving.plan.explaining.parts import Parts
from serving.plan.explaining.parts import mean as mean_parts
from serving.plan.model import PlanBroken, PlanUnsupported
from serving.plan.nodes.members import Pen, Reader

MOST_MEMBERS = 10_000


class SoftVote:
    """Answers the members' mean probabilities."""

    def __init__(self, members: Sequence[Classifier], weights: Matrix | None) -> None:
        self._members, self._weights = members, weights

    def classify(self, source: Source) -> tuple[Indices, Values]:
        """The likeliest class by the weighted mean."""
        each = np.asarray([shares(member, source) for member in self._members])
        mean: Values = np.average(each, axis=0, weights=self._weights)
        return mean.argmax(axis=1), mean

    def explain(self, source: Source) -> Parts:
        """The mean of the members' parts."""
        return mean_parts([explained_shares(member, source) for member in self._members], self._weights)


class HardVote:
    """Answers the class that weighs the most, the first of equals; it has no probabilities."""

    def __init__(self, members: Sequence[Classifier], weights: Matrix | None, classes: int) -> None:
        self._members, self._classes = members, classes
        self._weights = np.ones(len(members)) if weights is None else weights

    def classify(self, source: Source) -> tuple[Indices, None]:
        """The members' labels, weighed."""
        labels = [member.classify(source)[0] for member in self._members]
        counts = np.zeros((len(labels[0]), self._classes))
        rows = np.arange(len(counts))
        for label, weight in zip(labels, self._weights, strict=True):
            counts[rows, label] += weight
        return counts.argmax(axis=1), None


class MeanVote:
    """Answers the members' mean."""

    def __init__(self, members: Sequence[Regressor], weights: Matrix | None) -> None:
        self._members, self._weights = members, weights

    def estimate(self, source: Source) -> Values:
        """The weighted mean."""
        each = np.asarray([member.estimate(source) for member in self._members]).T
        mean: Values = np.average(each, axis=1, weights=self._weights)
        return mean

    def explain(self, source: Source) -> Parts:
        """The mean of the members' parts."""
        return mean_parts([explained(member, source) for member in self._members], self._weights)


def write(model: Any, pen: Pen) -> Entry:
    """Write a fitted VotingClassifier or VotingRegressor; a soft vote of one is its member.

    Raises:
        PlanUnsupported: A member cannot be written, or knows other classes than the whole.
    """
    is_soft = getattr(model, "voting", "soft") == "soft"
    members = [pen.member(member) for member in model.estimators_]
    if hasattr(model, "classes_") and not (is_soft and _know_the_same(model)):
        check_encoded(model.estimators_, len(model.classes_))
    if len(members) == 1 and is_soft:
        return members[0]
    weights = model._weights_not_none  # noqa: SLF001 - what its own average takes
    return {
        "kind": "vote",
        "is_soft": is_soft,
        "weights": None if weights is None else [float(weight) for weight in weights],
        "members": members,
    }


def _know_the_same(model: Any) -> bool:
    """Whether all members know the whole's own labels: fitted before it, as frozen ones are."""
    return all(list(member.classes_) == list(model.classes_) for member in model.estimators_)


def check_encoded(members: Sequence[Any], classes: int) -> None:
    """Check that fitted members know exactly the classes 0, 1, 2 and so on.

    Raises:
        PlanUnsupported: One knows others.
    """
    for member in members:
        if list(member.classes_) != list(range(classes)):
            raise PlanUnsupported(f"a member ({type(member).__name__}) knows other classes than the whole")


def load(entry: Entry, shape: Shape, reader: Reader) -> SoftVote | HardVote | MeanVote:
    """Read what `write` wrote."""
    members = [reader.member(member, shape) for member in entry["members"]]
    weights = None if entry["weights"] is None else np.array(entry["weights"], dtype=np.float64)
    check_weights(weights, len(members))
    if not shape.classes:
        return MeanVote([regressor(member) for member in members], weights)
    classifiers = [classifier(member) for member in members]
    return (
        SoftVote(classifiers, weights) if entry["is_soft"] else HardVote(classifiers, weights, shape.classes)
    )


def check_weights(weights: Matrix | None, count: int) -> None:
    """Check that there are members, and a weight for each if there are any.

    Raises:
        PlanBroken: It is not so, or the weights cannot be averaged by.
    """
    if not 1 <= count <= MOST_MEMBERS:
        raise PlanBroken(f"a model of models must have 1 to {MOST_MEMBERS} members, not {count}")
    if weights is None:
        return
    if weights.shape != (count,) or not np.isfinite(weights).all() or weights.sum() == 0:
        raise PlanBroken(f"there must be {count} finite weights that do not add up to 0")
