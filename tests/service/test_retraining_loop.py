"""The loop over a real MLflow server, with real `mlflow run`s of small projects."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow.tracking import MlflowClient

from monitoring.retraining.command import experiment, run_name
from monitoring.retraining.tickets import RETRAIN, RUNNING, Ticket, here, new_ticket
from monitoring.retraining.verdicts import Verdicts
from serving.lifecycle.canary.state import States
from tests.service.retraining_fixtures import (
    BETTER,
    FAILING,
    NOT_BETTER,
    SCORING,
    SLEEPING,
    Watched,
    mlproject,
    settings_of,
)

_numbers = itertools.count(1)
REPO = Path(__file__).parents[2]
DRIFT = {"retrain": ["drift"], "retraining": {"new_rows": 20}}


@pytest.fixture
def make(tmp_path: Path, mlflow_server: Any) -> Iterator[Any]:
    made = []

    def _make(script: str = NOT_BETTER, *, entry: str = "retrain", **settings: Any) -> Watched:
        project = mlproject(tmp_path / f"project{len(made)}", **{entry: script})
        watched = Watched(
            MlflowClient(mlflow_server.uri),
            f"loop {next(_numbers)}",
            settings_of(tmp_path, mlflow_server.uri, project, **settings),
        )
        made.append(watched)
        return watched

    yield _make
    for watched in made:
        watched.loop.close()


def drifting(watched: Watched) -> Watched:
    watched.drift(True, False, True)
    watched.label(30)
    return watched


def running(watched: Watched) -> Ticket:
    watched.tick_until(lambda: any(each.pid for each in watched.tickets.running()))
    return watched.tickets.running()[0]


def child_of(watched: Watched, ticket: Ticket) -> psutil.Process:
    """The grandchild that the sleeping entry point has started."""
    log = watched.settings.monitor_dir / "retraining" / ticket.name / "run.log"
    found: list[str] = []

    def is_said() -> bool:
        found[:] = [line for line in log.read_text().splitlines() if line.startswith("child ")]
        return bool(found)

    watched.tick_until(is_said)
    return psutil.Process(int(found[0].split()[1]))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_drift_in_two_of_three_windows_trains_a_challenger_into_staging(make: Any) -> None:
    watched = make(BETTER)
    watched.policy(monitoring=DRIFT)
    found = drifting(watched).until("registered")
    assert watched.decisions() == ["retrain", "registered"]
    assert found.reasons[0] == "30 rows of ['age', 'plan', 'penstock_ts', 'churned']"
    assert found.version == "2"
    assert watched.metric("penstock_retrainings_total", outcome="better") == 1


def test_a_challenger_that_is_not_better_is_told_with_its_reason(make: Any) -> None:
    watched = make(NOT_BETTER)
    watched.policy(monitoring=DRIFT)
    found = drifting(watched).until("not_better")
    assert found.reasons[0] == "the challenger is no better beyond chance"
    assert "/#/experiments/" in found.reasons[1]
    assert len(watched.client.search_model_versions(f"name='{watched.name}'")) == 1


def test_after_a_retraining_the_cool_down_is_said_once(make: Any) -> None:
    watched = make(NOT_BETTER)
    watched.policy(monitoring=DRIFT)
    drifting(watched).until("not_better")
    watched.clock.ahead_s += 3600
    watched.drift(True, True, True)
    for _ in range(3):
        watched.tick()
    assert watched.decisions() == ["retrain", "not_better", "wait"]
    assert watched.story()[-1].reasons[-1].endswith("and the cool-down is 24 hours")


def test_a_failed_training_is_told_with_its_last_words_and_counted(make: Any) -> None:
    watched = make(FAILING)
    watched.policy(monitoring=DRIFT)
    found = drifting(watched).until("failed")
    assert found.reasons[0].endswith("the original data is gone; name it with -P data=")
    assert watched.metric("penstock_retrainings_total", outcome="failed") == 1
    assert watched.metric("penstock_last_retraining_timestamp_seconds", outcome="failed") > 0
    assert watched.metric("penstock_retraining_running") == 0


def test_a_retraining_that_cannot_be_started_is_told(make: Any) -> None:
    watched = make()
    watched.policy(monitoring=DRIFT)
    drifting(watched)
    watched.settings.monitor_dir.mkdir(parents=True)
    (watched.settings.monitor_dir / "retraining").write_text("in the way")
    watched.tick()
    assert watched.decisions() == ["retrain", "failed"]
    assert watched.story()[-1].reasons[0].startswith("it could not be started: ")


def test_too_few_outcomes_are_said_once_and_nothing_starts(make: Any) -> None:
    watched = make()
    watched.policy(monitoring={"retrain": ["drift"]})
    drifting(watched)
    watched.tick()
    watched.tick()
    assert watched.decisions() == ["wait"]
    sentence = "30 rows have been labelled since the champion learned, and 200 are needed; send outcomes to"
    assert watched.story()[0].reasons[-1].startswith(sentence)


def test_enough_new_labelled_rows_start_a_retraining(make: Any) -> None:
    watched = make()
    watched.policy(monitoring={"retrain": ["rows"], "retraining": {"new_rows": 25}})
    watched.tick()
    assert watched.decisions() == []
    watched.label(25)
    watched.loop = watched.new_loop()  # the last count is not asked again
    assert watched.until("retrain").reasons == ("25 rows or more have been labelled since the last training",)


def test_one_retraining_at_a_time_over_all_models(make: Any) -> None:
    first, second = make(SLEEPING), make(SLEEPING)
    second.policy(monitoring={"retrain": ["drift"], "retraining": {"new_rows": 20}})
    first.policy(monitoring=DRIFT)
    for watched in (first, second):
        drifting(watched)
    first.tick()
    second.tick()
    assert first.decisions() == ["retrain"]
    assert second.decisions() == ["wait"]
    assert second.story()[0].reasons[-1] == "other models are being retrained"


def test_a_run_over_its_time_is_ended_with_all_that_it_started(make: Any) -> None:
    watched = make(SLEEPING, retrain_time_limit_s=600)
    watched.policy(monitoring=DRIFT)
    child = child_of(drifting(watched), running(watched))
    watched.clock.ahead_s += 601
    found = watched.until("failed")
    assert found.reasons[0].startswith("it was ended after 600 s")
    assert is_gone(child)


def test_what_is_under_way_ends_with_the_monitor(make: Any) -> None:
    watched = make(SLEEPING)
    watched.policy(monitoring=DRIFT)
    child = child_of(drifting(watched), running(watched))
    watched.loop.close()
    assert is_gone(child)
    assert watched.decisions() == ["retrain", "cancelled"]
    experiment = watched.client.get_experiment_by_name(watched.name).experiment_id
    assert [run.info.status for run in watched.client.search_runs([experiment])] == ["KILLED"]
    assert watched.metric("penstock_retrainings_total", outcome="cancelled") == 1


def test_a_retraining_that_the_stop_ended_is_decided_anew_at_once(make: Any) -> None:
    watched = make(SLEEPING)
    watched.policy(monitoring=DRIFT)
    running(drifting(watched))
    watched.loop.close()
    watched.drift(True, True, True)
    watched.loop = watched.new_loop()
    running(watched)
    assert watched.decisions() == ["retrain", "cancelled", "retrain"]


KILLED = """
import os, signal, sys
sys.path.insert(0, {repo!r})
from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry
from monitoring.history import History
from monitoring.metrics import MonitorMetrics
from monitoring.registry import Registry
from monitoring.retraining.journal import Journal
from monitoring.retraining.loop import Loop
from serving.lifecycle.database import Database
from serving.settings import load

