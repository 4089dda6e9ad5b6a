"""A finished training becomes a version of a registered model that the gateway answers by its id."""

import json
import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.people.needs import need_model, need_name, need_project
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, Conflict, NotFound
from penstock.records.project import Project
from penstock.services import approvals, jobs
from penstock.services.broken_off import is_broken_off
from penstock.services.model_moves import Moved, lifecycle
from penstock.services.model_routes import ensure_route, routes
from penstock.services.sharing import model_made
from penstock.services.told import as_problems
from penstock.services.versions import ALGORITHM, DATASET, JOB, PROJECT, USER_VERSION, Held
from serving.lifecycle.approval import Approval
from serving.lifecycle.errors import AlreadyThereError, InvalidMoveError
from serving.lifecycle.leases import Leases
from serving.lifecycle.stages import PRODUCTION, STAGING

LONGEST_NAME, LONGEST_VERSION, MOST_TAGS, LONGEST_TAG = 200, 64, 32, 100
VERSION = re.compile(r"[\w.+-]+(?: [\w.+-]+)*")
USER_TAGS = "penstock.user_tags"
"""The tags that a person gave, a JSON list; each is a tag `penstock.tag.NAME` of its own, too."""
OWN_TAGS = (
    "penstock.task", "penstock.target", "penstock.algorithm", "penstock.metric", "penstock.score",
    "penstock.metrics", "penstock.gate", "penstock.data_sha256", "penstock.spec_sha256", "penstock.plan",
    "penstock.plan_sha256", "penstock.model_sha256", "dataset_size", "configuration", "features_count",
    "extended_to", "f1_score",
)  # fmt: skip
"""What a training may say of its version; who made it, and what it is called by, is the platform's to say."""
LONGEST_OWN = 5000
CARD = "The model card lies beside the model, as model_card.md."
WAIT_S, LEASE_S = 10.0, 60.0


@dataclass(frozen=True, slots=True)
class Deploying:
    """What is to be deployed, and as what."""

    training_job_id: str
    model_name: str
    version: str = "1.0.0"
    description: str = ""
    tags: tuple[str, ...] = ()
    promote_to_production: bool = False


def deploy(desk: Desk, person: Person, asked: Deploying) -> Moved:
    """Register a training's model, stage it, and let the gateway answer it by its id.

    Where that broke off behind the version, as the registry went away, the repeat finishes it.

    Raises:
        NotFound: There is no such training, or not for this person.
        NotAllowed: The person may not change the project or the model.
        BadRequest: The name, the version or a tag cannot be used.
        Conflict: The training is not completed, or the name or the version is taken.
    """
    return deploy_as_asked(desk, person, asked)


def deploy_as_asked(desk: Desk, person: Person, asked: Deploying, *, is_staged: bool = True) -> Moved:
    """The same; without being staged, a version stays in no stage, as one whose gate failed."""
    name = checked_name(asked.model_name)
    _check_words(asked)
    job = jobs.get(desk, person, asked.training_job_id)
    with as_problems():
        project = need_project(desk, person, job.wanted.project, Level.EDIT)
    logged = _logged(job)
    with as_problems():
        _check_own(desk, job, str(logged.get("model_id", "")))
    details = {"job_id": job.job_id, "model": name, "version": asked.version, "tags": list(asked.tags)}
    event = Event("model.deploy", f"model {name}", project.path, details=details)
    with as_problems(), desk.trail.doing(person, event) as more:
        found, people = _registered(desk, person, asked, _Made(name, project, job, logged))
        more["model_id"], more["number"] = found.model_id, found.number
        called = ensure_route(desk, person, name, found.number)
        what = f"version {asked.version} of '{name}' is deployed"
        status, said = (
            _staged(desk, person, found, asked, people) if is_staged else ("training", f"{what}, in no stage")
        )
        more["model_status"] = status
    desk.versions.forget()
    return Moved(called, name, asked.version, status, said)


