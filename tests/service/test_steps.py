"""Each step alone, on a path, on another step's run and with a spec file, against a real MLflow server."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from sklearn.metrics import roc_auc_score

from projects.predict import main as predict
from tests.service.training_fixtures import answer_of, run_step, write_shop

ROWS = 300


@pytest.fixture(scope="module")
def client(mlflow_server, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield MlflowClient(mlflow_server.uri)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("steps")


@pytest.fixture(scope="module")
def raw(folder):
    return write_shop(folder, "kept")


@pytest.fixture(scope="module")
def ingested(client, folder, raw):
    return answer_of("ingest", "--data", raw, "--target", "kept", "--output", str(folder / "clean"))


@pytest.fixture(scope="module")
def rows(ingested):
    """The rows of the ingestion's run."""
    return f"runs:/{ingested['run_id']}"


@pytest.fixture(scope="module")
def spec(folder, raw):
    path = folder / "spec.yaml"
    path.write_text(
        f"data_source: {json.dumps(raw)}\ntarget: kept\nname: by spec\nsplit: {{validation_size: 0.1}}\n"
        "cleaning: {missing_strategy: mode}\nfeatures: {selection: tree_importance, n_features: 1}\n"
        "candidates: [decision_tree, naive_bayes]\ntuning: {seconds: 60, trials: 1}\n",
        encoding="utf-8",
    )
    return str(path)


@pytest.fixture(scope="module")
def tree(client, rows):
    """A version of a small tree."""
    given = '{"max_depth": 3}'
    return answer_of("train", "--data", rows, "--algorithm", "decision_tree", "--hyperparameters", given,
                     "--name", "tree", "--gate", "AUC > 0.5", "--set", "tuning.seconds=0")  # fmt: skip


def run_of(client, answer):
    return client.get_run(answer["run_id"])


def outcome_of(client, answer, name):
    """Read what a step has kept of its outcome with its run."""
    return json.loads(
        Path(download_artifacts(run_id=answer["run_id"], artifact_path=name)).read_text("utf-8")
    )


class TestIngest:
    def test_it_says_what_there_is(self, ingested):
        assert (ingested["status"], ingested["rows"], ingested["columns"]) == ("success", ROWS, 7)
        assert ingested["column_names"][-1] == "kept"
        assert "'always' holds one value only" in ingested["findings"]

    def test_the_same_files_are_not_read_again(self, folder, raw, ingested):
        code, out, _ = run_step(
            "ingest", "--data", raw, "--target", "kept", "--output", str(folder / "clean")
        )
        assert code == 0
        assert f"those of the rows in {folder / 'clean'}: 300 rows are taken, nothing is read" in out
        assert f"300 clean rows of {ingested['columns']} columns: {folder / 'clean'}" in out

    def test_its_files_are_in_the_folder_and_with_the_run(self, client, folder, ingested):
        wanted = {"rows.parquet", "rows.jsonl", "schema.json", "lineage.json", "cleaning_plan.yaml",
                  "quality.html", "quality.md", "quality.json"}  # fmt: skip
        assert {path.name for path in (folder / "clean").iterdir()} == wanted
        kept = client.list_artifacts(ingested["run_id"], "data")
        assert {file.path.removeprefix("data/") for file in kept} == wanted

    def test_its_run_says_what_it_was(self, client, ingested):
        run = run_of(client, ingested)
        assert run.data.tags["penstock.kind"] == "ingest"
        assert run.data.tags["penstock.data_sha256"] == ingested["sha256"]
        assert run.data.metrics["rows"] == ROWS
        assert outcome_of(client, ingested, "ingest.json") == ingested

    def test_clean_rows_are_taken_as_they_are(self, folder, rows):
        for place in (rows, str(folder / "clean")):
            again = answer_of("ingest", "--data", place, "--output", str(folder / "again"))
            assert again["rows"] == ROWS
        assert (folder / "again" / "rows.parquet").read_bytes() == (
            folder / "clean" / "rows.parquet"
        ).read_bytes()

    def test_a_folder_may_be_its_own_output(self, folder, ingested):
        place = str(folder / "again-itself")
        answer_of("ingest", "--data", str(folder / "clean"), "--output", place)
        assert answer_of("ingest", "--data", place, "--output", place)["rows"] == ROWS


