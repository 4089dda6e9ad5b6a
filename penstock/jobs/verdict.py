"""How a start of a job ended, from what its process left: in a sentence for people, a word for programs."""

import re
from dataclasses import dataclass

from penstock.jobs import launch
from penstock.jobs.job import Job, State

CANCELLED, OUT_OF_MEMORY, TIME_LIMIT, DISK_LIMIT = "cancelled", "out_of_memory", "time_limit", "disk_limit"
STOPPED, LOST, KILLED, AWAY, BAD_INPUT, FAILED = (
    "stopped",
    "lost",
    "killed",
    "away",
    "bad_input",
    "failed",
)
MOST_LOST = 2
"""Starts of a job that a crash cut off, the last with it."""
MOST_AWAY = 6
"""Starts of a job for which something of ours was away."""
FIRST_PAUSE_S = 5.0
"""Before the second start of such a job; each following pause is three times as long."""
_KILLED_CODES = (-9, 137)
_SAID = re.compile(r"^penstock: (?P<words>.+)$", re.MULTILINE)
_TRANSIENT = re.compile(
    r"database is locked|stopped answering|does not answer|Max retries exceeded|could not be used: .*lock"
    r"|Connection refused|TEMPORARILY_UNAVAILABLE"
)
"""What steps say where MLflow or the database was away for a moment."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a service ended a job.

    Attributes:
        code: A word for programs.
        why: A sentence.
    """

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a job.

    Attributes:
        state: What it is now; `pending` where it starts again.
        code: Why, for programs; empty where it is completed.
        why: Why, in a sentence.
        pause_s: Before it starts again.
    """

    state: State
    code: str = ""
    why: str = ""
    pause_s: float = 0.0


def judge(job: Job, *, code: int | None, words: str, ending: Ending | None, figures: str) -> Verdict:
    """Judge a start of a job whose processes have gone.

    Args:
        job: As it was started.
        code: The entry point's exit code, else that of the job's own process; None where neither is known.
        words: The end of the log.
        ending: Why a service ended it, where one did.
        figures: What it took and what it may, for a sentence.
    """
    if code == launch.OK and (ending is None or ending.code in (CANCELLED, STOPPED)):
        return Verdict("completed")  # it was done before it could be ended
    if ending is not None:
        return _ended(job, ending)
    if code is None or code in _KILLED_CODES:
        return Verdict("failed", KILLED, _killed(figures))
    return _of_code(job, code, words)


def _of_code(job: Job, code: int, words: str) -> Verdict:
    said = _last_said(words)
    if code == launch.BAD_INPUT:
        return Verdict("failed", BAD_INPUT, said or "the input cannot be used; its log says more")
    if code == launch.ORPHANED:
        return _again(job, LOST, "the job service went, and nobody watched over the job any more", MOST_LOST)
    if code == launch.AWAY or (code == launch.FAILED and _TRANSIENT.search(said)):
        return _again(job, AWAY, said or "MLflow did not answer", MOST_AWAY, pause_s=_pause_s(job))
    return Verdict("failed", FAILED, f"it ended with exit code {code}: {said or _last_line(words)}")


def lost(job: Job, why: str) -> Verdict:
    """Judge a start whose process nobody knows any more."""
    return _again(job, LOST, why, MOST_LOST)


def away(job: Job, why: str) -> Verdict:
    """Judge a start that did not come about because something of ours was away."""
    return _again(job, AWAY, why, MOST_AWAY, pause_s=_pause_s(job), is_safe=True)


def _ended(job: Job, ending: Ending) -> Verdict:
    if ending.code == CANCELLED:
        return Verdict("cancelled", CANCELLED, ending.why)
    if ending.code == STOPPED and job.wanted.is_repeatable:
        return Verdict("pending", STOPPED, ending.why)
    return Verdict("failed", ending.code, ending.why)


def _again(
    job: Job, code: str, why: str, most: int, *, pause_s: float = 0.0, is_safe: bool = False
) -> Verdict:
    if (job.wanted.is_repeatable or is_safe) and job.attempts < most:
        return Verdict("pending", code, why, pause_s)
    return Verdict("failed", code, f"{why}; after {job.attempts} starts it is not started again")


def _pause_s(job: Job) -> float:
    return FIRST_PAUSE_S * 3.0 ** (max(1, job.attempts) - 1)


def _killed(figures: str) -> str:
    return (
        "one of its processes was killed from outside, most likely because the machine had no memory left"
        f" ({figures}); take fewer rows (sample_size) or fewer columns, or run it on a machine with more"
    )


def _last_said(words: str) -> str:
    """The last sentence that the step said of itself."""
    found = _SAID.findall(words)
    return str(found[-1]).strip() if found else ""


def _last_line(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1][:500] if lines else "it said nothing"
