"""The figures of success."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body
from penstock.services import figures as book
from penstock.services import jobs
from penstock.services.figures import Figures

router = APIRouter(tags=["watching"])
MILLI = 1000


class Users(Body):
    """People who did anything."""

    day: int
    week: int


class Latency(Body):
    """How fast answers are, in milliseconds; null where there were none."""

    p50_ms: float | None
    p99_ms: float | None
    per_second: float | None


class Gpu(Body):
    """A GPU in use."""

    used_share: float
    memory_used_bytes: int
    memory_total_bytes: int


class Machine(Body):
    """The machine in use."""

    memory_used_bytes: int
    memory_total_bytes: int
    api_bytes: int = Field(description="Resident memory of the API's process.")
    cpu_share: float
    gpus: list[Gpu]


class Cost(Body):
    """What thirty days cost, by the settings' prices."""

    currency: str
    last_30_days: float


class FiguresShown(Body):
    """How the platform does."""

    status: str = "success"
    taken_at: str
    active_users: Users
    projects: int
    datasets: int
    jobs: dict[str, int]
    models: int
    models_in_production: int
    predictions_served: int | None = Field(description="Since the gateways started.")
    requirement_to_production_s: float | None = Field(
        description="The median time from a model's first job to its first version in production."
    )
    predictions: Latency
    api: Latency
    api_uptime_s: float
    machine: Machine
    cost: Cost = Field(description="Of the projects that you may see.")
    missing: list[str] = Field(description="What could not be told, and why.")


@router.get("/api/ml/figures", summary="How the platform does")
def figures(desk: DeskOf, person: PersonOf) -> FiguresShown:
    """Active users, what is served and how fast, the time from a requirement to its use, and the cost."""
    return _shown(book.current(desk, person), jobs.usage(desk, person).cost)


def _shown(found: Figures, cost: float) -> FiguresShown:
    served, used = found.served, found.hardware
    return FiguresShown(
        taken_at=datetime.fromtimestamp(found.taken_s, UTC).isoformat(timespec="seconds"),
        active_users=Users(day=found.slow.active_day, week=found.slow.active_week),
        projects=found.counts.projects,
        datasets=found.counts.datasets,
        jobs=dict(found.counts.jobs),
        models=found.models,
        models_in_production=found.in_production,
        predictions_served=served.predictions if served else None,
        requirement_to_production_s=found.slow.to_production_s,
        predictions=Latency(
            p50_ms=_ms(served.p50_s if served else None),
            p99_ms=_ms(served.p99_s if served else None),
            per_second=found.predictions_per_s,
        ),
        api=Latency(p50_ms=_ms(found.api_p50_s), p99_ms=_ms(found.api_p99_s), per_second=found.api_per_s),
        api_uptime_s=found.uptime_s,
        machine=Machine(
            memory_used_bytes=used.memory_used_bytes,
            memory_total_bytes=used.memory_total_bytes,
            api_bytes=used.process_bytes,
            cpu_share=used.cpu_share,
            gpus=[
                Gpu(
                    used_share=each.used_share,
                    memory_used_bytes=each.used_bytes,
                    memory_total_bytes=each.total_bytes,
                )
                for each in used.gpus
            ],
        ),
        cost=Cost(currency=found.currency, last_30_days=cost),
        missing=list(found.missing),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else MILLI * seconds
