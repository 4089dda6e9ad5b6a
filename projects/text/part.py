"""A part of what a text becomes: some numbers, learned from training texts or known beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from projects.text.article import Article

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labels:
    """What texts are learned for.

    Attributes:
        y: Codes 0..k-1 (int64) of classes, or numbers (float64); shape (texts,).
        classes: The classes in the order of the codes; None for numbers.
        folds: Pairs (rows to fit on, rows to score) for parts that learn from labels.
    """

    y: NDArray[Any]
    classes: tuple[Any, ...] | None
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]


class Part(Protocol):
    """Numbers of texts. `transform` is safe for threads and gives each text numbers of its own alone."""

    names: tuple[str, ...]
    """Of its numbers, once it is fitted."""

    def fit(self, articles: Sequence[Article], labels: Labels | None) -> Self:
        """Learn from training texts; without labels, what can be learned without."""
        ...

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None) -> Numbers:
        """Fit, and return the numbers of the training texts: of each by what the other folds' labels tell."""
        ...

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, float64 of shape (texts, len(names)), all finite."""
        ...


class PartMissingError(Exception):
    """A part needs what is not installed; the sentence says what to install."""