settings = load()
database = Database(settings.database_url)
registry = Registry(MlflowClient(settings.tracking_uri), settings.tracking_uri)
loop = Loop(settings, registry, History(database), Journal(database), MonitorMetrics(CollectorRegistry()))
loop.tick([{model!r}])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_run_of_a_killed_monitor_is_found_and_settled_by_the_next(make: Any) -> None:
    watched = make(BETTER)
    watched.policy(monitoring=DRIFT)
    drifting(watched)
    settings = watched.settings
    environ = os.environ | {
        "PENSTOCK_VAR_DIR": str(settings.var_dir),
        "PENSTOCK_TRACKING_URI": settings.tracking_uri,
        "PENSTOCK_RETRAIN_PROJECT": settings.retrain_project,
    }
    script = KILLED.format(repo=str(REPO), model=watched.name)
    done = subprocess.run([sys.executable, "-c", script], env=environ, cwd=REPO, check=False)
    assert done.returncode == -signal.SIGKILL
    watched.until("registered")
    assert watched.decisions() == ["retrain", "registered"]


def test_a_ticket_without_a_process_counts_as_failed(make: Any) -> None:
    watched = make()
    lost = new_ticket(RETRAIN, watched.name, "1", now_s=time.time() - 60, keeper="another")
    assert watched.tickets.claim(lost)
    watched.tick()
    assert watched.decisions() == ["failed"]
    assert watched.story()[0].reasons[0] == "the monitor ended while it was being started"


