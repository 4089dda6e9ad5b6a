"""One training from end to end, as a story; every step's own work is in its module."""

import getpass
import threading
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime

import mlflow

from projects import publish
from projects.evaluation import verdict
from projects.evaluation.card import Facts, write_card
from projects.evaluation.gate import Verdict, judge
from projects.evaluation.importance import importance
from projects.evaluation.plots import draw_all
from projects.evaluation.suspicion import repeats, suspicion
from projects.learning.contest import Contest, Winner
from projects.options import Options
from projects.problem import STEPS_BESIDE_CANDIDATES, Problem, read_problem
from projects.progress import Progress
from projects.shell import connect
from projects.tracking import Tracker, log_table, started_run
from serving.settings import Settings


def train(options: Options, settings: Settings) -> None:
    """Train, register and, if the gate passes, move.

    Raises:
        BadInput: The table or an option cannot be used, or MLflow does not answer.
        LifecycleError: The version is registered, but could not be moved.
    """
    # The libraries that fit take seconds to import: they come in while the table is read.
    threading.Thread(target=_warm_up, daemon=True).start()
    connect(settings.tracking_uri)
    progress = Progress(total=STEPS_BESIDE_CANDIDATES + min(4, len(options.candidates)))
    with started_run(f"train {options.name or options.data}") as tracker:
        problem = read_problem(options, progress)
        _log_problem(tracker, options, problem)
        winner = Contest(options, problem, tracker, progress).run()
        decision = judge(options.gate, winner.scores)
        with progress.step("logging and registering") as step:
            version, plan = _publish(tracker, options, problem, winner, decision)
            step.result = f"{problem.name} version {version}, scoring plan: {plan}"
        stage = verdict.move(
            tracker.client, settings.database_url, problem.name, version,
            verdict=decision, asked_stage=options.stage, actor=_actor(),
        )  # fmt: skip
        lines = list(verdict.summary(
            f"{problem.name} version {version}", stage, decision if options.gate else None,
            ranking=winner.ranking, metric=problem.metric, scores=winner.scores,
            held_rows=len(problem.split.X_held), link=tracker.link, suspicion=_suspicion(problem, winner),
        ))  # fmt: skip
        tracker.note(lines)
        for line in lines:
            progress.say(line)


def _warm_up() -> None:
    import lightgbm
    import optuna
    import xgboost

    del lightgbm, optuna, xgboost


def _log_problem(tracker: Tracker, options: Options, problem: Problem) -> None:
    found = {
        "model_name": problem.name,
        "task_found": problem.target.task,
        "compared_by": problem.metric.name,
        "rows_to_learn": len(problem.split.X_train),
        "rows_held_out": len(problem.split.X_held),
        "features": len(problem.features.columns),
    }
    tracker.parameters(options.asked | found)
    tracker.tags({"penstock.kind": "training", "penstock.data_sha256": problem.table.sha256})
    rows = problem.features.frame.copy(deep=False)
    rows[problem.target.name] = problem.target.truth
    log_table(rows, problem.table.place, problem.table.name, problem.target.name, problem.table.sha256)


def _publish(
    tracker: Tracker, options: Options, problem: Problem, winner: Winner, decision: Verdict
) -> tuple[str, str]:
    weights = importance(winner.pipeline)
    chosen = {f"{winner.candidate.name}.{key}": value for key, value in winner.tuning.parameters.items()}
    tracker.parameters({"winner": winner.candidate.name, **chosen})
    tracker.metrics({f"cv_{name}": value for name, value in winner.tuning.validation.means.items()})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        for name, figure in draw_all(winner.answers, weights):
            mlflow.log_figure(figure, f"plots/{name}")
    card = write_card(_facts(options, problem, winner, weights, decision))
    mlflow.log_text(card, "model_card.md")
    held, target = problem.split, problem.target
    subject = publish.Subject(
        winner.pipeline, problem.features.columns, target.task, held.X_held, held.y_held,
        winner.candidate.package,
    )  # fmt: skip
    published = publish.publish(tracker.client, subject, card, winner.scores)
    tags = _tags(options, problem, winner, decision) | published.tags
    version = publish.register(tracker.client, problem.name, tracker.run_id, published.model_id, tags)
    tracker.tags({"penstock.model": problem.name, "penstock.version": version, **tags})
    return version, published.plan


def _tags(options: Options, problem: Problem, winner: Winner, decision: Verdict) -> dict[str, str]:
    metric = problem.metric.name
    return {
        "penstock.task": problem.target.task,
        "penstock.target": problem.target.name,
        "penstock.algorithm": winner.candidate.name,
        "penstock.metric": metric,
        "penstock.score": f"{winner.scores.get(metric, float('nan')):.6g}",
        "penstock.gate": decision.sentence,
        "penstock.data_sha256": problem.table.sha256,
        "penstock.spec_sha256": options.sha256,
    }


def _facts(
    options: Options, problem: Problem, winner: Winner, weights: Mapping[str, float], decision: Verdict
) -> Facts:
    return Facts(
        name=problem.name,
        winner=winner.candidate.name,
        place=problem.table.place,
        data_sha256=problem.table.sha256,
        trained_at=datetime.now(UTC),
        target=problem.target,
        metric=problem.metric,
        ranking=winner.ranking,
        tuned_trials=len(winner.tuning.trials),
        held_out=winner.scores,
        train_rows=len(problem.split.X_train),
        held_rows=len(problem.split.X_held),
        folds=len(problem.rows.folds),
        gate=" and ".join(str(clause) for clause in options.gate),
        verdict=decision.sentence,
        columns=problem.features.columns,
        importance=weights,
        notices=problem.features.notices,
        seed=options.seed,
        parameters=winner.tuning.parameters,
        suspicion=_suspicion(problem, winner),
    )


def _suspicion(problem: Problem, winner: Winner) -> str | None:
    said = (
        repeats(problem.split),
        suspicion(winner.scores, importance(winner.pipeline), len(problem.split.X_held)),
    )
    return "; ".join(sentence for sentence in said if sentence) or None


def _actor() -> str:
    try:
        return f"training ({getpass.getuser()})"
    except (OSError, KeyError):  # a container's user without a name
        return "training"
