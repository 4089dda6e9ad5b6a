"""A back-up whose disk fills: one sentence, an exit code, and nothing that passes for a back-up."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from penstock.backup import manifest as manifests
from penstock.backup.create import create
from penstock.backup.databases import Place, dump
from penstock.backup.places import Places
from penstock.backup.rooms import FolderRoom
from penstock.backup.verify import faults
from penstock.problems import NoRoom
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal
from tests.conftest import REPO
from tests.service.postgres_server import postgres_server, postgres_url  # noqa: F401 - fixtures
from tests.unit.projects.compute_parts.small_disk import small_disk

KIB = 1024


def random_file(path, size_bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size_bytes))


@pytest.fixture
def home(tmp_path):
    """An installation with a database of half a mebibyte, artefacts of one, and a log of a quarter."""
    root = tmp_path / "home"
    random_file(root / "artifacts/0/run/model.bin", 1024 * KIB)
    random_file(root / "predictions/log.jsonl", 256 * KIB)
    with sqlite3.connect(root / "mlflow.db") as connection:
        connection.execute(
            "CREATE TABLE model_versions (name, version, storage_location, current_stage, text)"
        )
        connection.execute(
            "INSERT INTO model_versions VALUES ('m', 1, NULL, 'None', ?)", [os.urandom(512 * KIB)]
        )
    Journal(Database(f"sqlite:///{root}/penstock.db")).entries()
    return root


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    return place


def places(root):
    databases = tuple(Place(name, f"sqlite:///{root}/{name}.db") for name in ("mlflow", "penstock"))
    rooms = {each: FolderRoom(root / each) for each in ("artifacts", "predictions")}
    return Places(databases, rooms)


def back_up(root, place, **options):
    return create(places(root), FolderRoom(place), now=datetime.now(UTC), say=lambda _: None, **options)


@pytest.mark.parametrize(
    ("size_kib", "is_portable"),
    [(128, False), (640, False), (1024, False), (1600, False), (2040, False), (128, True), (1600, True)],
)
def test_wherever_the_disk_fills_no_back_up_is_there_and_a_second_try_makes_one(
    home, disk, size_kib, is_portable
):
    with small_disk(disk, f"{size_kib}k"):
        with pytest.raises(NoRoom, match=r"^the disk of '.*' is full, and this back-up was given up; those"):
            back_up(home, disk, is_portable=is_portable)
        assert manifests.ids(FolderRoom(disk)) == []
        assert [path for path in disk.rglob("*") if path.is_file() and "objects" not in path.parts] == []
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        made = back_up(home, disk, is_portable=is_portable)
        assert list(faults(FolderRoom(disk), [made])) == []


def test_a_back_up_of_before_is_whole_when_the_next_one_finds_no_room(home, disk):
    with small_disk(disk, "3m"):
        before = back_up(home, disk)
        random_file(home / "artifacts/0/run/second.bin", 2048 * KIB)
        with pytest.raises(NoRoom):
            back_up(home, disk)
        assert manifests.ids(FolderRoom(disk)) == [before.backup_id]
        assert list(faults(FolderRoom(disk), [before])) == []


def test_the_command_says_one_sentence_and_fails(home, disk):
    environ = os.environ | {"PENSTOCK_VAR_DIR": str(home), "PENSTOCK_TRACKING_URI": "http://127.0.0.1:9"}

    def run(*words):
        command = [sys.executable, "-m", "penstock", "backup", *words]
        return subprocess.run(
            command, cwd=REPO, env=environ, capture_output=True, text=True, check=False, timeout=120
        )

    with small_disk(disk, "3m"):
        assert run("create", str(disk)).returncode == 0
        random_file(home / "artifacts/0/run/second.bin", 4096 * KIB)
        done = run("create", str(disk))
        assert done.returncode == 1
        (said,) = done.stderr.splitlines()
        assert f"the disk of '{disk}' is full, and this back-up was given up" in said
        verified = run("verify", str(disk))
        assert (verified.returncode, verified.stdout) == (0, "1 back-ups are whole\n")


def test_what_pg_dump_writes_onto_a_full_disk_is_told_alike(postgres_url, disk):  # noqa: F811
    place = Place("penstock", postgres_url)
    database = Database(postgres_url)
    with database.begin() as connection:
        connection.execute(sa.text("CREATE TABLE penstock_ballast (bytes bytea)"))
        connection.execute(
            sa.text("INSERT INTO penstock_ballast VALUES (:bytes)"), {"bytes": os.urandom(512 * KIB)}
        )
    with small_disk(disk, "64k"), pytest.raises(OSError, match="No space left on device"):
        dump(place, disk / "penstock.dump", with_secrets=False, is_portable=False)
