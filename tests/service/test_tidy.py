"""What `penstock tidy` finds and removes on a real MLflow, and what it never touches."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from penstock.audit.verify import rows
from penstock.desk import Desk
from penstock.jobs.job import Wanted
from serving.lifecycle.database import Database
from serving.settings import load
from tests.conftest import REPO, pick_free_port, run_mlflow_server
from tests.service.gateway_models import register

ORPHAN = "a" * 32
JOB = "0123abcd-0000-4000-8000-000000000000"


class Stack:
    """A registered version, models that none uses, runs deleted and alive, and folders of nobody."""

    def __init__(self, uri, root):
        self.uri, self.root, self.client = uri, root, MlflowClient(uri)
        register(uri, "kept", label="yes")
        register(uri, "gone", label="maybe")
        self.kept = self._model("kept")
        self.gone = self._model("gone")
        self.client.delete_registered_model("gone")
        register(uri, "withdrawn", label="perhaps")
        self.withdrawn = self._model("withdrawn")
        self.client.delete_model_version("withdrawn", "1")
        self.deleted, self.active = (self.client.create_run("0").info.run_id for _ in range(2))
        for run_id in (self.deleted, self.active):
            self.client.log_text(run_id, "text", "note.txt")
        self.client.set_terminated(self.deleted)
        self.client.delete_run(self.deleted)
        jobs = Desk(load({"PENSTOCK_VAR_DIR": str(root), "PENSTOCK_TRACKING_URI": uri})).jobs
        self.over = jobs.add(Wanted("clean", "ada", "ada/p", {}))
        jobs.put(replace(self.over, state="completed", run_id=self.deleted))
        self.orphan = root / "artifacts" / "0" / ORPHAN / "artifacts" / "left.bin"
        self.strange = root / "artifacts" / "mine" / "keep.bin"
        self.job = root / "jobs" / JOB / "log"
        for file in (self.orphan, self.strange, self.job):
            file.parent.mkdir(parents=True)
            file.write_bytes(b"x" * 1000)

    def _model(self, name):
        return self.client.get_model_version(name, "1").source.removeprefix("models:/")

    def tidy(self, *words, days=0):
        environ = os.environ | {"PENSTOCK_VAR_DIR": str(self.root), "PENSTOCK_TRACKING_URI": self.uri}
        command = [sys.executable, "-m", "penstock", "tidy", "--older-than", str(days), "--json", *words]
        done = subprocess.run(
            command, cwd=REPO, env=environ, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def files(self):
        return {path for path in Path(self.root, "artifacts").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    root = tmp_path_factory.mktemp("tidy")
    with run_mlflow_server(root, pick_free_port()) as server:
        stack = Stack(server.uri, root)
        time.sleep(0.1)
        yield stack


def named(found):
    return {(find["kind"], find["name"]) for find in found["finds"]}


def test_without_being_asked_to_it_only_tells(stack):
    before = stack.files()
    found = stack.tidy()
    assert named(found) == {
        ("run", stack.deleted),
        ("model", stack.gone),
        ("model", stack.withdrawn),
        ("orphan", ORPHAN),
        ("job", JOB),
    }
    assert (found["applied"], found["bytes"] > 2000, stack.files() == before) == (False, True, True)


def test_what_is_young_stays(stack):
    assert stack.tidy(days=1)["finds"] == []


def test_it_removes_what_nothing_uses_and_says_so_in_the_trail(stack):
    stack.tidy("--apply")
    assert not any(stack.gone in str(path) or stack.deleted in str(path) for path in stack.files())
    assert (stack.orphan.exists(), stack.job.exists(), stack.strange.exists()) == (False, False, True)
    assert stack.tidy()["finds"] == []
    folder = download_artifacts(artifact_uri="models:/kept/1", tracking_uri=stack.uri, registry_uri=stack.uri)
    assert (Path(folder) / "MLmodel").exists()
    assert stack.client.get_run(stack.active).info.lifecycle_stage == "active"
    told = list(rows(Database(f"sqlite:///{stack.root}/penstock.db")))
    assert [(row["action"], row["outcome"]) for row in told] == [
        ("storage.tidy", "begun"),
        ("storage.tidy", "done"),
    ]
    assert stack.gone in told[1]["details"]
