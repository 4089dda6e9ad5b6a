"""What of MLflow's artefacts and of jobs' folders nothing uses any more.

Kept whatever its age: all that any registered version names, in whatever stage, as a rollback may want it;
what a run that has not ended made; what a job or a data set names, and models of such a run. What a person
has deleted is not kept by a job that is over (see `named`). What MLflow's folders hold beside runs and
models, and what is not called as MLflow calls its own, is not looked at.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from penstock.backup.databases import DELETED_VERSION, Place
from penstock.backup.rooms import Entry, Room
from penstock.problems import Away, BadRequest, Conflict
from penstock.tidying.named import Named, holds
from serving.lifecycle.engines import engine_of, reading

Kind = Literal["run", "model", "orphan", "job"]
WORDS = {
    "run": "deleted run",
    "model": "logged model that no version uses",
    "orphan": "artefacts of a run or model that MLflow does not know",
    "job": "folder of a job that is not known",
}
DAY_S = 86_400.0
LEAST_KNOWN = 0.1
"""The part of all folders of artefacts that a database must know for the others to be removed."""
_SCHEME = "mlflow-artifacts:/"
_MINE = re.compile(r"(?P<folder>\d+/(?:models/(?P<model>m-[0-9a-f]{32})|(?P<run>[0-9a-f]{32})))/")
_JOB = re.compile(r"(?P<folder>(?P<job>[0-9a-f]{8}-[0-9a-f-]{27}))/")
_OPEN_RUNS = ("RUNNING", "SCHEDULED")


@dataclass(frozen=True, slots=True)
class Find:
    """Something that can go.

    Attributes:
        kind: A key of `WORDS`.
        name: The run's, model's or job's id.
        paths: Its files, below its room.
        size_bytes: What they take.
    """

    kind: Kind
    name: str
    paths: tuple[str, ...] = field(repr=False)
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Known:
    runs: Collection[str]
    models: Collection[str]
    deleted_runs: Collection[str]
    old_models: Collection[str]
    used: Callable[[str, str], bool]


def unused(
    mlflow: Place,
    artifacts: Room,
    *,
    named: Named,
    now_s: float,
    older_than_days: float,
    is_for_removal: bool = False,
) -> list[Find]:
    """What of MLflow's nothing uses, and nothing has touched for some days.

    Args:
        mlflow: MLflow's database.
        artifacts: Where its artefacts are.
        named: What jobs and data sets name.
        now_s: Seconds since 1970.
        older_than_days: What is younger stays.
        is_for_removal: Refuses a database that hardly knows any of the artefacts.

    Raises:
        Conflict: The database and the artefacts seem not to belong together.
        BadRequest: There is no such database.
        Away: The database or the artefacts' place does not answer.
    """
    before_s = now_s - older_than_days * DAY_S
    if not mlflow.is_there():
        raise BadRequest(f"there is no database {mlflow.shown()}; name MLflow's by --mlflow-database")
    try:
        # First the files: what comes after them is known to the database that is read then.
        folders = _by_folder(artifacts.entries(), _MINE)
    except OSError as error:
        raise _unanswered(error) from error
    known = _looked_at(mlflow, before_s, named)
    if is_for_removal:
        _refuse_strange(folders, known, mlflow)
    found = []
    for (folder, model, run), entries in folders.items():
        name = model or run
        if known.used(name, folder):
            continue
        if name in known.deleted_runs or name in known.old_models:
            found.append(_find("run" if run else "model", name, entries))
        elif name not in known.runs and name not in known.models and _is_old(entries, before_s):
            found.append(_find("orphan", name, entries))
    with_files = {find.name for find in found}
    bare = [("run", name) for name in known.deleted_runs] + [("model", name) for name in known.old_models]
    found += [
        _find("run" if kind == "run" else "model", name, [])
        for kind, name in bare
        if name not in with_files and not known.used(name, "") and not _has_files(folders, name)
    ]
    return sorted(found, key=lambda find: (find.kind, -find.size_bytes, find.name))


def still_unused(
    found: Iterable[Find], mlflow: Place, *, named: Named, now_s: float, older_than_days: float
) -> list[Find]:
    """Those of MLflow's finds that nothing came to use since they were found.

    Raises:
        Away: The database does not answer.
    """
    known = _looked_at(mlflow, now_s - older_than_days * DAY_S, named)
    removable = {
        "run": lambda name: name in known.deleted_runs,
        "model": lambda name: name in known.old_models,
        "orphan": lambda name: name not in known.runs and name not in known.models,
    }
    return [
        find
        for find in found
        if find.kind in removable
        and removable[find.kind](find.name)
        and not known.used(find.name, _folder_of(find))
    ]


def unknown_jobs(jobs: Room, known: Collection[str], *, now_s: float, older_than_days: float) -> list[Find]:
    """Folders of jobs that are in no table, and that nothing has touched for some days."""
    before_s = now_s - older_than_days * DAY_S
    return [
        _find("job", job, entries)
        for (_, job), entries in _by_folder(jobs.entries(), _JOB).items()
        if job not in known and _is_old(entries, before_s)
    ]


def _looked_at(mlflow: Place, before_s: float, named: Named) -> _Known:
    try:
        return _known(mlflow, before_s, named)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise _unanswered(error) from error


def _unanswered(error: Exception) -> Away:
    said = str(error).strip().partition("\n")[0][:300]
    return Away(f"what is used could not be found out: {said}; nothing was removed")


def _refuse_strange(folders: Collection[tuple[str, ...]], known: _Known, mlflow: Place) -> None:
    """A database that is not these artefacts' knows none of them, and all would go."""
    count = sum((model or run) in known.runs or (model or run) in known.models for _, model, run in folders)
    if count < len(folders) * LEAST_KNOWN:
        raise Conflict(
            f"of {len(folders)} folders of artefacts {mlflow.shown()} knows {count}: it seems to be another "
            "MLflow's, or an old copy; nothing was removed: name the right one by --mlflow-database"
        )


