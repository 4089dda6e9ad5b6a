"""Versions trained on real data are exported, and answer raw files as the platform does, without Penstock."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from projects.errors import BadInput
from projects.export.environment import environment_of
from projects.predict import main as predict
from projects.served import fetch_served
from tests.service.foreign_models import register_moody
from tests.service.training_fixtures import answer_of, run_step

QUICK = ("--tune-seconds", "0", "--folds", "2", "--stage", "Production")
TABLES = {
    "lightgbm": ("tabular/telco_customer_churn.csv", "Churn"),
    "ridge": ("tabular/employee_salaries.csv.gz", "current_annual_salary"),
}


@pytest.fixture(scope="module")
def client(mlflow_server, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield MlflowClient(mlflow_server.uri)


def raw_rows(shared_data, algorithm, folder):
    """Some of the raw rows, as texts, in a file of their own."""
    place, target = TABLES[algorithm]
    rows = pd.read_csv(shared_data / place, dtype=str, keep_default_na=False).head(1200)
    path = folder / f"{algorithm}.csv"
    rows.to_csv(path, index=False)
    return path, target


@pytest.fixture(scope="module", params=TABLES)
def exported(request, client, shared_data, tmp_path_factory):
    """An export, its raw rows, its model's name and what the step said."""
    folder, name = tmp_path_factory.mktemp("export"), request.param
    path, target = raw_rows(shared_data, name, folder)
    answer_of("main", "--data", str(path), "--target", target, "--name", name, "--candidates", name, *QUICK)
    found = answer_of("export", "--model", name, "--version", "1", "--output", str(folder / "out"))
    return folder / "out", path, name, found


@pytest.fixture(scope="module")
def place(exported):
    lines = (exported[0] / "requirements.txt").read_text("utf-8").split()
    with environment_of("isolated", lines) as found:
        yield found


def test_it_is_complete_and_proved(exported):
    found = exported[3]
    assert found["complete"]
    assert found["proof"]["difference"] <= 1e-9
    assert found["proof"]["learned_difference"] <= 1e-9
    assert found["proof"]["environment"].startswith("an isolated Python")


def test_it_needs_only_what_its_model_does(exported):
    folder, _, name, _ = exported
    lines = (folder / "requirements.txt").read_text("utf-8").split()
    usual = {"numpy", "pandas", "scikit-learn"}
    assert {line.partition("==")[0] for line in lines} == usual | ({name} if name == "lightgbm" else set())


def test_raw_files_are_predicted_as_the_platform_predicts_them(exported, place, tmp_path):
    folder, path, name, _ = exported
    place.run(folder, str(folder / "predict.py"), str(path), "--output", str(tmp_path / "own.csv"))
    own = pd.read_csv(tmp_path / "own.csv")
    words = ("--data", str(path), "--name", name, "--version", "1", "--output", str(tmp_path / "theirs.csv"))
    assert predict([*words]) == 0
    theirs = pd.read_csv(tmp_path / "theirs.csv")
    if own["prediction"].dtype.kind == "f":
        np.testing.assert_allclose(own["prediction"], theirs["prediction"], rtol=1e-9)
    else:
        assert own["prediction"].tolist() == theirs["prediction"].tolist()


def test_it_evaluates_raw_files(exported, place):
    folder, path, name, _ = exported
    found = json.loads(place.run(folder, str(folder / "evaluate.py"), str(path), "--chunk-rows", "500"))
    assert found["rows"] == 1200
    assert found["roc_auc"] > 0.8 if name == "lightgbm" else found["r2"] > 0.6


def test_it_trains_anew_on_raw_files_in_memory_and_from_disk(exported, place, tmp_path):
    folder, path, _, _ = exported
    for words in ((), ("--from-disk",)):
        output = tmp_path / f"model{len(words)}.pkl"
        place.run(folder, str(folder / "train.py"), str(path), "--output", str(output), *words)
    assert (tmp_path / "model0.pkl").stat().st_size > 1000
    assert (tmp_path / "model1.pkl").stat().st_size > 1000


def test_the_saved_model_names_no_module_of_ours(exported):
    seen = []

    class Names(pickle.Unpickler):
        def find_class(self, module, name):
            seen.append(module)
            return (
                type(name, (), {"__reduce__": None})
                if module.startswith("model_parts")
                else super().find_class(module, name)
            )

    try:
        with (exported[0] / "production_model.pkl").open("rb") as file:
            Names(file).load()
    except (TypeError, AttributeError):
        pass  # the stand-ins take nothing
    assert seen
    assert not [name for name in seen if name.split(".")[0] in ("projects", "serving", "mlflow", "penstock")]


def test_a_zip_has_the_same_files(exported, tmp_path):
    import zipfile

    folder, _, name, found = exported
    output = tmp_path / "churn.zip"
    answer_of("export", "--model", name, "--output", str(output), "--format", "zip")
    with zipfile.ZipFile(output) as packed:
        assert sorted(packed.namelist()) == [f"churn/{path}" for path in found["files"]]
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py")) == sorted(
        path for path in found["files"] if path.endswith(".py")
    )


