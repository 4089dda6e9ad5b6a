"""The entry point `evaluate`: any version of the registry on any rows whose truth is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from projects.batch.source import known_of
from projects.counted import counted
from projects.delivery import log_report
from projects.errors import BadInput
from projects.evaluation.evaluate import evaluate
from projects.evaluation.gate import check_gate, judge, parse_gate
from projects.evaluation.metrics import metric_for
from projects.evaluation.subject import Subject
from projects.features import read_alike
from projects.hints import did_you_mean
from projects.requirement.model import ColumnCleaning, Requirement
from projects.rows import Clean, clean_rows, is_clean
from projects.sampling.frame import frame_of
from projects.shell import connect
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import log_outcome, workspace
from projects.target import read_truth
from projects.tracking import started_run
from projects.version import SCHEMA, find_version
from serving.plan.model import Column
from serving.settings import Settings


@dataclass(frozen=True)
class Served:
    """A version, fetched.

    Attributes:
        name: The registered model.
        number: The version.
        tags: Its tags.
        model: The fitted pipeline.
        inputs: Its columns, as the signature has them.
        schema: Where its schema.json is, if it has one.
    """

    name: str
    number: str
    tags: Mapping[str, str]
    model: Any
    inputs: Mapping[str, Any]
    schema: Path


def _evaluate(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    own, requirement = asked.own, asked.requirement
    with started_run(f"evaluate {requirement.name}") as tracker, workspace(settings, "evaluate") as folder:
        tracker.parameters(asked.given)
        stage = own["from_stage"] or "Production"
        served = _fetched(requirement.name, own["version"], stage, folder / "model")
        clean, target = _as_trained(requirement, served, folder, asked.say)
        subject = _subject(served, clean, target)
        gate = parse_gate(requirement.gate)
        check_gate(gate, subject.task)
        metric = metric_for(requirement.metric or served.tags.get("penstock.metric", ""), subject.task)
        report = evaluate(subject, asked=requirement.evaluation, metric=metric, seed=requirement.seed)
        decision = judge(gate, report.metrics)
        log_report(report)
        tracker.metrics(report.metrics)
        tracker.tags({"penstock.kind": "evaluation", "penstock.model": served.name,
                      "penstock.version": served.number, "penstock.gate": decision.sentence})  # fmt: skip
        was_learned = clean.sha256 == served.tags.get("penstock.data_sha256")
        head = _head(served, clean, target, len(report.findings.subject.X), was_learned=was_learned)
        for line in (*head, *_scores(report.metrics), *report.lines, *report.watch):
            asked.say(line)
        if gate:
            asked.say(f"gate: {decision.sentence}")
        asked.say(f"look at: {tracker.link}")
        found = {
            "status": "success",
            "model": served.name,
            "version": served.number,
            "rows": len(report.findings.subject.X),
            "learned_from": was_learned,
            "evaluation": dict(report.metrics),
            "gate": decision.sentence if gate else "none was set",
            "watch": list(report.watch),
        }
        return log_outcome(found, "evaluation")


def _fetched(name: str, version: str, stage: str, folder: Path) -> Served:
    found = find_version(MlflowClient(), name, version, stage)
    local = Path(download_artifacts(f"models:/{found.name}/{found.version}", dst_path=str(folder)))
    try:
        model = mlflow.sklearn.load_model(str(local))
    except MlflowException as error:
        raise BadInput(
            f"version {found.version} of '{found.name}' is no scikit-learn model, and only those can be"
            " evaluated; log it with mlflow.sklearn"
        ) from error
    schema = mlflow.models.get_model_info(str(local)).signature
    inputs = {spec.name: spec for spec in schema.inputs} if schema else {}
    return Served(str(found.name), str(found.version), dict(found.tags), model, inputs, local / SCHEMA)


def _as_trained(
    requirement: Requirement, served: Served, folder: Path, say: Callable[[str], None]
) -> tuple[Clean, str]:
    """Read the rows as training read its own: columns by the same names, of the same types.

    Returns:
        The rows and the target.

    Raises:
        BadInput: They cannot be read, or the target is not known.
    """
    target = requirement.target or served.tags.get("penstock.target", "")
    if not target:
        raise BadInput(
            f"version {served.number} of '{served.name}' does not say what it predicts; say target="
        )
    trained = known_of(served.schema if served.schema.is_file() else None).columns
    source = requirement.data_source
    if isinstance(source, str) and is_clean(source):
        return clean_rows(requirement, folder / "rows", say), target
    raw_target = trained[target].original if target in trained else target
    clean = clean_rows(requirement.model_copy(update={"target": raw_target}), folder / "rows", say)
    there = {column.original: column for column in clean.columns}
    fixes = {
        each.original: ColumnCleaning(
            type=each.type, rename=each.name if each.name != each.original else None
        )
        for each in trained.values()
        if (found := there.get(each.original)) and (found.name, found.type) != (each.name, each.type)
    }
    if not fixes:
        return clean, target
    say(f"read again, as in training: {', '.join(map(repr, fixes))}")
    columns = {**fixes, **requirement.cleaning.columns}
    cleaning = requirement.cleaning.model_copy(update={"columns": columns})
    again = requirement.model_copy(update={"cleaning": cleaning, "target": raw_target})
    return clean_rows(again, folder / "again", lambda _: None), target


def _subject(served: Served, clean: Clean, target: str) -> Subject:
    frame, known = frame_of(clean.parquet), getattr(served.model, "classes_", None)
    if target not in frame.columns:
        raise BadInput(
            f"there is no column '{target}' to compare with; {did_you_mean(target, frame.columns)}"
        )
    classes = None if known is None else tuple(np.asarray(known).tolist())
    truth, at = read_truth(frame[target], classes)
    rows = frame.iloc[at].reset_index(drop=True)
    lacking = [name for name, spec in served.inputs.items() if spec.required and name not in rows]
    if lacking:
        raise BadInput(
            f"the data lacks {', '.join(map(repr, lacking))}, which '{served.name}' needs;"
            f" {did_you_mean(lacking[0], map(str, rows.columns))}"
        )
    columns = [
        Column(name, "string" if spec.type.name == "string" else "double", required=spec.required)
        for name, spec in served.inputs.items()
    ]
    # A column that is not there is one of gaps.
    X = read_alike(rows.reindex(columns=list(served.inputs)), columns)
    return Subject(
        model=served.model,
        task="regression" if classes is None else "binary" if len(classes) == 2 else "multiclass",
        classes=classes,
        X=X,
        truth=truth,
        name=served.tags.get("penstock.algorithm", served.name),
        target=target,
        beside=rows[[name for name in rows.columns if name not in served.inputs]],
    )


def _head(served: Served, clean: Clean, target: str, rows: int, *, was_learned: bool) -> list[str]:
    """Say what the numbers below are of, and whether they can be believed."""
    what = f"{served.name} version {served.number}"
    said = [f"{what} on {counted(rows, 'row')} of {clean.place}, of which '{target}' is known:"]
    if was_learned:
        said.append(
            f"careful: {what} was learned from this data, so these scores are too good; those of its card are"
            " of rows held out, and others can be had with rows that it has not seen"
        )
    return said


def _scores(metrics: Mapping[str, float]) -> list[str]:
    return [f"{name:<24}{value:.6g}" for name, value in metrics.items()]


STEP = Step(
    name="evaluate",
    description="Evaluate a registered version on rows whose truth is known.",
    parameters=("data", "name", "target", "metric", "gate", "seed"),
    work=_evaluate,
    options=(
        Option("version", "the version; by default the one in the stage"),
        Option("from_stage", "the stage, by default Production"),
        Option("segments", "columns to break errors down by, as [a, b]", "evaluation.segments"),
        Option("groups", "columns of people's groups, for fairness, as [a, b]", "evaluation.groups"),
        Option("shap", "true for SHAP values instead of permutation", "evaluation.shap"),
    ),
)
