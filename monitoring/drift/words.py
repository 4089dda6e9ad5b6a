"""Text columns: how well a classifier tells the window's texts from the reference's, as Evidently does it.

An area under the curve of one half is what chance gives; twice what is above it is the distance, 0 to 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import pandas as pd

MOST_TEXTS = 1_000
"""Of each side: with so many a distance of 0.1 is beyond chance, and the classifier is quick."""
FEWEST_TEXTS = 20


@dataclass(frozen=True, slots=True)
class Ranks:
    """What chance brings in the area under a curve over held-out texts of both sides (Mann and Whitney)."""

    spread: float

    @classmethod
    def of(cls, left: int, right: int) -> "Ranks":
        """For so many held-out texts, at least one of each side."""
        return cls(2 * ((left + right + 1) / (12 * left * right)) ** 0.5)

    def p_value(self, distance: float) -> float:
        """How often chance alone brings at least this distance."""
        return NormalDist().cdf(-distance / self.spread) if distance > 0 else 1.0

    def distance_at(self, level: float) -> float:
        """The distance that chance reaches with this probability."""
        return -NormalDist().inv_cdf(level) * self.spread


def told_apart(reference: Sequence[str], window: Sequence[str]) -> tuple[float, Ranks] | None:
    """Learn on one half of the texts of both sides, and tell the other half apart.

    The classifier, its split and its seed are those of Evidently's `text_content_drift` tests, so that the
    area under the curve is theirs on the same rows.

    Returns:
        The distance and what chance brings in it; None where there are too few texts, or no words in them.
    """
    if min(len(reference), len(window)) < FEWEST_TEXTS:
        return None
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import train_test_split

    both = pd.concat([pd.Series(reference), pd.Series(window)])
    side = [0] * len(reference) + [1] * len(window)
    learned, held, is_learned, is_held = train_test_split(
        both, side, test_size=0.5, random_state=42, shuffle=True
    )
    classifier = _classifier()
    try:
        classifier.fit(learned, is_learned)
    except ValueError:  # no word is left: all are too common, too short or stop words
        return None
    area = roc_auc_score(is_held, classifier.predict_proba(held)[:, 1])
    return max(0.0, 2 * float(area) - 1), Ranks.of(len(is_held) - sum(is_held), sum(is_held))


def _classifier() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(sublinear_tf=True, max_df=0.5, stop_words="english")
    line = SGDClassifier(alpha=0.0001, max_iter=50, penalty="l1", loss="modified_huber", random_state=42)
    return make_pipeline(words, line)
