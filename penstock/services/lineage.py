"""Where predictions, versions and data sets come from, and what became of a file: as far as one may see."""

import re
from dataclasses import dataclass

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.lineage.counts import Named, newest
from penstock.lineage.nodes import DatasetLineage, Origin, PredictionLineage
from penstock.lineage.origin import dataset_node, job_node, origin, with_parents
from penstock.lineage.sight import Sight
from penstock.lineage.touched import jobs_of, learners, made_of, touched
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import NotFound
from penstock.records.dataset import DATASETS, Dataset
from penstock.services.model_ids import find as find_model
from penstock.services.model_ids import unknown as unknown_model
from penstock.services.told import as_problems
from serving.lifecycle.stages import DELETED

SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_IDS = 1000
_CLOCK_MARGIN_S = 3600.0
_MOST_COPIES = 100


@dataclass(frozen=True, slots=True)
class TouchedPage:
    """Some predictions of a version that learned from a data set, newest first.

    Attributes:
        model_id: The version.
        predictions: Their ids, and when they were answered.
    """

    model_id: str
    predictions: tuple[Named, ...]


def of_prediction(desk: Desk, person: Person, prediction_id: str) -> PredictionLineage:
    """From a prediction to what its model learned from.

    Args:
        desk: The desk.
        person: Who asks.
        prediction_id: A request's id, or a row's.

    Raises:
        NotFound: The log holds no such prediction, or none for the person to know of.
        Away: MLflow or the log's copy does not answer.
    """
    from penstock.lineage.record import find, parse_id

    unknown = NotFound(
        f"there is no prediction '{prediction_id:.80}'; its id is what the answer bore as X-Prediction-Id"
    )
    wanted = parse_id(prediction_id.strip())
    if wanted is None:
        raise unknown
    settings = desk.settings
    with as_problems():
        rows = find(settings.prediction_log_dir, wanted, s3_uri=settings.log_s3_uri)
        sight = Sight(desk, person)
        if not rows or not sight.sees_model(rows[0]["model"]):
            raise unknown
        name, number = rows[0]["model"], rows[0]["version"]
        found = origin(desk, sight, name, number, answered_s=wanted.made_s)
        subject = f"prediction {prediction_id} of model {name} version {number}"
        desk.trail.record(person, Event("lineage.read", subject, found.version.project))
    return PredictionLineage(prediction_id, tuple(rows), found, tuple(_notices(found)))


def of_model(desk: Desk, person: Person, model_id: str) -> Origin:
    """Where a version comes from.

    Raises:
        NotFound: There is no such version, or none for the person to know of.
        Away: MLflow does not answer.
    """
    named = find_model(desk, model_id)
    with as_problems():
        try:
            need_model(desk, person, named.name, Level.READ)
        except NotFound as error:
            raise unknown_model(model_id) from error
        found = origin(desk, Sight(desk, person), named.name, named.version)
        subject = f"model {named.name} version {named.version}"
        desk.trail.record(person, Event("lineage.read", subject, found.version.project))
    return found


def of_dataset(desk: Desk, person: Person, wanted: str) -> DatasetLineage:
    """What a data set was made of, and what became of it, down to how many predictions it touched.

    Args:
        desk: The desk.
        person: Who asks.
        wanted: The data set's id, or the SHA-256 of a file.

    Raises:
        NotFound: There is no such data set, or none for the person to know of.
        Away: MLflow or the log's copy does not answer.
    """
    with as_problems():
        sight = Sight(desk, person)
        roots = _roots(desk, sight, wanted)
        became = made_of(desk, roots)
        jobs = jobs_of(desk, [*roots, *became])
        found = [
            learner
            for learner in learners(desk, [*roots, *became], jobs)
            if sight.sees_model(learner.version.name)
        ]
        names = {dataset.dataset_id for dataset in roots}
        above = {each.dataset_id: each for root in roots for each in with_parents(desk, root)}
        answered = touched(desk, found)
        subject = f"dataset {wanted}"
        desk.trail.record(person, Event("lineage.read", subject, roots[0].project))
    return DatasetLineage(
        datasets=tuple(dataset_node(desk, each) for each in roots),
        made_of=tuple(
            dataset_node(desk, each)
            for name, each in above.items()
            if name not in names and sight.sees_project(each.project)
        ),
        became=tuple(
            dataset_node(desk, each, is_whole=False) for each in became if sight.sees_project(each.project)
        ),
        jobs=tuple(job_node(job) for job in jobs if sight.sees_project(job.wanted.project)),
        touched=tuple(answered),
    )


