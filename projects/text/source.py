"""What is known of who published a text: how often it came, how one-sided it is, which classes it has."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from projects.text.article import Article
from projects.text.part import Labels, Numbers

PRIOR = 5.0
"""Texts that the whole counts for beside a source's own."""
MOST_CLASSES = 30
MOST_SOURCES = 10_000


class Source:
    """A row of a table by source; unknown and missing sources have the last row.

    Attributes:
        table_: Of shape (sources + 1, numbers).
        places_: The row of each source.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.table_: Numbers = np.zeros((1, 0))
        self.places_: dict[str, int] = {}

    def fit(self, articles: Sequence[Article], labels: Labels | None) -> Self:
        """Count sources; nothing where no training text names one."""
        self.table_, self.places_ = _table(articles, labels)
        told = _told(labels)
        self.names = ("source_articles", "source_quality", *told) if self.places_ else ()
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None) -> Numbers:
        """Fit, and return the training texts' numbers by the tables of the other folds."""
        self.fit(articles, labels)
        if not self.names or labels is None:
            return self.transform(articles)
        numbers = np.zeros((len(articles), len(self.names)))
        for fitted_on, scored in labels.folds:
            part = Labels(labels.y[fitted_on], labels.classes, ())
            table, places = _table([articles[row] for row in fitted_on], part)
            numbers[scored] = table[[places.get(articles[row].source or "", -1) for row in scored]]
        return numbers

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, (texts, 2 + classes); nothing where sources are not known."""
        if not self.names:
            return np.zeros((len(articles), 0))
        found: Numbers = self.table_[[self.places_.get(article.source or "", -1) for article in articles]]
        return found


def _table(articles: Sequence[Article], labels: Labels | None) -> tuple[Numbers, dict[str, int]]:
    # As objects: as an array of texts, each would take as much memory as the longest.
    known = np.array([article.source or "" for article in articles], dtype=object)
    sources, codes, counts = np.unique(known, return_inverse=True, return_counts=True)
    kept = [place for place in np.argsort(-counts, kind="stable").tolist() if sources[place]][:MOST_SOURCES]
    places = {str(sources[place]): row for row, place in enumerate(kept)}
    seen = np.append(np.log1p(counts[kept]), 0.0)[:, None]
    told, quality = _by_source(codes, len(sources), labels)
    rows = [*kept, -1]
    return np.hstack([seen, quality[rows], told[rows]]), places


def _by_source(codes: Any, sources: int, labels: Labels | None) -> tuple[Numbers, Numbers]:
    """Return class shares (or the mean) shrunk to the whole's, and how far from the whole's; unknown last."""
    if labels is None:
        return np.zeros((sources + 1, 0)), np.zeros((sources + 1, 1))
    if labels.classes is None:
        sums = np.bincount(codes, labels.y, sources) + PRIOR * labels.y.mean()
        means = np.append(sums / (np.bincount(codes, minlength=sources) + PRIOR), labels.y.mean())[:, None]
        return means, np.abs(means - labels.y.mean())
    counts = np.zeros((sources + 1, len(labels.classes)))
    np.add.at(counts, (codes, labels.y), 1.0)
    whole = (np.bincount(labels.y, minlength=len(labels.classes)) + 1.0) / (
        len(labels.y) + len(labels.classes)
    )
    shares = (counts + PRIOR * whole) / (counts.sum(axis=1, keepdims=True) + PRIOR)
    quality = np.sum(shares * np.log(shares / whole), axis=1, keepdims=True)
    return np.log(shares / whole)[:, : len(_told(labels))], quality


def _told(labels: Labels | None) -> list[str]:
    if labels is None:
        return []
    if labels.classes is None:
        return ["source_mean"]
    if len(labels.classes) == 2:
        return [f"source_{labels.classes[0]}"]
    return [f"source_{name}" for name in labels.classes[:MOST_CLASSES]]
