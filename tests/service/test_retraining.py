"""A version is trained again on a real stream, against a real MLflow server, and held against the new one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from projects.retraining.judgement import is_one_staged
from serving.lifecycle.moves import Lifecycle
from serving.settings import load
from tests.service.training_fixtures import answer_of, run_step

EARLY, LATE, END = 1000, 12_000, 13_200
START_S = 1.7e9
REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("retraining")


@pytest.fixture(scope="module")
def client(mlflow_server, folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(folder / "var"))
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield MlflowClient(mlflow_server.uri)


@pytest.fixture(scope="module")
def weather(shared_data):
    """Fifty years of days; rain tomorrow, whose seasons and climate drift."""
    frame = pd.read_csv(shared_data / "drift" / "weather_noaa.csv")
    return frame.rename(columns={"target": "rain"})


def train(folder, frame, name, *more):
    path = folder / f"{name}.csv"
    frame.to_csv(path, index=False)
    return answer_of("main", "--data", str(path), "--target", "rain", "--name", name, "--stage", "Production",
                     "--candidates", "logistic", "--tune-seconds", "0", "--folds", "2", *more)  # fmt: skip


def logged(frame, path):
    """Write rows as the monitor does."""
    rows = frame.assign(
        penstock_ts=pd.to_datetime(START_S + 60.0 * np.arange(len(frame)), unit="s", utc=True)
    )
    rows.to_parquet(path, index=False)
    return str(path)


def tags_of(client, answer):
    return client.get_run(answer["run_id"]).data.tags


def refused(*words):
    code, _, err = run_step("retrain", *words)
    assert code == 2
    return err


class TestBetter:
    @pytest.fixture(scope="class")
    def champion(self, client, folder, weather):
        return train(folder, weather.iloc[:EARLY], "weather", "--gate", "AUC > 0.6")

    @pytest.fixture(scope="class")
    def rows(self, champion, folder, weather):
        return logged(weather.iloc[LATE:END], folder / "weather.parquet")

    @pytest.fixture(scope="class")
    def again(self, rows):
        return answer_of("retrain", "--model", "weather", "--rows", rows, "--ticket", "ticket-1")

    def test_the_challenger_is_in_staging_and_the_champion_stays(self, client, again):
        assert (again["verdict"], again["version"], again["stage"]) == ("better", "2", "Staging")
        stages = {v.version: v.current_stage for v in client.search_model_versions("name='weather'")}
        assert stages == {"1": "Production", "2": "Staging"}

    def test_its_run_is_found_by_the_ticket_and_tells_the_verdict(self, client, again):
        experiment = client.get_run(again["run_id"]).info.experiment_id
        (run,) = client.search_runs([experiment], "tags.`penstock.ticket` = 'ticket-1'")
        assert run.data.tags["penstock.kind"] == "retraining"
        told = {key: run.data.tags[f"penstock.retrain.{key}"] for key in ("verdict", "version", "reason")}
        assert told == {"verdict": "better", "version": "2", "reason": again["reason"]}

    def test_the_reason_tells_both_scores_on_the_rows_held_back(self, again):
        theirs, mine = again["scores"]["roc_auc"]
        assert again["reason"].startswith(
            f"better beyond chance: roc_auc is {mine:.4f} against {theirs:.4f} on the 400 newest labelled row"
        )

    def test_the_champions_score_is_that_of_the_newest_rows(self, client, again, weather):
        import mlflow.sklearn
        from sklearn.metrics import roc_auc_score

        newest = weather.iloc[LATE:END].tail(400)
        model = mlflow.sklearn.load_model("models:/weather/1")
        said = model.predict_proba(newest.drop(columns="rain").astype(float))[:, 1]
        assert again["scores"]["roc_auc"][0] == pytest.approx(roc_auc_score(newest["rain"], said))

    def test_the_journal_holds_the_reason(self, client, again):
        settings = load(os.environ)
        moved = Lifecycle(client, settings.database_url, actor="test").history("weather")[-1]
        assert (moved.version, moved.to_stage, moved.actor) == ("2", "Staging", "retraining")
        assert moved.reason == f"retrained: {again['reason']}"

    def test_its_reference_is_of_the_rows_held_back(self, again, weather):
        held = pd.read_parquet(download_artifacts("models:/weather/2/reference.parquet"))
        assert held["label"].tolist() == weather.iloc[LATE:END]["rain"].tail(400).tolist()

    def test_it_was_learned_from_the_original_and_the_new_rows(self, client, again):
        rows = pd.read_parquet(download_artifacts(run_id=again["run_id"], artifact_path="data/rows.parquet"))
        assert len(rows) == EARLY + 800
        assert client.get_run(again["run_id"]).data.metrics["new_rows_learned"] == 800

    def test_it_keeps_the_champions_requirement(self, client, champion, again):
        read = [json.loads(Path(download_artifacts(run_id=run, artifact_path="requirement.json")).read_text())
                for run in (champion["run_id"], again["run_id"])]  # fmt: skip
        assert read[0] == read[1]
        assert read[0]["data_source"].endswith("weather.csv")

    def test_a_table_of_both_models_scores_is_in_the_run(self, client, again):
        table = json.loads(
            Path(download_artifacts(run_id=again["run_id"], artifact_path="comparison.json")).read_text()
        )
        assert table["columns"] == ["metric", "champion", "challenger"]
        assert {name: [one, other] for name, one, other in table["data"]} == {
            name: pytest.approx(pair, abs=1e-9) for name, pair in again["scores"].items()
        }

    def test_no_better_one_takes_the_place_of_the_one_that_waits(self, client, again, rows):
        second = answer_of("retrain", "--name", "weather", "--rows", rows)
        assert (second["verdict"], second["version"]) == ("not_better", "")
        assert "version 2, which waits in Staging, is as good on the same rows" in second["reason"]

    def test_rows_that_a_version_has_learned_are_not_learned_twice(self, client, again, rows):
        code, out, _ = run_step("retrain", "--name", "weather", "--version", "2", "--rows", rows)
        assert code == 0
        assert "800 new rows are left out: the version has learned from them" in out
        assert "267 new rows to learn from, 133 held back" in out

    def test_recent_days_alone_need_no_original_rows(self, client, again, rows):
        days = str(600 * 60 / 86_400)
        found = answer_of("retrain", "--name", "weather", "--rows", rows, "--recent-days", days)
        kept = pd.read_parquet(download_artifacts(run_id=found["run_id"], artifact_path="data/rows.parquet"))
        assert len(kept) == 401  # of 601 rows the newest third is held back

    def test_a_gate_that_fails_keeps_a_better_one_out_of_staging(self, client, again, rows):
        asked = ["--set", "gate=AUC > 0.999"]
        client.transition_model_version_stage("weather", "2", "Archived")
        found = answer_of("retrain", "--name", "weather", "--rows", rows, *asked)
        assert (found["verdict"], found["stage"]) == ("refused", "None")
        assert (
            f"version {found['version']} stays in no stage: the gate says fail: roc_auc > 0.999"
            in (found["reason"])
        )


class TestNotBetter:
    @pytest.fixture(scope="class")
    def champion(self, client, folder, weather):
        rule = '[{"column": "feat_2", "max": 1000}]'
        return train(folder, weather.iloc[LATE - 2000 : LATE], "steady", "--set", f"validation={rule}")

    @pytest.fixture
    def new(self, weather):
        return weather.iloc[LATE : LATE + 300].copy()

    def test_noise_gives_no_new_version(self, client, champion, folder, new):
        new["rain"] = np.random.default_rng(5).permutation(new["rain"].to_numpy())
        found = answer_of("retrain", "--name", "steady", "--rows", logged(new, folder / "noise.parquet"))
        assert (found["verdict"], found["version"], found["stage"]) == ("not_better", "", "None")
        assert len(client.search_model_versions("name='steady'")) == 1

    def test_a_refusal_is_on_the_run(self, client, champion, folder, new):
        refused(
            "--name", "steady", "--rows", logged(new.head(10), folder / "few.parquet"), "--ticket", "t-few"
        )
        (run,) = client.search_runs(["0"], "tags.`penstock.ticket` = 't-few'")
        assert run.info.status == "FAILED"
        assert run.data.tags["penstock.retrain.verdict"] == "refused"
        assert run.data.tags["penstock.retrain.reason"].startswith("10 newly labelled rows")

    def test_a_rule_of_the_requirement_is_held_to(self, client, champion, folder, new):
        new.iloc[7, new.columns.get_loc("feat_2")] = 9999.0
        said = refused("--name", "steady", "--rows", logged(new, folder / "broken.parquet"))
        assert "column 'feat_2' breaks its rule in 1 row" in said

    def test_a_new_class_is_another_question(self, client, champion, folder, new):
        new["rain"] = np.where(new.index % 2, 2, new["rain"])
        said = refused("--name", "steady", "--rows", logged(new, folder / "classes.parquet"))
        assert "150 of 300 new rows have a 'rain' that the version does not know, such as '2'" in said
        assert "(it knows 0, 1)" in said

    def test_a_column_that_is_gone(self, client, champion, folder, new):
        said = refused(
            "--name", "steady", "--rows", logged(new.drop(columns="feat_4"), folder / "gone.parquet")
        )
        assert "the new rows lack 'feat_4', which version 1 of 'steady' needs" in said

    def test_a_column_that_the_log_hides(self, client, champion, folder, new):
        policy = {"log": {"mask": ["feat_4"]}}
        client.set_registered_model_tag("steady", "penstock.policy", json.dumps(policy))
        rows = logged(new.drop(columns="feat_4"), folder / "hidden.parquet")
        said = refused("--name", "steady", "--rows", rows)
        client.delete_registered_model_tag("steady", "penstock.policy")
        assert "the prediction log hides 'feat_4', which version 1 of 'steady' takes" in said

    def test_one_class_alone_cannot_be_judged(self, client, champion, folder, new):
        rows = logged(new.assign(rain=0), folder / "one.parquet")
        said = refused("--name", "steady", "--rows", rows)
        assert "roc_auc cannot be computed on the 100 newest labelled rows" in said

    def test_no_rows_and_an_empty_log(self, client, champion):
        said = refused("--name", "steady")
        assert "none of the 0 predictions of 'steady' on the log" in said


def test_original_rows_that_are_gone_are_told_of(client, folder, weather):
    made = train(folder, weather.iloc[:EARLY], "gone")
    rows = logged(weather.iloc[LATE : LATE + 300], folder / "gone-rows.parquet")
    _forget_rows(client, made["run_id"])
    (folder / "gone.csv").unlink()
    said = refused("--name", "gone", "--rows", rows)
    assert "the rows that version 1 of 'gone' was learned from are gone: its run keeps none" in said
    assert "give -P recent_days=DAYS to learn from the new rows alone" in said


def _forget_rows(client, run_id):
    """Take away the rows that a run keeps."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    get_artifact_repository(client.get_run(run_id).info.artifact_uri).delete_artifacts("data")


