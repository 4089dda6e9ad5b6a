"""What is not in a back-up is said in it."""

import sqlite3
from datetime import UTC, datetime

import pytest

from penstock.backup.create import create
from penstock.backup.databases import Place
from penstock.backup.places import Places
from penstock.backup.rooms import Entry, FolderRoom


class Shedding:
    """A folder whose files are never there when they are read."""

    place = "shedding"

    def __init__(self):
        self.looks = 0

    def entries(self, under=""):
        self.looks += 1
        yield Entry(f"{under}{self.looks}", 1, "", 0.0)

    def fetch(self, path, to):
        raise FileNotFoundError(path, to)


class Strange:
    """A bucket's prefix with a name that no folder can hold."""

    place = "strange"

    def entries(self, under=""):
        yield Entry(f"{under}a//b", 1, "", 0.0)


def quiet(_):
    """What is done is told to nobody."""


@pytest.fixture
def remarks(tmp_path):
    file = tmp_path / "mlflow.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE model_versions (name, version, storage_location, current_stage)")
    connection.close()

    def remarks(rooms=None, accounts="none.db"):
        databases = (
            Place("mlflow", f"sqlite:///{file}"),
            Place("accounts", f"sqlite:///{tmp_path}/{accounts}"),
        )
        room = FolderRoom(tmp_path / "backups")
        return create(Places(databases, rooms or {}), room, now=datetime.now(UTC), say=quiet).remarks

    return remarks


def test_accounts_that_are_not_named_are_missed(remarks):
    assert "MLflow's accounts are not in it; name them with --accounts-database" in remarks()


def test_accounts_in_mlflow_s_own_database_are_not_missed(remarks):
    assert [remark for remark in remarks(accounts="mlflow.db") if "accounts are" in remark] == []


def test_a_folder_that_goes_on_losing_files_is_told(remarks):
    said = "predictions: files went away faster than they were read; 1 of the last look are not in it"
    assert said in remarks({"predictions": Shedding()})


def test_a_name_that_no_folder_holds_is_left_out_and_told(remarks):
    assert "artifacts: 'a//b' is not in it, as no folder holds such a name" in remarks(
        {"artifacts": Strange()}
    )