def predictions_of(
    desk: Desk,
    person: Person,
    wanted: str,
    model_id: str,
    *,
    before: Named | None = None,
    most: int = 100,
) -> TouchedPage:
    """The predictions of one version that a data set touched, newest first.

    Args:
        desk: The desk.
        person: Who asks.
        wanted: The data set's id, or the SHA-256 of a file.
        model_id: The version, one of those that `of_dataset` tells.
        before: Only those behind this one of an earlier page.
        most: At most so many, and `MOST_IDS`.

    Raises:
        NotFound: There is no such data set or version, or none for the person to know of, or the version
            did not learn from it.
        Away: MLflow or the log's copy does not answer.
    """
    settings = desk.settings
    with as_problems():
        sight = Sight(desk, person)
        roots = _roots(desk, sight, wanted)
        every = [*roots, *made_of(desk, roots)]
        held = next(
            (
                each.version
                for each in learners(desk, every, jobs_of(desk, every))
                if each.version.model_id == model_id and sight.sees_model(each.version.name)
            ),
            None,
        )
        if held is None:
            raise NotFound(
                f"no model with the id '{model_id:.80}' learned from data set '{wanted:.80}'; "
                f"`GET /api/ml/lineage/datasets/{wanted:.80}` lists those that did"
            )
        found = newest(
            settings.prediction_log_dir, held.name, held.number,
            since_s=max(0.0, held.created_ms / 1000 - _CLOCK_MARGIN_S),
            until_s=desk.now_s() + _CLOCK_MARGIN_S,
            before=before, most=min(most, MOST_IDS), s3_uri=settings.log_s3_uri,
        )  # fmt: skip
        details = {"dataset": wanted, "predictions": len(found)}
        subject = f"predictions of model {held.name} version {held.number}"
        desk.trail.record(person, Event("predictions.read", subject, roots[0].project, details=details))
    return TouchedPage(model_id, tuple(found))


def _roots(desk: Desk, sight: Sight, wanted: str) -> list[Dataset]:
    """The data set of an id, or all of a file's digest, as far as the person may see them."""
    if SHA256.fullmatch(wanted):
        found = desk.datasets.found(DATASETS.c.sha256 == wanted)
    else:
        one = desk.datasets.get(wanted) if wanted.isascii() else None
        found = [one] if one else []
    seen = [dataset for dataset in found if sight.sees_project(dataset.project)][:_MOST_COPIES]
    if not seen:
        raise NotFound(f"there is no data set '{wanted:.80}'; `GET /api/ml/datasets` lists yours")
    return seen


def _notices(found: Origin) -> list[str]:
    version, run = found.version, found.run
    notices = []
    if version.stage == DELETED:
        notices.append(f"the registry has version {version.version} of '{version.model}' no more")
    elif not version.run_id:
        notices.append("the version names no run; it was registered by other means")
    elif run is None:
        notices.append(f"MLflow has run {version.run_id} no more, or it is not for you to see")
    elif not run.git_commit:
        notices.append("the run names no commit; it was run outside of a repository")
    if not found.datasets and not found.hidden_datasets:
        notices.append("no data set of the platform is known to be what it learned from")
    if found.job is None:
        notices.append("it was trained outside of the platform, or its job is not for you to see")
    return notices