class TestClean:
    @pytest.mark.parametrize("strategy", ["mean", "mode"])
    def test_gaps_are_filled_and_counted(self, folder, rows, strategy):
        output = folder / strategy
        found = answer_of("clean", "--data", rows, "--missing-strategy", strategy, "--output", str(output))
        assert found["filled"] == {"city": 24, "member": 34, "charges": 6}
        assert pd.read_parquet(output / "rows.parquet")["charges"].isna().sum() == 0
        assert (found["original_rows"], found["cleaned_rows"]) == (ROWS, ROWS)

    def test_drop_changes_the_number_of_rows_that_later_steps_see(self, raw):
        found = answer_of("clean", "--data", raw, "--target", "kept", "--missing-strategy", "drop")
        again = answer_of("ingest", "--data", f"runs:/{found['run_id']}")
        assert again["rows"] == found["cleaned_rows"] < ROWS

    def test_a_spec_says_how(self, spec):
        assert answer_of("clean", "--spec", spec)["filled"]["city"] == 24

    def test_repeated_rows_go_also_from_rows_that_are_clean(self, folder):
        path = folder / "twice.csv"
        pd.concat([pd.read_csv(folder / "my shop.csv").head(30)] * 2).to_csv(path, index=False)
        made = answer_of("ingest", "--data", str(path))
        found = answer_of("clean", "--data", f"runs:/{made['run_id']}", "--duplicates", "drop")
        assert (found["repeated"], found["cleaned_rows"]) == (30, 30)


METHODS = ("correlation", "mutual_info", "rfe", "tree_importance", "statistical")


class TestSelect:
    @pytest.mark.parametrize("method", METHODS)
    def test_the_column_that_makes_the_target_is_kept_by_each_method(self, rows, method):
        found = answer_of("select", "--data", rows, "--method", method, "--n-features", "1")
        assert (found["method"], found["selected_features"]) == (method, ["größe"])
        assert set(found["feature_importance"]) == {"größe", "city", "member", "charges"}

    def test_a_spec_says_how(self, client, spec):
        found = answer_of("select", "--spec", spec)
        assert (found["method"], found["selected_features"]) == ("tree_importance", ["größe"])
        assert outcome_of(client, found, "selected_features.json") == found

    def test_what_a_person_drops_is_not_looked_at(self, rows):
        found = answer_of("select", "--data", rows, "--set", "features.drop=[größe]")
        assert "größe" not in found["feature_importance"]