def _folder_of(find: Find) -> str:
    match = _MINE.match(find.paths[0]) if find.paths else None
    return match["folder"] if match else ""


def _known(place: Place, before_s: float, named: Named) -> _Known:
    before_ms = before_s * 1000
    with engine_of(place.url).connect().execution_options(**reading(engine_of(place.url))) as connection:
        runs = _rows(connection, "runs", "run_uuid", "status", "lifecycle_stage", "deleted_time")
        models = _rows(
            connection,
            "logged_models", "model_id", "source_run_id", "last_updated_timestamp_ms", "lifecycle_stage",
        )  # fmt: skip
        versions = _rows(
            connection,
            "model_versions", "source", "run_id", "storage_location", "current_stage", "last_updated_time",
        )  # fmt: skip
    used_names, used_folders = _of_versions(versions, before_ms)
    running = {row.run_uuid for row in runs if row.status in _OPEN_RUNS and row.lifecycle_stage == "active"}
    deleted_runs = {row.run_uuid for row in runs if _is_deleted(row, row.deleted_time, before_ms)}
    deleted = deleted_runs | {
        row.model_id for row in models if _is_deleted(row, row.last_updated_timestamp_ms, before_ms)
    }
    in_use, shown = holds(named.in_use), holds(named.shown)
    run_of = {row.model_id: row.source_run_id or "" for row in models}

    def used(name: str, folder: str) -> bool:
        run_id = run_of.get(name, "")
        if name in used_names or running & {name, run_id} or _is_named(name, run_id, in_use):
            return True
        if not deleted & {name, run_id} and _is_named(name, run_id, shown):
            return True
        return bool(folder) and any(f"{each}/".startswith(f"{folder}/") for each in used_folders)

    return _Known(
        {row.run_uuid for row in runs},
        set(run_of),
        deleted_runs,
        {row.model_id for row in models if row.last_updated_timestamp_ms < before_ms},
        used,
    )


def _is_deleted(row: Any, when_ms: float | None, before_ms: float) -> bool:
    return bool(row.lifecycle_stage == "deleted" and (when_ms or 0) < before_ms)


def _is_named(name: str, run_id: str, is_held: Callable[[str], bool]) -> bool:
    """Whether a run's or a model's name is held, or that of the run that made the model."""
    return is_held(name) or bool(run_id and is_held(run_id))


def _of_versions(versions: Iterable[Any], before_ms: float) -> tuple[set[str], set[str]]:
    """What registered versions name: ids of models and runs, and folders of artefacts.

    MLflow keeps a deleted version's row, and where its model lies.
    """
    names: set[str] = set()
    folders: set[str] = set()
    for row in versions:
        if row.current_stage == DELETED_VERSION and (row.last_updated_time or 0) < before_ms:
            continue
        names |= {row.run_id} if row.run_id else set()
        for text in (row.source or "", row.storage_location or ""):
            names |= set(re.findall(r"m-[0-9a-f]{32}|\b[0-9a-f]{32}\b", text))
            folders |= {text.removeprefix(_SCHEME).strip("/")} if text.startswith(_SCHEME) else set()
    return names, folders


def _rows(connection: sa.Connection, table: str, *columns: str) -> list[Any]:
    query = sa.table(table, *(sa.column(name) for name in columns)).select()
    return list(connection.execute(query))


def _by_folder(entries: Iterable[Entry], form: re.Pattern[str]) -> dict[tuple[str, ...], list[Entry]]:
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        if match := form.match(entry.path):
            found.setdefault(tuple(text or "" for text in match.groups()), []).append(entry)
    return found


def _has_files(folders: Collection[tuple[str, ...]], name: str) -> bool:
    return any(name in key for key in folders)


def _is_old(entries: Collection[Entry], before_s: float) -> bool:
    return all(entry.modified_s < before_s for entry in entries)


def _find(kind: Kind, name: str, entries: Collection[Entry]) -> Find:
    return Find(
        kind, name, tuple(entry.path for entry in entries), sum(entry.size_bytes for entry in entries)
    )
