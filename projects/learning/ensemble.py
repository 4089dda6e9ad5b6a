"""A weighted vote chosen from what was tried (Caruana et al. 2004).

Members are added one by one, with replacement, while their mean answers for rows that none of them learned
from get better.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.learning.trial import Tried

Values = NDArray[Any]
MOST_STEPS = 30
MOST_MEMBERS = 6
MOST_OF_ONE_NAME = 8
MOST_CHOICES = 30
PATIENCE = 6


@dataclass(frozen=True)
class Vote:
    """Members and their weights, which sum to 1.

    Attributes:
        members: Best first.
        weights: One a member.
        gain: Of the weighted answers.
    """

    members: tuple[Tried, ...]
    weights: tuple[float, ...]
    gain: float


def choices(ranked: Sequence[Tried]) -> list[Tried]:
    """Return the best that have answers, not too many of one candidate."""
    kept: list[Tried] = []
    counts: Counter[str] = Counter()
    for each in ranked:
        if each.answers and counts[each.name] < MOST_OF_ONE_NAME:
            counts[each.name] += 1
            kept.append(each)
        if len(kept) == MOST_CHOICES:
            break
    return kept


def vote_of(
    ranked: Sequence[Tried],
    measure: Callable[[Sequence[Values]], float],
    *,
    folds: int,
    may_join: Callable[[Sequence[Tried]], bool] = lambda _members: True,
    most_members: int = MOST_MEMBERS,
    least: float = 1e-12,
) -> Vote:
    """Choose a vote greedily.

    Args:
        ranked: What was tried, best first.
        measure: The gain of answers by fold; more is better.
        folds: How many folds count.
        may_join: Whether these members together are affordable.
        most_members: The most different ones.
        least: The gain that is worth a member.
    """
    pool = [each for each in choices(ranked) if may_join([each])] or list(ranked[:1])
    answers = [[fold.astype(np.float64) for fold in each.answers[:folds]] for each in pool]
    counts = [0] * len(pool)
    total = [np.zeros_like(fold) for fold in answers[0]]
    best_gain, best_counts, waited = -np.inf, list(counts), 0
    for step in range(1, MOST_STEPS + 1):
        inside = [pool[at] for at, count in enumerate(counts) if count]
        gains = [
            measure([(sum_ + mine) / step for sum_, mine in zip(total, answers[at], strict=True)])
            if counts[at] or (len(inside) < most_members and may_join([*inside, pool[at]]))
            else -np.inf
            for at in range(len(pool))
        ]
        chosen = int(np.argmax(gains))
        counts[chosen] += 1
        total = [sum_ + mine for sum_, mine in zip(total, answers[chosen], strict=True)]
        if gains[chosen] > best_gain + 1e-12:
            best_gain, best_counts, waited = gains[chosen], list(counts), 0
        else:
            waited += 1
        if waited >= PATIENCE:
            break
    kept = _slim(best_counts, answers, measure, least)
    total_count = sum(count for _, count in kept)
    return Vote(
        tuple(pool[at] for at, _ in kept),
        tuple(count / total_count for _, count in kept),
        measure(_blend(kept, answers)),
    )


def _slim(
    counts: Sequence[int],
    answers: Sequence[Sequence[Values]],
    measure: Callable[[Sequence[Values]], float],
    least: float,
) -> list[tuple[int, int]]:
    """Return places and counts, heaviest first, without members whose leaving costs less than `least`."""
    kept = sorted(((at, count) for at, count in enumerate(counts) if count), key=lambda pair: -pair[1])
    gain = measure(_blend(kept, answers))
    for member in reversed(kept[1:]):
        rest = [pair for pair in kept if pair != member]
        without = measure(_blend(rest, answers))
        if gain - without < least:
            kept, gain = rest, max(gain, without)
    return kept


def _blend(kept: Sequence[tuple[int, int]], answers: Sequence[Sequence[Values]]) -> list[Values]:
    total = sum(count for _, count in kept)
    folds = range(len(answers[0]))
    return [sum(count * answers[at][fold] for at, count in kept) / total for fold in folds]  # type: ignore[misc]
