"""What `make run` checks before it starts anything, each a sentence."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag

from infra.local import preflight
from infra.local.__main__ import only_one
from infra.local.project import GuideError, Project, model_name, project_from
from infra.local.training import kept
from serving.settings import Settings, load
from tests.conftest import REPO, pick_free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = {f"{name}_port": pick_free_port() for name in ("mlflow", "gateway", "monitor", "api")}
    return replace(load({"PENSTOCK_VAR_DIR": str(tmp_path)}), **ports)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_nothing_is_in_the_way_of_free_ports_and_a_roomy_disk(settings: Settings) -> None:
    assert preflight.problems(settings) == []


def test_a_port_in_use_is_named_with_its_setting(settings: Settings, taken_port: int) -> None:
    found = preflight.problems(replace(settings, gateway_port=taken_port))
    assert found == [
        (
            f"port {taken_port} (gateway_port) is in use on 127.0.0.1; stop what listens there, "
            "or set PENSTOCK_GATEWAY_PORT to a free port"
        )
    ]


def test_two_settings_with_one_port_are_refused(settings: Settings) -> None:
    found = preflight.problems(replace(settings, monitor_port=settings.gateway_port))
    assert len(found) == 2
    assert "give each its own port" in found[0]


def test_a_disk_with_too_little_room_is_told_in_megabytes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "NEEDED_BYTES", 1 << 60)
    (found,) = preflight.problems(settings)
    assert "MB free and the local stack needs" in found
    assert "set PENSTOCK_VAR_DIR to another disk" in found


def test_a_var_folder_that_is_a_file_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = preflight.problems(replace(settings, var_dir=tmp_path / "file" / "var"))
    assert "must be a folder that can be written" in found


def test_a_second_stack_on_the_same_folder_is_noticed(tmp_path: Path) -> None:
    with only_one(tmp_path) as first, only_one(tmp_path) as second:
        assert (first, second) == (True, False)


def test_without_data_the_project_is_the_bundled_example() -> None:
    assert project_from({}) == Project("sklearn:breast_cancer", "target", "breast_cancer")


def test_a_users_file_names_the_model(tmp_path: Path) -> None:
    file = tmp_path / "My churn.csv.gz"
    file.write_text("")
    assert project_from({"DATA": str(file), "TARGET": "left"}) == Project(str(file), "left", "My_churn")


def test_data_without_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuideError, match="needs TARGET=COLUMN"):
        project_from({"DATA": "my.csv"})


def test_a_target_without_data_is_refused() -> None:
    with pytest.raises(GuideError, match="TARGET=churned needs DATA=FILE"):
        project_from({"TARGET": "churned"})


def test_a_model_that_is_there_is_kept_and_another_target_refused() -> None:
    versions = [ModelVersion("m", "1", 0, tags=[ModelVersionTag("penstock.target", "y")])]
    assert kept(Project("m.csv", "y", "m"), versions).startswith("m is trained already (newest version 1)")
    with pytest.raises(GuideError, match="m is trained already and predicts 'y', not 'z'"):
        kept(Project("m.csv", "z", "m"), versions)


def test_data_that_is_no_file_is_refused() -> None:
    with pytest.raises(GuideError, match="DATA must be a file, and there is none"):
        project_from({"DATA": "no.csv", "TARGET": "y"})


@pytest.mark.parametrize(
    ("file", "name"), [("a b.csv", "a_b"), ("größe.parquet", "größe"), ("---.csv", "---"), ("..csv", "model")]
)
def test_a_model_is_named_after_its_file(file: str, name: str) -> None:
    assert model_name(Path(file)) == name


def test_a_missing_python_is_one_sentence() -> None:
    done = subprocess.run(
        ["sh", "infra/make_env.sh", "requirements.lock"],
        cwd=REPO,
        text=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "PYTHON": "/no/python"},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "Python 3.11 or newer is needed and none was found (looked for: /no/python)"
    )
    assert done.stderr.count("\n") == 1
