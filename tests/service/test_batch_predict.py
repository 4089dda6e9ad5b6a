"""The batch command scores a file by any registered version, through its plan or else its pyfunc."""

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from sklearn.tree import DecisionTreeRegressor

from projects.predict import main
from tests.service.batch_versions import register_version
from tests.service.training_fixtures import write_shop


@pytest.fixture(scope="module")
def shop_file(mlflow_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(folder / "var"))
        data = write_shop(folder, "kept")
        for _ in range(2):
            register_version(
                mlflow_server.uri, "batch", Path(data), "kept", folder, leave_out=("id", "always")
            )
        client = MlflowClient(mlflow_server.uri)
        client.delete_model_version_tag("batch", "1", "penstock.plan_sha256")
        yield data


def predict(shop_file, tmp_path, *arguments):
    output = tmp_path / "out.csv"
    more = ["--output", str(output), "--chunk-rows", "70", "--overwrite", "yes"]
    assert main(["--data", shop_file, *more, *arguments]) == 0
    return pd.read_csv(output)


def test_the_version_in_production_answers_by_its_plan(shop_file, tmp_path, capsys):
    found = predict(shop_file, tmp_path, "--name", "batch")
    assert set(zip(found["model"], found["version"], strict=True)) == {("batch", 2)}
    assert len(found) == 300
    np.testing.assert_allclose(found["probability_ja"] + found["probability_nein"], 1, atol=1e-6)
    assert "model batch version 2, by its scoring plan" in capsys.readouterr().out


def test_a_version_without_a_plan_answers_alike_by_its_pyfunc(shop_file, tmp_path, capsys):
    by_plan = predict(shop_file, tmp_path, "--name", "batch")["prediction"].tolist()
    by_pyfunc = predict(shop_file, tmp_path, "--name", "models:/batch/1")["prediction"].tolist()
    assert by_pyfunc == by_plan
    assert "by its pyfunc, because it has no scoring plan" in capsys.readouterr().out


@pytest.mark.parametrize(("trusted", "code"), [("", 2), ("other", 2), ("batch", 0)])
def test_where_people_sign_in_a_versions_own_code_runs_for_a_named_model(
    shop_file, tmp_path, monkeypatch, trusted, code
):
    monkeypatch.setenv("PENSTOCK_AUTH", "mlflow")
    monkeypatch.setenv("PENSTOCK_TRUSTED_MODELS", trusted)
    line = ["--data", shop_file, "--output", str(tmp_path / "out.csv"), "--name", "models:/batch/1"]
    assert main(line) == code


def test_a_refusal_of_own_code_says_what_to_do(shop_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PENSTOCK_AUTH", "mlflow")
    assert (
        main(["--data", shop_file, "--output", str(tmp_path / "out.csv"), "--name", "models:/batch/1"]) == 2
    )
    said = "version 1 of 'batch' runs code of its own, and 'batch' is not among trusted_models; train it here"
    assert said in capsys.readouterr().err


def test_a_plan_that_is_not_the_tags_is_not_used(shop_file, tmp_path, capsys, mlflow_server):
    client = MlflowClient(mlflow_server.uri)
    right = client.get_model_version("batch", "2").tags["penstock.plan_sha256"]
    client.set_model_version_tag("batch", "2", "penstock.plan_sha256", "0" * 64)
    predict(shop_file, tmp_path, "--name", "batch")
    client.set_model_version_tag("batch", "2", "penstock.plan_sha256", right)
    assert "by its pyfunc, because the plan in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--name", "bach"], "there is no registered model 'bach'; did you mean 'batch'"),
        (["--name", "batch", "--version", "99"], "model 'batch' has no version 99"),
        (["--name", "batch", "--version", "two"], "a version must be a whole number, not 'two'"),
        (["--name", "batch", "--stage", "Staging"], "model 'batch' has no version in Staging"),
        (["--name", "batch", "--stage", "Prod"], "there is no stage 'Prod'; did you mean 'Production'?"),
        (["--name", ""], "name the model with -P name=NAME"),
        (["--name", "batch", "--chunk-rows", "0"], "chunk_rows must be a whole number above 0, or auto"),
        (["--name", "batch", "--overwrite", "maybe"], "overwrite must be yes or no, not 'maybe'"),
        (["--name", "batch", "--output", "out.xlsx"], "the output 'out.xlsx' must end in .csv"),
    ],
)
def test_what_cannot_be_found_is_one_sentence_and_exit_code_two(shop_file, capsys, arguments, sentence):
    assert main(["--data", shop_file, *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_no_data_is_one_sentence_and_exit_code_two(shop_file, capsys):
    assert main(["--name", "batch"]) == 2
    assert "name the rows to predict with -P data=FILE" in capsys.readouterr().err


def test_the_summary_stands_alone_on_the_output_stream(shop_file, tmp_path, capsys):
    predict(shop_file, tmp_path, "--name", "batch", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["model"], told["version"]) == (300, "batch", "2")
    assert told["output"] == str(tmp_path / "out.csv")
    assert told["rows_per_second"] > 0


def test_the_data_itself_is_never_the_output(shop_file, capsys):
    assert main(["--data", shop_file, "--name", "batch", "--output", shop_file, "--overwrite", "yes"]) == 2
    assert "is the data itself" in capsys.readouterr().err


def test_an_output_that_exists_is_refused_before_the_registry_is_asked(
    shop_file, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    (tmp_path / "out.csv").write_text("mine")
    assert main(["--data", shop_file, "--name", "batch", "--output", str(tmp_path / "out.csv")]) == 2
    assert "exists; name another" in capsys.readouterr().err


def test_a_registry_that_is_away_is_one_sentence_and_exit_code_two(shop_file, tmp_path, capsys, monkeypatch):
    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    code = main(["--data", shop_file, "--name", "batch", "--output", str(tmp_path / "out.csv")])
    mlflow.set_tracking_uri(before)
    assert code == 2
    assert "MLflow at http://127.0.0.1:9 does not answer" in capsys.readouterr().err


@pytest.fixture(scope="module")
def foreign(shop_file, mlflow_server):
    """A model that Penstock has not trained, whose signature has whole numbers and truths."""
    X = pd.DataFrame({"n": [1, 2, 3, 4], "x": [0.5, 1.5, 2.5, 3.5], "yes": [True, False, True, False]})
    model = DecisionTreeRegressor(random_state=0).fit(X, [1.0, 2.0, 3.0, 4.0])
    types = {"n": DataType.long, "x": DataType.double, "yes": DataType.boolean}
    inputs = Schema([ColSpec(kind, name) for name, kind in types.items()])
    signature = ModelSignature(inputs=inputs, outputs=Schema([ColSpec(DataType.double)]))
    mlflow.set_tracking_uri(mlflow_server.uri)
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=signature,
            registered_model_name="foreign",
            serialization_format="cloudpickle",
            pip_requirements=[],
        )
    return X


def test_any_registered_version_is_used_by_its_pyfunc(foreign, tmp_path):
    foreign.to_csv(tmp_path / "in.csv", index=False)
    found = predict(str(tmp_path / "in.csv"), tmp_path, "--name", "foreign", "--version", "1")
    assert found["prediction"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_gap_in_a_column_of_whole_numbers_is_refused_where_the_model_has_them(foreign, tmp_path, capsys):
    (tmp_path / "in.csv").write_text("n,x,yes\n1,0.5,true\n,1.5,false\n")
    arguments = ["--data", str(tmp_path / "in.csv"), "--name", "foreign", "--version", "1"]
    assert main(arguments) == 2
    assert "column 'n' must hold a whole number in every row" in capsys.readouterr().err