class TestSplit:
    @pytest.fixture(scope="class")
    def thousand(self, folder):
        rng = np.random.default_rng(2)
        frame = pd.DataFrame({"n": np.arange(1000), "y": rng.choice(["a", "b"], 1000, p=[0.3, 0.7])})
        frame["who"] = [f"w{n}" for n in rng.integers(0, 100, 1000)]
        frame["day"] = pd.date_range("2020-01-01", periods=1000).strftime("%Y-%m-%d")[rng.permutation(1000)]
        frame.to_csv(folder / "thousand.csv", index=False)
        return str(folder / "thousand.csv")

    def parts(self, folder):
        return [pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "validation", "test")]

    def split(self, data, output, *words):
        return answer_of("split", "--data", data, "--target", "y", "--output", str(output), *words)

    def test_a_thousand_rows_become_seven_one_and_two_hundred(self, folder, thousand):
        found = self.split(thousand, folder / "p", "--test-size", "0.2", "--validation-size", "0.1")
        counts = [found[f"{name}_samples"] for name in ("train", "validation", "test")]
        assert counts == [len(part) for part in self.parts(folder / "p")] == [700, 100, 200]
        assert sorted(pd.concat(self.parts(folder / "p"))["n"]) == list(range(1000))

    def test_classes_keep_their_shares(self, folder, thousand):
        assert self.split(thousand, folder / "s")["strategy"] == "stratified"
        train, _, test = self.parts(folder / "s")
        assert (train["y"] == "a").mean() == pytest.approx((test["y"] == "a").mean(), abs=0.002)

    def test_random_rows(self, folder, thousand):
        assert self.split(thousand, folder / "r", "--strategy", "random")["strategy"] == "random"

    def test_groups_stay_together(self, folder, thousand):
        found = self.split(thousand, folder / "g", "--strategy", "group", "--group-column", "who")
        train, _, test = self.parts(folder / "g")
        assert found["strategy"] == "group"
        assert set(train["who"]).isdisjoint(test["who"])

    def test_the_newest_are_held_out(self, folder, thousand):
        self.split(thousand, folder / "t", "--strategy", "time", "--time-column", "day")
        train, _, test = self.parts(folder / "t")
        assert train["day"].max() < test["day"].min()

    def test_a_spec_says_how_and_a_run_gives_the_rows(self, spec, rows):
        assert answer_of("split", "--spec", spec)["validation_samples"] == 30
        assert answer_of("split", "--data", rows)["validation_samples"] == 0

    def test_another_step_takes_one_of_its_files(self, rows):
        run_id = answer_of("split", "--data", rows)["run_id"]
        found = answer_of("select", "--data", f"runs:/{run_id}/data/train.parquet", "--target", "kept")
        assert "größe" in found["selected_features"]

    def test_of_its_run_alone_it_says_which_files_there_are(self, rows):
        run_id = answer_of("split", "--data", rows)["run_id"]
        code, _, err = run_step("select", "--data", f"runs:/{run_id}", "--target", "kept")
        assert code == 2
        assert f"left no rows.parquet; name one of its files: runs:/{run_id}/data/test.parquet" in err

    @pytest.mark.parametrize("option", ["--group-column", "--time-column", "--target"])
    def test_a_column_that_is_not_there_is_named(self, thousand, option):
        code, _, err = run_step("split", "--data", thousand, "--target", "y", option, "dey")
        assert code == 2
        assert "'dey'" in err
        assert "did you mean 'day'" in err


class TestCompare:
    def test_models_are_ranked_on_the_same_folds(self, client, rows):
        found = answer_of("compare", "--data", rows, "--models", "logistic,decision_tree,knn", "--cv", "3")
        scores = [each["mean_score"] for each in found["comparison"] if each["folds"] == 6]
        assert {each["model"] for each in found["comparison"]} == {"logistic", "decision_tree", "knn"}
        assert scores == sorted(scores, reverse=True)
        assert (found["metric"], found["comparison"][0]["model"]) == ("roc_auc", "logistic")
        assert found["comparison"][0]["std_score"] > 0
        assert not client.search_model_versions(f"run_id = '{found['run_id']}'")

    def test_a_spec_names_the_models(self, client, spec):
        found = answer_of("compare", "--spec", spec)
        assert {each["model"] for each in found["comparison"]} == {"decision_tree", "naive_bayes"}


class TestTune:
    def test_it_finds_parameters_no_worse_than_the_defaults(self, client, rows):
        found = answer_of("tune", "--data", rows, "--algorithm", "decision_tree", "--n-trials", "2",
                          "--tune-seconds", "20", "--cv", "2")  # fmt: skip
        assert (found["algorithm"], found["n_trials"]) == ("decision_tree", 2)
        assert "min_samples_leaf" in found["best_params"]
        nested = client.search_runs(
            ["0"], f"tags.`mlflow.parentRunId` = '{found['run_id']}' and tags.penstock.kind = 'candidate'"
        )
        assert found["best_score"] >= nested[0].data.metrics["cv_roc_auc"]

    @pytest.mark.parametrize("method", ["random_search", "grid_search"])
    def test_a_method_can_be_named(self, spec, method):
        grid = "tuning.grid={naive_bayes: {var_smoothing: [1e-9, 1e-3]}}" if method == "grid_search" else ""
        found = answer_of("tune", "--spec", spec, "--algorithm", "naive_bayes", "--tuning-method", method,
                          "--n-trials", "1", "--set", grid)  # fmt: skip
        assert found["n_trials"] >= 1

    @pytest.mark.parametrize("words", [[], ["--algorithm", "all"], ["--algorithm", "knn,svm"]])
    def test_one_algorithm_must_be_named(self, spec, words):
        code, _, err = run_step("tune", "--spec", spec, *words)
        assert code == 2
        assert "name one algorithm with -P algorithm=NAME; there are adaboost," in err


