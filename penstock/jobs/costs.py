"""What jobs and data sets took, by day, user and project, and what that costs by the settings' prices."""

import csv
import io
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime

import sqlalchemy as sa

from penstock.jobs.job import Usage
from penstock.jobs.store import JOBS
from penstock.records.dataset import DATASETS
from penstock.spreadsheets import safe
from serving.lifecycle.database import METADATA, Database
from serving.settings import Settings

USAGE = sa.Table(
    "penstock_usage",
    METADATA,
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("owner", sa.String(255), primary_key=True),
    sa.Column("project", sa.String(400), primary_key=True),
    sa.Column("jobs", sa.Integer, nullable=False),
    sa.Column("core_s", sa.Double, nullable=False),
    sa.Column("memory_gb_s", sa.Double, nullable=False),
    sa.Column("wall_s", sa.Double, nullable=False),
    sa.Column("peak_bytes", sa.BigInteger, nullable=False),
    sa.Column("disk_bytes", sa.BigInteger, nullable=False),
)
HOUR_S, DAY_S = 3600.0, 86_400.0
MONTH_S = 30 * DAY_S
GB = 1e9


@dataclass(frozen=True, slots=True)
class Row:
    """What one user's work in one project took on one day, UTC.

    Attributes:
        day: `YYYY-MM-DD`; of a job: the day on which it ended.
        owner: Whose jobs, or whose data sets.
        project: `owner/name`.
        jobs: How many ended.
        core_hours: Of all their processes.
        memory_gb_hours: Their peak memory over their time.
        wall_hours: Workers' time.
        peak_bytes: The most memory that one of them took.
        disk_bytes: What they left.
        storage_gb_days: Gigabytes of data sets, their files and the rows made of them, over that day.
        cost: By the settings' prices.
    """

    day: str
    owner: str
    project: str
    jobs: int = 0
    core_hours: float = 0.0
    memory_gb_hours: float = 0.0
    wall_hours: float = 0.0
    peak_bytes: int = 0
    disk_bytes: int = 0
    storage_gb_days: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What was taken in a time, and what it costs."""

    currency: str
    since: str
    until: str
    rows: tuple[Row, ...]

    @property
    def cost(self) -> float:
        """Of all rows."""
        return sum(row.cost for row in self.rows)

    def as_data(self) -> dict[str, object]:
        """Itself as plain JSON."""
        rows = [asdict(row) for row in self.rows]
        return {
            "currency": self.currency,
            "since": self.since,
            "until": self.until,
            "cost": self.cost,
            "rows": rows,
        }

    def as_csv(self) -> str:
        """Itself as CSV; a cell that a spreadsheet would take for a formula bears an apostrophe."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [field.name for field in fields(Row)]
        writer.writerow([*names, "currency"])
        for row in self.rows:
            writer.writerow([_cell(getattr(row, name)) for name in names] + [_cell(self.currency)])
        return text.getvalue()


def book(
    connection: sa.Connection, *, owner: str, project: str, usage: Usage, now_s: float, jobs: int
) -> None:
    """Add what a start of a job took to its day, in the transaction that notes its end.

    Args:
        connection: The transaction; it holds `shares.lock`.
        owner: Whose job.
        project: Its project.
        usage: What this start took.
        now_s: When it ended.
        jobs: 1 where the job is over with it, 0 where it starts again.
    """
    key = {"day": _day(now_s), "owner": owner, "project": project}
    this = sa.and_(*(USAGE.c[name] == value for name, value in key.items()))
    found = connection.execute(sa.select(USAGE).where(this)).first()
    had = found._mapping if found else {}  # noqa: SLF001 - SQLAlchemy's documented name
    values = {
        "jobs": had.get("jobs", 0) + jobs,
        "core_s": had.get("core_s", 0.0) + usage.core_s,
        "memory_gb_s": had.get("memory_gb_s", 0.0) + usage.peak_bytes / GB * usage.wall_s,
        "wall_s": had.get("wall_s", 0.0) + usage.wall_s,
        "peak_bytes": max(had.get("peak_bytes", 0), usage.peak_bytes),
        "disk_bytes": had.get("disk_bytes", 0) + usage.disk_bytes,
    }
    statement = sa.update(USAGE).where(this) if found else sa.insert(USAGE)
    connection.execute(statement.values(**values) if found else statement.values(**key, **values))


