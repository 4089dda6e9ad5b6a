"""A problem's contest, held in the open: every candidate, trial and loss is in the run while it goes on."""

from typing import TYPE_CHECKING, Any

from projects.counted import counted
from projects.evaluation.gate import cost_bounds
from projects.feature_store.statistics import describe
from projects.feature_store.store import record_use
from projects.learning.contest import Contest, Ground
from projects.learning.winner import Winner
from projects.problem import Problem
from projects.progress import Progress
from projects.search_log import SearchLog
from projects.tracking import Tracker
from projects.transformers.derive import Derive
from serving.settings import Settings

if TYPE_CHECKING:
    from distributed import Client


def hold_contest(
    problem: Problem,
    tracker: Tracker,
    settings: Settings,
    progress: Progress,
    client: "Client | None" = None,
) -> Winner:
    """Find the best of a problem's candidates.

    Args:
        problem: The rows and what is asked of them.
        tracker: The run.
        settings: Where things are.
        progress: Where a person watches.
        client: Of the cluster that does the work; None for this machine.

    Raises:
        BadInput: None could be fitted, or an option cannot be used.
        ClusterLost: The cluster went away.
    """
    note_uses(tracker, problem)
    asked, frame, truth = problem.asked, problem.features.frame, problem.target.truth
    learned, held = problem.learned, problem.divided.test
    ground = Ground(
        rows=problem.rows,
        X=frame.iloc[learned].reset_index(drop=True),
        y=truth[learned],
        X_held=frame.iloc[held].reset_index(drop=True),
        y_held=truth[held],
        columns=problem.features.columns,
        prepare=problem.prepare,
        has_read_texts=problem.articles is not None,
    )
    with SearchLog(tracker, problem.metric.name).writing() as log:
        winner = Contest(
            ground, problem.chosen, problem.metric, asked.tuning, asked.ensembles, progress,
            fixed=asked.hyperparameters, seed=asked.seed, bounds=cost_bounds(problem.gate), log=log,
            storage=settings.var_dir / "searches", **_spread(problem, client, progress),
        ).run()  # fmt: skip
    if log.lost:
        lost = counted(log.lost, "entry")
        progress.note(f"MLflow did not take {lost} of the search: its nested runs have gaps")
    return winner


def _spread(problem: Problem, client: "Client | None", progress: Progress) -> dict[str, Any]:
    """Return who works for a contest where a cluster does."""
    if client is None:
        return {}
    from projects.compute.boosters import OnWorkers
    from projects.compute.trials import OnCluster

    fitter = OnWorkers(client)
    if problem.articles is not None:
        progress.note("the texts were read on this machine, so candidates are compared here, too")
        return {"fitter": fitter}
    parallel = problem.asked.tuning.parallel
    threads = max(1, sum(client.nthreads().values()))
    return {
        "fitter": fitter,
        "runner": OnCluster(client),
        "at_once": parallel if parallel > 1 else threads,
    }


def note_uses(tracker: Tracker, problem: Problem) -> None:
    """Note on each stored feature what its cells are like in the rows that are learned from."""
    if not problem.stored:
        return
    rows = problem.features.frame.iloc[problem.learned]
    derived = Derive(problem.definitions).fit(rows).transform(rows)
    names = [feature.name for feature in problem.stored]
    record_use(tracker.client, problem.stored, describe(derived, names), tracker.run_id)
