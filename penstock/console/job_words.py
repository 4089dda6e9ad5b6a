"""What a job is and how far it is, in words."""

from collections.abc import Mapping

from penstock.console.words import duration, sentence
from penstock.jobs.job import Job
from penstock.services.outcomes import why

TITLES: Mapping[str, str] = {
    "ingest": "Read a file",
    "clean": "Clean",
    "select": "Select columns",
    "split": "Split",
    "train": "Train",
    "tune": "Tune",
    "compare": "Compare models",
    "main": "From a requirement to a model",
    "evaluate": "Evaluate",
    "predict": "Predict",
    "export": "Export as code",
}
STATES: Mapping[str, tuple[str, str]] = {
    "pending": ("waits for its turn", ""),
    "running": ("runs", "warn"),
    "completed": ("done", "good"),
    "failed": ("failed", "bad"),
    "cancelled": ("cancelled", ""),
}
"""A job's state as people say it, and its colour."""


def job_title(job: Job) -> str:
    """What a job does: `Train random_forest`."""
    asked = job.wanted.asked
    what = asked.get("algorithm") or asked.get("name") or ""
    title = TITLES.get(job.wanted.entry, job.wanted.entry)
    return f"{title}: {what}" if isinstance(what, str) and what else title


def job_state(job: Job) -> tuple[str, str]:
    """A job's state in words, and its colour."""
    if job.cancel_by and not job.is_over:
        return "is being ended", "warn"
    return STATES.get(job.state, (job.state, ""))


def job_now(job: Job, now_s: float) -> str:
    """What a job does at this moment, in a sentence."""
    if job.state == "pending":
        return f"It has waited for {duration(round(max(0.0, now_s - job.created_s)))}."
    if job.state == "running":
        step = str(job.progress.get("step") or "It begins")
        return f"{step}, for {duration(round(max(0.0, now_s - job.started_s)))} now."
    took = duration(max(0.0, job.ended_s - (job.started_s or job.ended_s)))
    return {
        "completed": f"It took {took}.",
        "cancelled": sentence(why(job) if job.why else "It was cancelled."),
    }.get(job.state, sentence(why(job)))


def job_said(job: Job) -> str:
    """What a screen reader is told of a job: its state, its step, and how far it is in tens of percent."""
    share, step = job_share(job), str(job.progress.get("step") or "")
    parts = [
        job_state(job)[0],
        step if job.state == "running" else "",
        f"{share * 10 // 1 * 10:.0f} %" if share else "",
    ]
    return ", ".join(part for part in parts if part)


def job_share(job: Job) -> float | None:
    """How much of a running job is done; None where nobody knows."""
    share = job.progress.get("share")
    return (
        min(1.0, max(0.0, float(share)))
        if isinstance(share, int | float) and job.state == "running"
        else None
    )
