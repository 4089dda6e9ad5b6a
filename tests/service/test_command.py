"""The command `penstock` over a real registry, route table, trail and job table."""

import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from mlflow import MlflowClient

from penstock.command.names import PLACES
from penstock.command.shell import run as run_command
from penstock.desk import Desk
from penstock.jobs.job import Wanted
from penstock.people.person import Person
from penstock.services import jobs, projects
from serving.settings import load
from tests.conftest import pick_free_port
from tests.service.gated_models import gated_model

REPO = Path(__file__).parents[2]
NUMBERS = count()


class Terminal:
    """One person's commands."""

    def __init__(self, patch, capsys):
        self._patch, self._capsys = patch, capsys

    def sign_in(self, name):
        self._patch.setenv("USER", name)

    def says(self, *words):
        code = run_command(words)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words):
        code, out, err = self.says(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture
def name(uri):
    return gated_model(uri, f"churn of Köln {next(NUMBERS)}")


@pytest.fixture
def environ(uri, tmp_path, monkeypatch):
    for variable in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "var"))
    for port in ("GATEWAY", "MONITOR", "API"):
        monkeypatch.setenv(f"PENSTOCK_{port}_PORT", str(pick_free_port()))
    monkeypatch.chdir(tmp_path)
    return os.environ


@pytest.fixture
def terminal(environ, monkeypatch, capsys):
    made = Terminal(monkeypatch, capsys)
    made.sign_in("ann")
    return made


def ask_for_two(uri, name):
    policy = json.dumps({"promotion": {"people": 2}})
    MlflowClient(uri, uri).set_registered_model_tag(name, "penstock.policy", policy)


def test_versions_are_listed_with_where_they_are(terminal, name):
    terminal.says("promote", name, "1")
    code, out, _ = terminal.says("models", name)
    assert code == 0
    assert out.splitlines()[0].split() == ["model", "version", "status", "algorithm", "score", "made"]
    told = {each["number"]: each["status"] for each in terminal.json("models", name)}
    assert told["1"] == "production"


def test_a_promotion_and_the_way_back_stand_in_the_history_with_who_and_why(terminal, name):
    terminal.says("promote", name, "1", "--comment", "first")
    terminal.says("promote", name, "2", "--comment", "better")
    code, out, _ = terminal.says("rollback", name, "--comment", "worse after all")
    assert (code, "version 1" in out) == (0, True)
    moves = terminal.json("history", name)
    assert {(each["actor"], each["reason"]) for each in moves} >= {
        ("ann", "better"),
        ("ann", "worse after all"),
    }
    assert "worse after all" in terminal.says("history", name)[1]


def test_what_failed_its_gate_needs_force(terminal, name):
    code, _, err = terminal.says("promote", name, "3")
    assert (code, "AUC > 0.85" in err) == (2, True)
    assert terminal.says("promote", name, "3", "--force", "--comment", "for the demo")[0] == 0


def test_a_second_person_must_agree_where_the_policy_asks_for_one(terminal, name, uri):
    ask_for_two(uri, name)
    asked = terminal.json("promote", name, "1", "--comment", "better")
    waiting = terminal.json("approvals", "list", "--model", name)
    assert [each["request_id"] for each in waiting] == [asked["request_id"]]
    code, _, err = terminal.says("approvals", "approve", asked["request_id"], "--comment", "me too")
    assert (code, "cannot agree to it" in err) == (2, True), err
    terminal.sign_in("ben")
    assert terminal.says("approvals", "approve", asked["request_id"], "--comment", "seen")[0] == 0
    told = {each["number"]: each["status"] for each in terminal.json("models", name)}
    assert told["1"] == "production"


def test_a_promotion_that_was_rejected_is_not_carried_out(terminal, name, uri):
    ask_for_two(uri, name)
    asked = terminal.json("promote", name, "1", "--comment", "better")
    terminal.sign_in("ben")
    assert terminal.says("approvals", "reject", asked["request_id"], "--comment", "too early")[0] == 0
    assert terminal.says("approvals", "list", "--model", name)[1] == "nothing waits for an approval\n"
    assert "production" not in {each["status"] for each in terminal.json("models", name)}


def test_traffic_is_split_shown_and_given_back(terminal, name):
    terminal.says("promote", name, "1")
    code, out, err = terminal.says(
        "route", "set", name, "--variant", "champion=Production:90", "--variant", "challenger=2:10"
    )
    assert (code, out) == (0, f"{name}: champion Production 90 %, challenger version 2 10 %\n"), err
    assert terminal.json("route", "show", name)[0]["route"]["variants"]["challenger"]["weight"] == 10
    assert terminal.says("route", "clear", name)[0] == 0
    assert "challenger" not in terminal.says("route", "show", name)[1]


