"""What jobs and data took, and what that costs, by project and by day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastapi import APIRouter, Response

from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.visit import Visit, VisitOf
from penstock.jobs.costs import Row
from penstock.services import jobs

router = APIRouter(route_class=PageRoute)
DAY_S = 86_400.0
SPANS = ((7, "7 days"), (30, "30 days"), (90, "90 days"))
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Total:
    """What several rows took together."""

    name: str
    jobs: int
    core_hours: float
    memory_gb_hours: float
    storage_gb_days: float
    cost: float


@router.get("/usage")
def index(visit: VisitOf, project: str = "", days: int = 30) -> Response:
    """The report."""
    span = days if days in dict(SPANS) else 30
    report = jobs.usage(
        visit.desk, visit.person, project=project, since_s=visit.desk.now_s() - (span - 1) * DAY_S
    )
    by_project = _by(report.rows, lambda row: row.project)
    by_day = _by(report.rows, lambda row: row.day)
    return visit.page(
        "usage.html",
        "Usage and cost",
        crumbs=crumbs_of(project) if project else (),
        report=report,
        whole=_total("All", report.rows),
        by_project=sorted(by_project, key=lambda it: (-it.cost, -it.core_hours, it.name))[:MOST_SHOWN],
        by_owner=_by(report.rows, lambda row: row.owner)[:MOST_SHOWN],
        by_day=list(reversed(by_day))[:MOST_SHOWN],
        has_prices=_has_prices(visit),
        project=project,
        days=span,
        spans=SPANS,
    )


def _has_prices(visit: Visit) -> bool:
    settings = visit.desk.settings
    return any((settings.price_core_hour, settings.price_gb_hour, settings.price_gb_month))


def _by(rows: Iterable[Row], key: Callable[[Row], str]) -> list[Total]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(key(row), []).append(row)
    return [_total(name, found) for name, found in sorted(grouped.items())]


def _total(name: str, rows: Iterable[Row]) -> Total:
    found = list(rows)
    return Total(
        name,
        sum(row.jobs for row in found),
        sum(row.core_hours for row in found),
        sum(row.memory_gb_hours for row in found),
        sum(row.storage_gb_days for row in found),
        sum(row.cost for row in found),
    )
