"""What counts as used, looked at once more, and which database is not believed."""

import json
import sqlite3

import pytest

from penstock.backup.databases import Place
from penstock.backup.rooms import FolderRoom
from penstock.problems import BadRequest, Conflict
from penstock.tidying.unused import still_unused, unused

RUN, MODEL, NOBODY = "b" * 32, f"m-{'c' * 32}", "a" * 32
LATER = {"now_s": 4e9, "older_than_days": 1.0}


class Mlflow:
    """MLflow's database with a run, its logged model and their artefacts."""

    def __init__(self, root):
        self._file = root / "mlflow.db"
        self.place, self.room = Place("mlflow", f"sqlite:///{self._file}"), FolderRoom(root / "artifacts")
        self.run("CREATE TABLE runs (run_uuid, status, lifecycle_stage, deleted_time)")
        self.run("CREATE TABLE logged_models (model_id, source_run_id, last_updated_timestamp_ms)")
        self.run("CREATE TABLE model_versions (source, run_id, storage_location)")
        self.run(f"INSERT INTO runs VALUES ('{RUN}', 'FINISHED', 'active', NULL)")
        self.run(f"INSERT INTO logged_models VALUES ('{MODEL}', '{RUN}', 1)")
        for folder in (f"1/{RUN}", f"1/models/{MODEL}", f"1/{NOBODY}"):
            self.file(folder)

    def run(self, sentence):
        connection = sqlite3.connect(self._file)
        connection.execute(sentence)
        connection.commit()
        connection.close()

    def file(self, folder):
        (self.room.folder / folder).mkdir(parents=True)
        (self.room.folder / folder / "file").write_text("text")

    def found(self, **options):
        return unused(self.place, self.room, **{"in_use": "", **LATER, **options})


@pytest.fixture
def mlflow(tmp_path):
    return Mlflow(tmp_path)


def names(found):
    return {find.name for find in found}


def test_a_model_and_a_folder_that_nothing_names_are_found(mlflow):
    assert names(mlflow.found()) == {MODEL, NOBODY}


def test_a_model_of_a_run_that_a_job_names_stays(mlflow):
    assert names(mlflow.found(in_use=json.dumps([["{}", RUN, "{}"]]))) == {NOBODY}


@pytest.mark.parametrize(
    ("sentence", "gone"),
    [
        (f"INSERT INTO model_versions VALUES ('models:/{MODEL}', '{RUN}', NULL)", MODEL),
        (f"INSERT INTO runs VALUES ('{NOBODY}', 'FINISHED', 'active', NULL)", NOBODY),
    ],
)
def test_what_came_into_use_since_it_was_found_is_left_out(mlflow, sentence, gone):
    found = mlflow.found()
    mlflow.run(sentence)
    assert names(still_unused(found, mlflow.place, in_use="", **LATER)) == {MODEL, NOBODY} - {gone}


def test_a_database_that_hardly_knows_an_artefact_removes_none(mlflow):
    for number in range(30):
        mlflow.file(f"1/{number:032x}")
    with pytest.raises(
        Conflict, match=r"of 33 folders of artefacts sqlite\S+ knows 2: it seems to be another"
    ):
        mlflow.found(is_for_removal=True)
    assert len(mlflow.found()) == 32


def test_a_database_that_is_not_there_is_not_made(mlflow, tmp_path):
    place = Place("mlflow", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(BadRequest, match=r"there is no database sqlite\S+none\.db; name MLflow's"):
        unused(place, mlflow.room, in_use="", **LATER)
    assert not (tmp_path / "none.db").exists()
