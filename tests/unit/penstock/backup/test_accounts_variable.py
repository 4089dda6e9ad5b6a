"""Accounts are named by the environment, where no other user of the machine reads their password."""

import sqlite3

from click.testing import CliRunner

from penstock.backup import manifest as manifests
from penstock.backup.rooms import FolderRoom
from penstock.command.backup import backup
from serving.lifecycle import schema
from serving.lifecycle.engines import engine_of


def test_the_variable_names_the_accounts(tmp_path):
    versions = "model_versions (name, version, storage_location, current_stage)"
    for name, table in (("mlflow", versions), ("who", "users (a)")):
        connection = sqlite3.connect(tmp_path / f"{name}.db")
        connection.execute(f"CREATE TABLE {table}")
        connection.close()
    schema.upgrade(engine_of(f"sqlite:///{tmp_path}/penstock.db"), "")
    named = {
        "PENSTOCK_VAR_DIR": str(tmp_path),
        "PENSTOCK_ACCOUNTS_DATABASE": f"sqlite:///{tmp_path}/who.db",
    }
    done = CliRunner(env=named).invoke(backup, ["create", f"{tmp_path}/backups"], catch_exceptions=False)
    assert (done.exit_code, "accounts are not in it" in done.output) == (0, False)
    assert set(manifests.load(FolderRoom(tmp_path / "backups")).kinds) == {"mlflow", "accounts", "penstock"}