class TestTrain:
    def test_it_registers_a_version_of_that_algorithm(self, client, tree):
        version = client.get_model_version("tree", tree["version"])
        assert (tree["status"], tree["gate"], tree["stage"]) == ("success", "pass", "Staging")
        assert version.tags["penstock.algorithm"] == "decision_tree"
        assert tree["scores"]["roc_auc"] == pytest.approx(float(version.tags["penstock.score"]), abs=1e-5)

    def test_its_parameters_are_those_that_were_given(self, client, tree):
        assert run_of(client, tree).data.params["decision_tree.max_depth"] == "3"

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--hyperparameters", "max_depth=3"], "hyperparameters must be a JSON object like '{"),
            (["--hyperparameters", '{"max_dept": 3}'], "decision_tree has no parameter 'max_dept'; did you"),
            (["--feature-selection", "mutual"], "did you mean 'mutual_info'"),
        ],
    )
    def test_wrong_options_are_one_sentence(self, spec, words, sentence):
        code, _, err = run_step("train", "--spec", spec, "--algorithm", "decision_tree", *words)
        assert code == 2
        assert sentence in err


class TestEvaluate:
    @pytest.fixture(scope="class")
    def parts(self, folder, rows):
        answer_of("split", "--data", rows, "--output", str(folder / "parts"))
        return folder / "parts"

    def test_its_scores_are_scikit_learns(self, client, tree, parts):
        import mlflow.sklearn

        found = answer_of("evaluate", "--data", str(parts / "test.parquet"), "--name", "tree", "--version",
                          tree["version"], "--gate", "AUC > 0.5")  # fmt: skip
        model = mlflow.sklearn.load_model(f"models:/tree/{tree['version']}")
        held = pd.read_parquet(parts / "test.parquet")
        X = held[["größe", "city", "member", "charges"]].astype({"member": float})
        wanted = roc_auc_score(held["kept"] == "nein", model.predict_proba(X)[:, 1])
        assert found["evaluation"]["roc_auc"] == pytest.approx(wanted)
        assert (found["rows"], found["gate"]) == (60, "pass")
        assert run_of(client, found).data.metrics["roc_auc"] == pytest.approx(wanted)

    def test_it_scores_the_held_out_rows_as_the_training_did(self, client, tree, folder):
        local = download_artifacts(f"models:/tree/{tree['version']}/reference.parquet")
        held = pd.read_parquet(local).drop(columns="prediction").rename(columns={"label": "kept"})
        held.to_csv(folder / "held.csv", index=False)
        found = answer_of(
            "evaluate", "--data", str(folder / "held.csv"), "--name", "tree", "--from-stage", "Staging"
        )
        assert found["evaluation"]["roc_auc"] == pytest.approx(tree["scores"]["roc_auc"])

    def test_columns_are_read_as_in_training_whatever_the_new_cells_look_like(self, tree, folder):
        frame = pd.read_csv(folder / "my shop.csv").head(40)
        frame["city"] = 7
        frame["member"] = frame["member"].map({True: "yes", False: "no"})
        frame.to_csv(folder / "other.csv", index=False)
        code, out, _ = run_step("evaluate", "--data", str(folder / "other.csv"), "--name", "tree",
                                "--version", tree["version"])  # fmt: skip
        assert code == 0
        assert "read again, as in training: 'city'" in out

    def test_a_runs_rows_and_a_stage(self, tree, rows):
        found = answer_of("evaluate", "--data", rows, "--name", "tree", "--from-stage", "Staging",
                          "--groups", "[city]", "--segments", "[member]")  # fmt: skip
        assert (found["rows"], found["gate"]) == (ROWS, "none was set")

    def test_the_numbers_have_a_head_and_say_where_to_look(self, tree, parts):
        data = str(parts / "test.parquet")
        code, out, _ = run_step("evaluate", "--data", data, "--name", "tree", "--version", "1")
        lines = out.splitlines()
        head = lines.index(f"tree version 1 on 60 rows of {data}, of which 'kept' is known:")
        assert lines[head + 1].startswith("roc_auc")
        assert lines[-1].startswith("look at: http")
        assert "was learned from this data" not in out
        assert code == 0

    def test_rows_that_the_version_was_learned_from_are_named_so(self, tree, raw, rows):
        for data in (raw, rows):
            _, out, _ = run_step("evaluate", "--data", data, "--name", "tree", "--version", "1")
            assert "careful: tree version 1 was learned from this data, so these scores are too good;" in out
        found = answer_of("evaluate", "--data", raw, "--name", "tree", "--version", "1")
        assert found["learned_from"] is True

    def test_a_gate_that_fails_is_said(self, tree, parts):
        data = str(parts / "test.parquet")
        code, out, _ = run_step(
            "evaluate", "--data", data, "--name", "tree", "--version", "1", "--gate", "AUC > 0.9999"
        )
        assert code == 0
        assert "gate: fail: roc_auc > 0.9999 (is 0." in out

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ([], "name the model with -P name=NAME"),
            (["--name", "tee"], "there is no registered model 'tee'; did you mean 'tree'?"),
            (["--name", "tree", "--version", "1", "--target", "keept"], "did you mean 'kept'?"),
            (["--name", "tree", "--version", "1", "--gate", "rmse < 3"], "rmse has no meaning for binary"),
        ],
    )
    def test_wrong_options_are_one_sentence(self, tree, parts, words, sentence):
        code, _, err = run_step("evaluate", "--data", str(parts / "test.parquet"), *words)
        assert code == 2
        assert sentence in err

    def test_a_label_that_the_model_does_not_know_is_named(self, tree, folder):
        frame = pd.read_csv(folder / "my shop.csv")
        frame.loc[3, "kept"] = "neinnein"
        frame.to_csv(folder / "strange.csv", index=False)
        code, _, err = run_step(
            "evaluate", "--data", str(folder / "strange.csv"), "--name", "tree", "--version", "1"
        )
        assert code == 2
        assert (
            "target 'kept' has 'neinnein' in row 3, which is none of the model's labels: 'ja', 'nein'" in err
        )


