"""Which columns a model itself says it uses, roughly: a guess by which to take the heaviest first."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from projects.evaluation.frozen import unwrapped
from projects.text.inside import extractors_in


def own_weights(model: Any) -> dict[str, float]:
    """Add up a pipeline's own importances, or absolute coefficients, over the cells that a column makes.

    Cells are matched to columns by scikit-learn's names for them; empty where the model or its steps have
    none.
    """
    pipeline = unwrapped(model)
    if not isinstance(pipeline, Pipeline):
        return {}
    estimator = unwrapped(pipeline[-1])
    weights = getattr(estimator, "feature_importances_", getattr(estimator, "coef_", None))
    columns, names = _names(pipeline)
    if weights is None or not len(names):
        return {}
    each = np.abs(np.atleast_2d(weights)).mean(axis=0)
    texts = _texts(pipeline)
    found: dict[str, float] = {}
    for name, weight in zip(names, each, strict=False):
        part, _, cell = name.partition("__")
        if owner := _owner(cell or name, columns) or texts.get(part):
            found[owner] = found.get(owner, 0.0) + float(weight)
    return found


def _names(pipeline: Pipeline) -> tuple[set[str], list[str]]:
    try:
        names = [str(name) for name in pipeline[:-1].get_feature_names_out()]
    except (AttributeError, ValueError, NotImplementedError, TypeError):
        return set(), []  # a step that does not name its cells
    return {str(name) for name in getattr(pipeline, "feature_names_in_", ())}, names


def _texts(pipeline: Pipeline) -> dict[str, str]:
    """Return the first column of each part that makes numbers of free text: they have other names."""
    columns = next((step for _, step in pipeline.steps[:-1] if hasattr(step, "transformers_")), None)
    parts = getattr(columns, "transformers_", ())
    return {
        name: str(picked[0])
        for name, made, picked in parts
        if isinstance(picked, list) and picked and next(extractors_in(made), None) is not None
    }


def _owner(cell: str, columns: set[str]) -> str | None:
    """Return the longest column name that the cell's name begins with."""
    end = len(cell)
    while end > 0:
        if cell[:end] in columns:
            return cell[:end]
        end = cell.rfind("_", 0, end)
    return None
