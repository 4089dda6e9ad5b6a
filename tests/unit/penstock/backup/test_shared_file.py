"""An SQLite file that MLflow and Penstock share, and one that is not MLflow's."""

import sqlite3
from datetime import UTC, datetime

import pytest

from penstock.backup.create import create
from penstock.backup.databases import Place
from penstock.backup.places import Places
from penstock.backup.restore import restore
from penstock.backup.rooms import FolderRoom
from penstock.problems import BadRequest, Conflict

SECRET = "s3cr3t" * 9


def quiet(_):
    """What is done is told to nobody."""


def run(path, *sentences):
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    found = [connection.execute(each).fetchall() for each in sentences]
    connection.commit()
    connection.close()
    return found


def shared(path):
    return Places(tuple(Place(name, f"sqlite:///{path}") for name in ("mlflow", "penstock")))


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "both.db"
    run(
        file,
        "CREATE TABLE model_versions (name TEXT, version INTEGER, storage_location TEXT, current_stage TEXT)",
        "CREATE TABLE trials (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)",
        "CREATE INDEX trials_name ON trials (name)",
        "INSERT INTO trials VALUES (4, 'four'), (9, 'nine')",
        "DELETE FROM trials WHERE id = 9",
        "CREATE TABLE penstock_secrets (name TEXT, value TEXT)",
        f"INSERT INTO penstock_secrets VALUES ('log', '{SECRET}')",
        "CREATE TABLE penstock_jobs (job_id TEXT)",
        "INSERT INTO penstock_jobs VALUES ('one')",
    )
    return file


@pytest.fixture
def room(tmp_path):
    return FolderRoom(tmp_path / "backups")


def make(places, room, **options):
    return create(places, room, now=datetime.now(UTC), say=quiet, **options)


def test_no_secret_is_in_a_backup_that_was_not_asked_for_them(source, room):
    make(shared(source), room)
    kept = b"".join((room.folder / entry.path).read_bytes() for entry in room.entries())
    assert (SECRET.encode() in kept, b"four" in kept) == (False, True)


def test_both_come_back_into_one_file(source, room, tmp_path):
    there = tmp_path / "there" / "both.db"
    restore(room, make(shared(source), room, with_secrets=True), shared(there), say=quiet)
    found = run(
        there,
        "SELECT * FROM trials",
        "SELECT value FROM penstock_secrets",
        "SELECT job_id FROM penstock_jobs",
        "SELECT seq FROM sqlite_sequence WHERE name = 'trials'",
        "SELECT name FROM sqlite_master WHERE name = 'trials_name'",
        "PRAGMA integrity_check",
    )
    assert found == [[(4, "four")], [(SECRET,)], [("one",)], [(9,)], [("trials_name",)], [("ok",)]]


def test_a_file_with_rows_of_others_is_refused(source, room, tmp_path):
    backup = make(shared(source), room)
    run(tmp_path / "theirs.db", "CREATE TABLE penstock_mine (a)", "INSERT INTO penstock_mine VALUES (1)")
    mlflow = Places((Place("mlflow", f"sqlite:///{tmp_path}/theirs.db"),))
    with pytest.raises(Conflict, match=r"is not empty \('penstock_mine' has rows\)"):
        restore(room, backup, mlflow, say=quiet)


def test_a_database_that_is_not_there_is_refused_and_not_made(room, tmp_path):
    with pytest.raises(BadRequest, match=r"none\.db holds no MLflow; name its .* MLFLOW_BACKEND_STORE_URI"):
        make(shared(tmp_path / "none.db"), room)
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_is_not_mlflow_s_is_refused(room, tmp_path):
    run(tmp_path / "other.db", "CREATE TABLE notes (a)")
    with pytest.raises(
        BadRequest, match=r"other\.db holds no MLflow; name its database by --mlflow-database"
    ):
        make(shared(tmp_path / "other.db"), room)
