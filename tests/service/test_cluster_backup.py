"""A cluster backed up and restored by the very commands and variables of its CronJobs, on real servers."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import psycopg
import pytest
import sqlalchemy as sa
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from infra.production.contents import Places
from infra.production.mlflow_databases import addresses
from infra.production.secret_files import make
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, first_break
from tests.conftest import REPO, pick_free_port
from tests.infra.rendered import of_kind
from tests.service.postgres_server import run_postgres
from tests.service.test_backup import fill

pytestmark = pytest.mark.slow
FILES = {
    "platform/projects/ann/churn/data.csv": b"a,b\n1,2\n",
    "platform/audit/head.jsonl": b'{"number": 3}\n',
    "var/monitor/references/one.parquet": b"reference",
}
OBJECTS = {
    "mlflow/0/run/artifacts/model.pkl": b"weights",
    "predictions/sealed/model=churn/day=1/1.parquet": b"log",
}
DATABASES = ("penstock", "mlflow", "mlflow_auth")


class Cluster:
    """PostgreSQL, the store, the secrets, and the claims as folders."""

    def __init__(self, root, postgres, store):
        self.root, self.postgres, self.store = root, postgres, store
        self.secrets = root / "secrets"
        make(self.secrets, os.urandom, Places(f"127.0.0.1:{postgres.port}"), owner=(os.getuid(), os.getgid()))
        (self.secrets / "database_admin_url").write_text(postgres.url())
        self.s3 = boto3.client("s3", endpoint_url=store, region_name="us-east-1", **self.key())
        self.empty()

    def key(self):
        lines = dict(
            line.split(" = ", 1)
            for line in (self.secrets / "s3_credentials").read_text().splitlines()
            if " = " in line
        )
        return {name: lines[name] for name in ("aws_access_key_id", "aws_secret_access_key")}

    def empty(self):
        for name in ("platform", "var", "backups", "tmp"):
            (self.root / name).mkdir(exist_ok=True)

    def here(self, text):
        """A text of a pod, with its claims, secrets and addresses as they are on this machine."""
        for there, here in {
            "/run/secrets": self.secrets, "/app/var": self.root / "var", "/platform": self.root / "platform",
            "/backups": self.root / "backups", "http://s3:8333": self.store,
        }.items():  # fmt: skip
            text = text.replace(there, str(here))
        return str(self.root / "tmp") if text == "/tmp" else text

    def run(self, name, kind="CronJob", words=()):
        """What a CronJob's, or the set-up's, container does; the image has no program of PostgreSQL's."""
        job = next(each for each in of_kind("minimal", kind) if each["metadata"]["name"] == name)
        spec = job["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else job["spec"]
        found = spec["template"]["spec"]["containers"][0]
        settings = next(
            each["data"] for each in of_kind("minimal", "ConfigMap")
            if each["metadata"]["name"] == found["envFrom"][0]["configMapRef"]["name"]
        )  # fmt: skip
        told = settings | {each["name"]: each["value"] for each in found["env"]}
        environ = {key: self.here(value) for key, value in told.items()}
        command = [self.here(word) for word in words or found["command"]]
        return subprocess.run(
            command, cwd=REPO, env=environ | {"PATH": str(Path(sys.executable).parent)},
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    def lose(self):
        """The disaster: all stores and claims are new."""
        with psycopg.connect(self.postgres.url(driver=""), autocommit=True) as connection:
            for name in DATABASES:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        for path in sorted((self.root / "platform").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for path in sorted((self.root / "var").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name in OBJECTS:
            self.s3.delete_object(Bucket="penstock", Key=name)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    root = tmp_path_factory.mktemp("cluster")
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    try:
        with run_postgres(root / "postgres", pick_free_port()) as postgres:
            yield Cluster(root, postgres, "http://{}:{}".format(*store.get_host_and_port()))
    finally:
        s3_backends.reset()  # moto's buckets are the process's, not the server's
        store.stop()


def rows(url, query):
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_a_lost_cluster_comes_back_from_the_claim_of_back_ups(cluster):
    done = cluster.run("setup", "Job")
    assert done.returncode == 0, done.stderr
    upgraded = cluster.run(
        "setup", "Job", ["python", "-m", "infra.production", "upgrade", "--secrets=/run/secrets"]
    )
    assert upgraded.returncode == 0, upgraded.stderr
    tracking, accounts = addresses(cluster.secrets)
    ours = (cluster.secrets / "database_url").read_text().strip()
    fill(ours)
    with sa.create_engine(tracking, poolclass=sa.NullPool).begin() as connection:
        connection.execute(
            sa.text("INSERT INTO registered_models (name, workspace) VALUES ('churn', 'default')")
        )
    with sa.create_engine(accounts, poolclass=sa.NullPool).begin() as connection:
        connection.execute(
            sa.text("INSERT INTO users (username, password_hash, is_admin) VALUES ('ann', 'h', true)")
        )
    for name, content in FILES.items():
        path = cluster.root / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    for name, content in OBJECTS.items():
        cluster.s3.put_object(Bucket="penstock", Key=name, Body=content)

    for name in ("backup", "backup-verify"):
        done = cluster.run(name)
        assert done.returncode == 0, done.stderr
    cluster.lose()
    assert cluster.run("setup", "Job").returncode == 0
    done = cluster.run("restore")
    assert done.returncode == 0, done.stderr

    assert {name: (cluster.root / name).read_bytes() for name in FILES} == FILES
    found = {name: cluster.s3.get_object(Bucket="penstock", Key=name)["Body"].read() for name in OBJECTS}
    assert found == OBJECTS
    assert rows(tracking, "SELECT name FROM registered_models") == [("churn",)]
    assert rows(accounts, "SELECT username FROM users") == [("ann",)]
    entries = Journal(Database(ours)).entries()
    assert (len(entries), first_break(entries)) == (2, None)
