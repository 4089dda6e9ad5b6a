"""What goes for good: data sets, projects, a data subject's records; with what depends on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.lineage.sight import Sight
from penstock.lineage.touched import touched
from penstock.people.needs import need_project
from penstock.people.person import Level, Person
from penstock.problems import Away, Conflict, NotFound
from penstock.records.dataset import DATASETS, Dataset
from penstock.retention.dependents import Dependents, dependents
from penstock.retention.removing import InUse, remove
from penstock.services.told import as_problems
from penstock.services.versions import PROJECT, Held
from projects.requirement.project_folder import project_folder
from serving.lifecycle.stages import PRODUCTION, STAGING

MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Removed:
    """A data set that was removed.

    Attributes:
        dataset_id: Its id.
        depended: What depended on it, as `told` tells.
    """

    dataset_id: str
    depended: dict[str, object]


def dataset_dependents(desk: Desk, person: Person, dataset_id: str) -> dict[str, object]:
    """What depends on a data set.

    Raises:
        NotFound: There is none, or the person may not know of it.
    """
    with as_problems():
        dataset = _dataset(desk, person, dataset_id, Level.READ)
        return told(desk, person, dependents(desk, [dataset]))


def remove_dataset(desk: Desk, person: Person, dataset_id: str, *, force: bool = False) -> Removed:
    """Remove a data set's file and rows; its record stays, for lineage.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: They may not change its project; with `force`, not manage it.
        Conflict: Something depends on it and `force` was not given, or a job reads it, whatever was given.
        Away: MLflow does not answer; nothing is removed.
    """
    with as_problems():
        dataset = _dataset(desk, person, dataset_id, Level.MANAGE if force else Level.EDIT)
        needing = dependents(desk, [dataset])
        depended = told(desk, person, needing)
        _check_reading(f"data set '{dataset_id}'", [job.job_id for job in needing.reading])
        if not force and (needing.children or needing.staged):
            raise Conflict(
                f"{_counted(needing)} on data set '{dataset_id}'; remove those first, or repeat with "
                "force=true",
                code="has_dependents",
                details=depended,
            )
        details = {"name": dataset.name, "sha256": dataset.sha256, "force": force}
        event = Event("dataset.remove", f"dataset {dataset_id}", dataset.project, details=details)
        try:
            with desk.trail.doing(person, event):
                remove(desk, dataset)
        except InUse as error:
            _check_reading(f"data set '{dataset_id}'", error.job_ids)
        except OSError as error:
            raise Away(f"the file of data set '{dataset_id}' cannot be removed; look at the disk") from error
    return Removed(dataset_id, depended)


def remove_project(desk: Desk, person: Person, path: str, *, force: bool = False) -> dict[str, object]:
    """Remove a project: its data sets, its experiment (restorable in MLflow), its record.

    Registered models stay, with their archived versions; what is in Staging is archived by `force`. What is
    in Production is never taken away like this.

    Raises:
        NotFound: There is none, or the person may not know of it.
        NotAllowed: They do not manage it.
        Conflict: Something is in it and `force` was not given; a job is not over or a version is in
            Production, whatever was given.
        Away: MLflow does not answer; what is not removed yet is still there.
    """
    from serving.lifecycle.moves import Lifecycle

    with as_problems():
        project = need_project(desk, person, path, Level.MANAGE)
        mine = desk.datasets.found((DATASETS.c.project == path) & (DATASETS.c.removed_s == 0))
        jobs = desk.jobs.listed(projects=[path], states=("pending", "running"), most=1000)
        live = _live(desk, person, path)
        depended: dict[str, object] = {
            "datasets": [{"dataset_id": each.dataset_id, "name": each.name} for each in mine[:MOST_TOLD]],
            "jobs": [job.job_id for job in jobs[:MOST_TOLD]],
            "versions": [{"model": each.name, "version": each.number, "stage": each.stage} for each in live],
        }
        _check_reading(f"project '{path}'", [job.job_id for job in jobs])
        _check_free(path, mine, live, depended, force=force)
        with desk.trail.doing(person, Event("project.remove", f"project {path}", path, details=depended)):
            lifecycle = Lifecycle(desk.client, desk.settings.database_url, actor=person.actor)
            for each in live:
                lifecycle.archive(each.name, each.number, reason=f"project {path} was removed")
            desk.versions.forget()
            for dataset in mine:
                try:
                    remove(desk, dataset)
                except InUse as error:
                    _check_reading(f"project '{path}'", error.job_ids)
            _drop_experiment(desk, project.experiment_id, path)
            desk.projects.remove(project)
            _drop_empty(desk, project.owner, project.name)
    return depended


def _live(desk: Desk, person: Person, path: str) -> list[Held]:
    """A project's versions in Staging and Production, of models that the person manages.

    Whoever may write a version may write its tag: of models that are another's it says nothing.
    """
    sight = Sight(desk, person)
    return [
        each
        for each in desk.versions.listed()
        if each.stage in (STAGING, PRODUCTION)
        and each.tags.get(PROJECT) == path
        and sight.sees_model(each.name, Level.MANAGE)
    ]


def _check_free(
    path: str, mine: Sequence[Dataset], live: Sequence[Held], depended: dict[str, object], *, force: bool
) -> None:
    in_production = [each for each in live if each.stage == PRODUCTION]
    if in_production:
        first = in_production[0]
        raise Conflict(
            f"version {first.number} of '{first.name}' is in Production and belongs to project '{path}'; "
            "archive it first",
            code="in_production", details=depended,
        )  # fmt: skip
    if not force and (mine or live):
        raise Conflict(
            f"project '{path}' has {len(mine)} data sets and {len(live)} versions in Staging; "
            "remove those first, or repeat with force=true",
            code="has_dependents", details=depended,
        )  # fmt: skip


def told(desk: Desk, person: Person, needing: Dependents) -> dict[str, object]:
    """What depends on something, as far as the person may see it; of the rest, how much."""
    sight = Sight(desk, person)
    children = [each for each in needing.children if sight.sees_project(each.project)]
    jobs = [each for each in needing.jobs if sight.sees_project(each.wanted.project)]
    staged = [each for each in needing.staged if sight.sees_model(each.version.name)]
    hidden = (
        len(needing.children) - len(children)
        + len(needing.jobs) - len(jobs)
        + len(needing.staged) - len(staged)
    )  # fmt: skip
    return {
        "datasets": [
            {"dataset_id": each.dataset_id, "name": each.name, "origin": each.origin}
            for each in children[:MOST_TOLD]
        ],
        "jobs": [
            {"job_id": job.job_id, "entry": job.wanted.entry, "status": job.state, "run_id": job.run_id}
            for job in jobs[:MOST_TOLD]
        ],
        "versions": [
            {
                "model_id": each.version.model_id,
                "model": each.version.model,
                "version": each.version.version,
                "stage": each.version.stage,
                "predictions": each.predictions,
            }
            for each in touched(desk, staged)
        ],
        "hidden": hidden,
    }


def _dataset(desk: Desk, person: Person, dataset_id: str, level: Level) -> Dataset:
    unknown = NotFound(f"there is no data set '{dataset_id:.80}'; `GET /api/ml/datasets` lists yours")
    found = desk.datasets.get(dataset_id) if dataset_id.isascii() else None
    if found is None or found.removed_s:
        raise unknown
    try:
        need_project(desk, person, found.project, level)
    except NotFound:
        raise unknown from None
    return found


def _check_reading(what: str, job_ids: Sequence[str]) -> None:
    if job_ids:
        raise Conflict(
            f"job {job_ids[0]} is at work on {what}; wait until it is over, or cancel it",
            code="in_use",
            details={"jobs": list(job_ids[:MOST_TOLD])},
        )


def _counted(needing: Dependents) -> str:
    parts = []
    if needing.children:
        parts.append(f"{len(needing.children)} data set{'s' * (len(needing.children) > 1)}")
    if needing.staged:
        parts.append(f"{len(needing.staged)} version{'s' * (len(needing.staged) > 1)} in use")
    return f"{' and '.join(parts)} depend{'s' * (len(needing.children) + len(needing.staged) == 1)}"


def _drop_experiment(desk: Desk, experiment_id: str, path: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        found = desk.client.get_experiment(experiment_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return
        raise
    if found.lifecycle_stage != "active":
        if found.name != path:  # an earlier removal, which was cut off, came as far
            return
        desk.client.restore_experiment(experiment_id)  # MLflow renames no deleted one
    # A deleted experiment keeps its name, which is to be free for another project.
    desk.client.rename_experiment(experiment_id, f"{path} (removed {desk.now():%Y-%m-%d %H:%M:%S})")
    desk.client.delete_experiment(experiment_id)


def _drop_empty(desk: Desk, owner: str, name: str) -> None:
    """Remove the project's folder as far as it is empty: what a person put there stays theirs."""
    root = project_folder(desk.settings.projects_dir, owner, name).root
    for folder in sorted(root.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    if root.is_dir() and not any(root.iterdir()):
        root.rmdir()
