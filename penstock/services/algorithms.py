"""The algorithms by the names that the API takes: the candidates of the training, by what they predict."""

from collections.abc import Mapping, Sequence
from typing import Literal

from penstock.problems import BadRequest

TaskType = Literal["auto", "classification", "regression"]
ENSEMBLES = ("voting", "stacking", "bagging")
"""Models made of models; they are asked for like an algorithm, with their members as hyperparameters."""
CLASSIFICATION = (
    "random_forest", "xgboost", "lightgbm", "logistic", "svm", "decision_tree", "knn", "naive_bayes",
    "gradient_boosting", "adaboost",
)  # fmt: skip
REGRESSION = (
    "random_forest", "xgboost", "lightgbm", "linear", "ridge", "lasso", "elastic_net", "svr", "decision_tree",
    "knn", "gradient_boosting", "adaboost",
)  # fmt: skip
BEYOND = ("extra_trees", "mlp", "lstm")
"""What the training knows besides, for both."""
KNOWN: Mapping[str, tuple[str, ...]] = {
    "classification": (*CLASSIFICATION, *BEYOND),
    "regression": (*REGRESSION, *BEYOND),
    "auto": tuple(dict.fromkeys((*CLASSIFICATION, *REGRESSION, *BEYOND))),
}


def named(algorithm: str, task: str, *, or_ensemble: bool = False) -> str:
    """Check an algorithm's name for a task, and give it as the training spells it.

    Raises:
        BadRequest: There is none of that name, or it cannot do the task; with the nearest.
    """
    name = algorithm.strip().casefold().replace("-", "_").replace(" ", "_")
    known = (*KNOWN[task], *ENSEMBLES) if or_ensemble else KNOWN[task]
    if name in known:
        return name
    if name in (*KNOWN["auto"], *ENSEMBLES):
        here = "be asked for here" if name in ENSEMBLES else f"do {task}"
        raise BadRequest(
            f"the algorithm '{name}' cannot {here}; use one of {', '.join(known)}", code="wrong_algorithm"
        )
    raise BadRequest(
        f"there is no algorithm '{algorithm:.60}'; {_nearest(name, known)}", code="unknown_algorithm"
    )


def all_named(models: Sequence[str], task: str) -> tuple[str, ...]:
    """Check the names of several, and give them once each in their order; none, or `all`, stays `all`.

    Raises:
        BadRequest: As `named`.
    """
    if not models or [model.strip().casefold() for model in models] == ["all"]:
        return ("all",)
    return tuple(dict.fromkeys(named(model, task) for model in models))


def _nearest(name: str, known: Sequence[str]) -> str:
    from projects.hints import did_you_mean

    return did_you_mean(name, known, listed=len(known))