@pytest.mark.parametrize(
    "variant", ["champion", "champion=Production", "champion=:5", "a=Production:much", "=2:1"]
)
def test_a_variant_that_cannot_be_read_is_explained(terminal, name, variant):
    code, _, err = terminal.says("route", "set", name, "--variant", variant)
    assert (code, "--variant" in err, "percent" in err.lower()) == (2, True, True), err


def test_drift_of_a_model_without_traffic_is_a_sentence(terminal, name):
    code, out, err = terminal.says("drift", name)
    assert (code, bool(out.strip())) == (0, True), err


def test_jobs_are_listed_read_and_cancelled(terminal):
    desk = Desk(load())
    ann = Person("ann", is_admin=True)
    project = projects.own_default(desk, ann).path
    job = jobs.submit(desk, ann, Wanted("ingest", "ann", project, {"data": "x.csv"}))
    (shown,) = terminal.json("jobs", "list", "--state", "pending")
    assert shown["job_id"] == job.job_id
    assert terminal.says("jobs", "log", job.job_id)[0] == 0
    assert terminal.says("jobs", "cancel", job.job_id) == (0, f"job {job.job_id} was cancelled\n", "")
    assert terminal.says("jobs", "list", "--state", "pending")[1] == "there is no such job\n"


def test_what_was_done_is_on_the_trail_which_holds(terminal, name):
    terminal.says("promote", name, "1")
    code, out, _ = terminal.says("audit", "list")
    assert (code, name in out) == (0, True)
    assert terminal.says("audit", "verify")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promot",), "did you mean 'promote'?"),
        (("promote",), "Missing argument 'NAME'"),
        (("rollback", "nobody's"), "nobody's"),
        (("history", "nobody's"), "nobody's"),
        (("promote", "nobody's", "1"), "nobody's"),
        (("drift", "nobody's"), "nobody's"),
        (("jobs", "log", "none"), "none"),
        (("jobs", "list", "--state", "sleeping"), "sleeping"),
        (("approvals", "approve", "none"), "none"),
        (("users", "list"), "auth"),
        (("train",), "nothing to train on"),
        (("completion", "csh"), "csh"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_a_sentence_and_exit_code_2(terminal, words, said):
    code, _, err = terminal.says(*words)
    assert (code, said in err) == (2, True), err
    assert "Traceback" not in err


def test_no_version_is_a_sentence_and_no_failure(terminal):
    assert terminal.says("models", "nobody's") == (0, "no version of 'nobody's' is registered\n", "")


def test_a_failure_is_told_as_json_too(terminal):
    code, out, err = terminal.says("history", "nobody's", "--json")
    assert (code, json.loads(out)["status"], "nobody's" in err) == (2, "error", True)


def test_mlflow_away_is_a_sentence_and_exit_code_1(terminal, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{pick_free_port()}")
    code, _, err = terminal.says("models")
    assert (code, "MLflow" in err) == (1, True), err


def test_status_names_what_does_not_answer(terminal, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{pick_free_port()}")
    code, out, _ = terminal.says("status")
    assert code == 1
    assert [line.split("  ")[0] for line in out.splitlines()[1:]] == [
        "MLflow",
        "gateway",
        "monitor",
        "API and console",
    ]
    assert out.count("Connection refused") == 4


def test_down_without_a_stack_is_no_failure(terminal):
    assert terminal.says("down") == (0, "no stack runs here\n", "")


@pytest.mark.parametrize("command", PLACES)
def test_every_command_explains_itself(terminal, command):
    code, out, _ = terminal.says(command, "--help")
    assert (code, "usage:" in out.lower()) == (0, True)


def test_a_shell_completes_commands_and_models(environ, tmp_path):
    registry = tmp_path / "var" / "gateway" / "registry.json"
    registry.parent.mkdir(parents=True)
    registry.write_text(json.dumps({"stages": {"churn": {}, "houses": {}}}))

    def completed(words, index):
        told = environ | {
            "_PENSTOCK_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(index),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "penstock"], env=told, cwd=REPO, capture_output=True, text=True,
            timeout=180, check=False,
        )  # fmt: skip
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("penstock ro", 1) == ["rollback", "route"]
    assert completed("penstock promote ch", 2) == ["churn"]


def test_help_needs_no_heavy_library(environ):
    asked = "import sys; from penstock.command.shell import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=environ,
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"mlflow", "pandas", "numpy", "sqlalchemy", "fastapi", "pyarrow"}
