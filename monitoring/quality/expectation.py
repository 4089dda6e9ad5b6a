"""What calibrated probabilities let expect of some rows, how far chance takes it, and how far off it was.

A row that is called a class and is of it with the calibrated probability c is right with c and wrong with
1 - c, so the confusion matrix, the rankings and the losses of the rows are known in expectation (Guillory et
al., 2021; NannyML calls this CBPE).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from monitoring.quality.answers import Answers
from monitoring.quality.calibrator import REFITS, Calibrator
from monitoring.quality.class_scores import Scorer
from monitoring.quality.measure import scores_of
from monitoring.quality.metric_names import METRICS

DRAWS_A_REFIT = 2


@dataclass(frozen=True, slots=True)
class Miss:
    """How far an expectation was from what was measured.

    Attributes:
        off: Measured minus expected.
        spread: What chance alone makes of that, as a standard deviation.
    """

    off: float
    spread: float

    @property
    def beyond_chance(self) -> float:
        """The miss without what chance explains: the positive part of James and Stein's estimate (1961)."""
        return 0.0 if abs(self.off) <= self.spread else self.off * (1 - (self.spread / self.off) ** 2)


def expected(answers: Answers, calibrator: Calibrator) -> dict[str, float]:
    """The metrics that calibrated probabilities let expect, by name.

    Args:
        answers: Each row with a prediction and probabilities.
        calibrator: The version's.
    """
    scores = _scorer(answers).scores(calibrator.shares(answers.probabilities))
    task = "binary" if len(answers.classes) == 2 else "multiclass"
    return {name: value for name, value in scores.items() if task in METRICS[name].tasks}


def spreads(answers: Answers, calibrator: Calibrator, rng: np.random.Generator) -> dict[str, float]:
    """How far what is measured lies from what is expected, as a standard deviation, by metric.

    Outcomes are drawn from calibrations of held-out rows that are themselves drawn again.
    """
    scorer = _scorer(answers)
    chance: dict[str, list[float]] = {}
    fits: dict[str, list[float]] = {}
    for refit in range(REFITS):
        shares = calibrator.shares(answers.probabilities, refit=refit)
        middle = scorer.scores(shares)
        for name, value in middle.items():
            fits.setdefault(name, []).append(value)
        for _ in range(DRAWS_A_REFIT):
            drawn = scorer.scores(_drawn(shares, rng))
            for name in middle.keys() & drawn.keys():
                chance.setdefault(name, []).append(drawn[name] - middle[name])
    return {name: float(np.hypot(np.std(fits[name]), _root_mean_square(chance[name]))) for name in chance}


def misses(answers: Answers, calibrator: Calibrator, rng: np.random.Generator) -> dict[str, Miss]:
    """How far off the expectation was on rows whose outcomes are known, by metric."""
    said, seen = expected(answers, calibrator), scores_of(answers)
    chance = spreads(answers, calibrator, rng)
    known = said.keys() & seen.keys() & chance.keys()
    return {name: Miss(seen[name] - said[name], chance[name]) for name in known}


def _scorer(answers: Answers) -> Scorer:
    return Scorer.of(answers.said, answers.probabilities, len(answers.classes))


def _drawn(shares: Any, rng: np.random.Generator) -> Any:
    """Outcomes of these probabilities: one 1 a row."""
    upto = np.cumsum(shares, axis=1)
    place = (rng.random(len(shares))[:, None] > upto[:, :-1]).sum(axis=1)
    return (place[:, None] == np.arange(shares.shape[1])).astype(np.float64)


def _root_mean_square(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
