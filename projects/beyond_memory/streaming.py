"""Which models learn from a matrix on disk, and how each of them does."""

from collections.abc import Callable
from typing import Any

from sklearn.pipeline import Pipeline

from projects.beyond_memory.boosted import Boosting, fit_lightgbm, fit_xgboost
from projects.beyond_memory.linear import fit_bayes, fit_logistic, fit_squares
from projects.learning.candidates.listing import Chosen

Fit = Callable[[Any, Boosting], Any]
STREAMING: dict[str, Fit] = {
    "LGBMClassifier": fit_lightgbm,
    "LGBMRegressor": fit_lightgbm,
    "XGBClassifier": fit_xgboost,
    "XGBRegressor": fit_xgboost,
    "LogisticRegression": fit_logistic,
    "LinearRegression": fit_squares,
    "Ridge": fit_squares,
    "Lasso": fit_squares,
    "ElasticNet": fit_squares,
    "GaussianNB": fit_bayes,
}
CANDIDATES = (
    "lightgbm", "xgboost", "logistic", "linear", "ridge", "lasso", "elastic_net", "naive_bayes",
)  # fmt: skip
"""Those whose models learn from disk."""
SINGLE = ("XGBClassifier", "XGBRegressor")
"""Libraries that learn from float32; the others from float64."""


def model_of(pipeline: Any) -> Any | None:
    """Return the model at a pipeline's end if it learns from disk, else None.

    A vote of one is how models that know classes only as 0..k-1 learn labels; its member is returned.
    What weighs classes, or is no plain logistic regression, does not: from disk each row counts alike, and
    the loss is that of an intercept and an L2 penalty.
    """
    if not isinstance(pipeline, Pipeline):
        return None
    model = pipeline.steps[-1][1]
    members = getattr(model, "estimators_", None)
    if type(model).__name__ == "VotingClassifier" and members is not None and len(members) == 1:
        model = members[0]
    return model if type(model).__name__ in STREAMING and _is_plain(model) else None


def _is_plain(model: Any) -> bool:
    if getattr(model, "class_weight", None) is not None:
        return False
    if type(model).__name__ != "LogisticRegression":
        return True
    has_l2 = model.penalty == "l2" or (model.penalty == "deprecated" and not model.l1_ratio)
    return bool(model.fit_intercept and has_l2)


def kind_of(model: Any) -> str:
    """Return what the cells of a model's matrix are."""
    return "float32" if type(model).__name__ in SINGLE else "float64"


def only_streaming(chosen: Chosen) -> tuple[Chosen, str]:
    """Leave out the candidates that cannot learn from all rows of a table larger than memory.

    Returns:
        The others, or all of them if that would leave none; and a sentence.
    """
    kept = tuple(each for each in chosen.candidates if each.name in CANDIDATES)
    out = [each.name for each in chosen.candidates if each.name not in CANDIDATES]
    if not kept:
        named = ", ".join(out)
        return chosen, f"{named} cannot learn from disk, so they learn from as many rows as fit in memory"
    if not out:
        return chosen, ""
    reason = "it cannot learn from disk, and not all rows fit in memory"
    left_out = chosen.left_out | dict.fromkeys(out, reason)
    names = ", ".join(each.name for each in kept)
    said = f"not all rows fit in memory, so those are compared that learn from disk: {names}"
    return Chosen(kept, left_out), said
