"""The audit trail over a real MLflow: its head there, its doors, its command."""

import json
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from penstock.api.app import make_app
from penstock.audit.heads import EXPERIMENT, TAG
from penstock.audit.trail import Event
from penstock.audit.verify import verify
from penstock.desk import Desk
from penstock.people.person import Person
from serving.settings import load
from tests.service.gateway_fixtures import REPO

ANA = Person("ana", is_admin=True, address="10.0.0.7")


@pytest.fixture
def environ(mlflow_server, tmp_path):
    return {"PENSTOCK_VAR_DIR": str(tmp_path), "PENSTOCK_TRACKING_URI": mlflow_server.uri}


@pytest.fixture
def desk(environ):
    desk = Desk(load(environ))
    yield desk
    desk.trail.close()


def fill(desk, times=3):
    for number in range(times):
        desk.trail.record(ANA, Event("dataset.upload", f"dataset {number}", "ana/churn"))


def sql(desk, statement):
    with desk.database.begin() as connection:
        connection.execute(sa.text(statement))


def test_the_newest_hash_is_kept_in_mlflow_when_the_process_ends(desk):
    fill(desk)
    desk.trail.close()
    experiment = desk.client.get_experiment_by_name(EXPERIMENT)
    head = json.loads(experiment.tags[f"{TAG}.{desk.trail.name}"])
    assert (head["sequence"], head["sha256"]) == (3, verify(desk.database, desk.trail).head)


def test_it_is_written_now_and_then_without_anybody_waiting(desk):
    desk.trail.mirror._every_s = 0.05
    fill(desk)
    deadline = time.monotonic() + 60
    while getattr(desk.trail.mirror.head(desk.trail.name), "sequence", 0) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_end_that_was_cut_off_with_its_head_file_is_found_by_mlflow(desk):
    fill(desk)
    desk.trail.close()
    sql(desk, "DELETE FROM penstock_audit WHERE sequence > 1")
    desk.trail.file.path.write_text("")
    verdict = verify(desk.database, desk.trail)
    assert verdict.problem.startswith("the audit trail ends with entry 1, and MLflow knows entry 3 of ")
    assert "knows nothing of this trail" in verdict.remarks[0]


def test_mlflows_head_never_goes_back(desk):
    fill(desk)
    desk.trail.close()
    head = desk.trail.mirror.head(desk.trail.name)
    older = type(head)(head.trail, 1, "0" * 64, head.time)
    desk.trail.mirror.note(older)
    desk.trail.close()
    assert desk.trail.mirror.head(desk.trail.name) == head


def test_mlflow_away_is_counted_and_stops_nothing(environ, monkeypatch, free_port):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    desk = Desk(load(environ | {"PENSTOCK_TRACKING_URI": f"http://127.0.0.1:{free_port()}"}))
    fill(desk)
    desk.trail.close()
    assert desk.trail.mirror.failures == 1
    verdict = verify(desk.database, desk.trail)
    assert (verdict.problem, verdict.remarks) == (None, ("MLflow, which keeps a hash too, does not answer",))


@pytest.fixture
def api(environ, desk):
    with TestClient(make_app(load(environ)), "http://127.0.0.1:8080", client=("127.0.0.1", 5)) as client:
        yield client


def test_the_listing_goes_on_from_page_to_page(api, desk):
    fill(desk, 5)
    first = api.get("/api/ml/audit?limit=2&action=dataset.")
    assert [entry["sequence"] for entry in first.json()] == [5, 4]
    following = first.headers["Link"].partition(">")[0][1:]
    assert [entry["sequence"] for entry in api.get(following).json()] == [3, 2]


def test_the_listing_refuses_what_it_does_not_know(api):
    answer = api.get("/api/ml/audit?actoor=ana")
    assert (answer.status_code, "did you mean 'actor' or 'action'?" in answer.text) == (422, True)
    assert (
        api.get("/api/ml/audit?since=2026-07-31T12:00:00")
        .json()["error"]["message"]
        .startswith("a time must have its zone")
    )
    assert api.get("/api/ml/audit?cursor=%FF").status_code == 422


def test_the_export_is_the_chain_itself_and_is_recorded(api, desk):
    from serving.lifecycle import chain

    fill(desk, 3)
    answer = api.get("/api/ml/audit/export?source=audit")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    entries = [json.loads(line) for line in answer.text.splitlines()]
    assert [entry["action"] for entry in entries] == ["dataset.upload"] * 3 + ["audit.export"]
    raw = [
        {name: value for name, value in entry.items() if name != "source"}
        | {"details": json.dumps(entry["details"], ensure_ascii=False, sort_keys=True)}
        for entry in entries
    ]
    assert chain.first_break(raw, journal="export", about="{action}") is None


def test_the_verdict_is_told(api, desk):
    fill(desk)
    assert api.get("/api/ml/audit/verify").json() | {"head": "", "remarks": []} == {
        "status": "success", "is_intact": True, "entries": 3, "problem": None, "head": "", "remarks": [],
    }  # fmt: skip
    sql(desk, "UPDATE penstock_audit SET actor = 'x' WHERE sequence = 2")
    told = api.get("/api/ml/audit/verify").json()
    assert (told["is_intact"], told["entries"]) == (False, 1)


def command(environ, *arguments):
    import os

    return subprocess.run(
        [sys.executable, "-m", "penstock.audit", *arguments],
        check=False, cwd=REPO, env=os.environ | environ, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_the_command_verifies_lists_and_exports(environ, desk, tmp_path):
    fill(desk)
    assert command(environ, "verify").stdout.startswith("all 3 entries of the audit trail hold")
    assert "ana from 10.0.0.7: dataset.upload  dataset 2" in command(environ, "list", "--limit", "1").stdout
    assert command(environ, "export", "--output", str(tmp_path / "out")).returncode == 0
    assert len((tmp_path / "out").read_text().splitlines()) == 4


def test_the_commands_exit_codes_tell_broken_from_bad_input(environ, desk):
    fill(desk)
    sql(desk, "DELETE FROM penstock_audit WHERE sequence = 2")
    broken = command(environ, "verify", "--json")
    assert (broken.returncode, json.loads(broken.stdout)["is_intact"]) == (1, False)
    wrong = command(environ, "list", "--since", "yesterday")
    assert (wrong.returncode, "must be like 2026-07-31T12:00:00Z" in wrong.stderr) == (2, True)
