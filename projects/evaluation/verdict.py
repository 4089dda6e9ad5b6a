"""What the gate's verdict does to a version, and what a person reads last."""

from collections.abc import Iterator, Mapping, Sequence

from mlflow import MlflowClient

from projects.evaluation.card import ranking_table
from projects.evaluation.gate import Verdict
from projects.evaluation.metrics import Metric
from projects.learning.compare import Validation
from serving.lifecycle.moves import Lifecycle


def move(
    client: MlflowClient,
    database_url: str,
    name: str,
    version: str,
    *,
    verdict: Verdict,
    asked_stage: str,
    actor: str,
) -> str:
    """Move a version that passed to the stage asked for; return the stage where it is now.

    Raises:
        LifecycleError: It is registered, but could not be moved.
    """
    if not verdict.has_passed or asked_stage == "None":
        return "None"
    lifecycle = Lifecycle(client, database_url, actor=actor)
    moved = lifecycle.promote(name, version, to=asked_stage, reason=f"trained; gate: {verdict.sentence}")
    return moved.to_stage


def summary(
    version: str,
    stage: str,
    verdict: Verdict | None,
    *,
    ranking: Sequence[tuple[str, Validation]],
    metric: Metric,
    scores: Mapping[str, float],
    held_rows: int,
    link: str,
    suspicion: str | None,
) -> Iterator[str]:
    """Write the last lines of a training.

    Args:
        version: The version, in words.
        stage: Where it is now.
        verdict: What the gate said; None where none was set.
        ranking: The models compared, best first.
        metric: What they were compared by.
        scores: The winner's on held-out rows.
        held_rows: How many those are.
        link: Where the run can be seen.
        suspicion: What is odd about the scores, if anything is.
    """
    yield ""
    yield from ranking_table(ranking, metric)
    better = "highest" if metric.is_better_higher else "lowest"
    yield ""
    yield f"won:        {ranking[0][0]}, the {better} {metric.name} in cross-validation"
    if metric.name in scores:
        seen = f"on {held_rows} rows that no model had seen"
        yield f"held out:   {metric.name} {scores[metric.name]:.4f} {seen}"
    yield f"gate:       {verdict.sentence if verdict else 'none was set'}"
    yield f"registered: {version}, stage {stage}"
    yield f"look at:    {link}"
    if suspicion:
        yield f"careful:    {suspicion}"
    if verdict and not verdict.has_passed:
        yield f"{version} stays in no stage: the gate says {verdict.sentence}"
