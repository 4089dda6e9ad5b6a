"""A desk over a real MLflow store, with what a platform leaves there: data sets, runs, versions, logs."""

import hashlib
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from penstock.desk import Desk
from penstock.jobs.job import Job, Wanted
from penstock.people.person import Person
from penstock.records.dataset import Dataset
from penstock.records.project import Project
from serving.prediction_log.record import encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter
from serving.settings import load
from serving.web.records import hashed
from tests.unit.penstock.records.project_fixtures import kept
from tests.unit.prediction_log.prediction_log_fixtures import make_record

ANA, BEN, EVE = (Person(name) for name in ("ana", "ben", "eve"))
ADMIN = Person("root", is_admin=True)
COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_numbers = count(1)


class World:
    """A desk and what lies on it."""

    def __init__(self, uri: str, var_dir: Path, **more: str) -> None:
        environ = {"PENSTOCK_VAR_DIR": str(var_dir), "PENSTOCK_TRACKING_URI": uri}
        self.desk = Desk(load(environ | more))
        self.client = self.desk.client
        self.log = self.desk.settings.prediction_log_dir

    def project(self, name: str = "", owner: str = "ana") -> Project:
        name = name or f"p{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        place = (self.desk.settings.var_dir / "artifacts").as_uri()
        number = self.client.create_experiment(f"{owner}/{name}", artifact_location=place)
        return kept(self.desk.projects, Project(owner, name, number))

    def run(self, project: Project, entry: str, tags: Any = None, **parameters: str) -> str:
        """A run that has ended, as `mlflow run` leaves it."""
        told = {"mlflow.project.entryPoint": entry, "mlflow.source.git.commit": COMMIT, **(tags or {})}
        run = self.client.create_run(project.experiment_id, tags=told)
        for name, value in parameters.items():
            self.client.log_param(run.info.run_id, name, value)
        self.client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def dataset(self, project: Project, content: bytes = b"a,b\n1,2\n", **changes: Any) -> Dataset:
        """A data set that was uploaded and read."""
        name, sha256 = str(uuid.uuid4()), hashlib.sha256(content).hexdigest()
        path = self.desk.settings.projects_dir / project.path / "data" / name / "table.csv"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        run_id = self.run(project, "ingest")
        lineage = {
            "sha256": sha256,
            "files": [{"shown": f"/home/ana/{path.name}", "sha256": sha256, "size_bytes": len(content)}],
            "steps": [{"name": "read", "rows_in": 1, "rows_out": 1}],
        }
        self.client.log_text(run_id, json.dumps(lineage), "data/lineage.json")
        self.client.log_text(run_id, "rows", "data/rows.parquet")
        self.client.log_text(run_id, "{}", "ingest.json")
        made = Dataset(
            name, project.path, project.owner, "table",
            file=str(path.relative_to(self.desk.settings.projects_dir)),
            sha256=sha256, size_bytes=len(content), run_id=run_id, rows=1, created_s=time.time(),
            profile={"column_names": ["a", "b"], "numeric_stats": {"a": {"mean": 1.0}}},
        )  # fmt: skip
        return self.desk.datasets.add(replace(made, **changes))

    def child(self, parent: Dataset, origin: str = "clean") -> Dataset:
        project = self.desk.projects.get(parent.project)
        assert project is not None
        return self.dataset(project, origin=origin, parent_id=parent.dataset_id, sha256="", file="")

    def job(self, dataset: Dataset, state: str = "completed", entry: str = "train", run_id: str = "") -> Job:
        """A job that read a data set."""
        wanted = Wanted(
            entry, dataset.owner, dataset.project, {"data": f"runs:/{dataset.run_id}"},
            asked={"dataset_id": dataset.dataset_id, "algorithm": "logistic"},
        )  # fmt: skip
        job = self.desk.jobs.add(wanted)
        return self.desk.jobs.put(replace(job, state=state, run_id=run_id))  # type: ignore[arg-type]

    def version(self, name: str, run_id: str = "", **tags: str) -> str:
        """A version of a registered model, which is made if need be."""
        if not self.client.search_registered_models(f"name='{name}'"):
            self.client.create_registered_model(name)
        told = {f"penstock.{key}": value for key, value in tags.items()}
        made = self.client.create_model_version(
            name, source="s3://nowhere/x", run_id=run_id or None, tags=told
        )
        self.desk.versions.forget()
        return str(made.version)

    def trained(self, dataset: Dataset, name: str) -> str:
        """A version that a job of the platform trained on a data set."""
        project = self.desk.projects.get(dataset.project)
        assert project is not None
        run_id = self.run(project, "train", data=f"runs:/{dataset.run_id}", seed="7")
        job = self.job(dataset, run_id=run_id)
        return self.version(
            name, run_id, dataset=dataset.dataset_id, job=job.job_id, project=dataset.project,
            data_sha256=dataset.sha256, user_version="1.0.0",
        )  # fmt: skip

    def policy(self, name: str, **policy: Any) -> None:
        self.client.set_registered_model_tag(name, "penstock.policy", json.dumps(policy))

    def writer(self) -> SegmentWriter:
        return SegmentWriter(self.log, max_bytes=1 << 20, max_age_s=300.0, clock=time.time)

    def answered(self, model: str, version: str, times: int = 1, *, user: str = "", salt: str = "",
                 writer: SegmentWriter | None = None, **changes: Any) -> list[str]:  # fmt: skip
        """Predictions on the log, as the gateway writes them; their ids."""
        own = writer or self.writer()
        ids = []
        for _ in range(times):
            ids.append(new_prediction_id())
            key = hashed((salt or model).encode(), user.encode()) if user else None
            record = make_record(
                prediction_id=ids[-1], ts_s=time.time(), model=model, version=version, user_key=key, **changes
            )
            own.append(encode(record))
        if writer is None:
            own.close()
        return ids

    def audited(self) -> list[tuple[str, str, str]]:
        """What the trail holds: action, subject, outcome."""
        with self.desk.database.begin(is_read_only=True) as connection:
            rows = connection.exec_driver_sql(
                "SELECT action, subject, outcome FROM penstock_audit ORDER BY sequence"
            )
            return [tuple(row) for row in rows]


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """MLflow's own store in a file: its tables are made once."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture
def world(store_uri: str, tmp_path: Path) -> Iterator[World]:
    made = World(store_uri, tmp_path)
    yield made
    made.desk.trail.mirror.close = lambda: None  # type: ignore[method-assign, union-attr]


def name_of(what: str) -> str:
    """A name of a registered model that no other test has."""
    return f"{what} {next(_numbers)} {uuid.uuid4().hex[:6]}"
