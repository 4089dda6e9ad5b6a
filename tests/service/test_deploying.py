"""A training's model is registered, called by its id, moved and deleted, in a real registry."""

import uuid
from dataclasses import replace
from datetime import timedelta

import mlflow.pyfunc
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.exceptions import MlflowException

from penstock.people.person import Person
from penstock.problems import Away, BadRequest, Conflict, NotFound
from penstock.services import broken_off as broken_off_module
from penstock.services import model_ids, model_moves, models, training
from penstock.services.deploying import Deploying
from penstock.services.model_routes import routes
from penstock.services.training_asked import Rows, Training
from serving.plan.load import digest
from tests.service.training_fixtures import answer_of, write_shop
from tests.service.worked_off import run_desk, uploaded, worked_off

ADA = Person("ada", is_admin=True)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with run_desk(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest.fixture(scope="module")
def dataset(desk, tmp_path_factory):
    return uploaded(desk, ADA, write_shop(tmp_path_factory.mktemp("shop"), "kept"), "kept")


@pytest.fixture(scope="module")
def job(desk, dataset):
    rows = Rows(dataset.dataset_id, task_type="classification")
    asked = Training(rows, "lightgbm", {"num_leaves": 7}, validation_size=0.0, cv=3)
    return worked_off(desk, training.train(desk, ADA, asked))


@pytest.fixture(scope="module")
def first(desk, job):
    asked = Deploying(job.job_id, "shop", "1.0.0", "the first", ("blue", "a b"))
    return models.deploy(desk, ADA, asked)


@pytest.fixture(scope="module")
def second(desk, job, first):
    return models.deploy(desk, ADA, Deploying(job.job_id, "shop", "1.1.0", promote_to_production=True))


def test_a_training_registers_nothing(desk, job):
    assert job.state == "completed", job.why
    assert "registered" not in job.results


def test_a_deployed_version_is_staged_and_has_the_users_version(first):
    assert (first.status, first.version) == ("staged", "1.0.0")
    assert first.message == "version 1.0.0 of 'shop' is deployed and staged"


def test_it_bears_the_tags_of_a_training_that_registers_by_itself(desk, dataset, first):
    words = (
        "--data",
        f"runs:/{dataset.run_id}",
        "--target",
        "kept",
        "--algorithm",
        "lightgbm",
        "--folds",
        "3",
    )
    answer_of("train", *words, "--name", "by itself")
    client = MlflowClient(desk.settings.tracking_uri)
    itself = client.get_model_version("by itself", "1").tags
    tags = client.get_model_version("shop", "1").tags
    assert itself.keys() - tags.keys() == set()
    assert tags["penstock.plan"] == itself["penstock.plan"] == "yes"


def test_the_plans_digest_is_that_of_the_versions_files(desk, first, tmp_path):
    folder = download_artifacts(
        "models:/shop/1", dst_path=str(tmp_path), tracking_uri=desk.settings.tracking_uri
    )
    tags = desk.client.get_model_version("shop", "1").tags
    assert tags["penstock.plan_sha256"] == digest(tmp_path / "plan")
    assert (tmp_path / "model_card.md").is_file(), folder


def test_it_answers_what_the_held_out_rows_say(desk, job, first):
    model = mlflow.pyfunc.load_model("models:/shop/1")
    rows = pd.DataFrame(job.results["evaluation"]["prediction_examples"])
    said = model.predict(rows[[column.name for column in model.metadata.get_input_schema()]])
    assert list(said) == list(rows["prediction"])


def test_a_route_of_its_id_leads_to_it(desk, first):
    found = routes(desk, ADA).models(())["shop"].route_tags[first.model_id]
    assert found == '{"variants": {"it": {"version": "1", "weight": 100}}}'


def test_its_id_is_found(desk, first):
    assert model_ids.find(desk, first.model_id) == ("shop", "1")


def test_an_unknown_id_is_not_found(desk, first):
    with pytest.raises(NotFound, match="there is no model with the id"):
        model_ids.find(desk, str(uuid.uuid4()))


def test_the_same_version_twice_is_refused(desk, job, first):
    with pytest.raises(Conflict, match=r"'shop' has a version 1\.0\.0 already; give this one"):
        models.deploy(desk, ADA, Deploying(job.job_id, "shop", "1.0.0"))


def test_a_training_that_is_not_over_cannot_be_deployed(desk, dataset):
    waiting = training.train(desk, ADA, Training(Rows(dataset.dataset_id), "knn"))
    with pytest.raises(Conflict, match="is pending, and only a completed one can be deployed"):
        models.deploy(desk, ADA, Deploying(waiting.job_id, "other"))


def test_an_unknown_training_is_not_found(desk):
    with pytest.raises(NotFound, match="there is no job"):
        models.deploy(desk, ADA, Deploying(str(uuid.uuid4()), "other"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "must have 1 to 200 marks"),
        ("a/b", "may not hold '/'"),
        ("a:b", "may not hold '/', ':'"),
        ("x" * 201, "must have 1 to 200 marks, not 201"),
        ("5a0c1f6e-6a55-5c0b-9d0e-5b1b0a3f7c1d", "looks like a model's id"),
        ("who?", "may not hold quotes"),
        ("..", "is no name for a registered model"),
    ],
)
def test_a_name_that_no_address_can_hold_is_refused(desk, job, name, said):
    with pytest.raises(BadRequest, match=said):
        models.deploy(desk, ADA, Deploying(job.job_id, name))


