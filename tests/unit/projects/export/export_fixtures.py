"""Versions as a training leaves them, made without a server, and what an export of one answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd

from projects.evaluation.metrics import BY_NAME as METRICS
from projects.export.origin import Origin, Reference
from projects.features import Features, read_features
from projects.learning.attempt import Conditions
from projects.learning.candidates.listing import BY_NAME
from projects.learning.configuration import Configuration, starting
from projects.learning.final import Fitting, Member
from projects.pickled import own_classes_by_value
from projects.preparation import preparation
from projects.requirement.model import Cleaning, FeatureSection
from tests.service.training_fixtures import TARGETS, town

TARGET = {"binary": "kept", "multiclass": "level", "regression": "amount"}
SMALL: dict[str, dict[str, Any]] = {
    "lstm": {"max_epochs": 2},
    "mlp": {"max_epochs": 2},
    "random_forest": {"n_estimators": 8},
    "extra_trees": {"n_estimators": 8},
    "adaboost": {"n_estimators": 8},
}


def town_features(frame: pd.DataFrame | None = None, articles: Any = None) -> Features:
    held = town(240) if frame is None else frame
    inputs = held.drop(columns=[name for name in TARGETS if name in held])
    return read_features(inputs, dates=("opened",), articles=articles)


def fitted(
    names: Sequence[str],
    task: Any,
    features: Features,
    truth: Any,
    section: FeatureSection | None = None,
    *,
    stored: Any = (),
) -> Any:
    """Fit one candidate, or a vote of several, as the last fit of a training does."""
    classes = None if task == "regression" else tuple(np.unique(truth).tolist())
    metric = METRICS["r2" if task == "regression" else "accuracy"]

    def prepare(style: Any) -> Any:
        asked = section or FeatureSection()
        return preparation(features.inputs, asked, Cleaning(), style=style, task=task, seed=3, stored=stored)

    fitting = Fitting(features.frame, truth, classes, prepare, Conditions(task, 2, metric, seed=3))
    members = [Member(_configuration(name), 10) for name in names]
    return fitting.vote(members, None) if len(members) > 1 else fitting.alone(members[0])


def _configuration(name: str) -> Configuration:
    return starting(BY_NAME[name], SMALL.get(name, {}))


def version_of(
    model: Any, features: Features, task: str, truth: Any, algorithm: str, *, target: str = "",
    asked: Any = None, modules: Sequence[str] = (), schema: Any = (),
) -> Origin:  # fmt: skip
    """Make the version of a fitted model: its classes came out of a pickle that holds them by value."""
    with own_classes_by_value(modules):
        pickled = cloudpickle.dumps(model)
    # As in a process that has not pickled them: there the classes would stay the same.
    cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS.clear()
    cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.clear()
    loaded = cloudpickle.loads(pickled)
    rows = features.frame
    shares = loaded.predict_proba(rows) if hasattr(loaded, "predict_proba") else None
    reference = Reference(rows, truth, np.asarray(loaded.predict(rows)), shares)
    tags = {
        "penstock.target": target or TARGET[task],
        "penstock.task": task,
        "penstock.algorithm": algorithm,
    }
    return Origin("town", "3", tags, loaded, features.columns, schema, reference, asked or {}, Path("absent"))


def town_version(
    names: Sequence[str], task: str, section: FeatureSection | None = None, asked: Any = None
) -> Origin:
    """Make a version of the town."""
    held = town(240)
    features = town_features(held)
    truth = held[TARGET[task]].to_numpy()
    model = fitted(names, task, features, truth, section)
    return version_of(model, features, task, truth, "vote" if len(names) > 1 else names[0], asked=asked)
