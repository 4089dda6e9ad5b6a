"""What jobs and data sets name of MLflow's, and whose naming still counts after its owner's own deletion.

A job that is over names what it made for as long as it is shown, so that a training may be deployed late.
That holds no longer for what a person has deleted: a run or a logged model in MLflow, or each version that a
training was deployed as. What is open, and a data set that is there, holds whatever was deleted.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from penstock.audit.trail import ENTRIES
from penstock.jobs.job import OPEN
from penstock.jobs.store import JOBS
from penstock.records.dataset import DATASETS
from serving.lifecycle.database import Database

DEPLOY, DELETE = "model.deploy", "model.delete"
_LENGTH = 32
"""Of an id, as MLflow makes them; a model's has `m-` before it."""
_FIGURES = re.compile(rf"[0-9a-f]{{{_LENGTH},}}")
_ID = re.compile(rf"(m-)?[0-9a-f]{{{_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Named:
    """What Penstock's tables name, as texts that hold the ids.

    Attributes:
        in_use: What jobs that are not over name, and data sets that are there; it holds in any case.
        shown: What jobs that are over name; it holds but for what was deleted in MLflow.
        jobs: The ids of all jobs.
    """

    in_use: str = ""
    shown: str = ""
    jobs: frozenset[str] = frozenset()


def named(database: Database, before_s: float) -> Named:
    """Read what is named now.

    Args:
        database: Penstock's.
        before_s: Only versions that were deleted before this, in seconds since 1970, count as given up.

    Raises:
        LifecycleError: The database cannot be read.
    """
    asked = sa.select(JOBS.c.job_id, JOBS.c.state, JOBS.c.wanted, JOBS.c.run_id, JOBS.c.results)
    datasets = sa.select(DATASETS.c.run_id).where(DATASETS.c.removed_s == 0)
    told = sa.select(ENTRIES).where(ENTRIES.c.action.in_((DEPLOY, DELETE))).order_by(ENTRIES.c.sequence)
    with database.begin(is_read_only=True) as connection:
        jobs = list(connection.execute(asked))
        runs = list(connection.scalars(datasets))
        entries = [dict(row._mapping) for row in connection.execute(told)]  # noqa: SLF001
    gone = given_up(entries, before_s)
    is_open = [row.state in OPEN for row in jobs]
    return Named(
        json.dumps([runs, [_row(row) for row, going in zip(jobs, is_open, strict=True) if going]]),
        "\n".join(
            _without_model(row) if row.job_id in gone else json.dumps(_row(row))
            for row, going in zip(jobs, is_open, strict=True)
            if not going
        ),
        frozenset(row.job_id for row in jobs),
    )


def holds(text: str) -> Callable[[str], bool]:
    """What tells whether a text holds a run's or a model's id; the text is read once for all of them.

    Runs of figures as long as two ids are digests nearly always: they are searched, not taken apart.
    """
    ids: set[str] = set()
    digests: list[str] = []
    for found in _FIGURES.finditer(text):
        begin, end = found.span()
        if text.startswith("m-", max(0, begin - 2)):
            ids.add(text[begin - 2 : begin + _LENGTH])
        if end - begin >= 2 * _LENGTH:
            digests.append(found[0])
        else:
            ids |= {text[at : at + _LENGTH] for at in range(begin, end - _LENGTH + 1)}
    rest = "\n".join(digests)

    def is_held(name: str) -> bool:
        return name in ids or name in rest if _ID.fullmatch(name) else name in text

    return is_held


def given_up(entries: Iterable[Mapping[str, Any]], before_s: float) -> set[str]:
    """The jobs whose every deployed version was deleted before a moment, by the audit trail.

    Args:
        entries: The trail's rows about deploying and deleting, in their order.
        before_s: In seconds since 1970.
    """
    before = datetime.fromtimestamp(before_s, UTC)
    # By job: the versions that are there, and deployments of which nobody knows how they ended.
    standing: dict[str, set[tuple[str, str]]] = defaultdict(set)
    unended: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        details = json.loads(entry["details"])
        if entry["action"] == DELETE:
            if entry["outcome"] == "done" and datetime.fromisoformat(entry["time"]) < before:
                for versions in standing.values():
                    versions -= {each for each in versions if _deletes(entry["subject"], details, *each)}
            continue
        job = str(details.get("job_id", ""))
        standing[job] |= {(str(details["model"]), str(details["number"]))} if "number" in details else set()
        if entry["outcome"] == "begun":
            unended[job].add(entry["sequence"])
        else:
            unended[job].discard(details.get("begun", 0))
            # A deployment that was refused before it made a version says nothing.
            if "number" not in details and not standing[job]:
                del standing[job]
    return {job for job, versions in standing.items() if not versions and not unended[job]}


def _deletes(subject: str, details: Mapping[str, Any], name: str, number: str) -> bool:
    if "versions" in details:
        return subject == f"model {name}" and number in details["versions"]
    return subject == f"model {name} version {number}"


def _row(row: Any) -> Sequence[str]:
    return [row.wanted, row.run_id, row.results]


def _without_model(row: Any) -> str:
    """What a job names but for its run and the model that it left."""
    model = json.loads(row.results or "{}").get("model")
    made = str(model.get("model_id", "")) if isinstance(model, dict) else ""
    text = json.dumps(_row(row))
    for name in (row.run_id, made):
        text = text.replace(name, "") if name else text
    return text
