"""Champion and challenger on the rows held back, and what comes of it.

Nothing is registered that is not better beyond chance. A challenger that is no better than another version
which waits in Staging already does not take its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient

from projects.delivery import Outcome, log_outcome, publish_version
from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.asking import ask
from projects.progress import Progress
from projects.retraining.duel import Duel, compare, scores_of
from projects.retraining.original import KEPT, RETRAINED_FROM
from projects.retraining.stock import DAY_S, Stock
from projects.served import Served, fetch_served, subject_of
from projects.tracking import Tracker
from serving.lifecycle.moves import Lifecycle
from serving.lifecycle.stages import NONE, STAGING
from serving.settings import Settings

ACTOR = "retraining"
BETTER, NOT_BETTER, REFUSED = "better", "not_better", "refused"
LEARNED_UNTIL = "penstock.learned_until"
"""Of a version: it has learned what was logged until then, in seconds since 1970."""
LONGEST_REASON = 4000


@dataclass(frozen=True)
class Place:
    """Where a retraining happens."""

    settings: Settings
    tracker: Tracker
    folder: Path
    progress: Progress


@dataclass(frozen=True)
class Judgement:
    """What came of a comparison.

    Attributes:
        verdict: `better`, `not_better`, or `refused`: better, and it did not pass its gate.
        version: The new version; empty where none was registered.
        stage: Where it is.
        reason: Why, as a sentence.
        scores: Of champion and challenger on the rows held back, by metric.
    """

    verdict: str
    version: str
    stage: str
    reason: str
    scores: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Comparison:
    """Both models on the rows held back.

    Attributes:
        duel: What decides.
        scores: All scores, champion's first.
        rival: Why another version in Staging keeps its place; empty where none does.
    """

    duel: Duel
    scores: Mapping[str, tuple[float, float]]
    rival: str


def compared(champion: Served, outcome: Outcome, held: pd.DataFrame, place: Place) -> Comparison:
    """Ask both models about the rows held back.

    Args:
        champion: The version that serves.
        outcome: The challenger.
        held: The rows, with their target, oldest first.
        place: Where this happens.

    Raises:
        BadInput: The metric cannot be computed on these rows.
    """
    problem, at = outcome.problem, outcome.problem.divided.test
    with place.progress.step(f"comparing with version {champion.number} on the rows held back") as step:
        theirs = _answers(champion, outcome, held)
        X = problem.features.frame.iloc[at].reset_index(drop=True)
        mine = ask(outcome.adjusted.model, X, problem.target.truth[at], problem.target.classes)
        duel = compare(theirs, mine, problem.metric, seed=problem.asked.seed)
        scores = scores_of(theirs, mine, problem.target.task)
        step.result = duel.sentence
        rival = _rival(champion, outcome, held, mine, place) if duel.is_better else ""
    _log(scores, place.tracker)
    return Comparison(duel, scores, rival)


def _answers(version: Served, outcome: Outcome, held: pd.DataFrame) -> Answers:
    subject = subject_of(version, held, outcome.problem.target.name)
    return ask(version.model, subject.X, subject.truth, outcome.problem.target.classes)


def _rival(champion: Served, outcome: Outcome, held: pd.DataFrame, mine: Answers, place: Place) -> str:
    """Say why a version that waits in Staging keeps its place; nothing if it does not, or none waits."""
    if not is_one_staged(place.tracker.client, champion.name):
        return ""
    try:
        waiting = fetch_served(champion.name, "", STAGING, place.folder / "staging")
        if waiting.number == champion.number or waiting.classes != champion.classes:
            return ""
        theirs = _answers(waiting, outcome, held)
    except BadInput as error:
        place.progress.note(f"not compared with a version in {STAGING}: {error}")
        return ""
    metric = outcome.problem.metric
    score, other = metric.measure(mine.coded()), metric.measure(theirs.coded())
    if metric.is_better(score, other):
        return ""
    return (
        f"version {waiting.number}, which waits in {STAGING}, is as good on the same rows"
        f" ({metric.name} {other:.4f}), and keeps its place"
    )


def is_one_staged(client: MlflowClient, name: str) -> bool:
    """Return whether a version of a model waits in Staging, whatever marks the model's name holds."""
    return any(each.current_stage == STAGING for each in client.get_registered_model(name).latest_versions)


def _log(scores: Mapping[str, tuple[float, float]], tracker: Tracker) -> None:
    table = {
        "metric": list(scores),
        "champion": [one for one, _ in scores.values()],
        "challenger": [other for _, other in scores.values()],
    }
    mlflow.log_table(table, "comparison.json")
    tracker.metrics({f"champion_{name}": one for name, (one, _) in scores.items()})


def decided(
    champion: Served, outcome: Outcome, comparison: Comparison, stock: Stock, place: Place
) -> Judgement:
    """Register the challenger and move it to Staging if it is better and its gate passed.

    Raises:
        LifecycleError: It is registered, but could not be moved.
    """
    version, stage, verdict = "", NONE, NOT_BETTER
    reason = f"{comparison.duel.sentence}, than version {champion.number}"
    if not comparison.duel.is_better or comparison.rival:
        log_outcome(outcome, place.tracker)
        reason += f"; but {comparison.rival}" if comparison.rival else ""
    else:
        version = _registered(champion, outcome, stock, place)
        verdict, stage = BETTER, STAGING
        if outcome.decision.has_passed:
            lifecycle = Lifecycle(place.tracker.client, place.settings.database_url, actor=ACTOR)
            lifecycle.promote(champion.name, version, to=STAGING, reason=f"retrained: {reason}")
        else:
            verdict, stage = REFUSED, NONE
            reason += f"; version {version} stays in no stage: the gate says {outcome.decision.sentence}"
    place.tracker.tags({"penstock.model": champion.name, **as_tags(verdict, version, reason)})
    return Judgement(verdict, version, stage, reason, comparison.scores)


def _registered(champion: Served, outcome: Outcome, stock: Stock, place: Place) -> str:
    more = {RETRAINED_FROM: champion.number}
    if stock.until_s is not None:
        # Before it outcomes may still come: the rows' digests tell which of them are new.
        more[LEARNED_UNTIL] = repr(stock.until_s - place.settings.monitor_outcome_days * DAY_S)
    mlflow.log_artifact(str(stock.known), KEPT)
    with place.progress.step("logging and registering") as step:
        version, plan = publish_version(outcome, place.tracker, more)
        step.result = f"{champion.name} version {version}, scoring plan: {plan}"
    return version


def as_tags(verdict: str, version: str, reason: str) -> dict[str, str]:
    """Return a verdict as the run's tags."""
    tags = {"verdict": verdict, "version": version, "reason": reason[:LONGEST_REASON]}
    return {f"penstock.retrain.{name}": text for name, text in tags.items()}
