"""What becomes of a fitted model: logged with all that was found, registered, moved if its gate passes."""

import getpass
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import mlflow

from projects import publish
from projects.evaluation import verdict
from projects.evaluation.adjusting import Adjusted
from projects.evaluation.card import Facts, write_card
from projects.evaluation.course import Course
from projects.evaluation.findings import Report
from projects.evaluation.gate import Verdict
from projects.evaluation.ranking import ranking_table
from projects.evaluation.recommendation import Recommendation
from projects.ingest.publish import SCHEMA
from projects.learning.winner import Winner
from projects.preparation import custom_modules
from projects.problem import Problem
from projects.read_text import ARTEFACT, tags_of
from projects.requirement.policy import write_policy
from projects.rows import TableRows
from projects.tracking import Tracker
from serving.settings import Settings

IMPORTANCE = "importance.json"
"""Beside the model: what each of its columns weighs, as shares that sum to 1."""
METRICS = "penstock.metrics"
"""A version's tag: all its held-out scores, so that a listing of versions is one search."""


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        name: The registered model.
        version: Its version; empty where none was registered.
        stage: Where it is.
        run_id: The run.
        gate: What the gate said.
        scores: On the held-out rows.
        costs: What one model costs.
        lines: What a person reads last.
    """

    name: str
    version: str
    stage: str
    run_id: str
    gate: str
    scores: Mapping[str, float]
    costs: Mapping[str, float]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class LoggedModel:
    """A model with all that belongs to its version, not yet registered.

    Attributes:
        model_id: MLflow's id of the logged model.
        plan: `yes`, or `no: ` and the reason.
        tags: What the version is to bear.
    """

    model_id: str
    plan: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """A fitted model and all that is known of it.

    Attributes:
        problem: What it was learned from.
        table: The rows.
        winner: How it was found.
        adjusted: The model as it will be served.
        report: How good it is.
        course: How the training went.
        told: The recommendation.
        decision: What the gate says.
        learned_rows: How many rows it was fitted on.
    """

    problem: Problem
    table: TableRows
    winner: Winner
    adjusted: Adjusted
    report: Report
    course: Course
    told: Recommendation
    decision: Verdict
    learned_rows: int


def publish_version(
    outcome: Outcome, tracker: Tracker, more: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Log everything and register a version; return its number and what its plan's tag says.

    Args:
        outcome: The model.
        tracker: Its run.
        more: Further tags of the version and the run.
    """
    name, logged = outcome.problem.name, log_version(outcome, tracker, more)
    version = publish.register(tracker.client, name, tracker.run_id, logged.model_id, logged.tags)
    tracker.tags({"penstock.model": name, "penstock.version": version})
    return version, logged.plan


def log_version(outcome: Outcome, tracker: Tracker, more: Mapping[str, str] | None = None) -> LoggedModel:
    """Log everything that a version is made of; registering it is left to whoever deploys it.

    Args:
        outcome: The model.
        tracker: Its run, which bears the version's tags too.
        more: Further tags.
    """
    problem, report = outcome.problem, outcome.report
    log_outcome(outcome, tracker)
    card = write_card(_facts(outcome), report, outcome.course, outcome.told)
    mlflow.log_text(card, "model_card.md")
    schema = (outcome.table.clean.folder / SCHEMA).read_text(encoding="utf-8")
    held = problem.divided.test
    subject = publish.Subject(
        pipeline=outcome.adjusted.model,
        columns=problem.features.columns,
        task=problem.target.task,
        X=problem.features.frame.iloc[held].reset_index(drop=True),
        y=problem.target.truth[held],
        files={
            "model_card.md": card,
            SCHEMA: schema,
            IMPORTANCE: _importance(report),
            **_text_files(problem),
        },
        modules=custom_modules(problem.asked.features),
    )
    published = publish.publish(tracker.client, subject, report.metrics)
    tags = _tags(outcome) | published.tags | dict(more or {})
    tracker.tags(tags)
    return LoggedModel(published.model_id, published.plan, tags)


def left(outcome: Outcome, tracker: Tracker) -> Trained:
    """Say what a person should know of a model that is not registered."""
    lines = [*outcome.told.lines, f"{'look at:':<12}{tracker.link}", "nothing is registered, as was asked"]
    return _trained(outcome, "", "None", tracker, lines)


