"""Data in a bucket is fetched and read like files: against a real S3 server."""

from collections.abc import Iterator

import boto3
import pandas as pd
import pytest
from moto.server import ThreadedMotoServer

from projects.errors import BadInput
from projects.ingest.run import ingest


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="shop")

    def put(key, content):
        client.put_object(Bucket="shop", Key=key, Body=content)

    yield put
    boto3.resource("s3").Bucket("shop").objects.delete()
    client.delete_bucket(Bucket="shop")


def rows_of(source, tmp_path):
    done = ingest(source, tmp_path / "clean", say=lambda _: None)
    return done, pd.read_parquet(tmp_path / "clean" / "rows.parquet").to_numpy().tolist()


def test_the_objects_under_a_prefix_are_one_table(bucket, tmp_path):
    for key, content in {
        "sales/2.csv": b"x,y\n2,b\n",
        "sales/1.csv": b"x,y\n1,a\n",
        "sales/old/0.csv": b"x,y\n3,c\n",
        "sales_2/9.csv": b"x,y\n9,z\n",
        "sales/notes.md": b"?",
    }.items():
        bucket(key, content)
    done, rows = rows_of("s3://shop/sales", tmp_path)
    assert rows == [[1, "a"], [2, "b"], [3, "c"]]
    assert [fact.shown for fact in done.sources] == [
        "s3://shop/sales/1.csv", "s3://shop/sales/2.csv", "s3://shop/sales/old/0.csv",
    ]  # fmt: skip
    assert done.skipped[0].reason == "'.md' is no format of tables"


def test_one_object_is_named_by_its_key(bucket, tmp_path):
    bucket("sales/1.csv", b"x,y\n1,a\n")
    assert rows_of("s3://shop/sales/1.csv", tmp_path)[1] == [[1, "a"]]


def test_a_glob_names_objects(bucket, tmp_path):
    for key in ("a1.csv", "a2.csv", "b1.csv"):
        bucket(key, f"x,y\n{key[1]},{key}\n".encode())
    assert rows_of("s3://shop/a*.csv", tmp_path)[1] == [[1, "a1.csv"], [2, "a2.csv"]]


@pytest.mark.slow
def test_many_objects_are_listed_page_by_page(bucket, tmp_path):
    for number in range(1005):
        bucket(f"many/{number:04d}.csv", f"x,y\n{number},a\n".encode())
    assert [row[0] for row in rows_of("s3://shop/many/", tmp_path)[1]] == list(range(1005))


def test_nothing_stays_of_what_was_fetched(bucket, tmp_path):
    bucket("1.csv", b"x,y\n1,a\n")
    rows_of("s3://shop/1.csv", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["clean"]


@pytest.mark.parametrize(
    ("source", "match"),
    [
        (
            "s3://shop/nothing",
            "nothing lies under 's3://shop/nothing'; look at the bucket's name and the prefix",
        ),
        ("s3://no-such-bucket/x", "'s3://no-such-bucket/x' cannot be read; .*NoSuchBucket"),
        ("s3://", "names no bucket; write s3://bucket/prefix"),
    ],
)
def test_what_is_not_there_is_refused(bucket, tmp_path, source, match):
    with pytest.raises(BadInput, match=match):
        rows_of(source, tmp_path)


def test_an_object_that_does_not_fit_on_the_disk_is_refused(bucket, tmp_path, monkeypatch):
    bucket("1.csv", b"x,y\n1,a\n")
    monkeypatch.setattr("projects.ingest.workspace.SPARE_BYTES", 10**18)
    with pytest.raises(
        BadInput, match=r"'s3://shop/1\.csv' needs .* to spare; free some, or write to another disk"
    ):
        rows_of("s3://shop/1.csv", tmp_path)


def test_a_server_that_is_away_is_said(tmp_path, monkeypatch, free_port):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(BadInput, match="cannot be read; Could not connect to the endpoint"):
        rows_of("s3://shop/1.csv", tmp_path)
