"""A new classifier and the one that serves, on the same articles: whether it is good enough, and better."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.counted import counted
from projects.evaluation.answers import Answers
from projects.evaluation.asking import ask
from projects.evaluation.metrics import BY_NAME
from projects.retraining.duel import compare
from projects.text.classifier import MLClassifier
from projects.text.table import table_of, texts_of

METRIC = "f1_macro"
BUCKETS = 10_000


@dataclass(frozen=True)
class Verdict:
    """What came of it.

    Attributes:
        scores: The new classifier's, by metric.
        champion_f1: The other one's macro F1; NaN without one.
        gate: `pass`, or `fail: ` and what was wanted.
        is_better: Whether the new one takes the other's place.
        reason: Why, as a sentence.
    """

    scores: Mapping[str, float]
    champion_f1: float
    gate: str
    is_better: bool
    reason: str


def judge(
    new: MLClassifier,
    champion: MLClassifier | None,
    test: pd.DataFrame,
    truth: Any,
    *,
    minimum_f1: float,
    seed: int = 0,
) -> Verdict:
    """Ask both about the same articles.

    Args:
        new: The one that was trained.
        champion: The one that serves; None where none does.
        test: Articles as `table_of` lays them out, which neither has learned.
        truth: Their labels.
        minimum_f1: The least macro F1.
        seed: For the draws that say what chance would do.
    """
    classes = _classes(truth, new, champion)
    mine = _answers(new, test, truth, classes)
    scores = {name: BY_NAME[name].measure(mine.coded()) for name in (METRIC, "accuracy")}
    bound = f"{METRIC} >= {minimum_f1:g}"
    is_enough = scores[METRIC] >= minimum_f1
    gate = "pass" if is_enough else f"fail: {bound} (is {scores[METRIC]:.4f})"
    tests = counted(len(test), "common test article")
    if champion is None:
        said = f"the first one in Production: {METRIC} is {scores[METRIC]:.4f} on {tests}"
        is_better, champion_f1 = True, float("nan")
    else:
        duel = compare(_answers(champion, test, truth, classes), mine, BY_NAME[METRIC], seed=seed)
        is_better, champion_f1 = duel.is_better, duel.champion
        verdict = "better beyond chance" if is_better else "not better beyond chance"
        said = (
            f"{verdict} than version {champion.metadata['version']}: {METRIC} is {duel.challenger:.4f}"
            f" against {duel.champion:.4f} on {tests} (gain {duel.gain.low:+.4f} to {duel.gain.high:+.4f})"
        )
    reason = said if is_enough else f"{said}; {bound} is wanted"
    return Verdict(scores, champion_f1, gate, is_enough and is_better, reason)


def held_out(table: pd.DataFrame, share: float) -> NDArray[np.bool_]:
    """Say of each article whether it is held out; of the same text it is always the same.

    Args:
        table: Articles as `table_of` lays them out.
        share: About how many are held out, from 0 to 1.

    Returns:
        Shape (articles,).
    """
    return np.array([_bucket(text) < share * BUCKETS for text in texts_of(table)], dtype=bool)


def _bucket(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS


def _classes(truth: Any, new: MLClassifier, champion: MLClassifier | None) -> tuple[Any, ...]:
    seen = [truth, new.classes_, *([champion.classes_] if champion else [])]
    return tuple(np.unique(np.concatenate(seen)).tolist())


def _answers(classifier: MLClassifier, test: pd.DataFrame, truth: Any, classes: tuple[Any, ...]) -> Answers:
    return ask(classifier.pipeline_, table_of(test, classifier.columns_), truth, classes, part="labels")
