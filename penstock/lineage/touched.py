"""What became of a data set: what was made of it, which versions learned from it, what they have answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.jobs.store import BRIEF, JOBS, read_row
from penstock.lineage.counts import counts
from penstock.lineage.nodes import Touched
from penstock.lineage.origin import DATA_SHA256, node_of
from penstock.records.dataset import DATASETS, Dataset
from penstock.services.versions import DATASET, JOB, Held

MOST_DATASETS = 1000
_CLOCK_MARGIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Learner:
    """A version that learned from a data set, by its id; empty where only the digest of the data says so."""

    version: Held
    through: str


def made_of(desk: Desk, roots: Iterable[Dataset]) -> list[Dataset]:
    """The data sets that were made of some, directly or not; these left out."""
    found = {dataset.dataset_id: dataset for dataset in roots}
    first = set(found)
    fresh = first
    while fresh and len(found) < MOST_DATASETS:
        children = desk.datasets.found(DATASETS.c.parent_id.in_(fresh), most=MOST_DATASETS)
        fresh = {child.dataset_id for child in children} - set(found)
        found |= {child.dataset_id: child for child in children if child.dataset_id in fresh}
    return [dataset for name, dataset in found.items() if name not in first]


def jobs_of(desk: Desk, datasets: Sequence[Dataset]) -> list[Job]:
    """All jobs that read any of some data sets, newest first; without their results."""
    words = [word for each in datasets for word in (each.dataset_id, each.run_id) if word]
    found: dict[str, Job] = {}
    for start in range(0, len(words), 50):
        some = [JOBS.c.wanted.contains(word, autoescape=True) for word in words[start : start + 50]]
        query = sa.select(*BRIEF).where(sa.or_(*some))
        with desk.database.begin(is_read_only=True) as connection:
            found |= {row.job_id: read_row(row) for row in connection.execute(query)}
    made = {dataset.job_id for dataset in datasets}
    others = [job for name, job in found.items() if name not in made]
    return sorted(others, key=lambda job: -job.created_s)


def learners(desk: Desk, datasets: Sequence[Dataset], jobs: Sequence[Job]) -> list[Learner]:
    """The versions that learned from any of some data sets: by name, by job, by run, else by digest."""
    names = {dataset.dataset_id for dataset in datasets}
    of_job = {job.job_id: _read(job, names) for job in jobs}
    of_run = {job.run_id: of_job[job.job_id] for job in jobs if job.run_id}
    digests = {dataset.sha256 for dataset in datasets if dataset.sha256}
    found = []
    for held in desk.versions.listed():
        tags = held.tags
        if tags.get(DATASET) in names:
            found.append(Learner(held, tags[DATASET]))
        elif tags.get(JOB) in of_job:
            found.append(Learner(held, of_job[tags[JOB]]))
        elif held.run_id in of_run:
            found.append(Learner(held, of_run[held.run_id]))
        elif not tags.get(DATASET) and tags.get(DATA_SHA256) in digests:
            found.append(Learner(held, ""))
    return found


def touched(desk: Desk, found: Sequence[Learner]) -> list[Touched]:
    """The same with what they have answered; this reads the log.

    Raises:
        BucketError: The log's copy cannot be read.
    """
    by_model: dict[str, list[Learner]] = {}
    for learner in found:
        by_model.setdefault(learner.version.name, []).append(learner)
    settings = desk.settings
    told = []
    for name, some in sorted(by_model.items()):
        # No version answers before it is made; a file system's clock may differ.
        since_s = max(0.0, min(each.version.created_ms for each in some) / 1000 - _CLOCK_MARGIN_S)
        numbers = [each.version.number for each in some]
        answered = counts(
            settings.prediction_log_dir, name, numbers, since_s=since_s, s3_uri=settings.log_s3_uri
        )
        for each in some:
            count = answered[each.version.number]
            told.append(
                Touched(node_of(each.version), each.through, count.predictions, count.first_s, count.last_s)
            )
    return told


def _read(job: Job, names: set[str]) -> str:
    """Which of the data sets a job read, as far as what was asked for says."""
    asked: Mapping[str, object] = job.wanted.asked
    named = str(asked.get("dataset_id", ""))
    return named if named in names else ""
