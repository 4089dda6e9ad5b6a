"""Sign-in for the local stack: whose password is where, and who is told."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import signing_in
from infra.local.__main__ import PROCFILE, environment, for_mlflow
from serving.callers.administrator import read_administrator
from serving.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"PENSTOCK_VAR_DIR": str(tmp_path), "PENSTOCK_AUTH": "mlflow"})


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_the_stacks_folder_and_what_is_written_later_is_closed_to_others(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    signing_in.close_to_others(var)
    (var / "mlflow_users.db").write_text("hashes")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (var, var / "mlflow_users.db")]
    assert modes == [0o700, 0o600]


def test_the_administrators_password_is_made_once_and_only_the_owner_can_read_it(
    settings: Settings, tmp_path: Path
) -> None:
    assert signing_in.make_administrator(settings, tmp_path)
    path = signing_in.admin_file(settings, tmp_path)
    made = read_administrator(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(made[1]) >= 32
    assert not signing_in.make_administrator(settings, tmp_path)
    assert read_administrator(path) == made


def test_mlflow_alone_is_told_the_password_and_no_file_beside_holds_it(
    settings: Settings, tmp_path: Path
) -> None:
    signing_in.make_administrator(settings, tmp_path)
    _, password = read_administrator(signing_in.admin_file(settings, tmp_path))
    told = for_mlflow(settings, tmp_path)
    assert told["MLFLOW_AUTH_ADMIN_PASSWORD"] == password
    assert told["MLFLOW_SERVER_OPTIONS"] == "--app-name basic-auth"
    assert password not in repr(environment(settings, tmp_path))
    config = Path(told["MLFLOW_AUTH_CONFIG_PATH"]).read_text()
    assert "default_permission = NO_PERMISSIONS" in config
    assert password not in config


def test_the_gateway_asks_as_well_unless_it_was_said_otherwise(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment(settings, tmp_path)["PENSTOCK_GATEWAY_AUTH"] == "mlflow"
    monkeypatch.setenv("PENSTOCK_GATEWAY_AUTH", "off")
    assert environment(settings, tmp_path)["PENSTOCK_GATEWAY_AUTH"] == "off"
    monkeypatch.delenv("PENSTOCK_GATEWAY_AUTH")
    assert "PENSTOCK_GATEWAY_AUTH" not in environment(replace(settings, gateway_auth="keys"), tmp_path)


def test_without_sign_in_nothing_changes(tmp_path: Path) -> None:
    settings = load({"PENSTOCK_VAR_DIR": str(tmp_path)})
    assert for_mlflow(settings, tmp_path) == {"MLFLOW_SERVER_OPTIONS": ""}
    assert "PENSTOCK_MLFLOW_ADMIN_FILE" not in environment(settings, tmp_path)
    assert signing_in.problems(settings) == []


def test_a_lost_or_open_password_file_is_told_before_anything_starts(
    settings: Settings, tmp_path: Path
) -> None:
    assert signing_in.problems(settings) == []
    signing_in.users_file(tmp_path).touch()
    (lost,) = signing_in.problems(settings)
    assert "mlflow_admin is gone, which held the administrator's password" in lost
    signing_in.make_administrator(settings, tmp_path)
    assert signing_in.problems(settings) == []
    signing_in.admin_file(settings, tmp_path).chmod(0o644)
    (opened,) = signing_in.problems(settings)
    assert "which others may read or write" in opened


def test_no_line_of_the_process_list_holds_a_secret() -> None:
    assert "PASSWORD" not in PROCFILE.read_text()
    assert "SECRET" not in PROCFILE.read_text()
