"""A damaged manifest takes neither the next back-up nor the other back-ups along."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from penstock.backup import manifest as manifests
from penstock.backup.create import create
from penstock.backup.databases import Place
from penstock.backup.places import Places
from penstock.backup.rooms import FolderRoom
from penstock.backup.verify import faults
from penstock.command.backup import backup

WHY = "was changed since it was written; use another back-up"


@pytest.fixture
def made(tmp_path):
    """What makes a back-up on a day, and its lines."""
    file = tmp_path / "mlflow.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE model_versions (name, version, storage_location, current_stage)")
    connection.close()
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts/one").write_text("one")
    places = Places(
        (Place("mlflow", f"sqlite:///{file}"),), {"artifacts": FolderRoom(tmp_path / "artifacts")}
    )

    def made(day, room):
        said = []
        found = create(places, room, now=datetime(2026, 7, day, tzinfo=UTC), say=said.append)
        return found.backup_id, said

    return made


@pytest.fixture
def room(tmp_path):
    return FolderRoom(tmp_path / "backups")


def damage(room, backup_id):
    path = Path(room.place) / f"snapshots/{backup_id}.json"
    path.write_bytes(path.read_bytes().replace(b"2026-07", b"2026-08"))


def test_the_next_back_up_is_made_and_reads_all_anew(made, room):
    first, _ = made(1, room)
    damage(room, first)
    second, said = made(2, room)
    assert manifests.load(room, second).files == 2
    assert "artifacts: 1 files, 1 of them new or changed" in said
    assert said[0] == f"all is read anew: the manifest 'snapshots/{first}.json' {WHY}"


def test_the_others_are_verified_and_it_is_a_fault(made, room):
    first, _ = made(1, room)
    second, _ = made(2, room)
    damage(room, first)
    (content,) = {item.sha256 for item in manifests.load(room, second).parts["artifacts"]}
    (Path(room.place) / manifests.object_name(content)).unlink()
    assert list(faults(room, manifests.each(room))) == [
        f"back-up {first}: the manifest 'snapshots/{first}.json' {WHY}",
        f"back-up {second}: artifacts/one is missing",
    ]


def test_the_others_are_listed_and_it_has_a_line(made, room):
    first, _ = made(1, room)
    second, _ = made(2, room)
    damage(room, first)
    lines = CliRunner().invoke(backup, ["list", room.place]).stdout.splitlines()
    assert lines[1] == f"{first}  -                          -      -"
    assert lines[2].startswith(f"{second}  2026-07-02")
    assert lines[3] == f"{first}: the manifest 'snapshots/{first}.json' {WHY}"
    told = json.loads(CliRunner().invoke(backup, ["list", room.place, "--json"]).stdout)
    assert [(each["id"], "fault" in each) for each in told] == [(first, True), (second, False)]