def refused(*words):
    code, _, err = run_step("export", *words)
    assert code == 2, err
    return err.strip().splitlines()[-1].removeprefix("penstock: ")


class TestBadInput:
    def test_no_name(self, client):
        assert refused() == "name the registered model with -P model=NAME"

    def test_an_unknown_model(self, client):
        assert "there is no registered model 'nobody'" in refused("--model", "nobody", "--version", "1")

    def test_an_unknown_format(self, client):
        said = refused("--model", "a", "--format", "tar")
        assert said.startswith("format must be folder or zip, not 'tar'")

    def test_an_output_that_exists(self, exported):
        said = refused("--model", exported[2], "--output", str(exported[0]))
        assert said == f"the output '{exported[0]}' exists; remove it, or name another with output="

    def test_an_unknown_version(self, exported):
        assert "has no version 99" in refused("--model", exported[2], "--version", "99")

    def test_an_output_that_cannot_be_written(self, exported):
        assert "cannot be written to '/proc/out'" in refused("--model", exported[2], "--output", "/proc/out")


def test_a_version_that_is_not_ours_gives_its_files_and_says_so(client, mlflow_server, tmp_path):
    register_moody(mlflow_server.uri, "moody")
    found = answer_of("export", "--model", "moody", "--output", str(tmp_path / "moody"))
    assert not found["complete"]
    (said,) = found["lacking"]
    assert said.startswith("it has no code of ours, because it was not trained by Penstock")
    assert (tmp_path / "moody" / "model" / "MLmodel").is_file()
    assert "It was not trained by Penstock" in (tmp_path / "moody" / "README.md").read_text("utf-8")
    assert "best_model.py" not in found["files"]


def kept_files(client, server, name):
    """The folder of a version's files in the store."""
    place = client.get_model_version_download_uri(name, "1").rstrip("/").split("/")[-2]
    return next(path.parent for path in (server.root / "artifacts").rglob("MLmodel") if place in str(path))


def test_a_swapped_pickle_is_refused_and_never_opened(client, exported, mlflow_server, tmp_path, monkeypatch):
    name, opened, tag = exported[2], tmp_path / "opened", "penstock.model_sha256"
    digest = client.get_model_version(name, "1").tags[tag]

    class Touch:
        def __reduce__(self):
            return type(opened).touch, (opened,)

    saved = kept_files(client, mlflow_server, name) / "model.pkl"
    kept = saved.read_bytes()
    saved.write_bytes(pickle.dumps(Touch()))
    try:
        said = refused("--model", name, "--version", "1", "--output", str(tmp_path / "swapped"))
        with pytest.raises(BadInput, match="is not the one that was registered"):
            fetch_served(name, "1", "Production", tmp_path / "evaluated")
        # The plan's tag alone says nothing of the pickle.
        client.delete_model_version_tag(name, "1", tag)
        monkeypatch.setenv("PENSTOCK_AUTH", "mlflow")
        with pytest.raises(BadInput, match="is not among trusted_models"):
            fetch_served(name, "1", "Production", tmp_path / "untagged")
    finally:
        saved.write_bytes(kept)
        client.set_model_version_tag(name, "1", tag, digest)
    assert f"the saved model of version 1 of '{name}' is not the one that was registered" in said
    assert not opened.exists()


def test_it_says_whether_the_saved_model_was_held_against_a_digest(client, exported, tmp_path):
    name, tag = exported[2], "penstock.model_sha256"
    digest = client.get_model_version(name, "1").tags[tag]
    told = [(exported[0] / "README.md").read_text("utf-8")]
    shown = [json.loads((exported[0] / "export.json").read_text("utf-8"))["registered_model_sha256"]]
    client.delete_model_version_tag(name, "1", tag)
    try:
        answer_of("export", "--model", name, "--version", "1", "--output", str(tmp_path / "untagged"))
    finally:
        client.set_model_version_tag(name, "1", tag, digest)
    told.append((tmp_path / "untagged" / "README.md").read_text("utf-8"))
    shown.append(
        json.loads((tmp_path / "untagged" / "export.json").read_text("utf-8"))["registered_model_sha256"]
    )
    assert shown == [digest, ""]
    assert ["Not shown: that the saved model is the one" in each for each in told] == [False, True]


def test_deleted_files_are_a_sentence(client, exported, mlflow_server, tmp_path):
    import shutil

    name = exported[2]
    version = client.get_model_version(name, "1")
    place = client.get_model_version_download_uri(name, "1")
    assert version
    root = mlflow_server.root / "artifacts"
    where = [path for path in root.rglob("MLmodel") if place.rstrip("/").split("/")[-2] in str(path)]
    if not where:
        pytest.skip("this store lays files out in another way")
    shutil.move(where[0].parent, tmp_path / "moved")
    try:
        said = refused("--model", name, "--version", "1", "--output", str(tmp_path / "again"))
    finally:
        shutil.move(tmp_path / "moved", where[0].parent)
    assert said.startswith(f"the files of version 1 of '{name}' cannot be fetched")
