"""When a configuration is given up after some folds: far behind the best, or behind its own kind's median."""

from collections.abc import Callable, Sequence

import numpy as np

from projects.learning.attempt import Attempt, Conditions
from projects.learning.configuration import Configuration
from projects.learning.first_look import hopeless_share
from projects.learning.trial import Prune, Tried

FEWEST_TO_PRUNE_BY = 3


def far_behind(
    start: Configuration,
    others: Sequence[Tried],
    conditions: Conditions,
    *,
    folds: int,
    guess: Callable[[], float],
) -> Prune:
    """Give up a candidate's defaults that stay far behind the best of those that are done.

    Args:
        start: The candidate with its defaults.
        others: Those that are done.
        conditions: Of the search.
        folds: How many are in use; after the last there is nothing to save.
        guess: The gain of the same answer for every row.
    """

    def prune(fold: int, scores: Sequence[float], _done: Attempt) -> str | None:
        if not others or fold + 1 >= folds:
            return None
        best = max(conditions.gain(each.mean(fold + 1)) for each in others)
        mine = conditions.gain(float(np.nanmean(scores)))
        is_behind = best - mine > hopeless_share(start) * abs(best - guess())
        return "far behind the best" if is_behind else None

    return prune


def behind_the_median(mine: Sequence[Tried], conditions: Conditions, *, folds: int) -> Prune:
    """Give up what is behind the median of its own candidate's configurations on the same folds.

    Args:
        mine: The candidate's configurations so far.
        conditions: Of the search.
        folds: How many are in use.
    """

    def prune(fold: int, scores: Sequence[float], _done: Attempt) -> str | None:
        means = [conditions.gain(each.mean(fold + 1)) for each in mine if len(each.scores) > fold]
        if fold + 1 >= folds or len(means) < FEWEST_TO_PRUNE_BY:
            return None
        is_behind = conditions.gain(float(np.nanmean(scores))) < np.median(means)
        return "behind the median" if is_behind else None

    return prune
