"""A model server reads the registry as Penstock's own administrator, as all its servers do."""

import os
import socket

import pytest

from serving.callers.administrator import NAME, PASSWORD
from serving.model_server import __main__ as program


def test_it_takes_on_the_administrators_name_before_it_serves(tmp_path, monkeypatch):
    file = tmp_path / "admin"
    file.write_text("root:a long password\n")
    file.chmod(0o600)
    for name in (NAME, PASSWORD):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PENSTOCK_MLFLOW_ADMIN_FILE", str(file))
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path))
    seen = []

    def served(_settings, listening: socket.socket, _url):
        listening.close()
        seen.append((os.environ[NAME], os.environ[PASSWORD]))

    monkeypatch.setattr(program, "_serve", served)
    assert program.main(["--port", str(free_port())]) == 0
    assert seen == [("root", "a long password")]


def test_where_people_sign_in_it_does_not_start_without_an_administrator(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("PENSTOCK_AUTH", "mlflow")
    assert program.main([]) == 2
    assert (
        "model server: auth is 'mlflow', and Penstock must act as an administrator" in capsys.readouterr().err
    )


@pytest.fixture(autouse=True)
def _logging(monkeypatch):
    monkeypatch.setattr(program, "configure", lambda *_, **__: None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