@dataclass(frozen=True, slots=True)
class _Made:
    name: str
    project: Project
    job: Job
    logged: Mapping[str, Any]


def checked_name(name: str) -> str:
    """Check the name of a registered model that is to be.

    Raises:
        BadRequest: It is empty, too long, looks like an id, or holds what addresses are made of.
    """
    from projects.requirement.check import check_name

    plain = name.strip()
    if not plain or len(plain) > LONGEST_NAME:
        raise BadRequest(
            f"model_name must have 1 to {LONGEST_NAME} marks, not {len(plain)}; give a shorter one"
        )
    with as_problems():
        check_name(plain)
    if _is_id(plain):
        raise BadRequest(f"model_name '{plain}' looks like a model's id; choose a name")
    if any(mark in plain for mark in "\"'?#%\\"):
        raise BadRequest(
            f"model_name '{plain}' may not hold quotes, '?', '#', '%' or '\\'; choose a plainer name"
        )
    return plain


def reserved(desk: Desk, person: Person, name: str, project: Project) -> None:
    """See that a registered model is there for a project's versions; it is made if need be.

    Raises:
        Conflict: The name is another's, or a route's.
        NotAllowed: The person may see the model, but not change it, or is a key for other models.
    """
    from mlflow.exceptions import MlflowException

    taken = Conflict(f"the name '{name}' is taken; choose another", code="name_taken")
    with as_problems():
        models = routes(desk, person).models(())
        if any(name in model.route_tags for other, model in models.items() if other != name):
            raise taken
        if name not in models:
            need_name(person, name)
            try:
                desk.client.create_registered_model(name, tags={PROJECT: project.path})
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            else:
                model_made(desk, project, name)
                return
        try:
            need_model(desk, person, name, Level.EDIT)
        except NotFound:
            raise taken from None


def _check_words(asked: Deploying) -> None:
    if len(asked.version) > LONGEST_VERSION or not VERSION.fullmatch(asked.version):
        raise BadRequest(
            f"version must be like '1.0.0', of letters, digits, '.', '-', '_' and '+', at most"
            f" {LONGEST_VERSION} of them, not '{asked.version:.80}'"
        )
    if len(asked.tags) > MOST_TAGS:
        raise BadRequest(f"a version takes at most {MOST_TAGS} tags, not {len(asked.tags)}")
    for tag in asked.tags:
        if not tag.strip() or len(tag) > LONGEST_TAG or not tag.isprintable():
            raise BadRequest(f"a tag must have 1 to {LONGEST_TAG} printable marks, not '{tag:.120}'")


def _logged(job: Job) -> Mapping[str, Any]:
    """What a completed training left to be registered.

    Raises:
        Conflict: It is not completed, or leaves no model.
    """
    if job.state != "completed":
        raise Conflict(
            f"training job {job.job_id} is {job.state}, and only a completed one can be deployed; ask"
            f" `GET /api/ml/models/train/{job.job_id}`",
            code="not_completed", details={"job_status": job.state},
        )  # fmt: skip
    model = job.results.get("model")
    if job.wanted.entry not in ("train", "main") or not isinstance(model, Mapping):
        raise Conflict(
            f"job {job.job_id} is a {job.wanted.entry}, which leaves no model; train with what it found, and"
            " deploy that training",
            code="no_model",
        )
    return model


def _check_own(desk: Desk, job: Job, logged_id: str) -> None:
    """See that a logged model comes from the job's own run: an outcome can be written by others, too.

    Raises:
        Conflict: It does not.
    """
    from mlflow.exceptions import MlflowException

    try:
        source = desk.client.get_logged_model(logged_id).source_run_id
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        source = None
    if not source or source != job.run_id:
        raise Conflict(
            f"the model that job {job.job_id} names is not of its own run; train again, and deploy that one",
            code="foreign_model",
        )


