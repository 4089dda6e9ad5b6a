"""The first start's trainings, each a plain `mlflow run`: a champion in Production, a challenger in Staging.

A start that was cut short is taken up where it stopped: what the registry holds decides what is still to do.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from infra.local.project import GuideError, Project

REPO = Path(__file__).parents[2]
ALGORITHMS = {
    "regression": ("ridge", "random_forest", "lightgbm", "xgboost"),
    "classification": ("logistic", "random_forest", "lightgbm", "xgboost"),
}
TUNE_S = 10
"""A newcomer waits for two trainings; tuning longer changes little on tables of the example's size."""
ROUTE = {
    "variants": {
        "champion": {"stage": "Production", "weight": 90},
        "challenger": {"stage": "Staging", "weight": 10},
    },
    "shadow": [],
}


def prepare(client: MlflowClient, project: Project, say: Callable[[str], None]) -> None:
    """Bring the registry to two versions with traffic split between them; does nothing where it has them.

    Raises:
        GuideError: A training or a promotion failed; its own lines have said why.
    """
    versions = versions_of(client, project.name)
    if versions:
        say(kept(project, versions))
    else:
        say(f"Training the first model on {project.data}: all candidates are compared, the best is tuned.")
        train(project)
        versions = versions_of(client, project.name)
    if len(versions) == 1 and versions[0].current_stage != "Production":
        mlflow_run("promote", name=project.name, version=str(versions[0].version), reason="first model")
    if len(versions) == 1:
        others = other_algorithms(versions[0])
        say(f"Training a challenger from the other candidates: {', '.join(others)}.")
        # An ensemble of the others might hold the champion's algorithm under another name.
        train(project, candidates=",".join(others), set="ensembles.method=none")
        route = json.dumps(ROUTE | {"salt": f"{project.name}-1"})
        client.set_registered_model_tag(project.name, "penstock.route", route)


def kept(project: Project, versions: list[ModelVersion]) -> str:
    """Say that a model is there already, and is not trained again.

    Raises:
        GuideError: It predicts another column than the one asked for.
    """
    target = versions[-1].tags.get("penstock.target")
    if target != project.target:
        raise GuideError(
            f"{project.name} is trained already and predicts '{target}', not '{project.target}'; "
            "say TARGET as it was, or NAME=... to train another model"
        )
    return (
        f"{project.name} is trained already (newest version {versions[-1].version}) and kept; "
        "`mlflow run` or another NAME= trains again."
    )


def experiment_of(client: MlflowClient, name: str) -> str:
    """Find the experiment that a model's newest version was trained in."""
    return str(client.get_run(versions_of(client, name)[-1].run_id).info.experiment_id)


def answering_variants(client: MlflowClient, name: str) -> set[str]:
    """Name the variants of a model's route that have a version to answer with."""
    stages = {version.current_stage for version in versions_of(client, name)}
    text = client.get_registered_model(name).tags.get("penstock.route")
    variants = json.loads(text)["variants"] if text else {"champion": {"stage": "Production"}}
    return {key for key, variant in variants.items() if "stage" not in variant or variant["stage"] in stages}


def versions_of(client: MlflowClient, name: str) -> list[ModelVersion]:
    """List a model's versions, oldest first; none for an unknown name."""
    found = client.search_model_versions("name='{}'".format(name.replace("'", "\\'")))
    return sorted(found, key=lambda version: int(version.version))


def other_algorithms(version: ModelVersion) -> list[str]:
    """Name the candidates for a version's task, without the algorithm that it is made of."""
    task = "regression" if version.tags.get("penstock.task") == "regression" else "classification"
    return [name for name in ALGORITHMS[task] if name != version.tags.get("penstock.algorithm")]


def train(project: Project, **parameters: str) -> None:
    """Train on the project's table by `mlflow run`, with a shorter tuning than its default."""
    table = {"data": project.data, "target": project.target, "name": project.name}
    mlflow_run("main", **table, tune_seconds=f"{TUNE_S}", **parameters)


def mlflow_run(entry_point: str, **parameters: str) -> None:
    """Run one of the MLproject's entry points in this environment, its output passed on.

    Raises:
        GuideError: It ended with another exit code than 0.
    """
    options = [part for key, value in parameters.items() for part in ("-P", f"{key}={value}")]
    model = parameters.get("name") or parameters["model"]
    experiment = model if entry_point == "main" else f"{model} operations"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "run",
        ".",
        "--env-manager",
        "local",
        "-e",
        entry_point,
        "--experiment-name",
        experiment,
        "--run-name",
        f"{entry_point} {model}",
        *options,
    ]
    done = subprocess.run(command, cwd=REPO, check=False)
    if done.returncode:
        raise GuideError(
            f"`mlflow run . -e {entry_point}` ended with exit code {done.returncode}; the lines above say why"
        )
