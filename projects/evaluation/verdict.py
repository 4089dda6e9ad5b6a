"""What the gate's verdict does to a version, and what a person reads last."""

from collections.abc import Iterator

from mlflow import MlflowClient

from projects.evaluation.gate import Verdict
from projects.evaluation.recommendation import Recommendation
from serving.lifecycle.errors import PeopleNeededError
from serving.lifecycle.moves import Lifecycle
from serving.lifecycle.stages import PRODUCTION, STAGING


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

    Where the policy asks for several people before Production, it goes to Staging.

    Raises:
        LifecycleError: It is registered, but could not be moved.
    """
    if not verdict.has_passed or asked_stage == "None":
        return "None"
    lifecycle = Lifecycle(client, database_url, actor=actor)
    reason = f"trained; gate: {verdict.sentence}"
    try:
        return lifecycle.promote(name, version, to=asked_stage, reason=reason).to_stage
    except PeopleNeededError:
        reason = f"{reason}; the policy asks for several people before {PRODUCTION}"
        return lifecycle.promote(name, version, to=STAGING, reason=reason).to_stage


def summary(
    version: str,
    stage: str,
    verdict: Verdict | None,
    *,
    told: Recommendation,
    link: str,
) -> Iterator[str]:
    """Write the last lines of a training.

    Args:
        version: The version, in words.
        stage: Where it is now.
        verdict: What the gate said; None where none was set.
        told: The recommendation.
        link: Where the run can be seen.
    """
    yield from told.lines
    yield f"{'gate:':<12}{verdict.sentence if verdict else 'none was set'}"
    yield f"{'registered:':<12}{version}, stage {stage}"
    yield f"{'look at:':<12}{link}"
    if verdict and not verdict.has_passed:
        yield f"{version} stays in no stage: the gate says {verdict.sentence}"
