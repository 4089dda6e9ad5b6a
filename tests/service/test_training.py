"""A training leaves a version in the registry with all that serving and monitoring rely on."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from projects.steps.main import STEP
from serving.plan.load import load_plan
from tests.service.training_fixtures import QUICK, write_shop

LAST = ("use", "expect", "costs", "matters", "gate", "registered", "look at")
TARGETS = {"binary": "kept", "multiclass": "level", "regression": "amount"}


@pytest.fixture(scope="module")
def client(mlflow_server, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield MlflowClient(mlflow_server.uri)


@pytest.fixture(scope="module")
def trained(client, tmp_path_factory):
    """One version a task, each of XGBoost, whose labels need the most care."""
    for task, target in TARGETS.items():
        data = write_shop(tmp_path_factory.mktemp(task), target)
        asked = [
            "--data",
            data,
            "--target",
            target,
            "--name",
            f"shop {task}",
            "--candidates",
            "xgboost,lightgbm",
        ]
        assert STEP.run([*asked, *QUICK]) == 0
    return client


@pytest.fixture(scope="module", params=list(TARGETS))
def task(request):
    return request.param


@pytest.fixture(scope="module")
def version(trained, task):
    return trained.get_model_version(f"shop {task}", "1")


@pytest.fixture(scope="module")
def files(version, tmp_path_factory):
    return Path(
        download_artifacts(f"models:/{version.name}/1", dst_path=str(tmp_path_factory.mktemp("files")))
    )


@pytest.fixture(scope="module")
def model(files):
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(str(files))


class TestVersion:
    def test_it_is_in_staging(self, version):
        assert version.current_stage == "Staging"

    def test_its_tags_say_what_it_is(self, version, task):
        tags = version.tags
        assert tags["penstock.task"] == task
        assert tags["penstock.target"] == TARGETS[task]
        assert tags["penstock.gate"] == "pass"
        assert tags["penstock.plan"] == "yes"
        assert tags["penstock.algorithm"] in {"xgboost", "lightgbm", "vote"}
        assert float(tags["penstock.score"]) > 0
        assert [len(tags[f"penstock.{name}_sha256"]) for name in ("data", "spec", "plan")] == [64] * 3

    def test_its_plan_has_the_digest_of_its_tag(self, version, files):
        assert load_plan(files / "plan", sha256=version.tags["penstock.plan_sha256"]).columns

    def test_its_plan_answers_as_its_pyfunc(self, files, model):
        plan = load_plan(files / "plan")
        held = pd.read_parquet(files / "reference.parquet")
        rows = held[[column.name for column in plan.columns]]
        cells = rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
        assert plan.score(cells).predictions == np.asarray(model.predict(rows)).tolist()

    def test_its_reference_holds_features_prediction_and_label(self, files, task):
        schema = pq.read_schema(files / "reference.parquet")
        assert schema.names == ["größe", "city", "member", "charges", "prediction", "label"]
        kinds = [str(schema.field(name).type) for name in ("größe", "member", "charges", "prediction")]
        label = {"binary": "string", "multiclass": "int64", "regression": "float"}[task]
        assert kinds[:3] == ["double"] * 3
        assert kinds[3].removeprefix("large_") == label
        assert pq.read_metadata(files / "reference.parquet").num_rows == 60

    def test_its_signature_knows_only_what_was_learned_from(self, model):
        inputs = [
            (spec.name, spec.type.name, spec.required) for spec in model.metadata.get_input_schema().inputs
        ]
        assert inputs == [
            ("größe", "double", True),
            ("city", "string", False),
            ("member", "double", False),
            ("charges", "double", False),
        ]

    def test_its_answers_are_of_the_targets_kind(self, model, task):
        answer = np.asarray(model.predict(model.input_example)).tolist()[0]
        assert type(answer) is {"binary": str, "multiclass": int, "regression": float}[task]

    def test_its_card_tells_the_held_out_score(self, version, files):
        card = (files / "model_card.md").read_text(encoding="utf-8")
        assert f"# shop {version.tags['penstock.task']}" in card
        assert "## Scores on the held-out rows" in card
        assert (
            "column 'charges': its texts are all numbers; read as numbers, 6 blank cells as missing" in card
        )

    def test_it_loads_where_there_is_no_penstock(self, files, tmp_path):
        code = (
            "import sys, mlflow.pyfunc\n"
            f"model = mlflow.pyfunc.load_model({str(files)!r})\n"
            "model.predict(model.input_example)\n"
            "print([name for name in sys.modules if name.split('.')[0] in ('projects', 'serving')])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.stdout.strip() == "[]", done.stderr


class TestRun:
    def test_candidates_and_trials_are_nested_runs_with_their_scores(self, trained, version):
        parent = trained.get_run(version.run_id)
        nested = trained.search_runs(
            [parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{version.run_id}'"
        )
        kinds = [run.data.tags["penstock.kind"] for run in nested]
        assert kinds.count("candidate") == 2
        metric = version.tags["penstock.metric"]
        for run in nested:
            assert {f"cv_{metric}", f"cv_{metric}_std", "seconds"} <= set(run.data.metrics)
            assert run.data.params["model"] in {"xgboost", "lightgbm"}
            assert run.info.status == "FINISHED"

    def test_its_description_says_which_model_won_and_why(self, trained, version):
        note = trained.get_run(version.run_id).data.tags["mlflow.note.content"]
        assert f"use:        {version.tags['penstock.algorithm']}: the " in note
        assert "| rank | model |" in note

    def test_the_pictures_are_there(self, trained, version, task):
        names = {Path(file.path).stem for file in trained.list_artifacts(version.run_id, "plots")}
        wanted = {
            "binary": {"confusion_matrix", "roc_curve", "precision_recall_curve"},
            "multiclass": {"confusion_matrix"},
            "regression": {"predicted_vs_actual", "residuals"},
        }
        assert names == wanted[task] | {"feature_importance"}

    def test_the_data_set_is_logged_with_its_digest(self, trained, version):
        (given,) = trained.get_run(version.run_id).inputs.dataset_inputs
        assert version.tags["penstock.data_sha256"].startswith(given.dataset.digest)

    def test_the_score_is_that_of_the_held_out_rows(self, trained, version, files, task):
        held = pd.read_parquet(files / "reference.parquet")
        metrics = trained.get_run(version.run_id).data.metrics
        if task == "regression":
            assert metrics["rmse"] == pytest.approx(
                np.sqrt(((held["prediction"] - held["label"]) ** 2).mean())
            )
        else:
            assert metrics["accuracy"] == pytest.approx((held["prediction"] == held["label"]).mean())

    def test_the_metrics_are_those_of_the_task(self, trained, version, task):
        metrics = trained.get_run(version.run_id).data.metrics
        assert ("rmse" in metrics) == (task == "regression")
        assert ("log_loss" in metrics) == (task != "regression")
        assert ("average_precision" in metrics) == (task == "binary")


def test_a_gate_that_fails_registers_the_version_and_leaves_it(client, tmp_path, capsys):
    data = write_shop(tmp_path, "kept")
    asked = ["--data", data, "--target", "kept", "--name", "gated", "--candidates", "logistic"]
    assert STEP.run([*asked, *QUICK, "--gate", "accuracy > 0.2 and AUC > 0.9999"]) == 0
    version = client.get_model_version("gated", "1")
    assert version.current_stage == "None"
    assert version.tags["penstock.gate"].startswith("fail: roc_auc > 0.9999 (is 0.")
    assert "gated version 1 stays in no stage: the gate says fail: roc_auc > 0.9999" in capsys.readouterr().out


def test_the_same_seed_makes_the_same_model(client, tmp_path):
    data = write_shop(tmp_path, "amount")
    asked = ["--data", data, "--target", "amount", "--name", "again", "--tune-seconds", "0"]
    for _ in range(2):
        assert STEP.run([*asked, "--folds", "3", "--candidates", "random_forest"]) == 0
    plans = [client.get_model_version("again", number).tags["penstock.plan_sha256"] for number in ("1", "2")]
    assert plans[0] == plans[1]


def test_the_last_lines_say_what_won_and_where_to_look(client, capsys):
    assert STEP.run(["--data", "sklearn:iris", *QUICK, "--candidates", "logistic,lightgbm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    starts = [line.split(":")[0] for line in lines if ":" in line]
    assert [word for word in starts if word in LAST] == list(LAST)
    assert "registered: iris version 1, stage Staging" in lines


def test_a_second_version_takes_the_firsts_place_in_staging(client, tmp_path):
    for candidate in ("logistic", "lightgbm"):
        asked = ["--data", "sklearn:breast_cancer", "--name", "twice", "--candidates", candidate]
        assert STEP.run([*asked, *QUICK]) == 0
    stages = [client.get_model_version("twice", number).current_stage for number in ("1", "2")]
    assert stages == ["Archived", "Staging"]


def test_stage_none_leaves_the_version_where_it_is(client):
    asked = ["--data", "sklearn:wine", "--name", "unmoved", "--candidates", "lightgbm", "--stage", "none"]
    assert STEP.run([*asked, *QUICK]) == 0
    assert client.get_model_version("unmoved", "1").current_stage == "None"
