"""A linear view of texts: their TF-IDF weights times a matrix. Several views share one reading of a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from projects.text.part import Numbers

Analyzer = Literal["words", "letters"]


@dataclass(frozen=True)
class View:
    """Numbers = TF-IDF @ matrix + offset.

    Attributes:
        analyzer: `words` or `letters` (groups within words).
        vectorizer: A fitted TfidfVectorizer (sublinear, rows of length 1); views that read alike hold the
            same object.
        matrix: Of shape (groups, width).
        offset: Of shape (width,).
    """

    analyzer: Analyzer
    vectorizer: Any
    matrix: Numbers
    offset: Numbers


def projected(views: Sequence[View], texts: Sequence[str]) -> list[Numbers]:
    """Return the numbers of each view, (texts, width); texts are weighed once for each vectorizer."""
    numbers: list[Numbers] = [np.zeros((len(texts), 0))] * len(views)
    for vectorizer in {id(view.vectorizer): view.vectorizer for view in views}.values():
        weights = vectorizer.transform(texts)
        for place, view in enumerate(views):
            if view.vectorizer is vectorizer:
                numbers[place] = weights @ view.matrix + view.offset
    return numbers
