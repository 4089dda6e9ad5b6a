"""From what probability on a row is called positive: chosen on out-of-fold answers, never on held-out rows.

The label moves, the probabilities stay: what is served is scikit-learn's `FixedThresholdClassifier` around
the frozen, fitted model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.gate import OPERATORS, Clause
from projects.evaluation.metrics import Metric

HALF = 0.5
BALANCED = 0.35
"""From this share of the rarer class on, the two count as balanced."""
FEWEST_ROWS = 50
FEWEST_POSITIVES = 10
MOST_POINTS = 400
GOALS = ("f1", "f1_macro", "f1_weighted", "balanced_accuracy", "accuracy", "mcc")
"""What a threshold can be chosen by. The best recall is at 0 and the best precision near 1, so not those."""


@dataclass(frozen=True)
class Curves:
    """What each threshold would give, one value a threshold, by rising threshold.

    Attributes:
        thresholds: A row is positive from this probability on.
        scores: By name: precision, recall, f1, f1_macro, f1_weighted, accuracy, balanced_accuracy, mcc.
        cost: Of the errors, a row.
        positives: The share called positive.
    """

    thresholds: Any
    scores: Mapping[str, Any]
    cost: Any
    positives: Any

    def at(self, threshold: float) -> dict[str, float]:
        """Return the scores at the threshold nearest to this one."""
        place = int(np.abs(self.thresholds - threshold).argmin())
        return {name: float(values[place]) for name, values in self.scores.items()}


@dataclass(frozen=True)
class Choice:
    """The threshold to use.

    Attributes:
        threshold: From what probability on a row is positive.
        goal: The score that it was chosen by; empty if it was given or not moved.
        sentence: What was chosen and why.
        curves: What each threshold gives on out-of-fold rows; None if there are none.
    """

    threshold: float
    goal: str
    sentence: str
    curves: Curves | None

    @property
    def is_moved(self) -> bool:
        """Whether it is not at a half."""
        return self.threshold != HALF


def curves_of(answers: Answers, *, false_alarm: float = 1.0, miss: float = 1.0) -> Curves:
    """Compute what each threshold would give.

    Args:
        answers: Of a binary task.
        false_alarm: What calling a negative row positive costs.
        miss: What calling a positive row negative costs.
    """
    shares, truth = answers.probabilities[:, 1], answers.codes == 1
    cuts = np.unique(np.append(_cuts(shares), HALF))
    order = np.argsort(shares, kind="stable")
    below = np.searchsorted(shares[order], cuts, side="left")
    positives_below = np.concatenate([[0], np.cumsum(truth[order])])[below]
    fn = positives_below.astype(float)
    tp, tn = truth.sum() - fn, below - fn
    fp = len(truth) - truth.sum() - tn
    scores = _scores(tp, fp, fn, tn)
    cost = (false_alarm * fp + miss * fn) / len(truth)
    return Curves(cuts, scores, cost, (tp + fp) / len(truth))


def choose(
    answers: Answers | None,
    asked: Literal["auto", "half"] | float,
    *,
    metric: Metric | None = None,
    gate: Sequence[Clause] = (),
) -> Choice:
    """Choose the threshold of a binary task.

    Args:
        answers: Out-of-fold answers; None if there are none.
        asked: `half`, `auto`, or the threshold itself.
        metric: What models are compared by; the goal too, if a threshold can move it, else F1 is.
        gate: Clauses that the threshold must meet if it can.

    Raises:
        BadInput: The threshold given is no probability.
    """
    curves = curves_of(answers) if answers is not None and answers.is_binary and len(answers) else None
    if asked == "half":
        return Choice(HALF, "", "a row is positive from a probability of 0.5 on", curves)
    if asked != "auto":
        if not 0 < asked < 1:
            raise BadInput(
                f"evaluation.threshold must be auto, half or a number between 0 and 1, not {asked:g}"
            )
        return Choice(
            float(asked), "", f"a row is positive from a probability of {asked:g} on, as asked", curves
        )
    if answers is None or curves is None:
        why = "there are no out-of-fold answers of two classes to choose it by"
        return Choice(HALF, "", f"the threshold stays at 0.5: {why}", curves)
    share = float((answers.codes == 1).mean())
    rarer = int(min(share, 1 - share) * len(answers))
    if len(answers) < FEWEST_ROWS or rarer < FEWEST_POSITIVES:
        why = f"{counted(len(answers), 'row')} with {rarer:,} of the rarer class are too few to choose it by"
        return Choice(HALF, "", f"the threshold stays at 0.5: {why}", curves)
    if min(share, 1 - share) >= BALANCED and not any(c.metric.name in curves.scores for c in gate):
        why = f"the classes are balanced ({share:.0%} positive)"
        return Choice(HALF, "", f"the threshold stays at 0.5: {why}", curves)
    return _best(curves, _goal(metric), gate, share)


def apply(model: Any, threshold: float, rows: pd.DataFrame) -> Any:
    """Return a model that labels by the threshold.

    Args:
        model: Fitted, of two classes.
        threshold: From what probability on a row is positive.
        rows: Some rows, for a wrapper that wants to see them; it learns nothing.
    """
    moved = FixedThresholdClassifier(
        FrozenEstimator(model),
        threshold=threshold,
        pos_label=model.classes_[1],
        response_method="predict_proba",
    )
    few = rows.iloc[np.zeros(2, dtype=int)]
    return moved.fit(few, np.asarray(model.classes_))


def labelled_at(answers: Answers, threshold: float) -> Answers:
    """Return the answers of a binary task with the labels that a threshold would give."""
    classes = np.asarray(answers.classes)
    said = classes[(answers.probabilities[:, 1] >= threshold).astype(int)]
    return Answers(answers.truth, said, answers.probabilities, answers.classes)


def _best(curves: Curves, goal: str, gate: Sequence[Clause], share: float) -> Choice:
    values = np.array(curves.scores[goal])
    bounds = [clause for clause in gate if clause.metric.name in curves.scores]
    meets = np.ones(len(values), dtype=bool)
    for clause in bounds:
        meets &= OPERATORS[clause.operator](curves.scores[clause.metric.name], clause.bound)
    where = ""
    if bounds:
        asked = " and ".join(str(clause) for clause in bounds)
        where = f" where {asked}" if meets.any() else f" ({asked} is met at no threshold)"
    place = int(np.where(meets, values, -np.inf).argmax()) if meets.any() else int(values.argmax())
    threshold = float(f"{curves.thresholds[place]:.6g}")
    best, at_half = values[place], curves.at(HALF)[goal]
    sentence = (
        f"a row is positive from a probability of {threshold:.3g} on ({share:.1%} of the rows are positive):"
        f" there {goal} is best{where} on out-of-fold rows ({best:.4f}, at 0.5 {at_half:.4f})"
    )
    return Choice(threshold, goal, sentence, curves)


def _goal(metric: Metric | None) -> str:
    return metric.name if metric is not None and metric.name in GOALS else "f1"


def _cuts(shares: Any) -> Any:
    """Return thresholds midway between the probabilities that occur, at most `MOST_POINTS`."""
    distinct = np.unique(shares)
    middles = (distinct[1:] + distinct[:-1]) / 2
    if len(middles) > MOST_POINTS:
        middles = middles[np.linspace(0, len(middles) - 1, MOST_POINTS).astype(int)]
    return middles[(middles > 0) & (middles < 1)]


def _scores(tp: Any, fp: Any, fn: Any, tn: Any) -> dict[str, Any]:
    rows = tp + fp + fn + tn
    recall, specificity = _over(tp, tp + fn), _over(tn, tn + fp)
    f1, other_f1 = _over(2 * tp, 2 * tp + fp + fn), _over(2 * tn, 2 * tn + fp + fn)
    spread = np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return {
        "precision": _over(tp, tp + fp),
        "recall": recall,
        "f1": f1,
        "f1_macro": (f1 + other_f1) / 2,
        "f1_weighted": ((tp + fn) * f1 + (tn + fp) * other_f1) / rows,
        "accuracy": (tp + tn) / rows,
        "balanced_accuracy": (recall + specificity) / 2,
        "mcc": _over(tp * tn - fp * fn, spread),
    }


def _over(part: Any, whole: Any) -> Any:
    return np.divide(part, whole, out=np.zeros_like(part, dtype=float), where=np.asarray(whole) != 0)
