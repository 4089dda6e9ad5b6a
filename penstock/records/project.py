"""Projects: whose data sets, jobs and models are whose; each has an MLflow experiment with its rights."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

PROJECTS = sa.Table(
    "penstock_projects",
    METADATA,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("experiment_id", sa.String(64), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("limits", sa.Text, nullable=False),
    sa.Column("dataset_retention_days", sa.Double, nullable=False),
)


IS_MADE = ~PROJECTS.c.experiment_id.startswith("making ")
"""Projects whose experiment and rights are there; of the others nobody hears."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project.

    Attributes:
        owner: The user whose it is.
        name: Its name, plain enough for a folder.
        experiment_id: Its MLflow experiment, which is called `owner/name`.
        description: What it is for.
        created_s: When it was made, in seconds since 1970.
        limits: JSON of `jobs.job.Limits` and of `jobs_at_once`, where they are not the settings'.
        dataset_retention_days: How long its data sets are kept; 0: as the settings say.
    """

    owner: str
    name: str
    experiment_id: str
    description: str = ""
    created_s: float = 0.0
    limits: str = "{}"
    dataset_retention_days: float = 0.0

    @property
    def path(self) -> str:
        """`owner/name`, by which it is called."""
        return f"{self.owner}/{self.name}"


class ProjectStore:
    """The projects in the database; usable from several threads and processes."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def begin(self, project: Project) -> str:
        """Note that a project is being made; the mark of that, an earlier one's that was cut off or goes on.

        Raises:
            sqlalchemy.exc.IntegrityError: The owner has one of that name.
        """
        mark = f"making {uuid.uuid4()}"
        this = (PROJECTS.c.owner == project.owner) & (PROJECTS.c.name == project.name) & ~IS_MADE
        with self._database.begin() as connection:
            earlier = connection.scalar(sa.select(PROJECTS.c.experiment_id).where(this))
            if earlier is None:
                values = asdict(project) | {"experiment_id": mark}
                connection.execute(sa.insert(PROJECTS).values(values))
        return mark if earlier is None else str(earlier)

    def finish(self, project: Project, mark: str) -> bool:
        """Keep a project that was begun, now with its experiment; False where another has just done so."""
        this = PROJECTS.c.experiment_id == mark
        with self._database.begin() as connection:
            return bool(connection.execute(sa.update(PROJECTS).where(this).values(asdict(project))).rowcount)

    def give_up(self, mark: str) -> None:
        """Forget a project that was begun and cannot be made."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(PROJECTS).where(PROJECTS.c.experiment_id == mark))

    def put(self, project: Project) -> Project:
        """Keep what has become of a project."""
        this = (PROJECTS.c.owner == project.owner) & (PROJECTS.c.name == project.name)
        with self._database.begin() as connection:
            connection.execute(sa.update(PROJECTS).where(this).values(asdict(project)))
        return project

    def get(self, path: str) -> Project | None:
        """The project that is called `owner/name`; None where there is none."""
        owner, _, name = path.partition("/")
        found = self._found((PROJECTS.c.owner == owner) & (PROJECTS.c.name == name))
        return found[0] if found else None

    def listed(self, owner: str = "") -> list[Project]:
        """All projects, or one owner's, by their names."""
        return self._found(PROJECTS.c.owner == owner if owner else sa.true())

    def remove(self, project: Project) -> None:
        """Forget a project."""
        this = (PROJECTS.c.owner == project.owner) & (PROJECTS.c.name == project.name)
        with self._database.begin() as connection:
            connection.execute(sa.delete(PROJECTS).where(this))

    def _found(self, which: sa.ColumnElement[bool]) -> list[Project]:
        query = sa.select(PROJECTS).where(which & IS_MADE).order_by(PROJECTS.c.owner, PROJECTS.c.name)
        with self._database.begin(is_read_only=True) as connection:
            return [_project(row) for row in connection.execute(query)]


def _project(row: sa.Row[Any]) -> Project:
    return Project(**dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's documented name