def report(
    database: Database,
    settings: Settings,
    projects: Collection[str] | None,
    *,
    since_s: float,
    until_s: float,
    now_s: float,
) -> Report:
    """What was taken on the days from one moment's to another's, both with it.

    Args:
        database: Penstock's.
        settings: The prices.
        projects: Only of these; None for all.
        since_s: The first day's moment.
        until_s: The last day's moment.
        now_s: Until when data sets have been stored so far.
    """
    found = _jobs(database, projects, _day(since_s), _day(until_s))
    for key, gb_days in _storage(database, projects, since_s, min(until_s, now_s), now_s).items():
        found[key] = replace(found.get(key) or Row(*key), storage_gb_days=gb_days)
    rows = tuple(replace(row, cost=_cost(row, settings)) for _, row in sorted(found.items()))
    return Report(settings.price_currency, _day(since_s), _day(until_s), rows)


_Key = tuple[str, str, str]


def _jobs(database: Database, projects: Collection[str] | None, first: str, last: str) -> dict[_Key, Row]:
    query = sa.select(USAGE).where(USAGE.c.day.between(first, last))
    if projects is not None:
        query = query.where(USAGE.c.project.in_(projects))
    with database.begin(is_read_only=True) as connection:
        rows = connection.execute(query).all()
    return {
        (row.day, row.owner, row.project): Row(
            day=row.day,
            owner=row.owner,
            project=row.project,
            jobs=row.jobs,
            core_hours=row.core_s / HOUR_S,
            memory_gb_hours=row.memory_gb_s / HOUR_S,
            wall_hours=row.wall_s / HOUR_S,
            peak_bytes=row.peak_bytes,
            disk_bytes=row.disk_bytes,
        )
        for row in rows
    }


def _storage(
    database: Database, projects: Collection[str] | None, since_s: float, until_s: float, now_s: float
) -> dict[_Key, float]:
    """Gigabyte days of data sets by day, owner and project: the files that came, what their jobs left."""
    size = (DATASETS.c.size_bytes + sa.func.coalesce(JOBS.c.disk_bytes, 0)).label("size_bytes")
    columns = (DATASETS.c.owner, DATASETS.c.project, DATASETS.c.created_s, DATASETS.c.removed_s, size)
    both = DATASETS.outerjoin(JOBS, JOBS.c.job_id == DATASETS.c.job_id)
    query = sa.select(*columns).select_from(both).where(size > 0)
    if projects is not None:
        query = query.where(DATASETS.c.project.in_(projects))
    with database.begin(is_read_only=True) as connection:
        rows = connection.execute(query).all()
    found: dict[_Key, float] = {}
    begin, end = _midnight(since_s), _midnight(until_s) + DAY_S
    for row in rows:
        first_s, last_s = max(row.created_s, begin), min(row.removed_s or now_s, end, now_s)
        while first_s < last_s:
            next_s = _midnight(first_s) + DAY_S
            key = (_day(first_s), row.owner, row.project)
            share = (min(next_s, last_s) - first_s) / DAY_S
            found[key] = found.get(key, 0.0) + row.size_bytes / GB * share
            first_s = next_s
    return found


def _cost(row: Row, settings: Settings) -> float:
    return (
        row.core_hours * settings.price_core_hour
        + row.memory_gb_hours * settings.price_gb_hour
        + row.storage_gb_days * DAY_S / MONTH_S * settings.price_gb_month
    )


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else safe(str(value))


def _day(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).strftime("%Y-%m-%d")


def _midnight(moment_s: float) -> float:
    day: date = datetime.fromtimestamp(moment_s, UTC).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
