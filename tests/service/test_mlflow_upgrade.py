"""MLflow's tables are brought up to date without a password in the list of processes."""

import os
import subprocess
import sys
import time

import psutil
import pytest
import sqlalchemy as sa

from infra.production.contents import Places
from infra.production.mlflow_databases import addresses
from infra.production.secret_files import make
from tests.conftest import REPO
from tests.service.postgres_server import postgres_server  # noqa: F401 - a fixture

OLDER = """
import sys
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config, create_sqlalchemy_engine_with_retry
from mlflow.store.tracking.dbmodels.initial_models import Base
url = sys.stdin.read()
engine = create_sqlalchemy_engine_with_retry(url)
Base.metadata.create_all(engine)
config = _get_alembic_config(url)
steps = list(ScriptDirectory.from_config(config).walk_revisions())
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, steps[1].revision)
print(steps[1].revision, steps[0].revision)
"""


@pytest.fixture
def secrets(postgres_server, tmp_path):  # noqa: F811 - the fixture
    folder = tmp_path / "secrets"
    make(folder, os.urandom, Places(f"127.0.0.1:{postgres_server.port}"), owner=(os.getuid(), os.getgid()))
    for name in ("mlflow_env", "mlflow_auth"):
        path = folder / name
        database = f"{name}_{os.urandom(4).hex()}"
        url = postgres_server.make_database(database)
        lines = [
            f"{line.partition('postgresql')[0]}{url}" if "postgresql" in line else line
            for line in path.read_text().splitlines()
        ]
        path.write_text("\n".join(lines) + "\n")
    return folder


def watched(command):
    """A command's output and code, and all arguments that its processes were seen with."""
    process = subprocess.Popen(
        command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    seen = set()
    tree = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            seen |= {word for each in (tree, *tree.children(recursive=True)) for word in each.cmdline()}
        except psutil.Error:
            continue
        time.sleep(0.02)
    return process.stdout.read(), process.returncode, seen


@pytest.mark.slow
def test_tables_are_upgraded_and_no_process_is_started_with_their_password(secrets):
    tracking, accounts = addresses(secrets)
    made = subprocess.run(
        [sys.executable, "-c", OLDER], input=tracking, capture_output=True, text=True, check=True
    )
    older, newest = made.stdout.split()
    command = [sys.executable, "-m", "infra.production", "upgrade", f"--secrets={secrets}"]
    said, code, seen = watched(command)
    assert code == 0, said
    assert f"upgrade: MLflow's tables, version {newest}: upgraded from {older}\n" in said
    assert said.endswith(": made\n")
    assert "infra.production" in seen
    password = sa.make_url(tracking).password
    assert password == sa.make_url(accounts).password
    assert [word for word in seen if password in word] == []


def test_a_secret_that_names_no_database_is_told(secrets, capsys):
    from infra.production.__main__ import main

    (secrets / "mlflow_env").write_text("MLFLOW_FLASK_SERVER_SECRET_KEY=a\n")
    (secrets / "mlflow_env").chmod(0o600)
    assert main(["upgrade", f"--secrets={secrets}"]) == 2
    assert "must have a line MLFLOW_BACKEND_STORE_URI=... in 'mlflow_env'" in capsys.readouterr().err


def test_a_command_finds_both_databases_in_its_environment(secrets):
    told = (
        "import os; print(os.environ['MLFLOW_BACKEND_STORE_URI'], os.environ['PENSTOCK_ACCOUNTS_DATABASE'])"
    )
    words = [sys.executable, "-m", "infra.production", "run", f"--secrets={secrets}", "--"]
    done = subprocess.run(
        [*words, sys.executable, "-c", told], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert tuple(done.stdout.split()) == addresses(secrets)
    lost = subprocess.run([*words, "no-such-program"], cwd=REPO, capture_output=True, text=True, check=False)
    assert (lost.returncode, "'no-such-program' cannot be run" in lost.stderr) == (2, True)