def test_a_run_on_another_machine_is_left_its_time(make: Any) -> None:
    watched = make(retrain_time_limit_s=600)
    there = replace(new_ticket(RETRAIN, watched.name, "1", now_s=time.time(), keeper="x"), host="elsewhere 1")
    assert watched.tickets.claim(there)
    watched.tick()
    assert watched.decisions() == []
    watched.clock.ahead_s += 1200
    watched.tick()
    assert watched.story()[0].reasons[0] == "it ran on elsewhere 1, whose monitor has gone"


def daily(in_s: float) -> str:
    """A schedule that comes in so many seconds, to the minute, and then every day."""
    soon = datetime.fromtimestamp(time.time() + in_s, UTC)
    return f"{soon.minute} {soon.hour} * * *"


def test_a_schedule_starts_a_retraining_and_outlives_a_restart(make: Any) -> None:
    watched = make()
    watched.policy(monitoring={"retrain": ["* * * * *"], "retraining": {"new_rows": 20}})
    watched.label(20)
    watched.tick()
    assert watched.decisions() == []
    watched.loop = watched.new_loop()
    watched.clock.ahead_s += 60
    watched.tick()
    assert watched.decisions() == ["retrain"]
    assert watched.story()[0].reasons[0].endswith("by the schedule '* * * * *'")


def test_a_moment_that_nobody_watched_is_passed_over_and_said(make: Any) -> None:
    watched = make()
    watched.policy(monitoring={"retrain": [daily(in_s=3600)]})
    watched.tick()
    watched.clock.ahead_s += 10 * 3600
    watched.tick()
    watched.tick()
    assert watched.decisions() == ["wait"]
    assert watched.story()[0].reasons[0].endswith("when no monitor ran; after 6 hours it is passed over")


def test_a_cron_typo_is_told_once_and_stops_nothing(make: Any) -> None:
    watched = make()
    retraining = {"new_rows": 20, "cooldown_hours": -1}
    watched.policy(monitoring={"retrain": ["0 2 * * sunn", "drift"], "retraining": retraining})
    drifting(watched)
    watched.tick()
    watched.tick()
    assert watched.decisions() == ["problem", "retrain"]
    said = "the schedule '0 2 * * sunn': the weekday cannot be 'sunn'; did you mean 'sun'?"
    assert watched.story()[0].reasons[1] == f"the policy of '{watched.name}': {said}"


def test_a_batch_is_scored_by_the_clock(make: Any, tmp_path: Path) -> None:
    watched = make(SCORING, entry="predict")
    output = tmp_path / "scores" / "{date}.csv"
    watched.policy(batch={"data": "day.csv", "output": str(output), "schedule": daily(in_s=3600)})
    watched.tick()
    watched.clock.ahead_s += 3660
    watched.until("scored")
    assert watched.decisions() == ["batch", "scored"]
    written = next((tmp_path / "scores").glob("20??-??-??.csv"))
    assert written.read_text() == f"{watched.name} day.csv"
    assert watched.metric("penstock_batch_runs_total", outcome="done") == 1


WISHES = {
    "monitoring": DRIFT,
    "batch": {"data": "/etc/passwd", "output": "/nowhere/scores.csv", "schedule": "* * * * *"},
}
UNTRUSTED = "is not among trusted_models; have the operator name it"


def test_where_people_sign_in_a_model_that_nobody_named_is_neither_scored_nor_trained(make: Any) -> None:
    watched = make(auth="mlflow", trusted_models="another")
    watched.policy(**WISHES)
    drifting(watched)
    for _ in range(3):
        watched.tick()
        watched.clock.ahead_s += 60
    assert watched.decisions() == ["problem"]
    assert UNTRUSTED in watched.story()[0].reasons[0]
    assert watched.tickets.last(watched.name) is None


def test_where_people_sign_in_a_named_model_is_trained(make: Any) -> None:
    watched = make(auth="mlflow", trusted_models="*")
    watched.policy(monitoring=DRIFT)
    drifting(watched).until("not_better")
    assert watched.decisions() == ["retrain", "not_better"]


def test_without_mlflow_a_tick_does_nothing_and_raises_nothing(make: Any, monkeypatch: Any) -> None:
    watched = make()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    watched.settings = replace(watched.settings, tracking_uri="http://127.0.0.1:1")
    away = MlflowClient("http://127.0.0.1:1")
    there, watched.client = watched.client, away
    watched.loop = watched.new_loop()
    watched.tick()
    watched.client = there
    assert watched.decisions() == []


