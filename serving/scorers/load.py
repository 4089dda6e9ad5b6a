"""From a version's folder to what answers for it: its scoring plan if that is sound, else its pyfunc."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.models import Model

from serving.plan.load import load_plan
from serving.plan.model import PlanBroken
from serving.protocol.bounds import DEFAULT_BOUNDS, Bounds
from serving.protocol.judge import Judge, columns_of
from serving.scorers.plan_scorer import PlanScorer
from serving.scorers.pyfunc_scorer import PyfuncScorer
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Scorer

Foreign = Callable[[Model, str, str], Scorer]
"""Has a version's own code answer elsewhere: given its metadata, and why it has no plan, in a word and as a
sentence; raises LoadError."""


def load_scorer(
    folder: Path, *, plan_sha256: str | None, bounds: Bounds = DEFAULT_BOUNDS, foreign: Foreign | None = None
) -> Scorer:
    """Load what answers for a version.

    Args:
        folder: The version's files, with `MLmodel` at the root.
        plan_sha256: The digest that the version's tag gives of its plan; without it a plan is not trusted.
        bounds: How much a request may hold.
        foreign: Runs a pyfunc elsewhere; without it, it runs in this process.

    Raises:
        LoadError: Neither the plan nor the pyfunc can be loaded.
    """
    metadata = load_metadata(folder)
    found = _plan(folder, plan_sha256, Judge(metadata, bounds))
    if isinstance(found, PlanScorer):
        return found
    fallback, reason = found
    if foreign is not None:
        return foreign(metadata, fallback, reason)
    return load_pyfunc(folder, fallback=fallback, reason=reason, bounds=bounds)


def load_metadata(folder: Path) -> Model:
    """Read a version's `MLmodel`.

    Raises:
        LoadError: It cannot be read.
    """
    with _refused("its MLmodel cannot be read"):
        metadata = Model.load(str(folder / "MLmodel"))
        columns_of(metadata)
        return metadata


def load_pyfunc(folder: Path, *, fallback: str, reason: str, bounds: Bounds = DEFAULT_BOUNDS) -> PyfuncScorer:
    """Load a version's own code, and run it in this process.

    Args:
        folder: The version's files.
        fallback: Why it is not a plan, in a word.
        reason: The same as a sentence.
        bounds: How much a request may hold.

    Raises:
        LoadError: It cannot be loaded.
    """
    from mlflow.pyfunc import load_model

    with _refused("its pyfunc cannot be loaded"):
        return PyfuncScorer(load_model(str(folder)), fallback=fallback, reason=reason, bounds=bounds)


def _plan(folder: Path, plan_sha256: str | None, judge: Judge) -> PlanScorer | tuple[str, str]:
    """The version's plan, or why it is not served by one: in a word and as a sentence."""
    if not (folder / "plan").is_dir():
        return "no_plan", "the version has no scoring plan"
    if plan_sha256 is None:
        return "untagged", "the version has no tag penstock.plan_sha256"
    try:
        plan = load_plan(folder / "plan", sha256=plan_sha256)
    except PlanBroken as error:
        return "broken", str(error)
    if judge.columns != tuple((column.name, column.type) for column in plan.columns):
        return "broken", "the plan's columns are not those of the signature"
    return PlanScorer(plan, judge)


@contextmanager
def _refused(why: str) -> Iterator[None]:
    """Refuse the version, not the worker, for whatever foreign files and the code in them may raise."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise LoadError(f"{why}: {type(error).__name__}: {str(error).strip()[:300]}") from error
