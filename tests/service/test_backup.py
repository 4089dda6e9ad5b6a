"""Back-ups of a real MLflow, its artefacts and Penstock's own tables, and what they become again."""

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from mlflow.artifacts import download_artifacts

from penstock.audit.trail import Event, Trail
from penstock.backup import manifest as manifests
from penstock.backup.create import create
from penstock.backup.databases import Place
from penstock.backup.places import Places
from penstock.backup.restore import restore
from penstock.backup.rooms import FolderRoom, room_at
from penstock.backup.verify import faults
from penstock.people.person import Person
from penstock.problems import Conflict
from serving.keys.kept import kept_secret
from serving.lifecycle import schema
from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, Move, first_break
from tests.conftest import REPO, pick_free_port, run_mlflow_server
from tests.service.gateway_models import register
from tests.service.postgres_server import postgres_server, postgres_url  # noqa: F401 - fixtures


def quiet(_):
    """What is done is told to nobody."""


def now():
    return datetime.now(UTC)


def fill(url):
    """A journal of two moves, an audit trail of three entries, and a secret."""
    database = Database(url)
    for number in "12":
        Journal(database).append(
            [Move(now(), "churn", number, "None", "Production", "promote", "ann", "why \N{SNOWMAN}")]
        )
    for _ in range(3):
        Trail(database, now).record(Person("ann"), Event("login", "ann", details={"n": 1.5}))
    kept_secret(database, "log")