def test_what_ended_while_mlflow_was_away_is_settled_when_it_is_back(make: Any, monkeypatch: Any) -> None:
    watched = make(NOT_BETTER)
    watched.policy(monitoring=DRIFT)
    run = psutil.Process(running(drifting(watched)).pid)
    there = watched.client
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    watched.client = MlflowClient("http://127.0.0.1:1")
    watched.loop = watched.new_loop()
    watched.tick_until(lambda: is_gone(run))
    assert watched.decisions() == ["retrain"]
    watched.client = there
    watched.loop = watched.new_loop()
    watched.until("not_better")


@pytest.fixture
def gateway() -> Iterator[Any]:
    """A page of counts that a test writes."""

    class Page(BaseHTTPRequestHandler):
        text = ""

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(Page.text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Page.address = f"http://127.0.0.1:{server.server_port}/metrics"  # type: ignore[attr-defined]
    yield Page
    server.shutdown()
    server.server_close()
    thread.join()


TRAFFIC = {"canary": [10, 50, 100], "hold": {"min_requests": 10, "min_minutes": 0, "max_latency_ratio": 100}}


def counts(watched: Watched, requests: int, *, challenger: str = "2") -> str:
    lanes = (("1", "champion"), (challenger, "challenger"))
    text = "# TYPE penstock_requests_total counter\n"
    for version, variant in lanes:
        labels = f'model="{watched.name}",version="{version}",variant="{variant}"'
        text += f'penstock_requests_total{{{labels},code="200"}} {requests}\n'
    text += "# TYPE penstock_request_seconds histogram\n"
    for version, variant in lanes:
        labels = f'model="{watched.name}",version="{version}",variant="{variant}"'
        for bound in ("0.01", "+Inf"):
            text += f'penstock_request_seconds_bucket{{{labels},le="{bound}"}} {requests}\n'
        text += f"penstock_request_seconds_sum{{{labels}}} 1\n"
        text += f"penstock_request_seconds_count{{{labels}}} {requests}\n"
    return text


def retrained(watched: Watched) -> Watched:
    """Version 2 in Staging, as a retraining has left it, with nothing done about it yet."""
    tags = {"penstock.gate": "pass"}
    watched.client.create_model_version(watched.name, "s3://nowhere/y", tags=tags)
    watched.move("2", "Staging")
    ticket = new_ticket(RETRAIN, watched.name, "1", now_s=time.time() - 60, keeper="x")
    done = replace(ticket, state="better", ended_s=time.time(), made="2", after="canary")
    assert watched.tickets.claim(done)
    return watched


def test_a_better_version_is_let_in_step_by_step(make: Any, gateway: Any) -> None:
    watched = make(gateway_metrics=gateway.address)
    watched.policy(traffic=TRAFFIC, monitoring={"retrain": "drift", "retraining": {"canary": True}})
    gateway.text = counts(watched, 0)
    retrained(watched).tick()
    assert watched.metric("penstock_canary_step") == 10
    gateway.text = counts(watched, 1000)
    watched.tick()
    assert watched.metric("penstock_canary_step") == 50
    assert watched.decisions() == ["canary", "hold", "canary"]
    route = json.loads(watched.client.get_registered_model(watched.name).tags["penstock.route"])
    assert route["variants"]["challenger"]["weight"] == 50


def test_where_people_sign_in_a_canary_of_a_model_that_nobody_named_stays_where_it_is(
    make: Any, gateway: Any
) -> None:
    watched = make(auth="mlflow", trusted_models="*", gateway_metrics=gateway.address)
    watched.policy(traffic=TRAFFIC, monitoring={"retraining": {"canary": True}})
    gateway.text = counts(watched, 0)
    retrained(watched).tick()
    watched.settings = replace(watched.settings, trusted_models="")
    watched.loop = watched.new_loop()
    for requests in (1000, 2000):
        gateway.text = counts(watched, requests)
        watched.tick()
    assert watched.decisions()[-1] == "hold"
    assert [UNTRUSTED in each.reasons[0] for each in watched.story()].count(True) == 1
    route = json.loads(watched.client.get_registered_model(watched.name).tags["penstock.route"])
    assert route["variants"]["challenger"]["weight"] == 10


def test_production_waits_for_a_person_although_the_canary_may_promote(make: Any, gateway: Any) -> None:
    watched = make(gateway_metrics=gateway.address)
    watched.policy(traffic=TRAFFIC | {"promote": True}, monitoring={"retraining": {"canary": True}})
    retrained(watched)
    for requests in (0, 1000, 2000, 3000, 4000):
        gateway.text = counts(watched, requests)
        watched.tick()
    assert watched.client.get_model_version(watched.name, "1").current_stage == "Production"
    assert any("wants a person's approval" in " ".join(each.reasons) for each in watched.story())


def test_a_step_that_was_cut_off_waits_for_a_person_too(make: Any, gateway: Any) -> None:
    watched = make(gateway_metrics=gateway.address)
    watched.policy(traffic=TRAFFIC | {"promote": True}, monitoring={"retraining": {"canary": True}})
    gateway.text = counts(watched, 0)
    retrained(watched).tick()
    states = States(watched.database)
    (begun,) = states.under_way()
    states.put(replace(begun, pending=50.0))
    for requests in (1000, 2000):
        gateway.text = counts(watched, requests)
        watched.tick()
    assert watched.client.get_model_version(watched.name, "1").current_stage == "Production"


def test_a_version_that_a_person_has_staged_meanwhile_is_not_led_to_production(
    make: Any, gateway: Any
) -> None:
    watched = make(gateway_metrics=gateway.address)
    watched.policy(traffic=TRAFFIC | {"promote": True}, monitoring={"retraining": {"canary": True}})
    retrained(watched)
    watched.client.create_model_version(watched.name, "s3://nowhere/z", tags={"penstock.gate": "pass"})
    watched.move("3", "Staging")
    for requests in (0, 1000, 2000, 3000, 4000):
        gateway.text = counts(watched, requests, challenger="3")
        watched.tick()
    assert watched.client.get_model_version(watched.name, "1").current_stage == "Production"
    (state,) = States(watched.database).under_way()
    assert (state.challenger.version, state.phase, state.percent) == ("3", "held", 10)


def test_production_moves_by_the_canary_where_the_policy_wants_no_approval(make: Any, gateway: Any) -> None:
    watched = make(gateway_metrics=gateway.address)
    monitoring = {"approval": False, "retraining": {"canary": True}}
    watched.policy(traffic=TRAFFIC | {"promote": True}, monitoring=monitoring)
    retrained(watched)
    for requests in (0, 1000, 2000, 3000):
        gateway.text = counts(watched, requests)
        watched.tick()
    assert watched.client.get_model_version(watched.name, "2").current_stage == "Production"
    assert watched.decisions()[-1] == "promoted"
    assert watched.metric("penstock_canary_step") == 0


def test_without_canary_and_approval_a_better_version_is_promoted_at_once(make: Any) -> None:
    watched = make()
    watched.policy(monitoring={"approval": False})
    retrained(watched)
    (waiting,) = watched.tickets.waiting()
    watched.tickets.put(replace(waiting, after="promotion"))
    watched.tick()
    assert watched.decisions() == ["promoted"]
    assert watched.client.get_model_version(watched.name, "2").current_stage == "Production"


def test_a_canary_without_steps_in_the_policy_is_told_and_given_up(make: Any) -> None:
    watched = make()
    watched.policy(monitoring={"retraining": {"canary": True}})
    retrained(watched).tick()
    watched.tick()
    assert watched.decisions() == ["hold"]
    assert "has no traffic.canary; set it" in watched.story()[0].reasons[0]
    assert watched.tickets.waiting() == []


def test_while_a_canary_is_under_way_no_retraining_starts(make: Any, gateway: Any) -> None:
    watched = make(gateway_metrics=gateway.address)
    retraining = {"canary": True, "cooldown_hours": 0, "drift_windows": "1 of 1"}
    watched.policy(traffic=TRAFFIC, monitoring=DRIFT | {"retraining": retraining})
    gateway.text = counts(watched, 0)
    drifting(retrained(watched))
    watched.tick()
    waited = [each for each in watched.story() if each.decision == "wait"]
    assert waited[0].reasons[-1] == "a canary of the model is under way"


def test_a_run_that_died_before_its_tag_is_found_by_its_name_whatever_the_model_is_called(
    mlflow_server: Any,
) -> None:
    client = MlflowClient(mlflow_server.uri)
    ticket = new_ticket(RETRAIN, 'it\'s "50 %" _ü', "1", now_s=time.time(), keeper="x")
    home = client.create_experiment(experiment(ticket))
    client.create_run(home, run_name="another")
    run = client.create_run(home, run_name=run_name(ticket))
    assert Verdicts(client, mlflow_server.uri).of(ticket).run == run.info.run_id


def test_the_machine_of_a_ticket_is_this_one() -> None:
    assert new_ticket(RETRAIN, "m", "1", now_s=0.0, keeper="x").host == here()
    assert new_ticket(RETRAIN, "m", "1", now_s=0.0, keeper="x").state == RUNNING
