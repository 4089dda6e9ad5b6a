"""`mlflow run --backend kubernetes`: MLflow reads the configuration, and makes a valid job of it."""

import importlib
import runpy
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml
from kubernetes_validate import validate
from mlflow.projects import _parse_kubernetes_config, load_project
from mlflow.projects.utils import get_entry_point_command

REPO = Path(__file__).parents[2]
FOLDER = REPO / "infra" / "kubernetes"
PROJECT = FOLDER / "project"
ASKED = {"data": "s3://data/rows.csv", "gate": "AUC > 0.8 and recall >= 0.6", "name": "Kunden's churn"}


@pytest.fixture
def config(monkeypatch):
    monkeypatch.chdir(REPO)
    return _parse_kubernetes_config(yaml.safe_load((FOLDER / "mlflow-backend.json").read_text("utf-8")))


@pytest.fixture
def command():
    # Its storage folder is for parameters of the kind `path`, of which there are none.
    return get_entry_point_command(load_project(str(PROJECT)), "main", ASKED, str(REPO))


@pytest.fixture
def backend(monkeypatch):
    """MLflow's backend; of Kubernetes' client, which only its calls to a cluster need, the names alone."""
    names = ("kubernetes", "kubernetes.config", "kubernetes.config.config_exception")
    for name in names:
        module = types.ModuleType(name)
        module.ConfigException = Exception
        monkeypatch.setitem(sys.modules, name, module)
    yield importlib.import_module("mlflow.projects.kubernetes")
    sys.modules.pop("mlflow.projects.kubernetes", None)


@pytest.fixture
def job(config, command, backend):
    return backend._get_kubernetes_job_definition(
        "penstock", "registry/penstock", "sha256:" + "0" * 64, backend._get_run_command(command),
        {"MLFLOW_RUN_ID": "abc"}, config["kube-job-template"],
    )  # fmt: skip


def test_the_project_has_the_entry_points_of_the_checkout():
    mine, root = (
        yaml.safe_load((folder / "MLproject").read_text("utf-8"))["entry_points"]
        for folder in (PROJECT, REPO)
    )
    for entry in root.values():
        entry["command"] = entry["command"].replace("python -m ", "python run.py ")
    assert mine == root


def test_its_image_is_the_stacks():
    image = yaml.safe_load((PROJECT / "MLproject").read_text("utf-8"))["docker_env"]["image"]
    services = yaml.safe_load((REPO / "docker-compose.yml").read_text("utf-8"))["services"]
    assert image in {service.get("image") for service in services.values()}


def test_the_checkouts_own_project_needs_no_image():
    assert load_project(str(REPO)).docker_env is None


def test_the_template_is_a_job_that_kubernetes_takes(config):
    validate(config["kube-job-template"], "1.32", strict=True)


def test_the_job_that_mlflow_makes_is_one_that_kubernetes_takes(job):
    validate(job, "1.32", strict=True)
    names = [each["name"] for each in job["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert {"PYTHONPATH", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_USERNAME"} <= set(names)


def test_a_job_runs_as_nobody_in_a_container_that_it_cannot_write(config):
    pod = config["kube-job-template"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"]


def test_arguments_arrive_as_they_were_meant(job):
    command = job["spec"]["template"]["spec"]["containers"][0]["command"]
    meant = runpy.run_path(str(PROJECT / "run.py"))["meant"](command[2:])
    given = dict(zip(meant[2::2], meant[3::2], strict=True))
    assert (given["--gate"], given["--name"], given["--target"]) == (ASKED["gate"], ASKED["name"], "")


def test_a_jobs_command_runs_a_module_of_the_image(job):
    command = job["spec"]["template"]["spec"]["containers"][0]["command"]
    words = [sys.executable, *command[1:3], "no-such-step"]
    done = subprocess.run(
        words, cwd=PROJECT, env={"PYTHONPATH": str(REPO)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "there is no step 'no-such-step'" in done.stderr) == (2, True)
