"""pyproject.toml, the lock files and conda.yaml say the same; every pin has a hash and no host is named."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from infra.lock import conda_yaml, direct_dependencies, pins

REPO = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "infra/uv.lock")


def read(name: str) -> str:
    return (REPO / name).read_text(encoding="utf-8")


def test_conda_yaml_is_what_the_lock_file_and_pyproject_give() -> None:
    assert read("conda.yaml") == conda_yaml(read("pyproject.toml"), read("requirements.lock"))


def test_conda_yaml_is_an_environment_that_mlflow_can_read() -> None:
    found = yaml.safe_load(read("conda.yaml"))
    names = [Requirement(line).name for line in found["dependencies"][-1]["pip"]]
    assert names == direct_dependencies(read("pyproject.toml"))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_file_satisfies_every_dependency(lock: str) -> None:
    pinned = pins(read(lock))
    wanted = [Requirement(line) for line in tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]]
    for requirement in wanted:
        if requirement.marker is None or requirement.marker.evaluate({"sys_platform": "linux"}):
            assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_both_lock_files_pin_the_same_versions() -> None:
    runtime, development = pins(read("requirements.lock")), pins(read("requirements-dev.lock"))
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash_and_no_line_names_an_index(lock: str) -> None:
    text = read(lock)
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "--index" not in text


def test_a_package_that_the_lock_lacks_is_noticed() -> None:
    lacking = read("requirements.lock").replace("\nmlflow==", "\nother==")
    with pytest.raises(KeyError, match="mlflow"):
        conda_yaml(read("pyproject.toml"), lacking)