def _registered(desk: Desk, person: Person, asked: Deploying, made: _Made) -> tuple[Held, Approval]:
    """Make the version, unless there is one of that name; one whose deployment broke off is taken up.

    Returns:
        The version, and what a promotion took before this training laid its own policy.
    """
    leases = Leases(desk.database, now=desk.now, duration_s=LEASE_S)
    with leases.held(f"deploying '{made.name}'", person.actor, wait_s=WAIT_S):
        reserved(desk, person, made.name, made.project)
        versions = desk.versions.of(made.name)
        there = next((each for each in versions if each.tags.get(USER_VERSION) == asked.version), None)
        people = approvals.rule(desk, made.name)
        if there is not None:
            if not is_broken_off(desk, there, made.job, str(made.logged["model_id"])):
                raise Conflict(
                    f"'{made.name}' has a version {asked.version} already; give this one another version",
                    code="version_taken",
                )
            _tell_anew(desk, there, asked, made)
            return there, people
        _lay_policy(desk, made)
        version = desk.client.create_model_version(
            made.name,
            f"models:/{made.logged['model_id']}",
            made.job.run_id or None,
            tags=_tags(asked, made),
            model_id=str(made.logged["model_id"]),
            description=asked.description or CARD,
            await_creation_for=0,
        )
        own = {USER_VERSION: asked.version}
        return Held(made.name, str(version.version), "None", 0, made.job.run_id, "", "", own), people


def _tell_anew(desk: Desk, there: Held, asked: Deploying, made: _Made) -> None:
    """Give a version that is taken up the words of the repeat."""
    desk.client.update_model_version(there.name, there.number, asked.description or CARD)
    tags = _tags(asked, made)
    for key, text in tags.items():
        desk.client.set_model_version_tag(there.name, there.number, key, text)
    if USER_TAGS in there.tags and USER_TAGS not in tags:
        desk.client.delete_model_version_tag(there.name, there.number, USER_TAGS)


def _lay_policy(desk: Desk, made: _Made) -> None:
    """Give the model the policy of its training; what was edited since the last one stays."""
    from projects.requirement.policy import lay_policy

    policy = made.logged.get("policy")
    if isinstance(policy, Mapping) and policy:
        lay_policy(desk.client, made.name, policy)


def _tags(asked: Deploying, made: _Made) -> dict[str, str]:
    told = dict(made.logged.get("tags", {}))
    own = {key: str(told[key])[:LONGEST_OWN] for key in OWN_TAGS if key in told}
    job = made.job
    mine = {
        PROJECT: made.project.path,
        USER_VERSION: asked.version,
        JOB: job.job_id,
        DATASET: str(job.wanted.asked.get("dataset_id", "")),
        ALGORITHM: str(job.wanted.asked.get("algorithm", "") or own.get(ALGORITHM, "")),
        USER_TAGS: json.dumps(list(asked.tags), ensure_ascii=False) if asked.tags else "",
    }
    return own | {key: value for key, value in mine.items() if value}


def _staged(desk: Desk, person: Person, found: Held, asked: Deploying, people: Approval) -> tuple[str, str]:
    """Move the new version where it was asked to go, as far as its gate and its policy allow."""
    what = f"version {asked.version} of '{found.name}'"
    moves = lifecycle(desk, person)
    if found.stage == PRODUCTION:
        return "production", f"{what} is deployed and in production"
    with suppress(AlreadyThereError):
        moves.promote(found.name, found.number, to=STAGING, reason=f"deployed from {asked.training_job_id}")
    if not asked.promote_to_production:
        return "staged", f"{what} is deployed and staged"
    try:
        approvals.refuse_alone(desk, found.name, found.number, least=people)
        moves.promote(found.name, found.number, to=PRODUCTION, reason="asked for by its deployment")
    except (Conflict, InvalidMoveError) as problem:
        return "staged", f"{what} is deployed and staged, and not promoted: {problem}"
    return "production", f"{what} is deployed and in production"


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
