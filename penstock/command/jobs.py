"""`penstock jobs`: what waits, what runs, what came of it."""

import time

import click

from penstock.command.asked import as_json, desk, operator, table, tell
from penstock.jobs.job import STATES
from penstock.services import jobs as services


@click.group()
def jobs() -> None:
    """Work that the platform does: list it, read its log, cancel it."""


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only in this state.")
@click.option("--project", default="", help="Only of this project, OWNER/NAME.")
@click.option("--most", default=30, help="At most so many, the newest.")
@as_json
def listed(state: tuple[str, ...], project: str, most: int, *, is_json: bool) -> None:
    """List jobs, newest first."""
    found = services.listed(desk(), operator(), states=state, project=project, most=most)  # type: ignore[arg-type]
    rows = [
        (
            each.job_id,
            each.wanted.entry,
            each.wanted.project,
            each.state,
            _when(each.created_s),
            each.why[:60],
        )
        for each in found
    ]
    head = ("job", "step", "project", "state", "asked for", "why")
    tell(found, table(head, rows) if rows else ["there is no such job"], is_json=is_json)


@jobs.command()
@click.argument("job_id")
@as_json
def log(job_id: str, *, is_json: bool) -> None:
    """Print what a job's processes have printed so far."""
    here, person, offset, pieces = desk(), operator(), 0, list[str]()
    while True:
        part = services.log(here, person, job_id, offset=offset)
        if part.next_offset == offset:
            break
        pieces.append(part.text)
        offset = part.next_offset
    tell({"job_id": job_id, "log": "".join(pieces)}, ["".join(pieces).rstrip()], is_json=is_json)


@jobs.command()
@click.argument("job_id")
@as_json
def cancel(job_id: str, *, is_json: bool) -> None:
    """Cancel a job with all its processes."""
    job = services.cancel(desk(), operator(), job_id)
    told = "was cancelled" if job.is_over else "is being ended"
    tell(job, [f"job {job_id} {told}"], is_json=is_json)


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))