def stack(root, url=""):
    """An installation's places below a folder."""
    return Places(
        (
            Place("mlflow", f"sqlite:///{root}/mlflow.db"),
            Place("penstock", url or f"sqlite:///{root}/penstock.db"),
        ),
        {"artifacts": FolderRoom(root / "artifacts"), "predictions": FolderRoom(root / "predictions")},
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("source")
    with run_mlflow_server(root, pick_free_port()) as running:
        register(running.uri, "churn", label="yes")
        fill(f"sqlite:///{root}/penstock.db")
        (root / "predictions").mkdir()
        (root / "predictions/log.jsonl").write_text('{"a": 1}\n')
        yield running


@pytest.fixture
def room(tmp_path):
    return FolderRoom(tmp_path / "backups", is_private=True)


def made(server, room, **options):
    return create(stack(server.root), room, now=now(), say=quiet, **options)


def test_a_restored_stack_serves_the_same_versions(server, room, tmp_path):
    backup = made(server, room)
    assert list(faults(room, [backup])) == []
    assert [remark for remark in backup.remarks if "no artefacts" in remark] == []
    there = tmp_path / "there"
    there.mkdir()
    restore(room, backup, stack(there), say=quiet)
    with run_mlflow_server(there, pick_free_port()) as again:
        for uri in (server.uri, again.uri):
            where = f"{tmp_path}/{again.uri == uri}"
            download_artifacts(
                artifact_uri="models:/churn/1", tracking_uri=uri, registry_uri=uri, dst_path=where
            )
    files = [sorted(path.name for path in (tmp_path / each).rglob("*")) for each in ("True", "False")]
    assert "MLmodel" in files[0]
    assert files[0] == files[1]
    same = [path.read_bytes() for path in sorted((there / "artifacts").rglob("*")) if path.is_file()]
    was = [path.read_bytes() for path in sorted((server.root / "artifacts").rglob("*")) if path.is_file()]
    assert same == was


def test_restored_journals_and_trails_hold(server, room, tmp_path):
    restore(room, made(server, room), stack(tmp_path / "there"), say=quiet)
    database = Database(f"sqlite:///{tmp_path}/there/penstock.db")
    entries = Journal(database).entries()
    assert ([entry.version for entry in entries], first_break(entries)) == (["1", "2"], None)


def test_a_second_backup_writes_only_what_changed(server, room):
    made(server, room)
    before = {entry.path for entry in room.entries("objects/")}
    (server.root / "predictions/more.jsonl").write_text("more")
    made(server, room)
    assert len({entry.path for entry in room.entries("objects/")} - before) <= 3
    assert len(manifests.ids(room)) == 2


def test_secrets_go_along_only_when_asked(server, room, tmp_path):
    for number, wanted in enumerate((False, True)):
        backup = made(server, room, with_secrets=wanted)
        there = tmp_path / f"there{number}"
        restore(room, backup, stack(there), say=quiet)
        with Database(f"sqlite:///{there}/penstock.db").begin() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM penstock_secrets")) == int(wanted)
        assert bool(backup.remarks) != wanted


def test_a_database_that_is_not_empty_is_refused_and_nothing_is_written(server, room, tmp_path):
    there = tmp_path / "there"
    fill(f"sqlite:///{there}/penstock.db")
    with pytest.raises(Conflict, match=r"is not empty \('penstock_\w+' has rows\); restore into an empty"):
        restore(room, made(server, room), stack(there), say=quiet)
    assert sorted(path.name for path in there.iterdir()) == ["penstock.db"]


def test_a_folder_that_is_not_empty_is_refused(server, room, tmp_path):
    there = tmp_path / "there"
    (there / "artifacts").mkdir(parents=True)
    (there / "artifacts/mine").write_text("keep")
    with pytest.raises(Conflict, match=r"\(artifacts\) is not empty, 'mine' is there"):
        restore(room, made(server, room), stack(there), say=quiet)
    assert sorted(path.name for path in there.rglob("*")) == ["artifacts", "mine"]


def test_a_backup_made_while_versions_come_has_the_artefacts_of_each(server, room):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            register(server.uri, "busy", label="yes")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        time.sleep(0.5)
        backups = [made(server, room) for _ in range(3)]
    finally:
        stop.set()
        worker.join()
    assert [remark for backup in backups for remark in backup.remarks if "no artefacts" in remark] == []


@pytest.mark.parametrize("is_portable", [False, True])
def test_postgresql_comes_back_from_its_dump(server, postgres_server, room, is_portable):  # noqa: F811
    first, second = (postgres_server.make_database(f"b{os.urandom(4).hex()}") for _ in range(2))
    fill(first)
    (source, there) = (Places((Place("penstock", url),)) for url in (first, second))
    backup = create(
        Places((stack(server.root).databases[0], *source.databases)),
        room, now=now(), say=quiet, with_secrets=True, is_portable=is_portable,
    )  # fmt: skip
    assert backup.kinds["penstock"] == ("rows" if is_portable else "pg_dump")
    restore(room, backup, there, say=quiet)
    entries = Journal(Database(second)).entries()
    assert (len(entries), first_break(entries)) == (2, None)
    assert kept_secret(Database(second), "log") == kept_secret(Database(first), "log")
    Journal(Database(second)).append([entries[0]])
    with pytest.raises(Conflict, match="is not empty"):
        restore(room, backup, there, say=quiet)


def test_a_portable_backup_moves_from_sqlite_to_postgresql(server, room, postgres_url):  # noqa: F811
    backup = made(server, room, is_portable=True, with_secrets=True)
    there = Places((Place("mlflow", postgres_url), Place("penstock", postgres_url)))
    restore(room, backup, there, say=quiet)
    assert schema.version_of(Database(postgres_url).engine()) == schema.NEWEST
    assert first_break(Journal(Database(postgres_url)).entries()) is None
    with Database(postgres_url).begin() as connection:
        found = connection.execute(sa.text("SELECT name, version FROM model_versions WHERE name = 'churn'"))
        assert [tuple(row) for row in found] == [("churn", 1)]


def accounts(url):
    """MLflow's own tables of users, with one in it."""
    command = [sys.executable, "-m", "mlflow.server.auth", "db", "upgrade", "--url", url]
    subprocess.run(command, check=True, capture_output=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO users (username, password_hash, is_admin) VALUES ('ann', 'h', 1)")
        )


def test_a_portable_backup_brings_accounts_back(server, room, tmp_path):
    accounts(f"sqlite:///{tmp_path}/users.db")
    source, there = stack(server.root), stack(tmp_path / "there")
    of = [Place("accounts", f"sqlite:///{folder}/users.db") for folder in (tmp_path, tmp_path / "there")]
    source, there = (
        Places((*places.databases, place), places.rooms)
        for places, place in zip((source, there), of, strict=True)
    )
    backup = create(source, room, now=now(), say=quiet, is_portable=True)
    restore(room, backup, there, say=quiet)
    query = sa.text("SELECT username, is_admin FROM users")
    with sa.create_engine(there.databases[2].url, poolclass=sa.NullPool).connect() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [("ann", 1)]


def penstock(*words, **environ):
    command = [sys.executable, "-m", "penstock", *words]
    return subprocess.run(
        command, cwd=REPO, env=os.environ | environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_commands_make_verify_list_and_restore(server, tmp_path):
    where = str(tmp_path / "backups")
    environ = {"PENSTOCK_VAR_DIR": str(server.root)}
    done = penstock("backup", "create", where, "--json", **environ)
    assert done.returncode == 0, done.stderr
    assert penstock("backup", "verify", where, **environ).stdout == "1 back-ups are whole\n"
    assert json.loads(done.stdout)["id"] in penstock("backup", "list", where, **environ).stdout
    again = penstock("backup", "restore", where, **environ)
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)
    elsewhere = penstock("backup", "restore", where, PENSTOCK_VAR_DIR=str(tmp_path / "there"))
    assert elsewhere.returncode == 0, elsewhere.stderr
    flipped = max(Path(where, "objects").rglob("*"), key=lambda path: path.stat().st_size)
    flipped.write_bytes(bytes([flipped.read_bytes()[0] ^ 1]) + flipped.read_bytes()[1:])
    found = penstock("backup", "verify", where, **environ)
    assert (found.returncode, "was changed since it was written" in found.stdout) == (1, True)


def test_a_killed_backup_leaves_none_that_looks_whole(server, tmp_path):
    where = tmp_path / "backups"
    (server.root / "predictions/large").write_bytes(os.urandom(60_000_000))
    command = [sys.executable, "-m", "penstock", "backup", "create", str(where)]
    environ = os.environ | {"PENSTOCK_VAR_DIR": str(server.root)}
    running = subprocess.Popen(command, cwd=REPO, env=environ, stdout=subprocess.DEVNULL)
    while not where.exists() and running.poll() is None:
        time.sleep(0.005)
    running.kill()
    running.wait()
    (server.root / "predictions/large").unlink()
    assert manifests.ids(room_at(str(where))) == []
    made(server, room_at(str(where)))
    assert list(faults(room_at(str(where)), manifests.each(room_at(str(where))))) == []


def test_a_bucket_holds_backups_too(server, tmp_path, monkeypatch):
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    try:
        host, port = moto.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        import boto3

        boto3.client("s3").create_bucket(Bucket="safe")
        room = room_at("s3://safe/penstock")
        backup = made(server, room)
        assert list(faults(room, [backup])) == []
        there = stack(tmp_path / "there")
        restore(room, backup, Places(there.databases, {"predictions": room_at("s3://safe/log")}), say=quiet)
        assert {entry.path for entry in room_at("s3://safe/log").entries()} >= {"log.jsonl"}
        with pytest.raises(Conflict, match=r"s3://safe/log' \(predictions\) is not"):
            restore(room, backup, Places((), {"predictions": room_at("s3://safe/log")}), say=quiet)
    finally:
        moto.stop()
