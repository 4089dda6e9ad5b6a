"""The images' Dockerfiles: closed, pinned, and with all that their processes import.

`python -m infra.images NAME` goes through one of them whole, in a minute or two.
"""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from infra.images import COMMANDS, FOLDER, STARTS, copies
from infra.lock import pins
from tests.infra.composed import REPO, composed

IMAGES = ("platform", "serving", "mlflow")
EXTRAS = {
    "gensim", "lmdb", "spacy", "textblob", "sentence-transformers", "torch", "transformers", "thinc",
    "opentelemetry-exporter-otlp-proto-http",
}  # fmt: skip
"""What some trainings and traces need, and who wants it installs; the code says so where it is missing."""
SHARED = {"mlflow": ["mlflow-skinny"], "xgboost": ["xgboost-cpu"], "opentelemetry": ["opentelemetry-sdk"]}
"""Names that several distributions have."""
OF_MODELS = {"cloudpickle", "lightgbm", "requests", "scikit-learn", "xgboost-cpu"}
"""What versions that the gateway runs are made of, and what MLflow's client speaks by."""


def text(name):
    return (FOLDER / f"{name}.Dockerfile").read_text(encoding="utf-8")


def locked(name):
    return {canonicalize_name(each) for each in pins((FOLDER / f"{name}.lock").read_text(encoding="utf-8"))}


def imported(name):
    """The distributions that an image's modules and starts name, for each the most likely one."""
    ours = {"projects", "serving", "monitoring", "penstock", "infra"}
    known = packages_distributions() | SHARED
    found = set()
    paths = [path for source, _ in copies(name) for path in (REPO / source).rglob("*.py")]
    for code in (*STARTS[name], *(path.read_text(encoding="utf-8") for path in paths)):
        for node in ast.walk(ast.parse(code)):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            tops = {each.partition(".")[0] for each in names} - ours - sys.stdlib_module_names
            found |= {canonicalize_name(known.get(top, [top])[0]) for top in tops}
    return found


def test_hadolint_finds_nothing():
    files = sorted(map(str, FOLDER.glob("*.Dockerfile")))
    tool = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [tool, "--no-color", *files], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert len(files) == 4


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_pinned_hashed_closed_and_without_compilers(name):
    assert re.search(r"^FROM python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", text(name), re.MULTILINE)
    assert f"--only-binary=:all: --require-hashes --requirement {name}.lock" in text(name)
    assert "RUN --mount=type=cache,target=/root/.cache/pip" in text(name)
    assert re.findall(r"^USER (\S+)$", text(name), re.MULTILINE) == ["10001:10001"]
    assert not re.search(r"gcc|g\+\+|build-essential|python3-dev", text(name))


@pytest.mark.parametrize("name", ["platform", "serving"])
def test_the_lock_comes_before_the_code_so_that_a_change_of_code_installs_nothing(name):
    sources = [source for source, _ in copies(name)]
    assert sources[0] == f"infra/docker/{name}.lock"
    assert text(name).index("pip install") < min(
        text(name).index(f"COPY {source}") for source in sources[1:] if f"COPY {source}" in text(name)
    )


def test_mlflows_image_has_no_code_of_ours():
    assert [source for source, _ in copies("mlflow")] == ["infra/docker/mlflow.lock"]


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_copied_exists_and_reaches_the_builder(name):
    given = re.findall(r"^!(\S+)$", (REPO / ".dockerignore").read_text(), re.MULTILINE)
    for source, _ in copies(name):
        assert (REPO / source).exists()
        assert any(Path(source).match(pattern) for pattern in given), source


def test_nothing_reaches_the_builder_that_no_image_copies():
    given = re.findall(r"^!(\S+)$", (REPO / ".dockerignore").read_text(), re.MULTILINE)
    copied = {source for name in IMAGES for source, _ in copies(name)}
    assert all(any(Path(source).match(pattern) for source in copied) for pattern in given)


@pytest.mark.parametrize("name", IMAGES)
def test_what_the_code_imports_is_in_the_images_lock(name):
    assert imported(name) - EXTRAS <= locked(name)


def test_the_serving_image_is_asked_for_what_serving_imports_and_no_more():
    lines = (FOLDER / "serving.in").read_text().splitlines()
    asked = {canonicalize_name(line.partition("[")[0]) for line in lines if line and line[0] != "#"}
    come_with = {"botocore"}
    assert asked == (imported("serving") - EXTRAS - come_with - {"opentelemetry-sdk"}) | OF_MODELS | {
        "fastapi",
        "psycopg",
    }


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_the_versions_that_the_suite_runs_with(name):
    dev = pins((REPO / "requirements-dev.lock").read_text())
    own = pins((FOLDER / f"{name}.lock").read_text())
    assert {each: dev.get(each) for each in own} == own


def test_serving_has_much_less_than_the_platform():
    assert len(locked("serving")) < len(locked("platform")) / 2
    assert not {"evidently", "optuna", "duckdb", "matplotlib", "distributed"} & locked("serving")


def test_every_image_of_compose_has_its_dockerfile():
    built = {
        service["build"]["dockerfile"] for service in composed()["services"].values() if "build" in service
    }
    assert built == {f"infra/docker/{path.name}" for path in FOLDER.glob("*.Dockerfile")}
    assert set(STARTS) == set(COMMANDS) == set(IMAGES)
