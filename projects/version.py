"""A version of the registry, found, fetched and made ready to score."""

import warnings
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.scorer import PlanScorer, PyfuncScorer, Scorer, Version
from serving.plan.load import load_plan
from serving.plan.model import Column, PlanBroken
from serving.settings import load

URI = "models:/"
PLAN_TAG = "penstock.plan_sha256"
SCHEMA = "schema.json"
"""Beside the model: how training read each column."""
TYPES = {
    "double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool",
    "string": "object",
}  # fmt: skip
"""The signature's types that a file's cells can become."""
STAGES = ("Production", "Staging", "Archived", "None")


def fetch_version(client: MlflowClient, name: str, version: str, stage: str, folder: Path) -> Version:
    """Find a version, download it and load it.

    Args:
        client: The registry.
        name: A registered model, or `models:/NAME/VERSION_OR_STAGE`.
        version: The version; if empty, the one in the stage.
        stage: The stage.
        folder: Where the files go.

    Raises:
        BadInput: There is no such model or version, it says nothing of its inputs, or it would run code of
            its own, and may not.
    """
    found = find_version(client, name, version, stage)
    name, number = str(found.name), str(found.version)
    local = Path(download_artifacts(f"{URI}{name}/{number}", dst_path=str(folder)))
    scorer, way = _scorer(local, found.tags.get(PLAN_TAG), name, f"version {number} of '{name}'")
    schema = local / SCHEMA
    author = {"model": name, "version": number, "source": str(found.source), "way": way}
    digest = found.tags.get(PLAN_TAG, "")
    return Version(name, number, scorer, way, author, schema if schema.is_file() else None, local, digest)


def find_version(client: MlflowClient, name: str, version: str, stage: str) -> Any:
    """Find a version in the registry, by its number or its stage.

    Raises:
        BadInput: There is no such model or version.
    """
    return _find(client, *_parts(name, version, stage))


def check_own_code(name: str, what: str) -> None:
    """See that a model's versions may run code of their own.

    Args:
        name: The registered model.
        what: How the sentence calls the version.

    Raises:
        BadInput: People sign in here, and the operator has not named the model.
    """
    if not load().trusts(name):
        raise BadInput(
            f"{what} runs code of its own, and '{name}' is not among trusted_models; train it here, or have"
            " the operator name it"
        )


def check_trusted(plan: Path, digest: str, name: str, what: str) -> None:
    """See that a version's pickle may be loaded: a training made it whose plan is whole, or it is trusted.

    Args:
        plan: The folder of its plan.
        digest: The plan's; empty where none is known, or none of the pickle.
        name: The registered model.
        what: How a sentence calls the version.

    Raises:
        BadInput: Neither is so.
    """
    if digest:
        try:
            load_plan(plan, sha256=digest)
        except PlanBroken:
            pass
        else:
            return
    check_own_code(name, what)


def _scorer(local: Path, plan_sha256: str | None, name: str, what: str) -> tuple[Scorer, str]:
    if plan_sha256 is None:
        check_own_code(name, what)
        return load_pyfunc(local, what), "pyfunc, because it has no scoring plan"
    try:
        return PlanScorer(load_plan(local / "plan", sha256=plan_sha256)), "scoring plan"
    except PlanBroken as error:
        check_own_code(name, what)
        return load_pyfunc(local, what), f"pyfunc, because {error}"


def _parts(name: str, version: str, stage: str) -> tuple[str, str, str]:
    if not name:
        raise BadInput("name the model with -P name=NAME, or -P name=models:/NAME/VERSION")
    if name.startswith(URI):
        name, _, which = name.removeprefix(URI).partition("/")
        version, stage = (which, stage) if which.isdigit() else ("", which or stage)
    if version and not version.isdigit():
        raise BadInput(f"a version must be a whole number, not '{version}'")
    known = {word.casefold(): word for word in STAGES}
    if stage.casefold() not in known:
        raise BadInput(f"there is no stage '{stage}'; {did_you_mean(stage, STAGES)}")
    return name, version, known[stage.casefold()]


def _find(client: MlflowClient, name: str, version: str, stage: str) -> Any:
    try:
        if version:
            return client.get_model_version(name, version)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated, and the contract here
            in_stage = client.get_latest_versions(name, stages=[stage])
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        names = [model.name for model in client.search_registered_models(max_results=200)]
        if name in names:
            raise BadInput(f"model '{name}' has no version {version}") from error
        raise BadInput(f"there is no registered model '{name}'; {did_you_mean(name, names)}") from error
    if not in_stage:
        raise BadInput(
            f"model '{name}' has no version in {stage}; name one with -P version=N or -P stage=..."
        )
    return in_stage[0]


def load_pyfunc(local: Path, what: str) -> PyfuncScorer:
    """Load a version by MLflow's pyfunc.

    Args:
        local: Its folder.
        what: How a sentence calls it.

    Raises:
        BadInput: It does not say which columns it takes, or takes what no file's cell can become.
    """
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(str(local))
    schema = model.metadata.get_input_schema()
    if schema is None or not schema.has_input_names():
        raise BadInput(f"{what} does not say which columns it takes (it has no signature with names)")
    for spec in schema.inputs:
        if getattr(spec.type, "name", "") not in TYPES:
            raise BadInput(
                f"{what} takes a column '{spec.name}' of type {spec.type}, which no file's cell can become"
            )
    names = [spec.type.name for spec in schema.inputs]
    columns = tuple(
        Column(spec.name, "string" if kind == "string" else "double", spec.required)
        for spec, kind in zip(schema.inputs, names, strict=True)
    )
    return PyfuncScorer(model, columns, tuple(TYPES[kind] for kind in names))
