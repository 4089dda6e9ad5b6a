"""A part that was known before any text was seen: a measure of each text."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from projects.text.article import Article
from projects.text.part import Labels, Numbers
from serving.plan.text.measure import Measure
from serving.plan.text.reading import Reading


class Measured:
    """The numbers of a measure.

    Args:
        measure: Of one text; the same one goes into a scoring plan.
    """

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.names = tuple(f"{measure.kind}_{name}" for name in measure.names)

    def fit(self, articles: Sequence[Article], labels: Labels | None) -> Self:  # noqa: ARG002 - a Part's
        """Learn nothing."""
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None) -> Numbers:  # noqa: ARG002
        """Return the numbers."""
        return self.transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, (texts, len(names))."""
        return measured(self.measure, [Reading(article.text) for article in articles])


def measured(measure: Measure, readings: Sequence[Reading]) -> Numbers:
    """Return a measure's numbers of texts that were read, (texts, numbers)."""
    rows = [measure.of(reading) for reading in readings]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(measure.names))
