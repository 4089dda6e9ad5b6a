"""Data sets: a file that came, the clean rows that a run made of it, and where both are."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from penstock.records.cursor import Cursor
from serving.lifecycle.database import METADATA, Database

DATASETS = sa.Table(
    "penstock_datasets",
    METADATA,
    sa.Column("dataset_id", sa.String(36), primary_key=True),
    sa.Column("project", sa.String(400), nullable=False),
    sa.Column("owner", sa.String(255), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("origin", sa.String(20), nullable=False),
    sa.Column("parent_id", sa.String(36), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("job_id", sa.String(36), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("target_column", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("removed_s", sa.Double, nullable=False),
    sa.Index("penstock_datasets_project", "project", "created_s"),
    sa.Index("penstock_datasets_sha256", "sha256"),
    sa.Index("penstock_datasets_run", "run_id"),
)
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set; times in seconds since 1970, 0 for not yet.

    Attributes:
        dataset_id: A UUID.
        project: `owner/name` of the project.
        owner: Who brought it.
        name: What people call it.
        origin: `upload`, `clean`, `select` or `split`.
        parent_id: The data set that it was made from; empty for none.
        file: Where the file that came lies, below the projects' folder; empty where none came.
        sha256: The digest of that file, or of the clean rows where none came.
        size_bytes: What the file takes.
        job_id: The job that made its rows.
        run_id: The MLflow run that holds its clean rows, `runs:/RUN_ID` for other steps; empty until then.
        rows: How many rows it has.
        target_column: What is to be predicted; empty where nobody said.
        profile: `column_names`, `dtypes`, `missing_values` (by column), `numeric_stats`.
        created_s: When it came.
        removed_s: When its file and rows were removed; the record stays for lineage.
    """

    dataset_id: str
    project: str
    owner: str
    name: str
    origin: str = "upload"
    parent_id: str = ""
    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    job_id: str = ""
    run_id: str = ""
    rows: int = 0
    target_column: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)
    created_s: float = 0.0
    removed_s: float = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether other steps can read it."""
        return bool(self.run_id) and not self.removed_s


class DatasetStore:
    """The data sets in the database; usable from several threads and processes."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def add(self, dataset: Dataset) -> Dataset:
        """Keep a new data set."""
        with self._database.begin() as connection:
            connection.execute(sa.insert(DATASETS).values(_row(dataset)))
        return dataset

    def change(
        self, dataset_id: str, changes: Mapping[str, Any], *, removed_s: float = 0.0
    ) -> Dataset | None:
        """Change some columns of a data set, and no other; None, and nothing done, where it is gone.

        Args:
            dataset_id: Which.
            changes: The new values, by the names of `Dataset`.
            removed_s: Only the one that was removed just then; by default only one that was not.
        """
        told = dict(changes)
        if "profile" in told:
            told["profile"] = _json(told["profile"])
        this = (DATASETS.c.dataset_id == dataset_id) & (DATASETS.c.removed_s == removed_s)
        with self._database.begin() as connection:
            if not connection.execute(sa.update(DATASETS).where(this).values(told)).rowcount:
                return None
            which = sa.select(DATASETS).where(DATASETS.c.dataset_id == dataset_id)
            return _dataset(connection.execute(which).one())

    def drop(self, dataset_id: str) -> None:
        """Forget a data set that came to nothing."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(DATASETS).where(DATASETS.c.dataset_id == dataset_id))

    def get(self, dataset_id: str) -> Dataset | None:
        """A data set, also one that was removed; None where there is none of that id."""
        found = self.found(DATASETS.c.dataset_id == dataset_id)
        return found[0] if found else None

    def listed(
        self, projects: Collection[str] | None, *, before: Cursor | None = None, most: int = 50
    ) -> list[Dataset]:
        """Data sets that were not removed, newest first.

        Args:
            projects: Only of these; None for all.
            before: Only those behind this place of an earlier page.
            most: At most so many, and `MOST_LISTED`.
        """
        which = DATASETS.c.removed_s == 0
        if projects is not None:
            which &= DATASETS.c.project.in_(projects)
        if before is not None:
            mine = sa.tuple_(DATASETS.c.created_s, DATASETS.c.dataset_id)
            which &= mine < sa.tuple_(before.created_s, before.row_id)
        return self.found(which, most=min(most, MOST_LISTED))

    def found(self, which: sa.ColumnElement[bool], *, most: int | None = None) -> list[Dataset]:
        """Those that a condition on the table's columns holds for, newest first."""
        query = sa.select(DATASETS).where(which)
        query = query.order_by(DATASETS.c.created_s.desc(), DATASETS.c.dataset_id.desc()).limit(most)
        with self._database.begin(is_read_only=True) as connection:
            return [_dataset(row) for row in connection.execute(query)]


def _row(dataset: Dataset) -> dict[str, Any]:
    return asdict(dataset) | {"profile": _json(dataset.profile)}


def _json(profile: Mapping[str, Any]) -> str:
    return json.dumps(profile, ensure_ascii=False)


def _dataset(row: sa.Row[Any]) -> Dataset:
    kept = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    return Dataset(**kept | {"profile": json.loads(kept["profile"])})
