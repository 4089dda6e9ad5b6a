"""From a version's folder to what answers for it: its scoring plan if that is sound, else its pyfunc."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow.models import Model

from serving.plan.load import load_plan
from serving.plan.model import PlanBroken
from serving.protocol.judge import Judge
from serving.scorers.plan_scorer import PlanScorer
from serving.scorers.pyfunc_scorer import PyfuncScorer
from serving.scorers.scorer import Scorer


class LoadError(Exception):
    """A version that cannot be served; the message says why."""


def load_scorer(folder: Path, *, plan_sha256: str | None) -> Scorer:
    """Load what answers for a version.

    Args:
        folder: The version's files, with `MLmodel` at the root.
        plan_sha256: The digest that the version's tag gives of its plan; without it a plan is not trusted.

    Raises:
        LoadError: Neither the plan nor the pyfunc can be loaded.
    """
    with _refused("its MLmodel cannot be read"):
        judge = Judge(Model.load(str(folder / "MLmodel")))
    if not (folder / "plan").is_dir():
        return _pyfunc(folder, fallback="no_plan", reason="the version has no scoring plan")
    if plan_sha256 is None:
        return _pyfunc(folder, fallback="untagged", reason="the version has no tag penstock.plan_sha256")
    try:
        plan = load_plan(folder / "plan", sha256=plan_sha256)
    except PlanBroken as error:
        return _pyfunc(folder, fallback="broken", reason=str(error))
    if judge.columns != tuple((column.name, column.type) for column in plan.columns):
        return _pyfunc(folder, fallback="broken", reason="the plan's columns are not those of the signature")
    return PlanScorer(plan, judge)


def _pyfunc(folder: Path, *, fallback: str, reason: str) -> Scorer:
    from mlflow.pyfunc import load_model

    with _refused("its pyfunc cannot be loaded"):
        return PyfuncScorer(load_model(str(folder)), fallback=fallback, reason=reason)


@contextmanager
def _refused(why: str) -> Iterator[None]:
    """Refuse the version, not the worker, for whatever foreign files and the code in them may raise."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise LoadError(f"{why}: {type(error).__name__}: {str(error).strip()[:300]}") from error
