"""The sweep: data sets older than their project keeps them go, but for those that Production needs."""

from dataclasses import dataclass

from mlflow.exceptions import MlflowException

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.person import PENSTOCK
from penstock.problems import Problem
from penstock.records.dataset import DATASETS, Dataset
from penstock.retention.dependents import dependents
from penstock.retention.removing import InUse, remove
from serving.lifecycle.errors import LifecycleError
from serving.lifecycle.leases import LeaseBusyError, Leases

_DAY_S = 86_400.0
_LEASE_S = 600.0
LEASE = "sweeping data sets"


@dataclass(frozen=True, slots=True)
class Kept:
    """A data set that is too old and stays, and why."""

    dataset_id: str
    project: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a sweep did.

    Attributes:
        removed: The ids of the data sets that went.
        kept: Those that are too old and stay.
        problems: What could not be removed, a sentence each.
    """

    removed: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    problems: tuple[str, ...] = ()


def sweep(desk: Desk) -> Report:
    """Sweep once; nothing is done where another process is at it.

    Raises:
        LifecycleError: The database or MLflow does not answer.
    """
    leases = Leases(desk.database, now=desk.now, duration_s=_LEASE_S)
    try:
        with leases.held(LEASE, PENSTOCK.name, wait_s=0.0) as lease:
            removed: list[str] = []
            kept: list[Kept] = []
            problems: list[str] = []
            for dataset in expired(desk):
                leases.renew(lease)
                try:
                    why = _sweep_one(desk, dataset)
                except (MlflowException, OSError, Problem, LifecycleError) as error:
                    problems.append(f"data set {dataset.dataset_id} could not be removed: {error!s:.200}")
                    continue
                if why:
                    kept.append(Kept(dataset.dataset_id, dataset.project, why))
                else:
                    removed.append(dataset.dataset_id)
    except LeaseBusyError:
        return Report()
    return Report(tuple(removed), tuple(kept), tuple(problems))


def expired(desk: Desk) -> list[Dataset]:
    """The data sets that are older than their projects keep them, oldest first."""
    found: list[Dataset] = []
    for project in desk.projects.listed():
        days = project.dataset_retention_days or desk.settings.dataset_retention_days
        if days <= 0:
            continue
        oldest_s = desk.now_s() - days * _DAY_S
        which = (DATASETS.c.project == project.path) & (DATASETS.c.removed_s == 0)
        found += desk.datasets.found(which & (DATASETS.c.created_s < oldest_s))
    return sorted(found, key=lambda dataset: dataset.created_s)


def _sweep_one(desk: Desk, dataset: Dataset) -> str:
    """Remove a data set; why it stays, or nothing."""
    needing = dependents(desk, [dataset])
    if needing.in_production:
        names = sorted(
            {f"'{each.version.name}' version {each.version.number}" for each in needing.in_production}
        )
        return f"{', '.join(names)} in Production learned from it"
    if needing.reading:
        return f"job {needing.reading[0].job_id} reads it"
    details = {"name": dataset.name, "sha256": dataset.sha256, "created_s": dataset.created_s}
    event = Event("dataset.expire", f"dataset {dataset.dataset_id}", dataset.project, details=details)
    try:
        with desk.trail.doing(PENSTOCK, event):
            remove(desk, dataset)
    except InUse as error:
        return f"job {error.job_ids[0]} reads it"
    return ""
