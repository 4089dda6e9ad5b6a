"""How much a text speaks like each class: scores of linear models of its words and letters.

Three that err differently: a naive Bayes that is made for few and uneven texts (ComplementNB, Rennie et al.
2003), and logistic regressions of words and of letters. A training text's scores come from models that never
saw its label, so that what learns from them meets scores as it will meet those of new texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from projects.text.article import Article
from projects.text.part import Labels, Numbers
from projects.text.views import Analyzer, View, projected
from projects.text.weighing import Weighing

Linear = tuple[Numbers, Numbers]
"""A matrix (groups, width) and an offset (width,)."""
Learn = Callable[[Any, Any, int], Linear]
MOST_CLASSES = 30
"""With more, naive Bayes alone: a logistic regression's time grows with the classes."""
STEPS = 15
"""Passes of the logistic regression: it stops before it fits single texts, and 48,000 texts take 2 s."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One model's: what it reads, its name, and how it learns from weights, codes and a number of classes."""

    analyzer: Analyzer
    name: str
    learn: Learn


def bayes(weights: Any, codes: Any, classes: int) -> Linear:
    """Learn ComplementNB's log-likelihoods; alpha 0.3 as texts are short."""
    from sklearn.naive_bayes import ComplementNB

    model = ComplementNB(alpha=0.3).fit(weights, codes)
    return spread(model.feature_log_prob_.T, np.zeros(len(model.classes_)), model.classes_, classes)


def logistic(weights: Any, codes: Any, classes: int) -> Linear:
    """Learn a logistic regression by SAGA (Defazio et al. 2014); C 5 as rows have length 1."""
    from sklearn.linear_model import LogisticRegression

    if len(present := np.unique(codes)) < 2:  # a fold may hold all texts of a rare class back
        return spread(np.zeros((weights.shape[1], 1)), np.zeros(1), present, classes)
    model = LogisticRegression(
        C=5, class_weight="balanced", solver="saga", max_iter=STEPS, tol=1e-3, random_state=0
    )
    model = _fitted_quietly(model, weights.astype(np.float32), codes)
    matrix, offset = model.coef_.T.astype(np.float64), model.intercept_.astype(np.float64)
    if matrix.shape[1] == 1:
        matrix, offset = np.hstack([-matrix, matrix]) / 2, np.array([-offset[0], offset[0]]) / 2
    return spread(matrix, offset, model.classes_, classes)


def ridge(weights: Any, numbers: Any, classes: int) -> Linear:  # noqa: ARG001 - as every model learns
    """Learn a ridge regression of a number."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=1.0, solver="sparse_cg", tol=1e-3).fit(weights, numbers)
    return np.ascontiguousarray(model.coef_.reshape(-1, 1)), np.array([float(model.intercept_)])


def spread(matrix: Numbers, offset: Numbers, present: Any, classes: int) -> Linear:
    """Centre scores over classes, and give classes that were not there a score of zero.

    Two classes become one number, that of the second: the first one's is its negative.
    """
    whole, shift = np.zeros((len(matrix), classes)), np.zeros(classes)
    whole[:, present] = matrix - matrix.mean(axis=1, keepdims=True)
    shift[present] = offset - offset.mean()
    return (whole[:, 1:], shift[1:]) if classes == 2 else (whole, shift)


class Domain:
    """The scores, a number a class and model (one of two classes; one of a target that is a number).

    Args:
        weighing: Shared with the parts that read the same weights.
    """

    def __init__(self, weighing: Weighing) -> None:
        self.weighing = weighing
        self.names: tuple[str, ...] = ()
        self.views_: list[View] = []

    def fit(self, articles: Sequence[Article], labels: Labels | None) -> Self:
        """Learn the models of all training texts; without labels, none."""
        self.weighing.learn(articles)
        self.views_, names = [], []
        for scores in self._models(labels):
            assert labels is not None  # noqa: S101 - there are no models without labels
            vectorizer = self.weighing.vectorizers[scores.analyzer]
            matrix, offset = self._learned(scores, labels, None)
            self.views_.append(View(scores.analyzer, vectorizer, np.ascontiguousarray(matrix), offset))
            names += [f"domain_{scores.name}_{told}" for told in _told(labels)]
        self.names = tuple(names)
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None) -> Numbers:
        """Fit, and return the training texts' scores by the models of the other folds."""
        self.fit(articles, labels)
        numbers = np.zeros((len(articles), len(self.names)))
        start = 0
        for scores, view in zip(self._models(labels), self.views_, strict=True):
            assert labels is not None  # noqa: S101 - there are no models without labels
            weights, end = self.weighing.weights(scores.analyzer), start + len(view.offset)
            for fitted_on, scored in labels.folds:
                matrix, offset = self._learned(scores, labels, fitted_on)
                numbers[scored, start:end] = weights[scored] @ matrix + offset
            start = end
        return numbers

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the scores, (texts, models x classes)."""
        blocks = projected(self.views_, [article.text for article in articles])
        return np.hstack([np.zeros((len(articles), 0)), *blocks])

    def _learned(self, scores: Scores, labels: Labels, rows: Any) -> Linear:
        weights = self.weighing.weights(scores.analyzer)
        y = labels.y
        if rows is not None:
            weights, y = weights[rows], y[rows]
        return scores.learn(weights, y, len(labels.classes or ()))

    def _models(self, labels: Labels | None) -> list[Scores]:
        read, first = self.weighing.vectorizers, self.weighing.first
        if labels is None or first is None:
            return []
        if labels.classes is None:
            return [Scores(analyzer, f"ridge_{analyzer}", ridge) for analyzer in read]
        if len(labels.classes) > MOST_CLASSES:
            return [Scores(first, "bayes", bayes)]
        return [Scores(first, "bayes", bayes), *(Scores(name, name, logistic) for name in read)]


def _told(labels: Labels) -> list[str]:
    if labels.classes is None:
        return ["number"]
    return [str(name) for name in (labels.classes[1:] if len(labels.classes) == 2 else labels.classes)]


def _fitted_quietly(model: Any, weights: Any, codes: Any) -> Any:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(weights, codes)