def test_a_model_that_was_not_trained_here_is_refused(client, folder):
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    X = pd.DataFrame({"a": np.arange(20.0)})
    model = LogisticRegression().fit(X, np.arange(20) % 2)
    mlflow.sklearn.log_model(
        model, name="model", registered_model_name="foreign", signature=infer_signature(X),
        serialization_format="cloudpickle", pip_requirements=[],
    )  # fmt: skip
    said = refused("--name", "foreign", "--version", "1", "--rows", "x.parquet")
    assert "version 1 of 'foreign' was not trained by Penstock" in said


@pytest.mark.slow
def test_mlflow_run_starts_it(client, folder, weather):
    train(folder, weather.iloc[:EARLY], "by run")
    rows = logged(weather.iloc[LATE:END], folder / "run.parquet")
    words = ["-P", "model=by run", "-P", f"rows={rows}", "-P", "ticket=by-run", "-P", "tune_seconds=0"]
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "mlflow", "run", ".", "--env-manager", "local", "-e", "retrain", *words]
    done = subprocess.run(command, check=False, cwd=REPO, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (run,) = client.search_runs(["0"], "tags.`penstock.ticket` = 'by-run'")
    assert run.data.tags["penstock.retrain.verdict"] == "better"
    assert client.get_model_version("by run", "2").current_stage == "Staging"


@pytest.mark.filterwarnings("ignore:.*transition_model_version_stage:FutureWarning")
def test_a_version_that_waits_is_seen_whatever_the_model_is_called(client):
    name = 'it\'s "rain"'
    client.create_registered_model(name)
    version = client.create_model_version(name, "s3://nowhere/x").version
    assert not is_one_staged(client, name)
    client.transition_model_version_stage(name, version, "Staging")
    assert is_one_staged(client, name)
