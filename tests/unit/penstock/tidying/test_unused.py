"""What counts as used, looked at once more, and which database is not believed."""

import json
import sqlite3

import pytest

from penstock.backup.databases import Place
from penstock.backup.rooms import FolderRoom
from penstock.problems import BadRequest, Conflict
from penstock.tidying.named import Named
from penstock.tidying.unused import still_unused, unused

RUN, MODEL, NOBODY = "b" * 32, f"m-{'c' * 32}", "a" * 32
LATER = {"now_s": 4e9, "older_than_days": 1.0}


class Mlflow:
    """MLflow's database with a run, its logged model and their artefacts."""

    def __init__(self, root):
        self._file = root / "mlflow.db"
        self.place, self.room = Place("mlflow", f"sqlite:///{self._file}"), FolderRoom(root / "artifacts")
        self.run("CREATE TABLE runs (run_uuid, status, lifecycle_stage, deleted_time)")
        models = "model_id, source_run_id, last_updated_timestamp_ms, lifecycle_stage"
        self.run(f"CREATE TABLE logged_models ({models})")
        versions = "source, run_id, storage_location, current_stage, last_updated_time"
        self.run(f"CREATE TABLE model_versions ({versions})")
        self.run(f"INSERT INTO runs VALUES ('{RUN}', 'FINISHED', 'active', NULL)")
        self.run(f"INSERT INTO logged_models VALUES ('{MODEL}', '{RUN}', 1, 'active')")
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
        return unused(self.place, self.room, **{"named": Named(), **LATER, **options})


@pytest.fixture
def mlflow(tmp_path):
    return Mlflow(tmp_path)


def names(found):
    return {find.name for find in found}


def test_a_model_and_a_folder_that_nothing_names_are_found(mlflow):
    assert names(mlflow.found()) == {MODEL, NOBODY}


NAMES = json.dumps([["{}", RUN, "{}"]])
DELETIONS = {
    "run": f"UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = 1 WHERE run_uuid = '{RUN}'",
    "model": f"UPDATE logged_models SET lifecycle_stage = 'deleted' WHERE model_id = '{MODEL}'",
}


@pytest.mark.parametrize("named", [Named(in_use=NAMES), Named(shown=NAMES)])
def test_a_model_of_a_run_that_a_job_names_stays(mlflow, named):
    assert names(mlflow.found(named=named)) == {NOBODY}


@pytest.mark.parametrize(("deleted", "gone"), [("run", {RUN, MODEL}), ("model", {MODEL})])
def test_what_a_person_deleted_goes_although_a_job_that_is_over_names_it(mlflow, deleted, gone):
    mlflow.run(DELETIONS[deleted])
    assert names(mlflow.found(named=Named(shown=NAMES))) == {*gone, NOBODY}
    assert names(mlflow.found(named=Named(in_use=NAMES))) == {NOBODY}


def test_what_was_deleted_just_now_stays_while_a_job_names_it(mlflow):
    mlflow.run(DELETIONS["run"].replace("= 1", "= 3999999000000"))
    assert names(mlflow.found(named=Named(shown=NAMES))) == {NOBODY}


def test_a_registered_version_holds_what_was_deleted_in_mlflow(mlflow):
    for sentence in DELETIONS.values():
        mlflow.run(sentence)
    mlflow.run(f"INSERT INTO model_versions VALUES ('models:/{MODEL}', '{RUN}', NULL, 'None', 1)")
    assert names(mlflow.found(named=Named(shown=NAMES))) == {NOBODY}


@pytest.mark.parametrize(("deleted_ms", "gone"), [(1, {MODEL, NOBODY}), (3_999_999_000_000, {NOBODY})])
def test_a_deleted_version_holds_its_model_for_the_same_days(mlflow, deleted_ms, gone):
    row = f"'-', '-', 'mlflow-artifacts:/1/models/{MODEL}/artifacts', 'Deleted_Internal', {deleted_ms}"
    mlflow.run(f"INSERT INTO model_versions VALUES ({row})")
    assert names(mlflow.found()) == gone


@pytest.mark.parametrize(
    ("sentence", "gone"),
    [
        (f"INSERT INTO model_versions VALUES ('models:/{MODEL}', '{RUN}', NULL, 'None', 1)", MODEL),
        (f"INSERT INTO runs VALUES ('{NOBODY}', 'FINISHED', 'active', NULL)", NOBODY),
    ],
)
def test_what_came_into_use_since_it_was_found_is_left_out(mlflow, sentence, gone):
    found = mlflow.found()
    mlflow.run(sentence)
    assert names(still_unused(found, mlflow.place, named=Named(), **LATER)) == {MODEL, NOBODY} - {gone}


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
        unused(place, mlflow.room, named=Named(), **LATER)
    assert not (tmp_path / "none.db").exists()


class Read(str):
    """A text that counts how often it is searched."""

    __slots__ = ("times",)

    def __contains__(self, part):
        self.times = getattr(self, "times", 0) + 1
        return str.__contains__(self, part)


def test_what_jobs_name_is_not_searched_anew_for_every_artefact(mlflow):
    for number in range(30):
        mlflow.file(f"1/{number:032x}")
    texts = [Read(NAMES), Read("")]
    assert RUN not in names(mlflow.found(named=Named(*texts)))
    assert [getattr(text, "times", 0) for text in texts] == [0, 0]
