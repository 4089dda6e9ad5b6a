"""A score too good to be true, said aloud: most often a column gives the answer away."""

from collections.abc import Mapping

FEWEST_ROWS = 50
TOO_GOOD = {"roc_auc": 0.9999, "r2": 0.9995}


def suspicion(scores: Mapping[str, float], weights: Mapping[str, float], held_rows: int) -> str | None:
    """Return a sentence if the held-out scores are nearly perfect on more than a handful of rows.

    Args:
        scores: The held-out metrics.
        weights: Each column's share of importance.
        held_rows: How many rows were held out.
    """
    if held_rows < FEWEST_ROWS:
        return None
    for metric, bound in TOO_GOOD.items():
        if scores.get(metric, 0.0) >= bound:
            top = sorted(weights, key=lambda name: -weights[name])[:2]
            named = " or ".join(f"'{name}'" for name in top)
            return (
                f"{metric} {scores[metric]:.4f} is nearly perfect: see whether {named} gives the answer away"
            )
    return None
