"""The entry point `train`: one named algorithm, fitted, evaluated and registered."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from projects.errors import BadInput
from projects.progress import Progress
from projects.steps.command import Asked, Option, Step
from projects.steps.contesting import one_algorithm
from serving.settings import Settings

EXAMPLE = '{"max_depth": 4}'


def _train(asked: Asked, settings: Settings) -> Mapping[str, object]:
    from projects.training import train

    requirement = asked.requirement
    names = one_algorithm(asked)
    changes = {
        "candidates": names,
        "hyperparameters": {**requirement.hyperparameters, **_given(asked, names[0])},
        "tuning": requirement.tuning.model_copy(update={"method": "none"}),
        "ensembles": requirement.ensembles.model_copy(update={"method": "none"}),
    }
    progress = Progress(total=0, write=asked.write)
    trained = train(requirement.model_copy(update=changes), settings, asked.given, progress)
    for line in trained.lines:
        progress.say(line)
    return {"status": "success", **asdict(trained)}


def _given(asked: Asked, algorithm: str) -> dict[str, dict[str, object]]:
    text = asked.own["hyperparameters"]
    if not text:
        return {}
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise BadInput(f"hyperparameters must be a JSON object like '{EXAMPLE}', not '{text}'")
    return {algorithm: given}


STEP = Step(
    name="train",
    description="Fit, evaluate and register one algorithm.",
    parameters=(
        "data", "objective", "target", "name", "gate", "metric", "task", "compare_rows", "folds", "holdout",
        "max_categories", "sample_size", "sample_strategy", "seed", "stage", "user", "project",
    ),
    work=_train,
    options=(
        Option("algorithm", "one of the candidates, such as lightgbm"),
        Option("hyperparameters", "its parameters, as a JSON object"),
        Option("test_size", "the share of all rows to hold out", "split.test_size"),
        Option("validation_size", "the share of all rows to validate on", "split.validation_size"),
        Option("scaling_method", "standard, minmax or robust", "features.scaling_method"),
        Option("feature_selection", "a selection method, such as mutual_info", "features.selection"),
        Option("n_features", "how many columns are kept", "features.n_features"),
        Option("early_stopping", "true or false", "tuning.early_stopping"),
        Option("early_stopping_patience", "rounds without improvement", "tuning.patience"),
    ),
)  # fmt: skip
