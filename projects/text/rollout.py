"""A new extractor's version takes over in steps, 10 %, 50 %, all, each earned by labelled answers of both.

The gateway splits the traffic by the route tag; what it counts of failures and times is judged by its canary.
Here the answers are judged, by the labels that have come since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.metrics import find_metric

STEPS = (10, 50, 100)
TOLERANCE = 0.02
"""Macro F1 that a step may cost at the very most, by the draws' low end."""
FEWEST = 50
DRAWS = 1000
CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now.

    Attributes:
        verdict: Give the new version more, leave it, or take it back.
        percent: Of the traffic that the new version should have.
        sentence: Why.
    """

    verdict: Literal["advance", "hold", "back"]
    percent: int
    sentence: str


def route_at(percent: int, *, old: str, new: str, salt: str = "text") -> dict[str, Any]:
    """Return the route tag that gives the new version so much of the traffic.

    Args:
        percent: 0 to 100.
        old: Version that is in use, such as `"3"`.
        new: Version that is to take its place.
        salt: The same salt keeps a user with one version from step to step.
    """
    if not 0 <= percent <= 100:
        raise BadInput(f"a version's share must be 0 to 100 percent, not {percent}")
    weights = {old: 100 - percent, new: percent}
    names = {old: "champion", new: "challenger"} if percent < 100 else {new: "champion"}
    return {
        "variants": {
            name: {"version": version, "weight": weights[version]}
            for version, name in names.items()
            if weights[version]
        },
        "salt": salt,
    }


def next_step(
    percent: int,
    old: tuple[Sequence[Any], Sequence[Any]],
    new: tuple[Sequence[Any], Sequence[Any]],
    *,
    seed: int = 0,
) -> Step:
    """Judge the labelled answers that both versions gave at this step.

    Args:
        percent: What the new version has now, one of STEPS.
        old: True and answered labels of the old version's articles.
        new: The same of the new version's.
        seed: Of the draws.

    Returns:
        Back if the new version is worse beyond chance; the next step if it is worse by no more than
        TOLERANCE, beyond chance; else hold, for there is too little to tell.

    Raises:
        BadInput: The percent is no step, or labels and answers differ in number.
    """
    if percent not in STEPS:
        raise BadInput(f"the new version's share must be one of {', '.join(map(str, STEPS))}, not {percent}")
    pairs = [_pair(*old, "old"), _pair(*new, "new")]
    number = min(len(pair[0]) for pair in pairs)
    if number < FEWEST:
        return Step("hold", percent, f"{number} labelled answers of a version; {FEWEST} are needed")
    classes = tuple(np.unique(np.concatenate([column for pair in pairs for column in pair])))
    one, other = (Answers(truth, said, None, classes).coded() for truth, said in pairs)
    low, high = _gain(one, other, seed)
    said = f"the new version's macro F1 differs by {low:+.3f} to {high:+.3f} from the old one's"
    if high < 0:
        return Step("back", 0, f"{said}: worse beyond chance")
    if low < -TOLERANCE:
        return Step("hold", percent, f"{said}: {TOLERANCE} worse is not ruled out yet")
    return Step("advance", min((step for step in STEPS if step > percent), default=100), said)


def _pair(truth: Sequence[Any], said: Sequence[Any], which: str) -> tuple[Any, Any]:
    if len(truth) != len(said):
        raise BadInput(f"the {which} version has {len(truth)} labels and {len(said)} answers; give one each")
    return np.asarray(truth), np.asarray(said)


def _gain(old: Answers, new: Answers, seed: int) -> tuple[float, float]:
    # The versions answered other articles, so each is drawn by itself (Efron's percentile bootstrap).
    metric, rng = find_metric("f1_macro"), np.random.default_rng(seed)
    gains = [
        metric.measure(new.take(rng.integers(0, len(new), len(new))))
        - metric.measure(old.take(rng.integers(0, len(old), len(old))))
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(gains, [CHANCE, 1 - CHANCE])
    return float(low), float(high)
