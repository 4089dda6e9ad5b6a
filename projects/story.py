"""What came of a training, as plain JSON for programs: how good, how it went, and what it was made of."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from projects.delivery import LoggedModel, Outcome, Trained
from projects.evaluation.findings import Report
from projects.evaluation.ranking import Ranked, in_order
from projects.requirement.policy import policy_of

STORY = "training"
"""The artefact's name, without its ending."""
MOST_ROWS, MOST_CLASSES = 10, 100
"""Of examples, and of a confusion matrix that is written out."""
CLASSIFICATION = ("accuracy", "precision", "recall", "f1", "roc_auc")
REGRESSION = ("r2", "rmse", "mae", "mape", "explained_variance")
"""The scores that are told in any case: as null where these rows do not allow one."""
ALIASES = {"f1": "f1_score"}
"""Scores that are known by two names."""


def story_of(outcome: Outcome, trained: Trained, logged: LoggedModel | None = None) -> dict[str, Any]:
    """Tell a training.

    Args:
        outcome: What was found.
        trained: What became of it.
        logged: The model that is with the run, where it is not registered.
    """
    told: dict[str, Any] = {
        "status": "success",
        "evaluation": evaluation_of(outcome.report),
        "training_history": _history(outcome),
        "training_summary": _summary(outcome, trained),
        "comparison": comparison_of(outcome),
        "recommendation": {
            "which": outcome.told.which, "expect": outcome.told.expect, "cost": outcome.told.cost,
            "matters": outcome.told.matters, "watch": list(outcome.told.watch),
            "data": list(outcome.told.data),
        },
    }  # fmt: skip
    if trained.version:
        told["registered"] = {"name": trained.name, "version": trained.version, "stage": trained.stage}
    if logged is not None:
        told["model"] = {
            "model_id": logged.model_id,
            "name": trained.name,
            "stage": outcome.problem.asked.stage,
            "has_passed": outcome.decision.has_passed,
            "tags": dict(logged.tags),
            "policy": policy_of(outcome.problem.asked),
        }
    return plain(told)  # type: ignore[no-any-return]


def evaluation_of(report: Report) -> dict[str, Any]:
    """Tell the scores on rows that were not learned from, and the mistakes in them."""
    found = report.findings
    scores = dict(report.metrics) | {ALIASES[name]: value for name, value in report.metrics.items()
                                     if name in ALIASES}  # fmt: skip
    usual = REGRESSION if found.answers.classes is None else CLASSIFICATION
    told: dict[str, Any] = {
        **dict.fromkeys(usual),
        **scores,
        "intervals": {name: [each.low, each.high] for name, each in found.intervals.items()},
        "rows": len(found.answers),
        "feature_importance": dict(found.weights),
        "plots": list(report.figures),
        "tables": list(report.tables),
        "watch": list(report.watch),
    }
    if found.answers.classes is not None and len(found.answers.classes) <= MOST_CLASSES:
        told["confusion_matrix"] = found.answers.counts.tolist()
        told["classes"] = list(found.answers.classes)
    tables = {"prediction_examples": "prediction_examples.csv", "error_analysis": "worst_predictions.csv"}
    for name, table in tables.items():
        if table in report.tables:
            told[name] = report.tables[table].head(MOST_ROWS).to_dict("records")
    return told


def comparison_of(outcome: Outcome) -> list[dict[str, Any]]:
    """Tell what was compared, the best first."""
    metric = outcome.problem.metric
    return [ranked(each) for each in in_order(outcome.course.ranking, metric)]


def ranked(each: Ranked) -> dict[str, Any]:
    """Tell one of the compared models."""
    told = {"model": each.name, "mean_score": each.mean, "std_score": each.deviation}
    return told | ({"skipped": each.skipped} if each.skipped else {"folds": len(each.scores)})


def plain(value: Any) -> Any:
    """Bring values to what JSON knows; a number that is none becomes null."""
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def _history(outcome: Outcome) -> dict[str, Any]:
    """Tell the losses by round where the winner has rounds, its folds, and how it grew with rows."""
    course, winner, metric = outcome.course, outcome.winner, outcome.problem.metric.name
    validation = next(iter(course.losses.values()), ())
    scores = winner.tuning.validation.scores.get(metric, ())
    return {
        "unit": course.round_unit,
        "loss": "log_loss" if outcome.problem.target.classes is not None else "rmse",
        "rounds": winner.history.rounds or list(range(1, len(validation) + 1)),
        "train_loss": winner.history.learned,
        "validation_loss": winner.history.validated or list(validation),
        "cross_validation": {
            "metric": metric,
            "scores": list(scores),
            "mean": winner.tuning.validation.means.get(metric),
            "std": winner.tuning.validation.deviations.get(metric),
        },
        "learning_curve": [
            {"rows": point.rows, "score": point.mean, "deviation": point.deviation}
            for point in course.learning
        ],
    }


def _summary(outcome: Outcome, trained: Trained) -> dict[str, Any]:
    problem, winner = outcome.problem, outcome.winner
    divided, asked = problem.divided, problem.asked
    columns = [column.name for column in problem.features.columns]
    return {
        "algorithm": winner.name,
        "members": [each.name for each in winner.members] if len(winner.members) > 1 else [],
        "task_type": "regression" if problem.target.classes is None else "classification",
        "task": problem.target.task,
        "target_column": problem.target.name,
        "training_time_s": 60.0 * winner.costs.get("train_minutes", float("nan")),
        "samples": {
            "total": outcome.table.clean.rows,
            "train": len(divided.train),
            "validation": len(divided.validation),
            "test": len(divided.test),
            "learned_from": outcome.learned_rows,
        },
        "n_features": len(columns),
        "features": columns,
        "scaling_method": asked.features.scaling_method,
        "hyperparameters": dict(winner.tuning.parameters),
        "early_stopping": asked.tuning.early_stopping,
        "patience": asked.tuning.patience,
        "best_round": winner.history.best,
        "early_stopped": winner.history.is_stopped,
        "metric": problem.metric.name,
        "score": outcome.report.metrics.get(problem.metric.name),
        "costs": dict(winner.costs),
        "gate": trained.gate,
        "notices": [*problem.suspicions, *problem.notices, *winner.notices],
        "run_id": trained.run_id,
    }
