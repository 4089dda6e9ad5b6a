"""A job's folder: made for each start, with what its process is asked and the environment that it gets."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from monitoring.retraining import command as commands
from penstock.jobs import launch
from penstock.jobs.job import Job
from penstock.jobs.machine import Place
from penstock.jobs.tree import MARK
from serving.settings import Settings

TMP = "tmp"
NICE = 10
"""Serving stays first."""
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
ENDING = "ending.json"
"""Why a service ended a start."""
_OF_ONE_START = (launch.RUN, launch.ENDED, ENDING)
_PRIVATE = 0o700


def prepare(settings: Settings, job: Job, place: Place) -> Path:
    """Make the folder of a start; the log of earlier starts stays.

    Raises:
        OSError: It cannot be written.
    """
    folder = settings.jobs_dir.absolute() / job.job_id
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(_PRIVATE)
    for name in _OF_ONE_START:
        (folder / name).unlink(missing_ok=True)
    drop_tmp(folder)
    (folder / TMP).mkdir()
    launch.write(folder, launch.ASKED, _asked(settings, job, place))
    watch(folder)
    return folder


def watch(folder: Path) -> None:
    """Let a job's process know that it is watched over.

    Raises:
        OSError: The folder cannot be written.
    """
    (folder / launch.WATCHED).touch()


def drop_tmp(folder: Path) -> None:
    """Remove what a start left of its temporary files."""
    shutil.rmtree(folder / TMP, ignore_errors=True)


def size(folder: Path) -> int:
    """What a folder takes, in bytes on the disk."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:  # it went while being looked at
            continue
    return total


def environment(
    settings: Settings, job: Job, place: Place, folder: Path, of_person: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a job's process.

    Args:
        settings: Where everything is.
        job: The job.
        place: Its cores and GPUs.
        folder: Its folder.
        of_person: The variables with which it speaks to MLflow, over the worker's own.
    """
    own = {
        MARK: job.job_id,
        "TMPDIR": str(folder / TMP),
        "CUDA_VISIBLE_DEVICES": ",".join(place.gpus),
    }
    return of_any(settings, max(1, len(place.cores))) | own | dict(of_person)


def of_any(settings: Settings, cores: int) -> dict[str, str]:
    """What the environments of all jobs have in common that have so many cores."""
    own = {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", **dict.fromkeys(THREADS, str(cores))}
    return commands.environment(settings, os.environ) | own


def _asked(settings: Settings, job: Job, place: Place) -> launch.Asked:
    wanted = job.wanted
    return launch.Asked(
        job_id=job.job_id,
        project=str(commands.project(settings).absolute()),
        entry=wanted.entry,
        parameters=dict(wanted.parameters),
        experiment=wanted.experiment or wanted.project,
        tags={"penstock.job": job.job_id, "penstock.project": wanted.project, "mlflow.user": wanted.owner},
        cores=place.cores,
        nice=NICE,
        core_s=job.usage.core_s,
        peak_bytes=job.usage.peak_bytes,
        disk_bytes=job.usage.disk_bytes,
        wall_s=job.usage.wall_s,
    )
