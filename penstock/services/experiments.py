"""What MLflow tracked, of the projects that a person may see: experiments, runs, curves, stored features."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.problems import NotFound
from penstock.services import projects
from penstock.services.told import as_problems
from penstock.tracking.links import experiment_url
from penstock.tracking.run_search import Runs, Wanted
from penstock.tracking.tracked import Curve, Tracked, curve, tracked
from projects.feature_store.ledger import EXPERIMENT as FEATURES

if TYPE_CHECKING:
    from mlflow.entities import Run

MOST_CURVES = 40
_ID = re.compile(r"[\w-]{1,64}")


@dataclass(frozen=True, slots=True)
class Experiment:
    """A project's experiment.

    Attributes:
        experiment_id: MLflow's.
        project: `owner/name`, which is its name, too.
        description: What the project is for.
        created_s: When the project was made, in seconds since 1970.
        url: Its page in MLflow; empty where MLflow has none.
    """

    experiment_id: str
    project: str
    description: str
    created_s: float
    url: str


def listed(desk: Desk, person: Person) -> list[Experiment]:
    """The experiments of the projects that the person may see, by their names."""
    return [
        Experiment(
            each.experiment_id, each.path, each.description, each.created_s,
            experiment_url(desk.settings, each.experiment_id),
        )
        for each in projects.listed(desk, person)
    ]  # fmt: skip


def runs(desk: Desk, person: Person, experiment_id: str, wanted: Wanted) -> list[Tracked]:
    """An experiment's runs, newest first or best first.

    Raises:
        NotFound: There is no such experiment, or the person may not know of it.
        BadRequest: There is no such order.
    """
    _need(desk, person, experiment_id)
    with as_problems():
        found = Runs(desk.client, experiment_id, wanted).found(desk.now_s() * 1000)
        return [tracked(desk.settings, run) for run in found]


def run(desk: Desk, person: Person, run_id: str) -> Tracked:
    """A run.

    Raises:
        NotFound: There is none, or the person may not know of it.
    """
    return tracked(desk.settings, _run(desk, person, run_id))


def curves(desk: Desk, person: Person, run_id: str, names: Sequence[str] = ()) -> dict[str, Curve]:
    """How a run's metrics went, with at most `MOST_POINTS` points each.

    Args:
        desk: The process's desk.
        person: Who asks.
        run_id: The run's.
        names: The metrics; by default all, by their names, at most `MOST_CURVES`.

    Raises:
        NotFound: There is no such run, or the person may not know of it.
    """
    found = _run(desk, person, run_id)
    chosen = [name for name in (names or sorted(found.data.metrics)) if name in found.data.metrics]
    with as_problems():
        return {name: curve(desk.client.get_metric_history(run_id, name)) for name in chosen[:MOST_CURVES]}


def features(desk: Desk, person: Person) -> list[Mapping[str, Any]]:
    """The feature store's definitions, where the person may see its experiment; none otherwise."""
    from projects.feature_store.store import features as stored

    with as_problems():
        experiment = desk.client.get_experiment_by_name(FEATURES)
        if experiment is None:
            return []
        if desk.rights.level(person, "experiment", experiment.experiment_id) < Level.READ:
            return []
        return [feature.as_json() for feature in stored(desk.client)]


def _need(desk: Desk, person: Person, experiment_id: str) -> None:
    """See that an experiment is there for the person."""
    unknown = NotFound(f"there is no experiment '{experiment_id:.64}'; `GET /api/ml/experiments` lists yours")
    if not _ID.fullmatch(experiment_id):
        raise unknown
    with as_problems(), _or(unknown):
        if desk.rights.level(person, "experiment", experiment_id) < Level.READ:
            raise unknown
        desk.client.get_experiment(experiment_id)


def _run(desk: Desk, person: Person, run_id: str) -> "Run":
    unknown = NotFound(f"there is no run '{run_id:.64}'; `GET /api/ml/experiments` leads to yours")
    if not _ID.fullmatch(run_id):
        raise unknown
    with as_problems(), _or(unknown):
        found = desk.client.get_run(run_id)
        if desk.rights.level(person, "experiment", found.info.experiment_id) < Level.READ:
            raise unknown
    return found


@contextmanager
def _or(unknown: NotFound) -> Iterator[None]:
    """Answer what MLflow does not have as what the person may not know of."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise unknown from error
