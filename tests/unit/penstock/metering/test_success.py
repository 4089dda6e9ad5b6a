"""The figures of success from Penstock's own tables."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.audit.trail import Event, Trail
from penstock.jobs.job import Wanted
from penstock.jobs.store import JobStore
from penstock.metering.served import Served, served
from penstock.metering.success import DAY_S, active_users, counts, requirement_to_production_s
from penstock.people.person import Person
from penstock.records.project import Project, ProjectStore
from penstock.services.versions import JOB, Held
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, Move
from tests.unit.penstock.records.project_fixtures import kept

NOW_S = 1_800_000_000.0


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/penstock.db")


def acted(database: Database, name: str, ago_s: float) -> None:
    when = datetime.fromtimestamp(NOW_S - ago_s, UTC)
    Trail(database, lambda: when).record(Person(name), Event("login", "user"))


def test_who_did_anything_within_a_span_is_active(database: Database) -> None:
    for name, ago_s in (("old", 9 * DAY_S), ("ann", 3 * DAY_S), ("bob", 60.0), ("bob", 30.0)):
        acted(database, name, ago_s)
    assert active_users(database, NOW_S, (DAY_S, 7 * DAY_S)) == [1, 2]


def test_a_key_stands_for_its_owner(database: Database) -> None:
    acted(database, "ann (key nightly)", 20.0)
    acted(database, "ann", 10.0)
    assert active_users(database, NOW_S, (DAY_S,)) == [1]


def test_what_the_platform_does_by_itself_is_nobodys(database: Database) -> None:
    acted(database, "penstock", 20.0)
    acted(database, "ann", 10.0)
    assert active_users(database, NOW_S, (DAY_S,)) == [1]


def test_a_project_that_is_being_made_is_not_counted(database: Database) -> None:
    ProjectStore(database, lambda: NOW_S).begin(Project("ann", "p", ""))
    assert counts(database).projects == 0


def test_projects_and_jobs_are_counted_by_state(database: Database) -> None:
    kept(ProjectStore(database, lambda: NOW_S), Project("ann", "p", "1"))
    JobStore(database, lambda: NOW_S).add(Wanted("train", "ann", "ann/p", {}))
    found = counts(database)
    assert (found.projects, found.jobs["pending"], found.jobs["failed"]) == (1, 1, 0)


def test_the_time_to_production_is_from_a_models_first_job(database: Database) -> None:
    jobs = [
        JobStore(database, lambda at=at: at).add(Wanted("train", "ann", "ann/p", {})) for at in (100.0, 50.0)
    ]
    versions = [held("churn", str(n), job.job_id) for n, job in enumerate(jobs, 1)]
    promoted(database, "churn", 350.0)
    promoted(database, "churn", 900.0)
    assert requirement_to_production_s(database, versions) == 300.0


def test_models_that_no_job_made_or_nobody_promoted_have_no_such_time(database: Database) -> None:
    job = JobStore(database, lambda: 1.0).add(Wanted("train", "ann", "ann/p", {}))
    promoted(database, "other", 5.0)
    assert requirement_to_production_s(database, [held("churn", "1", job.job_id)]) is None


def test_gateways_counts_are_added_up() -> None:
    lane = 'model="a \\"b\\"",version="1",variant="it"'
    lines = (
        "# HELP penstock_predictions_total Rows.",
        f"penstock_predictions_total{{{lane}}} 5.0",
        f'penstock_requests_total{{{lane},code="200"}} 3.0',
        f'penstock_requests_total{{{lane},code="503"}} 1.0',
        f'penstock_request_seconds_bucket{{{lane},le="0.5"}} 4.0',
        f'penstock_request_seconds_bucket{{{lane},le="+Inf"}} 4.0',
    )
    text = "\n".join(lines)
    found = served([text, text])
    assert found == Served(10, 8, 2, 0.25, pytest.approx(0.495))


def held(name: str, number: str, job_id: str) -> Held:
    return Held(name, number, "None", 0, "", "", "", {JOB: job_id})


def promoted(database: Database, model: str, at_s: float) -> None:
    when = datetime.fromtimestamp(at_s, UTC)
    Journal(database).append([Move(when, model, "1", "None", "Production", "promote", "ann", "")])
