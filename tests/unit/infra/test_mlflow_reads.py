"""What is written for MLflow's sign-in is what MLflow reads, by MLflow's own reader."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import mlflow
import pytest

from infra.local import signing_in
from infra.production.contents import Places
from infra.production.mlflow_databases import addresses
from infra.production.secret_files import make
from serving.settings import load


def read(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLflow's settings of its sign-in, without the server that its package imports."""
    monkeypatch.setenv("MLFLOW_AUTH_CONFIG_PATH", str(path))
    place = Path(mlflow.__file__).parent / "server" / "auth" / "config.py"
    spec = importlib.util.spec_from_file_location("mlflows_reader", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.read_auth_config()


def test_the_local_stacks_folder_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    var = tmp_path / "50% of %(all)s"
    var.mkdir()
    settings = load({"PENSTOCK_VAR_DIR": str(var), "PENSTOCK_AUTH": "mlflow"})
    admin = signing_in.admin_file(settings, var)
    admin.write_text("a%b:secret", encoding="utf-8")
    admin.chmod(0o600)
    told = signing_in.for_mlflow(settings, var)
    found = read(Path(told["MLFLOW_AUTH_CONFIG_PATH"]), monkeypatch)
    assert (found.database_uri, found.admin_username) == (f"sqlite:///{var}/mlflow_users.db", "a%b")


def test_a_databases_options_are_read_alike_by_mlflow_and_by_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = "?sslmode=verify-full&sslrootcert=%2Frun%2Fsecrets%2Fca"
    owner = (os.getuid(), os.getgid())
    make(tmp_path / "secrets", os.urandom, Places(database_options=options), owner=owner)
    found = read(tmp_path / "secrets" / "mlflow_auth", monkeypatch)
    assert found.database_uri.endswith(options)
    assert addresses(tmp_path / "secrets")[1] == found.database_uri
