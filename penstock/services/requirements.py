"""A requirement, or one sentence, becomes a job of `main`, and what that found becomes a version."""

import json
import re
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, Conflict, NotAllowed, NotFound, Problem
from penstock.records.project import Project
from penstock.services import datasets, jobs, projects, training
from penstock.services.deploying import Deploying, checked_name, deploy_as_asked, reserved
from penstock.services.model_moves import STATUS, promote
from penstock.services.model_routes import ensure_route
from penstock.services.requirement_rules import check_places, sources_of
from penstock.services.told import as_problems
from penstock.services.training import Told
from penstock.services.versions import JOB, USER_VERSION, Held
from projects.requirement.model import Requirement
from projects.requirement.project_folder import project_folder
from serving.lifecycle.leases import Leases
from serving.lifecycle.stages import PRODUCTION, STAGING

LARGEST = 200_000
"""Marks of a requirement; a person writes a few hundred."""
SETTLING_S = 60.0
TRIES = 5
"""How often a version's name is chosen anew, where another took it meanwhile."""
MAJOR = re.compile(r"(\d{1,9})\.\d+\.\d+")
KEY = "key_id"
"""In what a job was asked for: the service key that asked."""
SENTENCES = ("objective", "dataset_id")


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for.

    Attributes:
        requirement: YAML or JSON text, or the requirement as a mapping; empty where a sentence says it all.
        objective: What to predict, in a sentence; over the requirement's own.
        dataset_id: The data set that takes the place of `data_source`.
        target_column: The column to predict; over the requirement's own.
        project: Where the job goes: a project's name or path; empty: the data set's, else the person's own.
        model_name: The registered model; by default the requirement's `name` or `project_name`.
    """

    requirement: str | Mapping[str, Any] = ""
    objective: str = ""
    dataset_id: str = ""
    target_column: str = ""
    project: str = ""
    model_name: str = ""


def submit(desk: Desk, person: Person, asked: Asking) -> Job:
    """Read a requirement, and start the job that meets it.

    Raises:
        BadRequest: The requirement cannot be used; with code, cause and fix.
        NotAllowed: It names what may not be named from here.
        NotFound: There is no such data set or project, or not for this person.
        Conflict: The model's name is taken.
        TooMany: The person has as many jobs as they may.
    """
    read = _read(asked)
    dataset = datasets.ready(desk, person, asked.dataset_id) if asked.dataset_id else None
    open_here = desk.settings
    check_places(
        read, sources_of(open_here.api_sources), person,
        has_data=dataset is not None, clusters=sources_of(open_here.api_clusters),
    )  # fmt: skip
    where = asked.project or (dataset.project if dataset else "")
    project = projects.resolve(desk, person, where, Level.EDIT)
    name = checked_name(asked.model_name or read.registered_name or (dataset.name if dataset else ""))
    reserved(desk, person, name, project)
    changes: dict[str, Any] = {"user": project.owner, "project_name": project.name, "name": name}
    if dataset:
        changes["data_source"] = datasets.place(dataset)
        changes["target"] = read.target or (dataset.target_column if not read.objective else "")
    if not (changes.get("target") or read.target or read.objective):
        raise BadRequest("say what to predict: give an objective in a sentence, or a target_column")
    requirement = read.model_copy(update=changes)
    wanted = Wanted(
        entry="main",
        owner=person.name,
        project=project.path,
        parameters={
            "spec": str(_kept(desk, project, requirement)),
            "register": "no",
            # Beside the file, for whoever gives the job's account its rights.
            **({"data": datasets.place(dataset)} if dataset else {}),
        },
        outcome=training.OUTCOMES["main"],
        asked={
            "dataset_id": asked.dataset_id, "objective": requirement.objective, "model_name": name,
            "algorithm": "", **({KEY: person.key.key_id} if person.key else {}),
        },
        experiment=project.path,
    )  # fmt: skip
    job = jobs.submit(desk, person, wanted)
    details = {"job_id": job.job_id, "model_name": name, "dataset_id": asked.dataset_id}
    desk.trail.record(person, Event("requirement.submit", f"job {job.job_id}", project.path, details=details))
    return job


def status(desk: Desk, person: Person, job_id: str) -> Told:
    """What has become of a requirement; its version is made first, where that is still to be done.

    Raises:
        NotFound: There is none, or not for this person.
    """
    job = jobs.get(desk, person, job_id)
    if job.wanted.entry != "main":
        raise NotFound(f"there is no requirement '{job_id:.64}'; that job is a {job.wanted.entry}")
    return training.told(settle(desk, job))


def settle(desk: Desk, job: Job) -> Job:
    """Make the version of a requirement that was met, once; give the job with it in its results.

    Whoever ends a job calls it, and so does whoever looks at one that nobody has settled.

    Raises:
        Away: MLflow or the database does not answer; the next one who looks settles it.
    """
    is_due = job.wanted.entry == "main" and job.state == "completed" and "deployed" not in job.results
    if not is_due or not isinstance(job.results.get("model"), Mapping):
        return job
    leases = Leases(desk.database, now=desk.now, duration_s=SETTLING_S)
    with as_problems(), leases.held(f"settling '{job.job_id}'", "settling", wait_s=SETTLING_S):
        newest = desk.jobs.get(job.job_id) or job
        if "deployed" in newest.results:
            return newest
        return desk.jobs.put(replace(newest, results={**newest.results, "deployed": _outcome(desk, newest)}))


def _outcome(desk: Desk, job: Job) -> dict[str, Any]:
    """Deploy what a job has found; what is refused is told in its place."""
    try:
        return _deployed(desk, _deployer(desk, job), job)
    except Problem as problem:
        if problem.status >= 500:
            raise
        return {"model_id": "", "message": str(problem), "code": problem.code}


def _deployer(desk: Desk, job: Job) -> Person:
    """Who deploys what a job has found: its owner, and no further than the key that asked may still go.

    Raises:
        NotAllowed: The key has ended, or is not for deploying.
    """
    person = Person(job.wanted.owner, is_admin=desk.settings.auth == "off")
    asked_by = str(job.wanted.asked.get(KEY, ""))
    if not asked_by:
        return person
    key = next((each for each in desk.keys.listed() if each.key_id == asked_by), None)
    if key is None or key.revoked_at or (key.expires_at and key.expires_at <= desk.now()):
        raise NotAllowed(
            f"key {asked_by}, which asked for it, has ended; deploy job {job.job_id} yourself",
            code="key_scope",
        )
    if "deploy" not in key.actions:
        raise NotAllowed(
            f"key {asked_by}, which asked for it, is not for 'deploy'; deploy job {job.job_id} with another",
            code="key_scope",
        )
    return replace(person, is_admin=False, key=key, acting="deploy")


def schema() -> dict[str, Any]:
    """The JSON Schema of a requirement."""
    from projects.requirement.schema import requirement_schema

    return requirement_schema()


def templates() -> dict[str, str]:
    """The requirements to start from, as commented YAML, by name."""
    from projects.requirement.templates import NAMES, template

    return {name: template(name) for name in NAMES}


def _deployed(desk: Desk, person: Person, job: Job, tries: int = TRIES) -> dict[str, Any]:
    name, model = str(job.wanted.asked["model_name"]), job.results["model"]
    stage = str(model.get("stage", STAGING)) if model.get("has_passed") else "None"
    with as_problems():
        versions = desk.versions.of(name)
    mine = [each for each in versions if each.tags.get(JOB) == job.job_id]
    if mine:
        return _again(desk, person, mine[0], stage)
    asked = Deploying(job.job_id, name, _next(versions), promote_to_production=stage == PRODUCTION)
    try:
        return asdict(deploy_as_asked(desk, person, asked, is_staged=stage != "None"))
    except Conflict as problem:
        if problem.code != "version_taken" or tries <= 1:
            raise
    return _deployed(desk, person, job, tries - 1)


def _next(versions: Sequence[Held]) -> str:
    """The version after the highest that anybody has given."""
    given = [MAJOR.match(each.tags.get(USER_VERSION, "")) for each in versions]
    return f"{1 + max((int(found[1]) for found in given if found), default=0)}.0.0"


def _again(desk: Desk, person: Person, found: Held, stage: str) -> dict[str, Any]:
    """Go on where a deployment was cut off behind its version: its route, and its stage."""
    status, said = STATUS.get(found.stage, ""), "it was deployed before"
    with as_problems():
        ensure_route(desk, person, found.name, found.number)
    wanted = {"None": (), PRODUCTION: (STAGING, PRODUCTION)}.get(stage, (STAGING,))
    try:
        for to in wanted if found.stage == "None" else ():
            moved = promote(desk, person, found.model_id, to=to, reason=f"deployed from {found.tags[JOB]}")
            status, said = moved.status, moved.message
    except (BadRequest, Conflict) as problem:
        said = f"it is deployed, and not promoted: {problem}"
    return {
        "model_id": found.model_id, "name": found.name, "version": found.called, "number": found.number,
        "status": status, "message": said,
    }  # fmt: skip


def _read(asked: Asking) -> Requirement:
    """Read the requirement, with what the request says over it.

    Raises:
        BadRequest: It cannot be read or used.
    """
    from projects.requirement.read import read_requirement

    given = asked.requirement
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False) if given else ""
    if len(text) > LARGEST:
        raise BadRequest(f"the requirement has {len(text):,} marks, and at most {LARGEST:,} are taken")
    parameters = {"objective": asked.objective, "target": asked.target_column}
    if not text.strip() and not asked.objective and not asked.target_column:
        raise BadRequest(f"give a requirement, or {' and '.join(SENTENCES)}")
    with tempfile.TemporaryDirectory(prefix="penstock-api-") as scratch, as_problems():
        path = Path(scratch) / "requirement.yaml"
        path.write_text(text, encoding="utf-8", errors="replace")
        try:
            return read_requirement(spec=str(path) if text.strip() else "", parameters=parameters)
        except Exception as error:
            raise _without_path(error, path) from error


def _without_path(error: Exception, path: Path) -> Exception:
    """The same error without the name of a file that the caller never saw."""
    from projects.errors import BadInput

    if not isinstance(error, BadInput):
        return error
    return BadRequest(str(error).replace(f"'{path}'", "the requirement"), code=error.code)


def _kept(desk: Desk, project: Project, requirement: Requirement) -> Path:
    """Write a requirement into its project's folder, from where its job reads it."""
    folder = project_folder(desk.settings.projects_dir, project.owner, project.name).root / "config"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"requirement-{uuid.uuid4()}.json"
        told = requirement.model_dump(mode="json", exclude_unset=True)
        path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise Conflict(
            f"the project's folder cannot be written ({error.strerror}); tell an administrator"
        ) from error
    return path.absolute()