def finish(outcome: Outcome, version: str, tracker: Tracker, settings: Settings) -> Trained:
    """Write the policy, move the version if its gate passed, and say what a person should know."""
    problem, decision = outcome.problem, outcome.decision
    kept = write_policy(tracker.client, problem.name, problem.asked)
    stage = verdict.move(
        tracker.client, settings.database_url, problem.name, version,
        verdict=decision, asked_stage=problem.asked.stage, actor=_actor(),
    )  # fmt: skip
    said = verdict.summary(
        f"{problem.name} version {version}", stage, decision if problem.gate else None,
        told=outcome.told, link=tracker.link,
    )  # fmt: skip
    return _trained(outcome, version, stage, tracker, [*said, *kept])


def _trained(outcome: Outcome, version: str, stage: str, tracker: Tracker, lines: Sequence[str]) -> Trained:
    table = ranking_table(outcome.course.ranking, outcome.problem.metric)
    # A terminal is read from its end, a page from its top.
    tracker.note([*lines, "", *table])
    return Trained(
        outcome.problem.name, version, stage, tracker.run_id, outcome.decision.sentence,
        outcome.report.metrics, outcome.winner.costs, ("", *table, "", *lines),
    )  # fmt: skip


def log_outcome(outcome: Outcome, tracker: Tracker) -> None:
    """Log what was chosen and how good it is to the active run."""
    winner = outcome.winner
    chosen = {f"{winner.name}.{key}": value for key, value in winner.tuning.parameters.items()}
    tracker.parameters({"winner": winner.name, **chosen})
    validated = {f"cv_{name}": value for name, value in winner.tuning.validation.means.items()}
    tracker.metrics({**validated, **winner.costs})
    log_report(outcome.report)


def log_report(report: Report) -> None:
    """Log an evaluation's plots and tables to the active run."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for name, figure in report.figures.items():
            mlflow.log_figure(figure, f"plots/{name}")
    for name, table in report.tables.items():
        if name.endswith(".csv"):
            mlflow.log_text(table.to_csv(index=False), f"evaluation/{name}")
        else:
            mlflow.log_dict(table, f"evaluation/{name}")


def _tags(outcome: Outcome) -> dict[str, str]:
    problem, metric = outcome.problem, outcome.problem.metric.name
    return {
        "penstock.task": problem.target.task,
        "penstock.target": problem.target.name,
        "penstock.algorithm": outcome.winner.name,
        "penstock.metric": metric,
        "penstock.score": f"{outcome.report.metrics.get(metric, float('nan')):.6g}",
        METRICS: json.dumps({name: float(f"{value:.6g}") for name, value in outcome.report.metrics.items()}),
        "penstock.gate": outcome.decision.sentence,
        "penstock.data_sha256": outcome.table.clean.sha256,
        "penstock.spec_sha256": outcome.table.original.sha256,
        **tags_of(problem.texts, outcome.report.metrics.get("f1_macro")),
    }


def _text_files(problem: Problem) -> dict[str, str]:
    if not problem.texts:
        return {}
    told = {"articles": [text.as_json for text in problem.texts]}
    return {ARTEFACT: json.dumps(told, indent=1, ensure_ascii=False) + "\n"}


def _importance(report: Report) -> str:
    return json.dumps({"columns": report.findings.all_weights}, indent=1, ensure_ascii=False) + "\n"


def _facts(outcome: Outcome) -> Facts:
    problem, clean = outcome.problem, outcome.table.clean
    return Facts(
        name=problem.name,
        target=problem.target,
        place=clean.place,
        data_sha256=clean.sha256,
        trained_at=datetime.now(UTC),
        seed=problem.asked.seed,
        train_rows=outcome.learned_rows,
        columns=problem.features.columns,
        gate=" and ".join(str(clause) for clause in problem.gate),
        verdict=outcome.decision.sentence,
        parameters=outcome.winner.tuning.parameters,
        trials=outcome.winner.tuning.trials,
        adjustments=outcome.adjusted.sentences,
        notices=problem.notices,
        objective=problem.asked.objective,
        texts=problem.texts,
    )


def _actor() -> str:
    try:
        return f"training ({getpass.getuser()})"
    except (OSError, KeyError):  # a container's user without a name
        return "training"
