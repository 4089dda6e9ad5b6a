"""What a text is about, without labels: TF-IDF of its words, reduced by its singular vectors."""

from collections.abc import Sequence
from math import sqrt
from typing import Self

import numpy as np
from threadpoolctl import threadpool_limits

from projects.text.article import Article
from projects.text.part import Labels, Numbers
from projects.text.views import View, projected
from projects.text.weighing import Weighing

FEWEST_WIDTH = 15
MOST_WIDTH = 64
ARTICLES_AT_FEWEST = 400


def width_of(articles: int) -> int:
    """Return the width for so many training texts.

    15 up to 400 texts; from there with the root of their number, as a direction's noise falls with that root;
    64 at most, as the scores of classes hold what further ones would tell.
    """
    return min(MOST_WIDTH, max(FEWEST_WIDTH, round(FEWEST_WIDTH * sqrt(articles / ARTICLES_AT_FEWEST))))


class Tfidf:
    """The reduced weights.

    Args:
        weighing: Shared with the parts that read the same weights.
        width: Numbers to make; None leaves it to `width_of`.
        random_state: For the decomposition.
    """

    def __init__(self, weighing: Weighing, *, width: int | None = None, random_state: int = 0) -> None:
        self.weighing = weighing
        self.width = width
        self.random_state = random_state
        self.names: tuple[str, ...] = ()
        self.views_: list[View] = []

    def fit(self, articles: Sequence[Article], labels: Labels | None) -> Self:  # noqa: ARG002 - a Part's
        """Learn the singular vectors."""
        analyzer = self.weighing.learn(articles).first
        self.views_ = []
        if analyzer is not None:
            weights = self.weighing.weights(analyzer)
            vectors = singular_vectors(weights, self.width or width_of(len(articles)), self.random_state)
            vectorizer = self.weighing.vectorizers[analyzer]
            self.views_ = [View(analyzer, vectorizer, vectors, np.zeros(vectors.shape[1]))]
        self.names = tuple(f"tfidf_{number}" for view in self.views_ for number in range(len(view.offset)))
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None) -> Numbers:
        """Fit, and return the training texts' numbers."""
        self.fit(articles, labels)
        if not self.views_:
            return np.zeros((len(articles), 0))
        view = self.views_[0]
        numbers: Numbers = self.weighing.weights(view.analyzer) @ view.matrix + view.offset
        return numbers

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, (texts, width)."""
        blocks = projected(self.views_, [article.text for article in articles])
        return np.hstack([np.zeros((len(articles), 0)), *blocks])


def singular_vectors(weights: object, width: int, seed: int) -> Numbers:
    """Return the right singular vectors of sparse weights, (groups, width at most)."""
    from sklearn.decomposition import TruncatedSVD

    texts, groups = weights.shape  # type: ignore[attr-defined]
    most = min(width, texts - 1, groups - 1)
    if most < 1:
        return np.ones((groups, 1)) / sqrt(groups)
    # Matrices of this size are decomposed faster without threads that wait for each other.
    with threadpool_limits(1, user_api="blas"):
        svd = TruncatedSVD(most, random_state=seed).fit(weights)
    return np.ascontiguousarray(svd.components_.T)
