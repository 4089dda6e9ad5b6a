"""Whose naming of a run or a model counts, and when a training counts as given up by its person."""

import hashlib
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.jobs.job import Wanted
from penstock.people.person import Person
from penstock.records.dataset import Dataset
from penstock.tidying.named import holds, named
from serving.settings import load

ADA = Person("ada")
RUN, MODEL = "b" * 32, f"m-{'c' * 32}"
AFTER_S = (datetime.now(UTC) + timedelta(days=1)).timestamp()


@pytest.fixture
def desk(tmp_path):
    return Desk(load({"PENSTOCK_VAR_DIR": str(tmp_path)}))


def trained(desk, state="completed"):
    job = desk.jobs.add(Wanted("train", "ada", "ada/p", {"data": "runs:/" + "d" * 32}))
    desk.jobs.put(
        replace(job, state=state, run_id=RUN, results={"model": {"model_id": MODEL}, "run_id": RUN})
    )
    return job.job_id


def deploy(desk, job_id, number="1", name="churn"):
    with desk.trail.doing(
        ADA, Event("model.deploy", f"model {name}", details={"job_id": job_id, "model": name})
    ) as more:
        more["number"] = number


def delete(desk, subject="model churn version 1", **details):
    desk.trail.record(ADA, Event("model.delete", subject, details=details))


def is_named(desk, before_s=AFTER_S):
    found = named(desk.database, before_s)
    assert not found.in_use.strip("[], ")
    return RUN in found.shown or MODEL in found.shown


def test_an_open_job_and_a_data_set_hold_in_any_case(desk):
    job_id = trained(desk, "running")
    desk.datasets.add(Dataset("set", "ada/p", "ada", "set", run_id="a" * 32))
    desk.datasets.add(Dataset("old", "ada/p", "ada", "old", run_id="e" * 32, removed_s=1.0))
    found = named(desk.database, AFTER_S)
    assert [each in found.in_use for each in (RUN, "a" * 32, "e" * 32)] == [True, True, False]
    assert (found.shown, found.jobs) == ("", {job_id})


def test_what_was_never_deployed_is_named_as_long_as_its_job_is_shown(desk):
    trained(desk)
    assert is_named(desk)


def test_a_training_whose_every_version_was_deleted_is_named_no_more(desk):
    job_id = trained(desk)
    deploy(desk, job_id, "1")
    deploy(desk, job_id, "2")
    delete(desk, "model churn version 1")
    assert is_named(desk)
    delete(desk, "model churn", versions=["2", "3"])
    assert not is_named(desk)
    assert "d" * 32 in named(desk.database, AFTER_S).shown
    assert is_named(desk, before_s=AFTER_S - 2 * 86_400)


def test_a_version_of_another_name_or_number_is_not_it(desk):
    deploy(desk, trained(desk))
    delete(desk, "model churn version 11")
    delete(desk, "model other version 1")
    delete(desk, "model other", versions=["1"])
    assert is_named(desk)


def test_what_was_deployed_again_after_the_deletion_is_named(desk):
    job_id = trained(desk)
    deploy(desk, job_id)
    delete(desk)
    deploy(desk, job_id)
    assert is_named(desk)


def test_a_deployment_whose_end_is_not_known_holds(desk):
    job_id = trained(desk)
    deploy(desk, job_id)
    delete(desk)
    details = {"job_id": job_id, "model": "churn"}
    desk.trail.record(ADA, Event("model.deploy", "model churn", outcome="begun", details=details))
    assert is_named(desk)


def test_another_job_that_is_shown_names_it_still(desk):
    job_id = trained(desk)
    deploy(desk, job_id)
    delete(desk)
    other = desk.jobs.add(Wanted("evaluate", "ada", "ada/p", {"run": RUN}))
    desk.jobs.put(replace(other, state="failed"))
    assert is_named(desk)


A, B = "0123456789abcdef" * 2, "f" * 32


@pytest.mark.parametrize("text", [A, f"x{A}", f"_{A}_", f"\\n{A}", f"{B}{A}9", f"m-{A}", f"/{A}/artifacts"])
def test_an_id_is_found_wherever_it_stands(text):
    assert holds(text)(A)
    assert not holds(text)("e" * 32)


def test_a_models_id_is_found_by_its_mark():
    assert holds(f"models:/m-{A}")(f"m-{A}")
    assert holds(f"models:/m-{A}{B}{B}")(f"m-{A}")
    assert not holds(f"models:/{A}")(f"m-{A}")


def test_a_digest_is_searched_and_not_taken_apart():
    told = ",".join(hashlib.sha256(str(at).encode()).hexdigest() for at in range(2_000))
    tracemalloc.start()
    is_held = holds(told)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert is_held(told[20:52])
    assert not is_held("e" * 32)
    assert most < 10 * len(told)


def test_an_id_of_another_form_is_looked_for_as_it_is():
    assert holds("runs:/run-7/model")("run-7")
    assert not holds("runs:/run-8/model")("run-7")
