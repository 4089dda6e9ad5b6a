"""`python -m serving.lifecycle` over a real registry."""

import json
import time
from datetime import UTC, datetime

import pytest
from mlflow import MlflowClient

from serving.lifecycle.__main__ import main
from tests.conftest import pick_free_port
from tests.service.gated_models import gated_model


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture
def name(uri):
    return gated_model(uri, f"churn {datetime.now(UTC).timestamp()}")


@pytest.fixture
def run(uri, tmp_path, monkeypatch, capsys):
    for variable in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("USER", "ann")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_promote_says_the_move_in_a_line(run, name):
    code, out, _ = run("promote", name, "1", "--reason", "better")
    assert code == 0
    assert out.endswith(f"Z  {name} version 1  None -> Production        promote by ann: better\n")


def test_promote_says_the_move_as_json(run, name):
    _, out, _ = run("promote", name, "1", "--to", "Staging", "--actor", "ci", "--json")
    answer = json.loads(out)
    assert (answer["done"], answer["to_stage"], answer["actor"]) == (True, "Staging", "ci")


def test_optional_values_may_be_empty(run, name):
    assert run("promote", name, "1", "--to", "", "--reason", "", "--force", "", "--actor", "")[0] == 0
    assert run("promote", name, "2")[0] == 0
    assert run("rollback", name, "--to-version", "", "--reason", "")[0] == 0


def test_a_version_that_is_there_already_is_said_and_is_no_failure(run, name):
    run("promote", name, "1")
    assert run("promote", name, "1")[:2] == (0, f"version 1 of '{name}' is in Production already\n")


def test_force_promotes_over_a_failed_gate(run, name):
    assert run("promote", name, "3")[0] == 2
    assert run("promote", name, "3", "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("promote", "{name}", "9"), 2, "has no version '9'; its versions are: 1, 2, 3"),
        (("promote", "{name}", "1", "--to", "Live"), 2, "to Staging or Production, not to 'Live'"),
        (("promote", "{name}", "1", "--force", "maybe"), 2, "--force is yes or no, not 'maybe'"),
        (("production-at", "{name}", "noon"), 2, "TIME must be like 2026-07-31T12:00:00Z, not 'noon'"),
        (("rollback", "{name}"), 1, "nothing to go back to"),
    ],
)
def test_what_goes_wrong_is_one_sentence(run, name, arguments, code, sentence):
    given, _, err = run(*[argument.format(name=name) for argument in arguments])
    assert given == code
    assert err.startswith("lifecycle: ")
    assert sentence in err
    assert err.count("\n") == 1


def test_history_lists_the_moves(run, name):
    run("promote", name, "1")
    run("promote", name, "2")
    run("demote", name, "2")
    run("archive", name, "2")
    actions = [move["action"] for move in json.loads(run("history", name, "--json")[1])]
    assert actions == ["promote", "replaced", "promote", "demote", "archive"]
    assert len(run("history", name)[1].splitlines()) == 5


def test_history_of_a_name_that_is_not_there_hints_at_the_near(run, name):
    run("promote", name, "1")
    said = run("history", f"{name}x")[1]
    assert said == f"the journal has no move of '{name}x'; did you mean '{name}'?\n"


def test_history_takes_in_what_moved_elsewhere(run, name, uri):
    with pytest.warns(FutureWarning):
        MlflowClient(uri, uri).transition_model_version_stage(name, "2", "Staging")
    assert "None -> Staging           external by external" in run("history", name)[1]


def test_production_at_tells_the_version(run, name):
    run("promote", name, "1")
    later = datetime.now(UTC).isoformat()
    assert run("production-at", name, later)[1].startswith(f"version 1 of '{name}' was in Production at ")
    assert json.loads(run("production-at", name, "2020-01-01", "--json")[1])["version"] is None


def test_verify_says_that_the_journal_holds(run, name):
    run("promote", name, "1")
    assert run("verify")[:2] == (0, "every entry of the journal holds\n")


def test_the_journal_is_read_with_mlflow_away(run, name, monkeypatch):
    run("promote", name, "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{pick_free_port()}")
    code, out, err = run("history", name)
    assert (code, len(out.splitlines())) == (0, 1)
    assert "only what the journal knows so far is shown: MLflow at http://127.0.0.1" in err


def test_mlflow_away_fails_within_seconds(run, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{pick_free_port()}")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    began = time.monotonic()
    code, _, err = run("promote", "churn", "1")
    assert code == 1
    assert "cannot be reached to read 'churn'; is it running?" in err
    assert time.monotonic() - began < 60
