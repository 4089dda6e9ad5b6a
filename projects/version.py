"""A version of the registry, found, fetched and made ready to score."""

import warnings
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.scorer import PlanScorer, PyfuncScorer, Version
from serving.plan.load import load_plan
from serving.plan.model import Column, PlanBroken

URI = "models:/"
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
        BadInput: There is no such model or version, or it says nothing of its inputs.
    """
    name, version, stage = _parts(name, version, stage)
    found = _find(client, name, version, stage)
    number = str(found.version)
    local = Path(download_artifacts(f"{URI}{name}/{number}", dst_path=str(folder)))
    reason = "it has no scoring plan"
    if sha256 := found.tags.get("penstock.plan_sha256"):
        try:
            return Version(name, number, PlanScorer(load_plan(local / "plan", sha256=sha256)), "scoring plan")
        except PlanBroken as error:
            reason = str(error)
    return Version(name, number, _pyfunc(local, f"version {number} of '{name}'"), f"pyfunc, because {reason}")


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


def _pyfunc(local: Path, what: str) -> PyfuncScorer:
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(str(local))
    schema = model.metadata.get_input_schema()
    if schema is None or not schema.has_input_names():
        raise BadInput(f"{what} does not say which columns it takes (it has no signature with names)")
    columns = tuple(Column(spec.name, spec.type.name, spec.required) for spec in schema.inputs)
    other = [column.name for column in columns if column.type not in ("double", "string")]
    if other:
        raise BadInput(f"{what} takes columns that are neither double nor string, as '{other[0]}'")
    return PyfuncScorer(model, columns)
