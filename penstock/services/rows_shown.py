"""Rows of a data set as people and programs fetch them; every look is on the audit trail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.problems import BadRequest
from penstock.records.dataset import Dataset
from penstock.services import datasets, kept_rows

MOST_ROWS = 1000


def preview(
    desk: Desk, person: Person, dataset_id: str, *, part: str = "", offset: int = 0, most: int = 20
) -> tuple[list[str], list[dict[str, Any]]]:
    """Some rows, by column, and the columns' names.

    Raises:
        NotFound: There is no such data set, or the person may not know of it.
        Conflict: Its rows are not there yet.
    """
    path = _file(desk, person, dataset_id, part, "rows")
    return kept_rows.first_rows(path, offset=offset, most=min(most, MOST_ROWS))


def as_csv(
    desk: Desk, person: Person, dataset_id: str, *, part: str = "", is_raw: bool = False
) -> Iterator[bytes]:
    """All rows as CSV, piece by piece; raises as `preview`, before the first piece."""
    return kept_rows.csv_pieces(_file(desk, person, dataset_id, part, "csv"), is_raw=is_raw)


def as_parquet(desk: Desk, person: Person, dataset_id: str, *, part: str = "") -> Path:
    """The file of all rows; raises as `preview`."""
    return _file(desk, person, dataset_id, part, "parquet")


def _file(desk: Desk, person: Person, dataset_id: str, part: str, form: str) -> Path:
    dataset = datasets.ready(desk, person, dataset_id, Level.READ)
    name = _name(dataset, part)
    details = {"form": form} | ({"part": part} if part else {})
    event = Event("dataset.read", f"dataset {dataset_id}", dataset.project, details=details)
    desk.trail.record(person, event)
    return kept_rows.rows_file(desk, dataset.run_id, name)


def _name(dataset: Dataset, part: str) -> str:
    if dataset.origin == "split":
        return f"{part or datasets.PARTS[0]}.parquet"
    if part:
        raise BadRequest("only a data set that was split has parts; leave part out")
    return "rows.parquet"
