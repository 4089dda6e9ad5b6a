"""Workers read an S3 store by themselves; it goes away in the middle, comes back, or knows no such secret."""

import os
import subprocess
import sys

import boto3
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from projects.compute.cluster import cluster
from projects.compute.crew import Crew
from projects.errors import BadInput
from projects.ingest import bucket, bucket_piece
from projects.ingest.bucket_piece import fetched
from projects.ingest.run import ingest
from tests.conftest import REPO
from tests.service.s3_process import SECRET, running_s3
from tests.unit.projects.compute.cluster_fixtures import LOCAL

pytestmark = pytest.mark.slow
ROWS = 20_000
GRAIN = 150_000


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(8)
    rows = pd.DataFrame({"id": range(ROWS), "price": rng.random(ROWS).round(6)})
    rows["word"] = rng.choice(['say "so",\nthen', "NA", "plain"], ROWS)
    rows["day"] = pd.date_range("2024-01-01", periods=300).strftime("%d/%m/%Y")[rng.integers(0, 300, ROWS)]
    return rows


@pytest.fixture(scope="module")
def store(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("s3")
    with running_s3(folder) as store, pytest.MonkeyPatch.context() as patch:
        for name, value in store.environ.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        client = boto3.client("s3")
        client.create_bucket(Bucket="shop")
        for name in ("rows.csv", "rows.parquet"):
            (frame.to_csv if name.endswith("csv") else frame.to_parquet)(folder / name, index=False)
            client.upload_file(str(folder / name), "shop", name)
        for at in range(5):
            part = folder / f"day-{at}.parquet"
            frame[at * ROWS // 5 : (at + 1) * ROWS // 5].to_parquet(part, index=False)
            client.upload_file(str(part), "shop", f"days/{part.name}")
        yield store


@pytest.fixture(scope="module")
def client(store):
    with cluster(LOCAL, lambda _sentence: None) as client:
        yield client


@pytest.fixture
def crew(client):
    return Crew(client, lambda _sentence: None, grain=GRAIN)


@pytest.fixture
def line(store):
    """What leads to the store, whole again after the test."""
    yield store.line
    if store.line.is_cut:
        store.line.mend()


@pytest.fixture
def impatient(monkeypatch, client, crew):
    """The workers, who ask only twice, as this process does."""
    monkeypatch.setattr(bucket, "ATTEMPTS", 2)
    client.run(asking, 2, SECRET)
    yield crew
    client.run(asking, bucket_piece.ATTEMPTS, SECRET)


def asking(attempts, secret):
    """How often a process asks a store, and with which secret."""
    bucket_piece.ATTEMPTS = attempts
    os.environ["AWS_SECRET_ACCESS_KEY"] = secret
    boto3.DEFAULT_SESSION = None


def rows_of(source, folder, **asked):
    ingest(source, folder, say=lambda _line: None, **asked)
    return pq.read_table(folder / "rows.parquet"), (folder / "rows.jsonl").read_bytes()


def asked_for(store, key):
    return store.log.read_text().count(f"GET /shop/{key} ")


@pytest.mark.parametrize(
    "reading",
    [
        ("rows.csv", "rows.csv", 5, 100),
        # A small object is fetched by who reads it, a large one is read as it lies here.
        ("days/", "days/day-0.parquet", 2, 9),
        ("rows.parquet", "rows.parquet", 1, 1),
    ],
)
def test_what_workers_read_of_a_bucket_is_what_one_process_reads(tmp_path, store, crew, reading):
    source, key, least, most = reading
    alone = rows_of(f"s3://shop/{source}", tmp_path / "alone")
    before = asked_for(store, key)
    assert rows_of(f"s3://shop/{source}", tmp_path / "shared", crew=crew) == alone
    assert least <= asked_for(store, key) - before <= most


def test_a_line_cut_while_objects_are_fetched_costs_time_only(tmp_path, store, line, frame):
    before = line.cuts
    line.cut_after(300_000, away_s=1.5)
    table, _ = rows_of("s3://shop/rows.csv", tmp_path / "alone")
    assert line.cuts == before + 1
    assert table["price"].to_pylist() == frame["price"].tolist()


def test_a_line_cut_while_workers_read_costs_time_only(tmp_path, store, line, crew):
    alone = rows_of("s3://shop/rows.csv", tmp_path / "alone")
    size, before = len(boto3.client("s3").get_object(Bucket="shop", Key="rows.csv")["Body"].read()), line.cuts
    line.cut_after(int(1.5 * size), away_s=1.5)
    assert rows_of("s3://shop/rows.csv", tmp_path / "shared", crew=crew) == alone
    assert line.cuts == before + 1


@pytest.mark.parametrize(("share", "reader"), [(0.5, ""), (1.5, r" by the worker tls://127\.0\.0\.1:\d+")])
def test_a_store_that_stays_away_is_a_sentence_and_nothing_is_half_written(
    tmp_path, line, impatient, share, reader
):
    size = boto3.client("s3").head_object(Bucket="shop", Key="rows.csv")["ContentLength"]
    line.cut_after(int(share * size))
    sentence = rf"^'s3://shop/rows.csv' cannot be read{reader}; .*; see that the store is up"
    with pytest.raises(BadInput, match=sentence):
        rows_of("s3://shop/rows.csv", tmp_path / "clean", crew=impatient)
    assert list(tmp_path.iterdir()) == []
    line.mend()
    assert rows_of("s3://shop/rows.csv", tmp_path / "clean", crew=impatient)[0].num_rows == ROWS


def test_a_wrong_secret_is_a_sentence(tmp_path, store, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(BadInput, match=r"SignatureDoesNotMatch.*; look there at the key and its secret"):
        rows_of("s3://shop/rows.csv", tmp_path / "clean")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_with_a_wrong_secret_is_named(tmp_path, client, impatient):
    client.run(asking, 2, "another")
    with pytest.raises(BadInput, match=r"read by the worker tls://\S+; .*SignatureDoesNotMatch.*secret"):
        rows_of("s3://shop/rows.csv", tmp_path / "clean", crew=impatient)
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_changes_while_it_is_read_is_a_sentence(tmp_path, store, client):
    def read(folder):
        with fetched("s3://shop/rows.csv", 0, 0, '"another"', folder):
            pass

    with pytest.raises(BadInput, match="it changed while it was read: leave it alone, and run this again"):
        client.submit(read, tmp_path).result()


def test_a_store_that_goes_away_while_a_model_is_written_is_a_sentence_and_no_version(
    tmp_path, frame, line, mlflow_server
):
    boto3.client("s3").create_bucket(Bucket="runs")
    client = MlflowClient(mlflow_server.uri)
    experiment = client.create_experiment("afar", artifact_location="s3://runs/afar")
    frame.head(400).drop(columns="word").to_csv(tmp_path / "rows.csv", index=False)
    line.cut_after(100_000)
    asked = ["--data", "rows.csv", "--target", "price", "--name", "afar", "--candidates", "ridge"]
    done = subprocess.run(
        [sys.executable, "-m", "projects", "main", *asked, "--tune-seconds", "0", "--folds", "2"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200,
        env=os.environ | {
            "MLFLOW_TRACKING_URI": mlflow_server.uri, "MLFLOW_EXPERIMENT_NAME": "afar",
            "PYTHONPATH": str(REPO), "PENSTOCK_VAR_DIR": str(tmp_path / "var"),
        },
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert (done.returncode, last[:43]) == (1, "penstock: the S3 store failed; Could not co")
    assert "Traceback" not in done.stderr
    assert "FAILED" in [run.info.status for run in client.search_runs([experiment])]
    assert client.search_registered_models("name = 'afar'") == []
