"""Jobs worked off in the test's own process: the step itself runs, and its outcome goes into the record."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from penstock.desk import Desk
from penstock.jobs.job import Job
from penstock.people.person import Person
from penstock.records.dataset import Dataset
from penstock.services import projects
from serving.settings import load
from tests.service.training_fixtures import answer_of, run_step


@contextmanager
def run_desk(root: Path) -> Iterator[Desk]:
    """A desk over an MLflow in SQLite, without a server, in a folder of its own."""
    var = str(root / "var")
    uri = f"sqlite:///{root / 'mlflow.db'}"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)  # artefacts go below the working folder
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.setenv("MLFLOW_REGISTRY_URI", uri)
        patch.setenv("PENSTOCK_VAR_DIR", var)
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        try:
            yield Desk(load({"PENSTOCK_VAR_DIR": var, "PENSTOCK_TRACKING_URI": uri}))
        finally:  # before the variables, which MLflow sets by itself, too, are put back
            mlflow.set_tracking_uri(None)
            mlflow.set_registry_uri(None)


def uploaded(desk: Desk, person: Person, path: str, target: str) -> Dataset:
    """A data set as an upload leaves it."""
    project = projects.own_default(desk, person)
    found = answer_of("ingest", "--data", path, "--target", target)
    columns = list(pd.read_csv(path, nrows=1).columns)
    return desk.datasets.add(
        Dataset(
            f"00000000-0000-4000-8000-{abs(hash(path)) % 10**12:012d}", project.path, person.name,
            Path(path).stem, run_id=found["run_id"], rows=int(found["rows"]), target_column=target,
            profile={"column_names": columns}, created_s=desk.now_s(),
        )
    )  # fmt: skip


def worked_off(desk: Desk, job: Job) -> Job:
    """Run a job's step here, and write down how it ended."""
    words = [
        word for key, text in job.wanted.parameters.items() for word in (f"--{key.replace('_', '-')}", text)
    ]
    code, out, err = run_step(job.wanted.entry, *words, "--json")
    if code:
        why = json.loads(out)["error"]["message"] if out.strip() else err[-500:]
        return desk.jobs.put(replace(job, state="failed", code="bad_input", why=why, ended_s=desk.now_s()))
    run_id = json.loads(out)["run_id"]
    results = mlflow.artifacts.load_dict(f"runs:/{run_id}/{job.wanted.outcome}")
    return desk.jobs.put(
        replace(job, state="completed", run_id=run_id, results=results, ended_s=desk.now_s())
    )
