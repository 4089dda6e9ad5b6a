"""What the notes added over the other columns: on the same folds, with the error of the difference."""

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.examples.churn.columns import BESIDE_NOTES, SUMMARY
from projects.examples.churn.features import embedding_columns
from projects.examples.churn.figures import gains
from projects.examples.churn.providers.words import SAYS_NOTHING, WORD, stem, told_words

FOLDS, REPEATS = 5, 2
TREES, DEPTH, RATE = 100, 3, 0.1
"""Of the compared models: the same for both, fixed beforehand, so that neither is tuned on its judges."""
WORDS, FEWEST = 12, 10
"""Words that are told on each side, and the fewest customers a word must be met at."""


@dataclass(frozen=True)
class Added:
    """What the notes added.

    Attributes:
        auc_without_notes: Cross-validated, of numbers and plan alone.
        auc_with_notes: With the embedding beside them.
        difference: The mean over the folds of the one less the other.
        error: Its standard error.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    auc_without_notes: float
    auc_with_notes: float
    difference: float
    error: float
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """What it means."""
        verdict = "the notes help" if self.low > 0 else "no more than chance explains"
        return (
            f"AUC {self.auc_without_notes:.3f} without the notes and {self.auc_with_notes:.3f} with them:"
            f" {self.difference:+.3f} (95 % interval {self.low:+.3f} to {self.high:+.3f}), {verdict}"
        )


def interpret(frame: pd.DataFrame, X: pd.DataFrame, y: NDArray[np.int64], model: Any) -> dict[str, Any]:
    """Say what the model looks at and what the notes added.

    Args:
        frame: The rows with `ticket_summary`.
        X: Their features.
        y: Who left.
        model: Fitted on some of them.

    Returns:
        As JSON: `notes` (AUC without and with, difference, error, interval, sentence), `gain` (shares of
        numbers, plan and notes, and of the largest single features), `words` (of leavers, of stayers) and
        `examples`, the summaries that the weightiest dimension of the embedding stands for.
    """
    added = added_by_notes(X, y)
    shares = gains(model, list(X.columns))
    notes = embedding_columns(list(X.columns))
    leaving, staying = telling_words(frame[SUMMARY], y)
    top = next((name for name in shares.index if name in set(notes)), None)
    examples = [] if top is None else frame.loc[X[top].abs().nlargest(3).index, SUMMARY].tolist()
    return {
        "notes": asdict(added) | {"sentence": added.sentence},
        "gain": {
            "notes": float(shares[notes].sum()),
            **{name: float(shares[name]) for name in BESIDE_NOTES},
            "top": {str(name): float(share) for name, share in shares.head(10).items()},
        },
        "words": {"leaving": leaving, "staying": staying},
        "examples": {"dimension": top, "summaries": examples},
    }


def added_by_notes(X: pd.DataFrame, y: NDArray[np.int64], *, seed: int = 0) -> Added:
    """Compare models with and without the notes on the same folds.

    The error of the difference counts that folds share training rows: Nadeau and Bengio, "Inference for the
    Generalization Error" (Machine Learning 52, 2003), variance times (1/k + test rows / training rows).
    """
    from scipy import stats
    from sklearn.model_selection import RepeatedStratifiedKFold

    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=seed)
    plain = X[list(BESIDE_NOTES)]
    scores = np.array([(_auc(plain, y, *pair), _auc(X, y, *pair)) for pair in folds.split(X, y)])
    differences = scores[:, 1] - scores[:, 0]
    rounds = len(differences)
    error = math.sqrt(differences.var(ddof=1) * (1 / rounds + 1 / (FOLDS - 1)))
    reach = float(stats.t.ppf(0.975, rounds - 1)) * error
    mean = float(differences.mean())
    without, with_notes = scores.mean(axis=0)
    return Added(float(without), float(with_notes), mean, error, mean - reach, mean + reach)


def telling_words(texts: "pd.Series[str]", y: NDArray[np.int64]) -> tuple[list[str], list[str]]:
    """Return the words that leavers' summaries hold more often than stayers', and the other way round.

    By the difference of smoothed log-odds over its error (Monroe, Colaresi and Quinn, "Fightin' Words",
    Political Analysis 16, 2008).
    """
    counts: dict[str, list[int]] = {}
    written: dict[str, Counter[str]] = {}
    for text, left in zip(texts, y, strict=True):
        for word in {match.group().casefold() for match in WORD.finditer(str(text))} - SAYS_NOTHING:
            written.setdefault(stem(word), Counter())[word] += 1
        for root in set(told_words(str(text))):
            counts.setdefault(root, [0, 0])[int(left)] += 1
    rows = np.bincount(y, minlength=2)
    names = {root: forms.most_common(1)[0][0] for root, forms in written.items()}
    scores = {
        names[word]: _score(stayed, left, rows)
        for word, (stayed, left) in counts.items()
        if stayed + left >= FEWEST
    }
    ranked = sorted(scores, key=lambda word: (scores[word], word))
    staying = [word for word in ranked[:WORDS] if scores[word] < 0]
    return [word for word in ranked[::-1][:WORDS] if scores[word] > 0], staying


def _score(stayed: int, left: int, rows: NDArray[np.int64]) -> float:
    odds = [
        math.log((count + 0.5) / (total - count + 0.5))
        for count, total in ((stayed, rows[0]), (left, rows[1]))
    ]
    return (odds[1] - odds[0]) / math.sqrt(1 / (stayed + 0.5) + 1 / (left + 0.5))


def _auc(X: pd.DataFrame, y: NDArray[np.int64], fit: NDArray[np.intp], judge: NDArray[np.intp]) -> float:
    from sklearn.metrics import roc_auc_score
    from xgboost import XGBClassifier

    model = XGBClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, subsample=0.8, colsample_bytree=0.5,
        random_state=0, n_jobs=1,
    )  # fmt: skip
    model.fit(X.iloc[fit], y[fit])
    return float(roc_auc_score(y[judge], model.predict_proba(X.iloc[judge])[:, 1]))