@pytest.mark.parametrize("version", ["", "1/2", "x" * 65, "1.0 ;drop", "\n"])
def test_a_version_that_is_no_plain_word_is_refused(desk, job, version):
    with pytest.raises(BadRequest, match=r"version must be like '1\.0\.0'"):
        models.deploy(desk, ADA, Deploying(job.job_id, "other", version))


def test_the_listing_tells_metrics_and_status(desk, job, first, second):
    found = {each.version: each for each in models.deployed(desk, ADA, name="shop")}
    said = job.results["evaluation"]["accuracy"]
    assert found["1.1.0"].status == "production"
    assert found["1.0.0"].metrics["accuracy"] == pytest.approx(said, rel=1e-5)
    assert (found["1.0.0"].algorithm, found["1.0.0"].tags) == ("lightgbm", ["blue", "a b"])


def test_a_status_that_there_is_not_is_refused(desk):
    with pytest.raises(BadRequest, match="status must be one of training, staged, production, archived"):
        models.deployed(desk, ADA, status="live")


def test_versions_are_moved_and_the_moves_are_kept(desk, job, first, second):
    promoted = model_moves.promote(desk, ADA, first.model_id, reason="better")
    assert promoted.message.startswith("version 1.0.0 of 'shop' is in production now")
    back = model_moves.rollback(desk, ADA, "shop", "1.1.0")
    assert (back.model_id, back.status) == (second.model_id, "production")
    assert model_moves.demote(desk, ADA, second.model_id).status == "staged"
    assert model_moves.archive(desk, ADA, second.model_id).status == "archived"
    moves = model_moves.history(desk, ADA, "shop")
    assert [move.action for move in moves][-4:] == ["replaced", "rollback", "demote", "archive"]
    assert {move.actor for move in moves} == {"ada"}


def test_a_card_tells_pictures_and_links(desk, job, first):
    card = models.one(desk, ADA, first.model_id)
    assert card.card.startswith("# ")
    assert "roc_curve.png" in card.plots
    assert models.file(desk, ADA, first.model_id, "roc_curve.png").content.startswith(b"\x89PNG")
    assert card.links["training_job"].endswith(job.job_id)


def test_a_version_that_a_route_leads_to_is_not_deleted(desk, job):
    made = models.deploy(desk, ADA, Deploying(job.job_id, "routed"))
    model_moves.archive(desk, ADA, made.model_id)
    text = '{"variants": {"a": {"version": "1", "weight": 100}}}'
    routes(desk, ADA).set("a test", text, model="routed")
    with pytest.raises(Conflict, match="route 'a test' leads to it; take it out of use first"):
        models.delete(desk, ADA, made.model_id)


def test_a_deleted_version_is_gone_with_its_route(desk, job):
    made = models.deploy(desk, ADA, Deploying(job.job_id, "short"))
    model_moves.archive(desk, ADA, made.model_id)
    models.delete(desk, ADA, made.model_id)
    with pytest.raises(NotFound):
        models.one(desk, ADA, made.model_id)
    assert made.model_id not in routes(desk, ADA).models(())["short"].route_tags


def test_a_search_leaves_no_model_to_deploy(desk, job):
    found = desk.jobs.add(replace(job.wanted, entry="tune"))
    desk.jobs.put(replace(found, state="completed", results={"best_params": {}}))
    with pytest.raises(Conflict, match="is a tune, which leaves no model"):
        models.deploy(desk, ADA, Deploying(found.job_id, "other"))


