"""An MLflow user for each running job, with the rights that the job needs and no more.

A job runs what a person asked for, partly code of others. So it speaks to MLflow as itself: it may write into
its project's experiment and read what it was given, where its owner may. The administrator's password is not
told to it.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import unquote

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.people.accounts import new_password
from penstock.people.person import Level, Person
from penstock.people.rights import Kind
from penstock.people.user_names import JOB_PREFIX
from penstock.problems import Conflict, NotAllowed, NotFound, Problem
from projects.feature_store.ledger import EXPERIMENT as FEATURES
from serving.callers.administrator import NAME, PASSWORD

_logger = logging.getLogger(__name__)

AT_THE_MACHINE = "at_the_machine"
"""In what a job was asked for: by a command beside the database, whose person need be no user of MLflow."""

_RUN = re.compile(r"runs:/([0-9a-f]{32})|mlflow-artifacts:/\d+/([0-9a-f]{32})/")
_MODEL = re.compile(r"models:/([^/@]+)[/@]")
NAMING = frozenset({"name", "model", "models", "model_name"})
"""Parameters whose values are registered models' names, parted by commas."""

Grant = tuple[Kind, str, Level]


@contextmanager
def job_environ(desk: Desk, job: Job) -> Iterator[Mapping[str, str]]:
    """The variables with which a job's process speaks to MLflow, over those of the worker.

    What the worker's own environment holds under these names must not reach the job otherwise.

    Raises:
        Away: MLflow does not answer.
        NotAllowed: The job's owner may not change its project any more.
    """
    if desk.settings.auth == "off":
        yield {}
        return
    name, password = f"{JOB_PREFIX}{job.job_id}", new_password()
    _make(desk, name, password)
    try:
        for kind, resource, level in needed(desk, job):
            desk.accounts.grant(name, kind, resource, level.name)
        yield {NAME: name, PASSWORD: password, "PENSTOCK_MLFLOW_ADMIN_FILE": ""}
    finally:
        _remove(desk, name)


def sweep_job_accounts(desk: Desk) -> int:
    """Remove the users of jobs that are over, as a crash leaves them; gives how many.

    Raises:
        Away: MLflow or the database does not answer.
    """
    if desk.settings.auth == "off":
        return 0
    left = [account.name for account in desk.accounts.listed() if account.name.startswith(JOB_PREFIX)]
    over = [name for name in left if _is_over(desk, name.removeprefix(JOB_PREFIX))]
    return sum(_remove(desk, name) for name in over)


def needed(desk: Desk, job: Job) -> list[Grant]:
    """What a job's account is granted: EDIT on its experiment, and READ on what it was given.

    What it was given counts only as far as the job's owner may read it.

    Raises:
        NotAllowed: The owner may not write there, or not any more.
    """
    owner, found = Person(job.wanted.owner), dict[tuple[Kind, str], Level]()
    project = desk.projects.get(job.wanted.project)
    if project is not None:
        found["experiment", project.experiment_id] = Level.EDIT
    if job.wanted.experiment:
        _own_experiment(desk, job.wanted.experiment, found)
    for (kind, resource), level in () if AT_THE_MACHINE in job.wanted.asked else found.items():
        if desk.rights.level(owner, kind, resource) < level:
            raise NotAllowed(
                f"{owner.name} may not change project '{job.wanted.project}' any more; ask its owner to share"
                " it, and start the job again"
            )
    _shared(desk, owner, found)
    for kind, resource in _given(desk, job):
        level = desk.rights.level(owner, kind, resource)
        if level >= Level.READ:
            found.setdefault((kind, resource), Level.READ)
    return [(kind, resource, level) for (kind, resource), level in found.items()]


def _own_experiment(desk: Desk, named: str, found: dict[tuple[Kind, str], Level]) -> None:
    experiment = desk.client.get_experiment_by_name(named)
    if experiment is not None:
        found["experiment", str(experiment.experiment_id)] = Level.EDIT
    elif named.isdecimal():
        found["experiment", named] = Level.EDIT


def _shared(desk: Desk, owner: Person, found: dict[tuple[Kind, str], Level]) -> None:
    """The feature store, as far as the owner may use it."""
    experiment = desk.client.get_experiment_by_name(FEATURES)
    if experiment is not None:
        level = desk.rights.level(owner, "experiment", str(experiment.experiment_id))
        if level >= Level.READ:
            found["experiment", str(experiment.experiment_id)] = min(level, Level.EDIT)


def _given(desk: Desk, job: Job) -> Iterator[tuple[Kind, str]]:
    """The experiments and registered models that a job's parameters name."""
    for parameter, value in job.wanted.parameters.items():
        for run_id in {one or other for one, other in _RUN.findall(value)}:
            yield from _experiment_of(desk, run_id)
        names = {unquote(name) for name in _MODEL.findall(value)}
        if parameter in NAMING:
            names |= {name.strip() for name in value.split(",") if name.strip()}
        for name in names:
            yield ("registered_model", name)


def _experiment_of(desk: Desk, run_id: str) -> Iterator[tuple[Kind, str]]:
    from mlflow.exceptions import MlflowException

    with suppress(MlflowException):  # no such run: the job itself will say so
        yield ("experiment", str(desk.client.get_run(run_id).info.experiment_id))


def _make(desk: Desk, name: str, password: str) -> None:
    try:
        desk.accounts.make(name, password)
    except Conflict:  # an earlier start of this job was cut off
        desk.accounts.remove(name)
        desk.accounts.make(name, password)


def _remove(desk: Desk, name: str) -> bool:
    try:
        desk.accounts.remove(name)
    except NotFound:
        return False
    except Problem as problem:
        _logger.warning("the account %s is left for a later sweep: %s", name, problem)
        return False
    return True


def _is_over(desk: Desk, job_id: str) -> bool:
    job = desk.jobs.get(job_id)
    return job is None or job.is_over
