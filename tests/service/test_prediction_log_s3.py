"""The log's copy in a bucket of a real S3 server: whole, verified, read from, and caught up after trouble."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import boto3
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from moto.server import ThreadedMotoServer

from serving.leaving import hand_over
from serving.prediction_log import bucket as buckets
from serving.prediction_log import layout, upload
from serving.prediction_log.bucket import Bucket, BucketError
from serving.prediction_log.compact import compact
from serving.prediction_log.erase import are_damaged, erase
from serving.prediction_log.read import read, read_outcomes
from serving.prediction_log.retention import Keeping
from serving.prediction_log.upkeep import alone, keep_up
from serving.settings import load
from tests.conftest import REPO, pick_free_port
from tests.service.gateway_fixtures import run_gateway
from tests.service.gateway_models import register
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, write, write_outcomes

DAY_S = 86_400
URI = "s3://logs/penstock"


class Server:
    """A bucket's server that can go away and come back with what it held."""

    def __init__(self) -> None:
        self.port = pick_free_port()
        self.start()

    def start(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        self.server.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def s3(server, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(buckets, "TRIES", 1)
    client = boto3.client("s3")
    client.create_bucket(Bucket="logs")
    yield client
    boto3.resource("s3").Bucket("logs").objects.delete()
    client.delete_bucket(Bucket="logs")


def keys(s3):
    return [found["Key"] for found in s3.list_objects_v2(Bucket="logs").get("Contents", ())]


def ids(folder, **options):
    table = read(folder, model="churn", **options)
    return sorted(table.column("prediction_id").to_pylist())


def run(folder, now_s=NOON, **keeping):
    return keep_up(folder, Keeping(**keeping), Bucket(URI), now_s)


def test_arrow_trusts_the_authority_that_boto_trusts(s3, monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", "/somewhere/ca.pem")
    arguments = Bucket(URI)._files.__reduce__()[1][0]
    assert arguments["tls_ca_file_path"] == "/somewhere/ca.pem"


def test_sealed_files_lie_in_the_bucket_under_their_own_names(s3, tmp_path):
    write(tmp_path, make_record())
    write_outcomes(tmp_path, "a", "b")
    report = run(tmp_path)
    files = [path for day in layout.every_day_dir(tmp_path) for path in layout.sealed_files(day)]
    assert keys(s3) == sorted(f"penstock/{path.relative_to(tmp_path).as_posix()}" for path in files)
    assert (report.uploaded, report.backlog.files, report.problems) == (2, 0, [])


def test_an_object_equals_its_file(s3, tmp_path):
    write(tmp_path, make_record())
    (file,) = run(tmp_path).predictions.files
    body = s3.get_object(Bucket="logs", Key=keys(s3)[0])["Body"].read()
    assert body == file.read_bytes()


@pytest.mark.parametrize(
    ("setting", "found"), [("AES256", ("AES256", None)), ("aws:kms:alias/mine", ("aws:kms", "alias/mine"))]
)
def test_the_bucket_is_asked_to_encrypt_small_and_large_objects(s3, tmp_path, monkeypatch, setting, found):
    monkeypatch.setattr(buckets, "PART_BYTES", 5 * 1024 * 1024)
    for size, name in ((10, "small"), (11 * 1024 * 1024, "in parts")):
        (tmp_path / name).write_bytes(bytes(size))
        Bucket(URI, setting).put(tmp_path / name, name, buckets.sha256_of(tmp_path / name))
        head = s3.head_object(Bucket="logs", Key=f"penstock/{name}")
        assert (head["ServerSideEncryption"], head.get("SSEKMSKeyId")) == found


def test_what_is_uploaded_is_not_uploaded_again(s3, tmp_path):
    write(tmp_path, make_record())
    assert [run(tmp_path).uploaded for _ in range(2)] == [1, 0]


def test_a_file_whose_mark_was_lost_is_found_in_the_bucket(s3, tmp_path, monkeypatch):
    write(tmp_path, make_record())
    (file,) = run(tmp_path).predictions.files
    layout.uploaded_mark(file).unlink()
    monkeypatch.setattr(Bucket, "put", lambda *_: pytest.fail("it was sent again"))
    assert run(tmp_path).backlog.files == 0


def test_an_object_that_is_not_whole_is_sent_again(s3, tmp_path):
    write(tmp_path, make_record())
    (file,) = run(tmp_path).predictions.files
    s3.put_object(Bucket="logs", Key=keys(s3)[0], Body=b"half", Metadata={"sha256": "0"})
    layout.uploaded_mark(file).unlink()
    run(tmp_path)
    assert s3.head_object(Bucket="logs", Key=keys(s3)[0])["ContentLength"] == file.stat().st_size


def test_what_arrived_otherwise_than_it_was_sent_is_not_marked(s3, tmp_path, monkeypatch):
    write(tmp_path, make_record())
    monkeypatch.setattr(Bucket, "holds", lambda *_: False)
    report = run(tmp_path)
    assert report.backlog.files == 1
    assert "has not arrived whole in s3://logs/penstock; it is sent again" in report.problems[0]


def test_a_large_file_goes_in_parts(s3, tmp_path, monkeypatch):
    monkeypatch.setattr(buckets, "PART_BYTES", 5 * 1024 * 1024)
    path = tmp_path / "large.parquet"
    path.write_bytes(os.urandom(11 * 1024 * 1024))
    Bucket(URI).put(path, "large.parquet", buckets.sha256_of(path))
    head = s3.head_object(Bucket="logs", Key="penstock/large.parquet")
    assert head["ETag"].endswith('-3"')
    assert head["ContentLength"] == path.stat().st_size


def test_parts_of_an_upload_that_was_cut_off_are_removed(s3, tmp_path):
    s3.create_multipart_upload(Bucket="logs", Key="penstock/a.parquet")
    path = tmp_path / "a.parquet"
    path.write_bytes(b"x")
    Bucket(URI).put(path, "a.parquet", buckets.sha256_of(path))
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="logs")


def test_files_wait_while_the_bucket_is_away_and_go_when_it_is_back(s3, server, tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    server.stop()
    report = run(tmp_path, days=1, now_s=NOON + 9 * DAY_S)
    server.start()
    boto3.client("s3").create_bucket(Bucket="logs")
    assert (report.uploaded, report.backlog.files, report.pruned) == (0, 1, 0)
    assert "s3://logs/penstock could not be asked to" in report.problems[0]
    assert report.backlog.size_bytes > 0
    assert report.backlog.oldest_s == pytest.approx(time.time(), abs=60)
    assert run(tmp_path).uploaded == 1
    assert ids(tmp_path) == ["a"]


def test_what_was_pruned_is_read_from_the_bucket(s3, tmp_path):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b", ts_s=NOON + 9 * DAY_S))
    write_outcomes(tmp_path, "a", label=1)
    report = run(tmp_path, days=2, now_s=NOON + 9 * DAY_S)
    assert report.pruned == 2
    assert ids(tmp_path) == ["b"]
    table = read(tmp_path, model="churn", s3_uri=URI, outcomes=True)
    assert table.select(["prediction_id", "label"]).to_pylist() == [
        {"prediction_id": "a", "label": 1},
        {"prediction_id": "b", "label": None},
    ]
    assert read_outcomes(tmp_path, s3_uri=URI).num_rows == 1


def test_what_lies_in_both_is_read_once(s3, tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    run(tmp_path)
    assert ids(tmp_path, s3_uri=URI) == ["a"]


def test_a_merged_file_takes_its_sources_place_in_the_bucket(s3, tmp_path):
    for name in ("a", "b", "c"):
        write(tmp_path, make_record(prediction_id=name))
        run(tmp_path)
    assert len(keys(s3)) == 3
    run(tmp_path, now_s=NOON + DAY_S)
    assert [key.rpartition("/")[2][:9] for key in keys(s3)] == ["merged-2-"]
    assert ids(tmp_path, s3_uri=URI) == ["a", "b", "c"]


def test_sources_that_are_still_in_the_bucket_are_not_read_beside_the_merged_file(s3, tmp_path, monkeypatch):
    for name in ("a", "b"):
        write(tmp_path, make_record(prediction_id=name))
        run(tmp_path)
    monkeypatch.setattr(Bucket, "remove", lambda *_: None)
    run(tmp_path, now_s=NOON + DAY_S)
    assert len(keys(s3)) == 3
    assert ids(tmp_path / "elsewhere", s3_uri=URI) == ["a", "b"]


def test_the_bucket_has_a_retention_of_its_own(s3, tmp_path):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b", model="other"))
    report = run(tmp_path, bucket_days=3, by_model={"other": 30.0}, now_s=NOON + 9 * DAY_S)
    assert report.pruned_in_bucket == 1
    assert ["model=other" in key for key in keys(s3)] == [True]
    assert ids(tmp_path) == ["a"]


def test_a_damaged_merged_file_stays_here_and_its_sources_in_the_bucket(s3, tmp_path):
    for name in ("a", "b"):
        write(tmp_path, make_record(prediction_id=name))
        run(tmp_path)
    (merged,) = compact(tmp_path, "2030-01-01")
    whole = merged.read_bytes()
    merged.write_bytes(whole[:-20])
    write(tmp_path, make_record(prediction_id="c"))
    report = run(tmp_path)
    assert (report.uploaded, report.backlog.files, len(report.problems)) == (1, 1, 1)
    assert len(keys(s3)) == 3
    merged.write_bytes(whole)
    assert (run(tmp_path).backlog.files, len(keys(s3))) == (0, 2)


def test_a_user_is_erased_past_a_damaged_object_but_not_past_a_server_that_is_away(s3, server, tmp_path):
    for name in ("a", "b"):
        write(tmp_path, make_record(prediction_id=name, user_key="ann"))
        run(tmp_path)
    here = tmp_path / "another gateway"
    here.mkdir()
    damaged, other = (key.removeprefix("penstock/") for key in keys(s3))
    s3.put_object(Bucket="logs", Key=f"penstock/{damaged}", Body=b"no Parquet")
    bucket = Bucket(URI)
    erased = erase(here, bucket, user_key="ann")
    assert (erased.predictions, erased.damaged) == (1, {damaged})
    assert are_damaged(here, bucket, [damaged])
    assert not are_damaged(here, bucket, [other])
    server.stop()
    try:
        with pytest.raises(BucketError):
            are_damaged(here, bucket, [damaged])
        with pytest.raises(BucketError):
            erase(here, bucket, user_key="ann")
    finally:
        server.start()


def test_a_user_is_erased_from_the_bucket_too(s3, tmp_path):
    write(tmp_path, make_record(prediction_id="a", user_key="ann"), make_record(prediction_id="b"))
    write(tmp_path, make_record(prediction_id="c", user_key="ann", ts_s=NOON + 9 * DAY_S))
    run(tmp_path, days=2, now_s=NOON + 9 * DAY_S)
    assert erase(tmp_path, Bucket(URI), user_key="ann").predictions == 2
    run(tmp_path, now_s=NOON + 9 * DAY_S)
    assert ids(tmp_path / "elsewhere", s3_uri=URI) == ["b"]


def test_a_bucket_that_is_not_there_is_said(s3, tmp_path):
    with pytest.raises(BucketError, match=r"s3://nowhere could not be asked to list it: .*NoSuchBucket"):
        read(tmp_path, model="churn", s3_uri="s3://nowhere")


# Uploads one file after the other until it is killed.
UPLOADER = """
import sys
from pathlib import Path
from serving.prediction_log.bucket import Bucket
from serving.prediction_log.retention import Keeping
from serving.prediction_log.upkeep import alone, keep_up
from serving.settings import load
keep_up(Path(sys.argv[1]), Keeping(days=1), Bucket(sys.argv[2]), float(sys.argv[3]))
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_loses_and_doubles_nothing(s3, tmp_path):
    expected = []
    for number in range(24):
        name = f"p{number:02d}"
        write(tmp_path, make_record(prediction_id=name, ts_s=NOON + number % 4 * DAY_S))
        expected.append(name)
    command = [sys.executable, "-c", UPLOADER, str(tmp_path), URI, str(NOON + 20 * DAY_S)]
    for alive_s in (0.9, 1.2, 1.4, 1.6, 1.9):
        process = subprocess.Popen(command, cwd=REPO)
        time.sleep(alive_s)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert ids(tmp_path, s3_uri=URI) == expected
    subprocess.run(command, cwd=REPO, check=True)
    assert ids(tmp_path, s3_uri=URI) == expected
    assert list(tmp_path.rglob("*.parquet")) == []
    assert all(pq.read_table(Bucket(URI).open(key.removeprefix("penstock/"))).num_rows for key in keys(s3))
    assert upload.waiting_files(tmp_path, Bucket(URI)) == []


@pytest.mark.slow
def test_a_gateway_tells_of_its_backlog_and_catches_up(s3, server, mlflow_server, free_port, tmp_path):
    version = register(mlflow_server.uri, "in-a-bucket", label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage("in-a-bucket", version, "Production")
    options = {"log_s3_uri": URI, "log_segment_s": 2}
    with run_gateway(mlflow_server.uri, tmp_path, free_port(), **options) as gateway:
        gateway.wait_for("in-a-bucket")
        gateway.wait_until(lambda: keys(s3))
        server.stop()
        gateway.predict("in-a-bucket")
        gateway.wait_until(lambda: gateway.metric("penstock_log_backlog_files") > 0)
        assert gateway.metric("penstock_log_backlog_bytes") > 0
        assert gateway.call("GET", "/ready").status == 200
        assert "s3://logs/penstock could not be asked" in gateway.ready()["log"]["problems"][0]
        server.start()
        boto3.client("s3").create_bucket(Bucket="logs")
        gateway.wait_until(lambda: gateway.metric("penstock_log_backlog_files") == 0)
        gateway.wait_until(lambda: gateway.ready()["log"]["problems"] == [])
        names = read(tmp_path / "predictions", model="in-a-bucket")["prediction_id"].to_pylist()
    found = read(tmp_path / "elsewhere", model="in-a-bucket", s3_uri=URI)["prediction_id"].to_pylist()
    assert names[-1] in found


@pytest.mark.slow
def test_a_gateway_that_is_scaled_away_leaves_its_last_predictions_in_the_bucket(
    s3, mlflow_server, free_port, tmp_path, monkeypatch
):
    version = register(mlflow_server.uri, "scaled-away", label="yes")
    MlflowClient(mlflow_server.uri).transition_model_version_stage("scaled-away", version, "Production")
    options = {"log_s3_uri": URI, "gateway_workers": 2}
    with run_gateway(mlflow_server.uri, tmp_path, free_port(), **options) as gateway:
        gateway.wait_for("scaled-away")
        ids_given = {gateway.predict("scaled-away").headers["x-prediction-id"] for _ in range(8)}
        assert keys(s3) == []
    if "s were not enough" in gateway.log.read_text():  # a busy machine's
        hand_over(leaving(tmp_path, monkeypatch), LONG_S)
    found = read(tmp_path / "elsewhere", model="scaled-away", s3_uri=URI)["prediction_id"].to_pylist()
    assert ids_given <= set(found)


LONG_S = 120.0
"""More than a start of Python and a few files take on any machine."""


def leaving(tmp_path, monkeypatch, **values):
    for name, value in ({"var_dir": tmp_path, "log_s3_uri": URI} | values).items():
        monkeypatch.setenv(f"PENSTOCK_{name.upper()}", str(value))
    return load()


def test_what_a_leaving_gateway_cannot_copy_is_counted_and_told(s3, server, tmp_path, monkeypatch, caplog):
    settings = leaving(tmp_path, monkeypatch)
    write(settings.prediction_log_dir, make_record())
    write_outcomes(settings.prediction_log_dir, "a")
    server.stop()
    try:
        assert hand_over(settings, LONG_S) == 2
    finally:
        server.start()
        boto3.client("s3").create_bucket(Bucket="logs")
    assert "2 files of the prediction log, " in caplog.text
    assert "are not in s3://logs/penstock as the gateway leaves: s3://logs/penstock could not" in caplog.text
    assert hand_over(settings, LONG_S) == 0
    assert len(keys(s3)) == 2


def test_a_leaving_gateway_waits_for_an_upkeep_under_way_and_no_longer(s3, tmp_path, monkeypatch, caplog):
    settings = leaving(tmp_path, monkeypatch)
    write(settings.prediction_log_dir, make_record())
    with alone(settings.prediction_log_dir):
        assert hand_over(settings, 2.0) == 1
    assert "2 s were not enough" in caplog.text


def test_a_leaving_gateway_prunes_nothing_as_policies_may_keep_it_longer(s3, tmp_path, monkeypatch):
    settings = leaving(tmp_path, monkeypatch, log_retention_days=1)
    write(settings.prediction_log_dir, make_record(prediction_id="old"))
    assert hand_over(settings, LONG_S) == 0
    assert ids(settings.prediction_log_dir) == ["old"]
