"""Bags: the mean of members that may each take some of the columns and know some of the classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from serving.plan.estimator import (
    Classifier,
    Entry,
    Indices,
    Matrix,
    Regressor,
    Shape,
    Values,
    classifier,
    regressor,
)
from serving.plan.explaining.explainable import explained, explained_shares
from serving.plan.explaining.parts import Parts, placed
from serving.plan.explaining.parts import mean as mean_parts
from serving.plan.model import PlanBroken
from serving.plan.nodes.members import Pen, Reader
from serving.plan.nodes.vote import check_weights

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Place(Generic[M]):
    """A member and what it sees.

    Attributes:
        member: The model.
        features: Its columns of the matrix.
        classes: The whole's classes that are its own.
    """

    member: M
    features: Indices
    classes: Indices


class ClassBag:
    """Answers the members' mean probabilities; a member without any counts as sure of its label."""

    def __init__(self, places: Sequence[Place[Classifier]], classes: int) -> None:
        self._places, self._classes = places, classes

    def classify(self, matrix: Matrix) -> tuple[Indices, Values]:
        """The likeliest class by the mean."""
        total = np.zeros((len(matrix), self._classes))
        rows = np.arange(len(matrix))
        for place in self._places:
            labels, probabilities = place.member.classify(matrix[:, place.features])
            if probabilities is None:
                total[rows, place.classes[labels]] += 1
            else:
                total[:, place.classes] += probabilities
        mean = total / len(self._places)
        return mean.argmax(axis=1), mean

    def explain(self, matrix: Matrix) -> Parts:
        """The mean of the members' parts; a class that a member does not know has none from it."""
        return mean_parts([self._widened(place, matrix) for place in self._places])

    def _widened(self, place: Place[Classifier], matrix: Matrix) -> Parts:
        own = placed(
            explained_shares(place.member, matrix[:, place.features]), place.features, matrix.shape[1]
        )
        base = np.zeros((len(matrix), self._classes))
        each = np.zeros((len(matrix), self._classes, matrix.shape[1]))
        base[:, place.classes], each[:, place.classes] = own.base, own.each
        return Parts(base, each, are_shares=True)


class NumberBag:
    """Answers the members' mean."""

    def __init__(self, places: Sequence[Place[Regressor]]) -> None:
        self._places = places

    def estimate(self, matrix: Matrix) -> Values:
        """The mean."""
        total = sum(place.member.estimate(matrix[:, place.features]) for place in self._places)
        mean: Values = np.asarray(total) / len(self._places)
        return mean

    def explain(self, matrix: Matrix) -> Parts:
        """The mean of the members' parts."""
        width = matrix.shape[1]
        return mean_parts(
            [
                placed(explained(place.member, matrix[:, place.features]), place.features, width)
                for place in self._places
            ]
        )


def write(model: Any, pen: Pen) -> Entry:
    """Write a fitted BaggingClassifier or BaggingRegressor.

    Raises:
        PlanUnsupported: A member cannot be written.
    """
    has_classes = hasattr(model, "classes_")
    return {
        "kind": "bag",
        "members": [pen.on_matrix(member) for member in model.estimators_],
        "features": [np.asarray(features).tolist() for features in model.estimators_features_],
        "classes": [
            np.asarray(member.classes_).tolist() if has_classes else [] for member in model.estimators_
        ],
    }


def load(entry: Entry, shape: Shape, reader: Reader) -> ClassBag | NumberBag:
    """Read what `write` wrote."""
    check_weights(None, len(entry["members"]))
    places = []
    for member, features, classes in zip(entry["members"], entry["features"], entry["classes"], strict=True):
        columns = _indices(features, shape.matrix_width)
        labels = _indices(classes, shape.classes)
        if bool(shape.classes) != bool(len(labels)):
            raise PlanBroken("the members of a bag must have classes if the bag has")
        places.append(Place(reader.member(member, Shape(len(columns), len(labels))), columns, labels))
    if shape.classes:
        return ClassBag([Place(classifier(p.member), p.features, p.classes) for p in places], shape.classes)
    return NumberBag([Place(regressor(p.member), p.features, p.classes) for p in places])


def _indices(numbers: list[int], high: int) -> Indices:
    indices = np.array(numbers, dtype=np.intp)
    if indices.ndim != 1 or (indices.size and not (indices.min() >= 0 and indices.max() < high)):
        raise PlanBroken(f"indices must lie in 0..{high - 1}")
    return indices
