"""The administrator's file: read into the environment, and refused where others can read it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.callers.administrator import act_as_administrator, is_open_to_others, read_administrator
from serving.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def file(folder: Path, text: str = "admin:a:password\n", mode: int = 0o600) -> Path:
    path = folder / "administrator"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_name_and_the_password_go_into_the_environment(tmp_path: Path) -> None:
    environ = {"MLFLOW_TRACKING_PASSWORD": "an older one"}
    act_as_administrator(Settings(mlflow_admin_file=str(file(tmp_path))), environ)
    assert environ == {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": "a:password"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = file(tmp_path, mode=mode)
    with pytest.raises(SettingsError, match=rf"others may read or write; do 'chmod 600 {path}'"):
        read_administrator(path)


@pytest.mark.parametrize("text", ["", "admin", "admin:", ":password", "admin:a\nb"])
def test_another_text_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="must hold one line NAME:PASSWORD") as told:
        read_administrator(file(tmp_path, text))
    assert "a\nb" not in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="which cannot be read"):
        read_administrator(tmp_path / "none")


@pytest.mark.parametrize(("auth", "mode"), [("mlflow", 0o600), ("off", 0o644)])
def test_where_people_sign_in_servers_write_for_their_own_user_alone(
    tmp_path: Path, auth: str, mode: int
) -> None:
    act_as_administrator(Settings(auth=auth), {"MLFLOW_TRACKING_PASSWORD": "set"})
    (tmp_path / "penstock.db").write_text("rows")
    assert stat.S_IMODE((tmp_path / "penstock.db").stat().st_mode) == mode


def test_sign_in_without_an_administrator_is_refused_and_without_sign_in_none_is_needed() -> None:
    act_as_administrator(Settings(), {})
    act_as_administrator(Settings(auth="mlflow"), {"MLFLOW_TRACKING_PASSWORD": "set"})
    with pytest.raises(SettingsError, match="set mlflow_admin_file"):
        act_as_administrator(Settings(auth="mlflow"), {})


@pytest.mark.parametrize(
    ("mode", "owner", "group", "is_open"),
    [
        (0o440, 0, 10001, False),
        (0o460, 0, 10001, True),
        (0o444, 0, 10001, True),
        (0o440, 0, 4, True),
        (0o440, 10001, 10001, True),
        (0o400, 10001, 10001, False),
    ],
)
def test_a_groups_reading_is_fine_only_of_roots_files_that_kubernetes_mounts(
    monkeypatch, mode, owner, group, is_open
):
    monkeypatch.setattr(os, "geteuid", lambda: 10001)
    monkeypatch.setattr(os, "getegid", lambda: 10001)
    monkeypatch.setattr(os, "getgroups", lambda: [10001])
    found = os.stat_result((0o100000 | mode, 0, 0, 1, owner, group, 5, 0, 0, 0))
    assert is_open_to_others(found) is is_open
