"""A pipeline: an encoder makes the matrix, a model scores it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from serving.plan.estimator import (
    Classifier,
    Decider,
    Indices,
    Matrix,
    Regressor,
    Values,
)
from serving.plan.explaining.credits import Credits
from serving.plan.explaining.explainable import explained, explained_decision
from serving.plan.explaining.parts import Parts


class Batch(Protocol):
    """Rows that are scored together."""

    @property
    def credits(self) -> Sequence[Credits]:
        """Whose each column of each encoder's matrix is."""
        ...

    def matrix(self, encoder: int) -> Matrix:
        """Return the matrix that an encoder makes of the rows."""
        ...


@dataclass(frozen=True, slots=True)
class ClassPipeline:
    """Answers classes of rows."""

    encoder: int
    model: Classifier

    def classify(self, batch: Batch) -> tuple[Indices, Values | None]:
        """The model's classes and probabilities."""
        return self.model.classify(batch.matrix(self.encoder))

    def explain(self, batch: Batch) -> Parts:
        """The model's parts, by input."""
        return batch.credits[self.encoder].by_input(explained(self.model, batch.matrix(self.encoder)))


@dataclass(frozen=True, slots=True)
class DecidingPipeline:
    """Answers classes of rows, and a decision function."""

    encoder: int
    model: Classifier
    decisions: Decider

    def classify(self, batch: Batch) -> tuple[Indices, Values | None]:
        """The model's classes and probabilities."""
        return self.model.classify(batch.matrix(self.encoder))

    def explain(self, batch: Batch) -> Parts:
        """The model's parts, by input."""
        return batch.credits[self.encoder].by_input(explained(self.model, batch.matrix(self.encoder)))

    def decide(self, batch: Batch) -> Values:
        """The model's decision function."""
        return self.decisions.decide(batch.matrix(self.encoder))

    def explain_decision(self, batch: Batch) -> Parts:
        """The decision's parts, by input."""
        parts = explained_decision(self.decisions, batch.matrix(self.encoder))
        return batch.credits[self.encoder].by_input(parts)


@dataclass(frozen=True, slots=True)
class NumberPipeline:
    """Answers numbers of rows."""

    encoder: int
    model: Regressor

    def estimate(self, batch: Batch) -> Values:
        """The model's numbers."""
        return self.model.estimate(batch.matrix(self.encoder))

    def explain(self, batch: Batch) -> Parts:
        """The model's parts, by input."""
        return batch.credits[self.encoder].by_input(explained(self.model, batch.matrix(self.encoder)))
