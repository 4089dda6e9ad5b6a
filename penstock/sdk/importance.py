"""What a fitted model itself says of its columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from penstock.sdk.table import is_own, without_reading
from projects.counted import counted
from projects.errors import BadInput
from projects.evaluation.own_weights import own_weights

IMPORTANCE, COEFFICIENT = "Share of the importance", "Mean size of the coefficients of its cells"


def weights_of(model: Any, names: Sequence[str] | None) -> tuple[dict[str, float], str]:
    """Return a weight by column, and what the weights are.

    Args:
        model: Fitted: an estimator, or a pipeline whose columns' cells are added up.
        names: The columns, where the model does not know them.

    Raises:
        BadInput: The model says nothing of its columns, or there are not as many names.
    """
    inner = without_reading(model) if is_own(model) else model
    if hasattr(inner, "steps") and (found := own_weights(_bare(inner))):
        return _told(found, COEFFICIENT, has_importances=_has_importances(inner.steps[-1][1]))
    estimator = _last(inner)
    raw = getattr(estimator, "feature_importances_", getattr(estimator, "coef_", None))
    if raw is None:
        raise BadInput(
            f"{type(estimator).__name__} says nothing of its columns: it has neither feature_importances_ nor"
            " coef_; take a model of trees or a linear one"
        )
    each = np.abs(np.atleast_2d(np.asarray(raw, dtype=np.float64))).mean(axis=0)
    known = list(names) if names is not None else list(getattr(estimator, "feature_names_in_", ()))
    if names is not None and len(known) != len(each):
        raise BadInput(
            f"the model weighs {counted(len(each), 'column')} and {counted(len(known), 'name', 'is')} given;"
            " give one a column"
        )
    labels = known or [f"column {place}" for place in range(len(each))]
    weights = dict(zip(map(str, labels), map(float, each), strict=True))
    return _told(weights, "Size of the coefficient", has_importances=_has_importances(estimator))


def _told(
    weights: dict[str, float], otherwise: str, *, has_importances: bool
) -> tuple[dict[str, float], str]:
    total = sum(weights.values())
    if not has_importances or not total > 0:
        return weights, otherwise
    return {name: weight / total for name, weight in weights.items()}, IMPORTANCE


def _bare(pipeline: Any) -> Any:
    """Return a pipeline with what is inside a vote of one as its model."""
    from sklearn.pipeline import Pipeline

    return Pipeline([*pipeline.steps[:-1], ("model", _last(pipeline))])


def _last(model: Any) -> Any:
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    members = getattr(last, "estimators_", None)
    is_one = type(last).__name__ == "VotingClassifier" and members is not None and len(members) == 1
    return members[0] if is_one and members is not None else last


def _has_importances(model: Any) -> bool:
    return hasattr(_last(model), "feature_importances_")
