"""An old and a new extractor on one test set: one classifier on the numbers of each, by the same folds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.metrics import find_metric
from projects.retraining.duel import Duel, compare
from projects.text.article import read_articles
from projects.text.bulk import Extractor
from projects.text.part import Numbers

FOLDS = 5
STRENGTH = 0.1
"""C of the logistic regression: strong enough that numbers of no use do little harm."""


@dataclass(frozen=True, slots=True)
class ComparedExtractors:
    """What came of it.

    Attributes:
        duel: Macro F1 of the old (champion) and the new (challenger), and whether the gain is beyond chance.
        features: Numbers an article, of the old and the new.
        ms_an_article: Extraction time without the cache, of the old and the new.
    """

    duel: Duel
    features: tuple[int, int]
    ms_an_article: tuple[float, float]

    @property
    def sentence(self) -> str:
        """What a person is told."""
        duel = self.duel
        verdict = "better beyond chance" if duel.is_better else "not better beyond chance"
        return (
            f"the new extractor is {verdict}: macro F1 {duel.challenger:.4f} against {duel.champion:.4f} on"
            f" {duel.rows:,} articles (gain {duel.gain.low:+.4f} to {duel.gain.high:+.4f}), with"
            f" {self.features[1]} numbers against {self.features[0]}, in {self.ms_an_article[1]:.2f} ms an"
            f" article against {self.ms_an_article[0]:.2f}"
        )


def compare_extractors(
    old: Extractor, new: Extractor, articles: Any, labels: Sequence[Any], *, seed: int = 0
) -> ComparedExtractors:
    """Compare two fitted extractors on articles that neither was fitted on.

    Args:
        old: In use.
        new: To take its place.
        articles: The test set, as `read_articles` takes it.
        labels: Their classes.
        seed: Of the folds and the draws.

    Raises:
        BadInput: Labels do not fit the articles, or there are too few.
    """
    read = read_articles(articles, new.roles)
    truth = np.asarray(labels)
    if len(read) != len(truth):
        raise BadInput(f"{len(read):,} articles came with {len(truth):,} labels; give one label an article")
    classes = tuple(np.unique(truth))
    if len(read) < 2 * FOLDS or len(classes) < 2:
        raise BadInput(
            f"a comparison needs {2 * FOLDS} articles or more, of two classes or more; {len(read)} of"
            f" {len(classes)} came"
        )
    made = [_timed(extractor, read) for extractor in (old, new)]
    one, other = (Answers(truth, _predicted(numbers, truth, seed), None, classes) for numbers, _ in made)
    return ComparedExtractors(
        compare(one, other, find_metric("f1_macro"), seed=seed),
        (made[0][0].shape[1], made[1][0].shape[1]),
        (made[0][1], made[1][1]),
    )


def _timed(extractor: Extractor, articles: Sequence[Any]) -> tuple[Numbers, float]:
    started = time.perf_counter()
    numbers = extractor.extract(articles)
    return numbers, 1000 * (time.perf_counter() - started) / len(articles)


def _predicted(numbers: Numbers, truth: Any, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fewest = min(np.unique(truth, return_counts=True)[1])
    folds = (StratifiedKFold if fewest >= FOLDS else KFold)(FOLDS, shuffle=True, random_state=seed)
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=2000)
    )
    return cross_val_predict(classifier, numbers, truth, cv=folds)
