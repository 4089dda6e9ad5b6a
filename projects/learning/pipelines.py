"""A candidate with what prepares its columns, as one unfitted pipeline that knows the labels themselves."""

from typing import Any

from sklearn.pipeline import Pipeline

from projects.features import Features
from projects.learning.candidates.candidate import Candidate, Making, Parameters
from projects.preparation import preparation
from projects.requirement.model import Cleaning, FeatureSection
from serving.plan.model import Task


def build(
    candidate: Candidate,
    features: Features,
    task: Task,
    *,
    seed: int,
    threads: int,
    max_categories: int,
    parameters: Parameters | None = None,
) -> Pipeline:
    """Build an unfitted pipeline.

    Args:
        candidate: Which estimator.
        features: The columns.
        task: The task.
        seed: For everything random.
        threads: The most threads that fitting may use.
        max_categories: The most one-hot columns of a text column; the rarest texts share one.
        parameters: The estimator's, where they differ from the defaults.
    """
    section = FeatureSection(max_categories=max_categories)
    steps = preparation(features.inputs, section, Cleaning(), style=candidate.style, task=task, seed=seed)
    model = candidate.make(Making(task, seed, threads), {**candidate.defaults, **(parameters or {})})
    return Pipeline([*steps, ("model", labelled(candidate, model, task))])


def labelled(candidate: Candidate, model: Any, task: Task) -> Any:
    """Wrap a model that knows classes only as 0..k-1: scikit-learn's vote of one encodes and decodes them."""
    from sklearn.ensemble import VotingClassifier

    if task == "regression" or not candidate.needs_codes:
        return model
    return VotingClassifier([(candidate.name, model)], voting="soft")
