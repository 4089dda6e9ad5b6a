"""A version as code that stands alone: made by a job, fetched as one archive."""

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.person import Level, Person
from penstock.problems import Conflict, NotAllowed, NotFound
from penstock.services import jobs, projects
from penstock.services.benchmarking import check_own_code
from penstock.services.model_moves import owned
from penstock.services.outcomes import why
from penstock.services.told import as_problems
from penstock.services.versions import PROJECT, Held

ENTRY, OUTCOME, ARCHIVE = "export", "export.json", "export.zip"
KEPT = "run"
"""The output of the entry point that leaves the archive with its run."""


_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Archive:
    """An export, to be read once.

    Attributes:
        file: Open; its name on the disk is gone already, so nothing is left however reading ends.
        size_bytes: How much there is to read.
        name: What a person's file is called.
    """

    file: BinaryIO
    size_bytes: int
    name: str

    def pieces(self) -> Iterator[bytes]:
        """All of it, piece by piece; then the file is closed."""
        with self.file:
            while piece := self.file.read(_PIECE):
                yield piece


def start(desk: Desk, person: Person, model_id: str, *, project: str = "") -> Job:
    """Start the job that exports a version.

    Args:
        desk: The desk.
        person: Who asks; whoever may read the version may have its code.
        model_id: The version's id.
        project: Where the job goes; by default where the version was made, else the person's own.

    Raises:
        NotFound: There is no such version or project, or not for this person.
        NotAllowed: The version runs code of its own, and the operator has not named its model.
        TooMany: The person has as many jobs as they may.
    """
    found = owned(desk, person, model_id, Level.READ)
    check_own_code(desk.settings, found)
    place = _place(desk, person, found, project)
    asked = {"model_id": found.model_id, "version": found.called}
    event = Event(f"model.{ENTRY}", f"model {found.name} version {found.number}", place, details=asked)
    desk.trail.record(person, event)
    wanted = Wanted(
        ENTRY, person.name, place,
        {"model": found.name, "version": found.number, "output": KEPT}, OUTCOME,
        asked={**asked, "name": found.name}, experiment=place, is_urgent=True,
    )  # fmt: skip
    return jobs.submit(desk, person, wanted)


def archive(desk: Desk, person: Person, job_id: str) -> Archive:
    """What a job has made.

    Raises:
        NotFound: There is no such job or version, or not for this person.
        Conflict: The job makes no export, goes on, or has failed.
        Away: MLflow does not answer.
    """
    job = jobs.get(desk, person, job_id)
    if job.wanted.entry != ENTRY:
        raise Conflict(f"job {job_id} is '{job.wanted.entry}' and makes no export", code="no_export")
    if not job.is_over:
        raise Conflict(f"job {job_id} is {job.state}; ask again when it is completed", code="not_ready")
    if job.state != "completed":
        raise Conflict(f"job {job_id} has no export: {why(job)}", code="no_export")
    held = owned(desk, person, str(job.wanted.asked["model_id"]), Level.READ)
    rooms = desk.settings.var_dir / "exports"  # `/tmp` may be memory
    rooms.mkdir(parents=True, exist_ok=True)
    with as_problems(), tempfile.TemporaryDirectory(prefix="penstock-export-", dir=rooms) as scratch:
        path = desk.client.download_artifacts(job.run_id, ARCHIVE, scratch)
        file = Path(path).open("rb")  # noqa: SIM115 - whoever reads the pieces closes it
    called = re.sub(r"[^A-Za-z0-9_.-]+", "_", held.name)
    return Archive(file, _size(file), f"{called}-v{held.number}.zip")


def _place(desk: Desk, person: Person, found: Held, named: str) -> str:
    made_in = found.tags.get(PROJECT, "")
    if made_in and not named:
        try:
            return projects.get(desk, person, made_in, Level.EDIT).path
        except (NotFound, NotAllowed):  # a model may be shared without its project
            pass
    return projects.resolve(desk, person, named, Level.EDIT).path


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
