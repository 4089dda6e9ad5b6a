"""Old jobs' folders are removed, with their logs; their runs in MLflow stay, and so do their records."""

import logging
import shutil
import uuid
from pathlib import Path

from penstock.desk import Desk
from penstock.jobs.keeping import Keeping
from penstock.people.job_accounts import sweep_job_accounts
from penstock.problems import Problem

log = logging.getLogger(__name__)

DAY_S = 86_400.0
MOST = 500
"""Folders looked at in one query."""


def tidy(desk: Desk, keeping: Keeping) -> int:
    """Remove the folders of jobs that were over long ago, and accounts of jobs that are over; gives how many.

    Raises:
        LifecycleError: The database refuses.
    """
    before_s = desk.now_s() - desk.settings.jobs_kept_days * DAY_S
    old = [folder for folder in _folders(desk.settings.jobs_dir) if _is_older(folder, before_s)]
    removed = 0
    for start in range(0, len(old), MOST):
        some = {folder.name: folder for folder in old[start : start + MOST]}
        for name in keeping.over_before(list(some), before_s):
            shutil.rmtree(some[name], ignore_errors=True)
            removed += 1
    try:
        sweep_job_accounts(desk)
    except Problem as problem:
        log.warning("accounts of jobs that are over could not be swept: %s", problem)
    return removed


def _folders(root: Path) -> list[Path]:
    return [folder for folder in root.iterdir() if _is_job(folder)] if root.is_dir() else []


def _is_job(folder: Path) -> bool:
    try:
        return str(uuid.UUID(folder.name)) == folder.name and folder.is_dir()
    except ValueError:
        return False


def _is_older(folder: Path, before_s: float) -> bool:
    try:
        return folder.stat().st_mtime < before_s
    except OSError:
        return False
