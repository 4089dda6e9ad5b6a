"""A password in the address of a training's data is in nothing that the training leaves."""

import json
from pathlib import Path

import mlflow
import pandas as pd
import pytest
import sqlalchemy as sa
from mlflow.artifacts import download_artifacts

from projects.errors import BadInput
from projects.requirement.model import Requirement
from projects.rows import clean_rows
from projects.tracking import started_run
from tests.conftest import pick_free_port
from tests.service.postgres_server import run_postgres
from tests.service.training_fixtures import answer_of, run_step, shop
from tests.service.worked_off import run_desk


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with run_postgres(tmp_path_factory.mktemp("postgres") / "data", pick_free_port()) as server:
        rows = shop().drop(columns=["amount", "level"])
        rows.to_sql("shop", sa.create_engine(server.url()), index=False)
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    with run_desk(root):
        yield root


def spec_of(server, folder):
    path = folder.parent / f"{folder.name}-spec.json"
    source = {"url": server.url(), "table": "shop"}
    path.write_text(json.dumps({"data_source": source, "target": "kept", "user": "ada", "project_name": "p"}))
    return str(path)


def told(home, secret):
    """The files below a folder that hold the secret: MLflow's database, artefacts, projects, logs."""
    return [str(path) for path in home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def trained(server, home):
    return answer_of(
        "train", "--spec", spec_of(server, home), "--algorithm", "logistic", "--folds", "3", "--name", "shop"
    )


def test_nothing_that_a_training_keeps_holds_the_password(server, home, trained):
    assert told(home, server.password) == []


def test_nothing_that_a_step_keeps_of_a_plain_address_holds_it(server, home, capfd):
    url = server.url()
    found = answer_of("ingest", "--data", url, "--target", "kept")
    lineage = Path(download_artifacts(run_id=found["run_id"], artifact_path="data/lineage.json")).read_text()
    assert "${SOURCE_PASSWORD}" in lineage
    code, out, err = run_step("ingest", "--data", url.replace("/postgres", "/nowhere"), "--json")
    assert code == 2
    assert server.password not in out + err
    assert told(home, server.password) == []


def test_the_kept_requirement_reads_its_rows_again_where_the_password_is_set(
    server, home, trained, tmp_path, monkeypatch
):
    path = download_artifacts(run_id=trained["run_id"], artifact_path="requirement.json")
    asked = Requirement.model_validate(json.loads(Path(path).read_text()))
    with pytest.raises(BadInput, match="needs the environment variable SOURCE_PASSWORD, which is not set"):
        clean_rows(asked, tmp_path / "without", print)
    monkeypatch.setenv("SOURCE_PASSWORD", server.password)
    clean = clean_rows(asked, tmp_path / "with", print)
    assert clean.rows == len(pd.read_parquet(clean.parquet)) == 300


def test_an_address_without_a_password_takes_it_from_pgpass(server, home, tmp_path, monkeypatch):
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{server.port}:*:postgres:{server.password}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    source = {"url": server.url().replace(f":{server.password}", ""), "table": "shop"}
    asked = Requirement.model_validate({"data_source": source, "target": "kept"})
    assert clean_rows(asked, tmp_path / "clean", print).rows == 300


def test_a_password_that_mlflow_run_has_logged_itself_is_told_of(home):
    with started_run("typed") as tracker:
        mlflow.log_params({"data": "postgresql://ada:typed@db/x", "target": "kept", "spec": "a/b.yaml"})
        (said,) = tracker.told_too_much()
    assert said.startswith("careful: `mlflow run` has written the password in 'data' into the run's")
    assert "typed@" not in said
