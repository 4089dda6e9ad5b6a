"""The entry point `train`: one named algorithm, fitted, evaluated and registered."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from projects.errors import BadInput
from projects.progress import Progress
from projects.steps.command import REGISTER, Asked, Option, Step, registers
from projects.steps.contesting import one_algorithm
from serving.settings import Settings

EXAMPLE = '{"max_depth": 4}'
ENSEMBLES = ("voting", "stacking", "bagging")
"""What may stand in an algorithm's place: a model made of `ensembles.members`, or of the best."""


def _train(asked: Asked, settings: Settings) -> Mapping[str, object]:
    from projects.training import train

    requirement = asked.requirement
    progress = Progress(total=0, write=asked.write)
    trained = train(
        requirement.model_copy(update=_changes(asked)), settings, asked.given, progress,
        is_registered=registers(asked),
    )  # fmt: skip
    for line in trained.lines:
        progress.say(line)
    return {"status": "success", **asdict(trained)}


def _changes(asked: Asked) -> dict[str, object]:
    """What the step changes in the requirement: one algorithm alone, or an ensemble of those it names."""
    requirement, kind = asked.requirement, asked.own["algorithm"].casefold()
    untuned = {"tuning": requirement.tuning.model_copy(update={"method": "none"})}
    if kind in ENSEMBLES:
        made_of = requirement.ensembles
        return {
            **untuned,
            "candidates": made_of.members or requirement.candidates,
            "ensembles": made_of.model_copy(update={"method": kind}),
        }
    names = one_algorithm(asked)
    return {
        **untuned,
        "candidates": names,
        "hyperparameters": {**requirement.hyperparameters, **_given(asked, names[0])},
        "ensembles": requirement.ensembles.model_copy(update={"method": "none"}),
    }


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
        "max_categories", "sample_size", "sample_strategy", "seed", "stage", "user", "project", "compute",
    ),
    work=_train,
    options=(
        Option("algorithm", "one of the candidates, such as lightgbm; or voting, stacking, bagging"),
        Option("hyperparameters", "its parameters, as a JSON object"),
        Option("test_size", "the share of all rows to hold out", "split.test_size"),
        Option("validation_size", "the share of all rows to validate on", "split.validation_size"),
        Option("scaling_method", "standard, minmax or robust", "features.scaling_method"),
        Option("feature_selection", "a selection method, such as mutual_info", "features.selection"),
        Option("n_features", "how many columns are kept", "features.n_features"),
        Option("early_stopping", "true or false", "tuning.early_stopping"),
        Option("early_stopping_patience", "rounds without improvement", "tuning.patience"),
        REGISTER,
    ),
)  # fmt: skip