def test_a_model_that_is_not_of_the_jobs_own_run_is_not_registered(desk, job):
    foreign = desk.client.create_logged_model(desk.client.get_run(job.run_id).info.experiment_id)
    for named in (foreign.model_id, "m-nobody", ""):
        model = {**job.results["model"], "model_id": named}
        taken = desk.jobs.add(job.wanted)
        desk.jobs.put(
            replace(taken, state="completed", run_id=job.run_id, results={**job.results, "model": model})
        )
        with pytest.raises(Conflict, match="is not of its own run; train again"):
            models.deploy(desk, ADA, Deploying(taken.job_id, "stolen", "1.0.0"))
    assert not desk.client.search_registered_models("name='stolen'")


def test_a_training_says_nothing_that_is_the_platforms_to_say(desk, job):
    told = job.results["model"]["tags"] | {"penstock.project": "eve/own", "penstock.job": "x", "evil": "1"}
    taken = desk.jobs.add(job.wanted)
    results = {**job.results, "model": {**job.results["model"], "tags": told}}
    desk.jobs.put(replace(taken, state="completed", run_id=job.run_id, results=results))
    moved = models.deploy(desk, ADA, Deploying(taken.job_id, f"m{uuid.uuid4().hex[:6]}", "1.0.0"))
    tags = desk.client.get_model_version(moved.name, "1").tags
    assert "evil" not in tags
    assert (tags["penstock.project"], tags["penstock.job"]) == (job.wanted.project, taken.job_id)


AWAY = MlflowException("API request to /api/2.0/mlflow/ failed with exception: Connection refused")


def broken_off(monkeypatch, step, desk, job, asked):
    """Deploy while the registry goes away at a step; with its answer lost where the step was done."""
    act = getattr(MlflowClient, step)

    def away(self, *arguments, **options):
        if step == "create_model_version":
            act(self, *arguments, **options)
        raise AWAY

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, step, away)
        with pytest.raises(Away):
            models.deploy(desk, ADA, asked)


@pytest.mark.parametrize(
    "step", ["create_model_version", "set_registered_model_tag", "transition_model_version_stage"]
)
def test_a_deployment_that_broke_off_is_finished_by_its_repeat(desk, job, monkeypatch, step):
    asked = Deploying(job.job_id, f"off {step}", "2.0.0", tags=("old",), promote_to_production=True)
    broken_off(monkeypatch, step, desk, job, asked)
    moved = models.deploy(desk, ADA, replace(asked, description="again", tags=()))
    assert (moved.status, moved.version) == ("production", "2.0.0")
    versions = desk.versions.of(asked.model_name)
    assert [(each.number, each.stage, each.description) for each in versions] == [
        ("1", "Production", "again")
    ]
    assert "penstock.user_tags" not in versions[0].tags
    assert moved.model_id in routes(desk, ADA).models(())[asked.model_name].route_tags
    with pytest.raises(Conflict, match=r"has a version 2\.0\.0 already"):
        models.deploy(desk, ADA, asked)


def test_what_broke_off_is_not_taken_up_by_another_training_or_with_another_model(
    desk, job, first, monkeypatch
):
    asked = Deploying(job.job_id, "off for others", "1.0.0")
    broken_off(monkeypatch, "transition_model_version_stage", desk, job, asked)
    other = desk.jobs.add(job.wanted)
    desk.jobs.put(replace(other, state="completed", run_id=job.run_id, results=job.results))
    with pytest.raises(Conflict, match="give this one another version"):
        models.deploy(desk, ADA, replace(asked, training_job_id=other.job_id))
    forged = desk.client.create_model_version(
        "off for others", "models:/shop/1", job.run_id,
        tags={"penstock.job": job.job_id, "penstock.user_version": "3.0.0"},
    )  # fmt: skip
    with pytest.raises(Conflict, match="give this one another version"):
        models.deploy(desk, ADA, replace(asked, version="3.0.0"))
    assert desk.client.get_model_version("off for others", forged.version).current_stage == "None"


def test_a_number_that_is_given_again_does_not_pass_for_the_deployment_of_before(desk, job, monkeypatch):
    asked = Deploying(job.job_id, "off again", "1.0.0")
    models.deploy(desk, ADA, asked)
    models.delete_all(desk, ADA, "off again", force=True)
    monkeypatch.setattr(broken_off_module, "CLOCKS_DIFFER", timedelta(0))
    broken_off(monkeypatch, "transition_model_version_stage", desk, job, asked)
    assert models.deploy(desk, ADA, asked).status == "staged"
