"""How much each column weighs in a fitted model, as shares that sum to 1."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from projects.learning.pipelines import member


def importance(pipeline: Pipeline) -> dict[str, float]:
    """Add up the model's own importances (absolute coefficients for linear models) over a column's cells.

    Returns:
        A share for each input column; empty where the model used none.
    """
    model = member(pipeline)
    if hasattr(model, "coef_"):
        weights = np.abs(np.atleast_2d(model.coef_)).mean(axis=0)
    else:
        weights = np.asarray(model.feature_importances_, dtype=np.float64)
    total = float(weights.sum())
    if not total > 0:
        return {}
    shares: dict[str, float] = {}
    for name, weight in zip(_owners(pipeline.named_steps["columns"]), weights, strict=True):
        shares[name] = shares.get(name, 0.0) + float(weight) / total
    return shares


def _owners(transformer: Any) -> list[str]:
    """Return the input column behind each cell of the matrix."""
    owners: list[str] = []
    for _, part, names in transformer.transformers_:
        encoder = getattr(part, "named_steps", {}).get("encode")
        if encoder is None:
            owners += list(names)
            continue
        for place, name in enumerate(names):
            rare = getattr(encoder, "infrequent_categories_", [None] * len(names))[place]
            kept = len(encoder.categories_[place])
            owners += [name] * (kept if rare is None else kept - len(rare) + 1)
    return owners
