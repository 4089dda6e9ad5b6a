"""Synthetic customers with ticket notes: seeded, and made so that what the notes can tell is known.

Nobody in the table exists. Each customer leaves with a probability that is written down here: log-odds of
the numbers and the plan, and of what the notes are about. So the best possible AUC is known, with and
without notes.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.examples.churn.columns import CHURN, COLUMNS, ID, NOTES, NUMBERS, PLAN
from projects.examples.churn.notes import draw_topics, write_note
from projects.examples.churn.topics import Topic

PLANS = {"basic": 0.3, "standard": 0.0, "premium": -0.4}
"""Log-odds of leaving that a plan adds."""
PLAN_SHARES = (0.4, 0.4, 0.2)
BASE = -1.6
GAPS = 0.01
"""The share of cells in each of three columns that are missing, as in any real table."""


@dataclass(frozen=True)
class Customers:
    """Synthetic customers and the truth about them.

    Attributes:
        frame: Columns COLUMNS, a row a customer.
        odds: Log-odds of leaving, shape (rows,).
        odds_without_notes: The part of them that numbers and plan tell, shape (rows,).
    """

    frame: pd.DataFrame
    odds: NDArray[np.float64]
    odds_without_notes: NDArray[np.float64]

    def best_auc(self) -> tuple[float, float]:
        """Return the AUC of who knows the log-odds: of the other columns alone, and with the notes."""
        from sklearn.metrics import roc_auc_score

        left = self.frame[CHURN].to_numpy()
        return float(roc_auc_score(left, self.odds_without_notes)), float(roc_auc_score(left, self.odds))


def generate_customers(rows: int = 5000, seed: int = 0, *, gaps: float = GAPS) -> Customers:
    """Make synthetic customers.

    Args:
        rows: How many, from 1.
        seed: The same seed makes the same customers.
        gaps: The share of missing cells in `age`, `spend_rate` and `ticket_notes`, from 0 to 1.

    Raises:
        BadInput: rows or gaps is out of range.
    """
    if rows < 1 or not 0 <= gaps <= 1:
        raise BadInput(f"rows must be at least 1 and gaps from 0 to 1, not {rows} and {gaps}; change them")
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(44, 15, rows), 18, 90).round()
    tenure = np.clip(rng.gamma(1.6, 18, rows), 0, 180).round()
    plan = rng.choice(list(PLANS), rows, p=PLAN_SHARES)
    spend = np.clip(rng.normal(60, 18, rows) + 25 * (plan == "premium"), 5, None).round(2)
    topics = draw_topics(rng, rows)
    plain = _odds_of_numbers(age, tenure, spend, plan)
    odds = plain + np.array([_odds_of_topics(mine) for mine in topics])
    left = rng.random(rows) < 1 / (1 + np.exp(-odds))
    frame = pd.DataFrame(
        {
            ID: [f"C{number:06}" for number in range(1, rows + 1)],
            **dict(zip(NUMBERS, (age, tenure, spend), strict=True)),
            PLAN: plan.astype(object),
            CHURN: left.astype(int),
            NOTES: [write_note(rng, mine) for mine in topics],
        }
    )[list(COLUMNS)]
    for name in ("age", "spend_rate", NOTES):
        frame.loc[rng.random(rows) < gaps, name] = None
    return Customers(frame, odds, plain)


def _odds_of_numbers(
    age: NDArray[np.float64], tenure: NDArray[np.float64], spend: NDArray[np.float64], plan: NDArray[np.str_]
) -> NDArray[np.float64]:
    young = 0.4 * (age < 28)
    loyal = -0.035 * np.minimum(tenure, 60)
    dear = 0.015 * (spend - 60)
    return np.asarray(BASE + 0.8 + young + loyal + dear + np.array([PLANS[name] for name in plan]))


def _odds_of_topics(topics: tuple[Topic, ...]) -> float:
    return sum(topic.weight for topic in topics)