class TestPredict:
    def test_a_path_a_run_and_a_spec_give_the_same_answers(self, tree, folder, raw, rows):
        spec = folder / "predict.yaml"
        spec.write_text(f"data_source: {json.dumps(raw)}\nname: tree\n", encoding="utf-8")
        said = []
        for words in (["--data", raw], ["--data", rows], ["--spec", str(spec)]):
            output = folder / f"said-{len(said)}.parquet"
            named = [] if "--spec" in words else ["--name", "tree"]
            assert predict([*words, *named, "--stage", "Staging", "--output", str(output)]) == 0
            said.append(pd.read_parquet(output)["prediction"].tolist())
        assert len(said[0]) == ROWS
        assert said[0] == said[1] == said[2]

    def test_an_unknown_parameter_is_named_as_json(self, capsys):
        assert predict(["--dta", "x.csv", "--json"]) == 2
        message = json.loads(capsys.readouterr().out)["error"]["message"]
        assert message == "the step predict has no parameter 'dta'; did you mean 'data'?"


class TestMain:
    def test_a_spec_and_a_parameter_over_it(self, client, spec):
        found = answer_of("main", "--spec", spec, "--candidates", "naive_bayes", "--tune-seconds", "0")
        assert (found["name"], found["version"], found["stage"]) == ("by spec", "1", "Staging")
        assert client.get_model_version("by spec", "1").tags["penstock.algorithm"] == "naive_bayes"
        assert run_of(client, found).data.params["candidates"] == "naive_bayes"

    def test_a_run_of_rows(self, client, rows):
        words = ["--candidates", "naive_bayes", "--tune-seconds", "0", "--name", "of a run"]
        found = answer_of("main", "--data", rows, *words)
        (given,) = run_of(client, found).inputs.dataset_inputs
        assert {tag.key: tag.value for tag in given.tags}["penstock.place"] == rows


def test_a_run_that_is_not_there_is_said(client):
    code, _, err = run_step("select", "--data", "runs:/0123456789abcdef0123456789abcdef", "--target", "y")
    assert code == 2
    assert "run '0123456789abcdef0123456789abcdef' left no rows to read" in err


def test_what_a_run_was_asked_is_its_parameters(client, tree):
    params = run_of(client, tree).data.params
    assert (params["algorithm"], params["gate"]) == ("decision_tree", "AUC > 0.5")
