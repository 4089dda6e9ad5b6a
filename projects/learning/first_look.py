"""A first look at each candidate on a sample of a fold: how good it is, and how long a fold will take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from projects.learning.attempt import Conditions, attempt
from projects.learning.budget import Budget
from projects.learning.candidates.candidate import Style
from projects.learning.configuration import Configuration
from projects.learning.matrices import Fold, Matrices

SAMPLE_ROWS = 2000
"""It is taken where a fold has more than twice as many rows."""
SHARE = 0.2
"""Of the budget, at most for first looks."""
HOPELESS_SHARE = 0.15
"""Behind the best by more than this share of what the best has over guessing; half of it for dear ones."""
DEAR = 6
"""The cost from which on a candidate is dear."""
ONE_SHARE = 0.05
"""Of the budget, at most for one look at what can be stopped."""
SLOWEST_SHARE = 0.1
"""Of the seconds left, at most for one fold of the defaults of what cannot be stopped."""
SLOW_SHARE = 0.4
"""Of the budget: with so much used, not even the fewest looks are taken."""
PREPARING_SHARE = 0.5
"""Of the seconds left, at most for preparing a style's columns."""
FEWEST_LOOKS = 3
FEWEST_ROWS = 60
STARTS = 10
"""Times the seconds that a library takes to be imported must be left."""


@dataclass(frozen=True)
class Look:
    """What was seen.

    Attributes:
        gain: On the sample, more being better.
        seconds: Of fitting and asking.
        preparing_seconds: Of preparing the sample, once for all candidates of its style.
    """

    gain: float
    seconds: float
    preparing_seconds: float = 0.0


@dataclass(frozen=True)
class Looks:
    """All that was seen.

    Attributes:
        seen: By candidate; empty where no look was needed.
        failed: Why a candidate could not be looked at.
        is_slow: Whether the time for looks was up before all were looked at.
    """

    seen: Mapping[str, Look]
    failed: Mapping[str, str]
    is_slow: bool = False

    def seconds_a_fold(self, start: Configuration, rows: int) -> float:
        """Return about how long a fold of so many rows takes; NaN for what was not seen."""
        look = self.seen.get(start.candidate.name)
        most = min(rows, start.candidate.most_rows or rows)
        if look is None:
            return np.nan
        return look.seconds * max(1.0, most / SAMPLE_ROWS) + look.preparing_seconds * rows / SAMPLE_ROWS

    def preparing_seconds(self, rows: int) -> float:
        """Return about how long preparing a fold of so many rows takes, for a style on average."""
        return float(np.mean([look.preparing_seconds for look in self.seen.values()])) * rows / SAMPLE_ROWS

    def best_first(self, starts: Sequence[Configuration]) -> list[Configuration]:
        """Order candidates by cost, more so the further they were behind; what was not seen comes last."""
        best = max((look.gain for look in self.seen.values()), default=0.0)
        margin = max((best - look.gain for look in self.seen.values()), default=0.0) or 1.0

        def behind(start: Configuration) -> float:
            look = self.seen.get(start.candidate.name)
            gap = (best - look.gain) / margin if look and np.isfinite(look.gain) else 10.0
            return start.candidate.cost * (1 + gap)

        return sorted(starts, key=behind) if self.seen else list(starts)

    def why_not(
        self, start: Configuration, matrices: Matrices, conditions: Conditions, *, guess: float, left: float
    ) -> str | None:
        """Say why a candidate is not worth a whole fold, or None.

        Args:
            start: The candidate with its defaults.
            matrices: Whose folds.
            conditions: Of the search.
            guess: The gain of the same answer for every row.
            left: Seconds that are left; infinite where there is nothing yet to fall back on.
        """
        name = start.candidate.name
        if name in self.failed:
            return self.failed[name]
        begins = start.candidate.start_seconds
        if left < STARTS * begins:
            return f"it takes {begins:g} s to begin with, of the {left:.0f} s left"
        if name not in self.seen:
            return "the time for first looks was up" if self.seen else None
        best, mine = max(look.gain for look in self.seen.values()), self.seen[name]
        if best - mine.gain > hopeless_share(start) * abs(best - guess):
            score = f"{conditions.metric.name} {abs(mine.gain):.4f}"
            return f"{score} on {SAMPLE_ROWS:,} rows, far behind the best one's {abs(best):.4f}"
        return self._too_long(start, matrices, left)

    def _too_long(self, start: Configuration, matrices: Matrices, left: float) -> str | None:
        mine = self.seen[start.candidate.name]
        rows = len(matrices.rows.folds[0][0])
        preparing = mine.preparing_seconds * rows / SAMPLE_ROWS
        if start.candidate.style not in matrices.seconds_a_row and preparing > PREPARING_SHARE * left:
            return f"preparing its columns would take about {preparing:.1f} s of the {left:.0f} s left"
        can_be_stopped = start.candidate.rounds is not None or start.candidate.stops_itself
        expected = self.seconds_a_fold(start, rows)
        if not can_be_stopped and expected > SLOWEST_SHARE * left:
            return f"one fold would take about {expected:.1f} s of the {left:.0f} s left"
        return None


def hopeless_share(start: Configuration) -> float:
    """Return how far behind the best a candidate may be, as a share of what the best has over guessing."""
    return HOPELESS_SHARE if start.candidate.cost < DEAR else HOPELESS_SHARE / 2


def take_looks(
    starts: Sequence[Configuration], matrices: Matrices, conditions: Conditions, budget: Budget
) -> Looks:
    """Look at candidates in order, until a share of the budget is used; nothing where folds are small."""
    seen: dict[str, Look] = {}
    failed: dict[str, str] = {}
    is_slow = False
    rows = len(matrices.rows.folds[0][0])
    if rows <= 2 * SAMPLE_ROWS or not np.isfinite(budget.seconds) or len(starts) < FEWEST_LOOKS:
        return Looks(seen, failed)
    samples: dict[Style, tuple[Fold, float]] = {}
    for start in starts:
        if budget.left < STARTS * start.candidate.start_seconds:
            continue
        share = SHARE if len(seen) >= FEWEST_LOOKS else SLOW_SHARE
        if seen and budget.spent > share * budget.seconds:
            is_slow = True
            break
        name = start.candidate.name
        try:
            style = start.candidate.style
            if style not in samples:
                matrices.sample(style, FEWEST_ROWS, conditions.seed)  # imports, which is no part of the time
                started = conditions.clock()
                made = matrices.sample(style, SAMPLE_ROWS, conditions.seed)
                samples[style] = (made, conditions.clock() - started)
            fold, preparing = samples[style]
            deadline = conditions.clock() + ONE_SHARE * budget.seconds
            found = attempt(start, fold, conditions, deadline=deadline)
            gain = conditions.gain(conditions.score(found.answers, fold.y_score))
            seen[name] = Look(gain if np.isfinite(gain) else -np.inf, found.seconds, preparing)
        except MemoryError:
            failed[name] = "it ran out of memory"
        except Exception as error:  # noqa: BLE001 - one candidate's failure must not end the search; it is reported
            failed[name] = f"{type(error).__name__}: {error}"[:300]
    return Looks(seen, failed, is_slow)
