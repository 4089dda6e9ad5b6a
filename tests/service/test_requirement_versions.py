"""What a requirement has found becomes a version, whatever became of earlier ones and of an earlier try."""

import uuid
from dataclasses import replace

import pytest

from penstock.jobs.job import Wanted
from penstock.people.person import Person
from penstock.services import deploying, projects, requirements
from tests.service.worked_off import run_desk

ANA = Person("ana", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("requirements")) as made:
        yield made


@pytest.fixture
def name(desk):
    return f"churn-{uuid.uuid4().hex[:6]}"


def job(desk, name, stage="Staging"):
    """A requirement that was met."""
    project = projects.own_default(desk, ANA)
    run_id = desk.client.create_run(project.experiment_id).info.run_id
    model = desk.client.create_logged_model(project.experiment_id, source_run_id=run_id)
    desk.client.finalize_logged_model(model.model_id, "READY")
    wanted = Wanted("main", "ana", project.path, {}, "training.json", asked={"model_name": name})
    found = {
        "model_id": model.model_id,
        "has_passed": True,
        "stage": stage,
        "tags": {"penstock.gate": "pass"},
    }
    made = replace(desk.jobs.add(wanted), state="completed", run_id=run_id, results={"model": found})
    return desk.jobs.put(made)


def deployed(desk, job):
    return requirements.settle(desk, job).results["deployed"]


def test_its_version_follows_the_highest(desk, name):
    assert [deployed(desk, job(desk, name))["version"] for _ in range(2)] == ["1.0.0", "2.0.0"]
    desk.client.delete_model_version(name, "1")
    assert deployed(desk, job(desk, name))["version"] == "3.0.0"


def test_a_version_that_another_took_meanwhile_is_chosen_anew(desk, name, monkeypatch):
    deployed(desk, job(desk, name))
    chosen = iter(["1.0.0", "7.0.0"])
    monkeypatch.setattr(requirements, "_next", lambda _: next(chosen))
    told = deployed(desk, job(desk, name))
    assert (told["version"], told["status"]) == ("7.0.0", "staged")


@pytest.mark.parametrize(("stage", "status"), [("Staging", "staged"), ("Production", "production")])
def test_one_that_was_cut_off_before_its_stage_goes_on(desk, name, monkeypatch, stage, status):
    ended = job(desk, name, stage)

    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deploying, "ensure_route", cut_off)
        with pytest.raises(KeyboardInterrupt):
            deployed(desk, ended)
    told = deployed(desk, ended)
    assert (told["version"], told["status"]) == ("1.0.0", status)
    assert desk.client.get_model_version(name, "1").current_stage == stage
