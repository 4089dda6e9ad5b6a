"""The table of candidates, and how a person names them."""

from collections.abc import Sequence
from dataclasses import dataclass

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.learning.candidates import (
    adaboost,
    decision_tree,
    elastic_net,
    extra_trees,
    gradient_boosting,
    knn,
    lasso,
    lightgbm,
    linear,
    logistic,
    lstm,
    mlp,
    naive_bayes,
    random_forest,
    ridge,
    svm,
    svr,
    xgboost,
)
from projects.learning.candidates.candidate import Candidate
from serving.plan.model import Task

CANDIDATES = tuple(
    module.CANDIDATE
    for module in (
        decision_tree, lightgbm, xgboost, logistic, linear, ridge, lasso, elastic_net, naive_bayes, knn,
        extra_trees, random_forest, adaboost, gradient_boosting, svm, svr, mlp, lstm,
    )
)  # fmt: skip
BY_NAME = {candidate.name: candidate for candidate in CANDIDATES}
EVERY = "all"


@dataclass(frozen=True)
class Chosen:
    """The candidates of a training.

    Attributes:
        candidates: To compare.
        left_out: Why others are not, by name.
    """

    candidates: tuple[Candidate, ...]
    left_out: dict[str, str]


def parse_candidates(text: str | Sequence[str]) -> tuple[str, ...]:
    """Read names, joined by commas or one by one; nothing or `all` stays `all`.

    Raises:
        BadInput: An unknown name, with the nearest.
    """
    words = text.split(",") if isinstance(text, str) else text
    names = tuple(dict.fromkeys(word.strip().casefold() for word in words if word.strip())) or (EVERY,)
    for name in names:
        if name not in BY_NAME and name != EVERY:
            raise BadInput(f"there is no candidate '{name}'; {did_you_mean(name, [*BY_NAME, EVERY])}")
    return (EVERY,) if EVERY in names else names


def choose(names: Sequence[str], task: Task) -> Chosen:
    """Choose those that can do the task and are installed; of named ones each must be.

    Raises:
        BadInput: A named one is not installed, or none can do the task.
    """
    asked = parse_candidates(names)
    listed = [each for each in CANDIDATES if asked == (EVERY,) or each.name in asked]
    able = [each for each in listed if task in each.tasks]
    if not able:
        known = ", ".join(each.name for each in CANDIDATES if task in each.tasks)
        raise BadInput(f"no candidate of {', '.join(asked)} can do {task}; {known} can")
    lacking = {each.name: sentence for each in able if (sentence := each.missing())}
    if lacking and asked != (EVERY,):
        raise BadInput("; ".join(f"the candidate {name}: {sentence}" for name, sentence in lacking.items()))
    other = {each.name: f"it cannot do {task}" for each in listed if each not in able and asked != (EVERY,)}
    return Chosen(tuple(each for each in able if each.name not in lacking), lacking | other)
