"""Features in a real MLflow: versions that never change, whoever writes at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from mlflow import MlflowClient

from projects.errors import BadInput
from projects.feature_store import __main__ as command
from projects.feature_store.ledger import EXPERIMENT
from projects.feature_store.statistics import describe
from projects.feature_store.store import add, features, record_use, resolve

RATIO = {"kind": "ratio", "columns": ["debt", "income"]}


@pytest.fixture(scope="module")
def client(mlflow_server):
    return MlflowClient(mlflow_server.uri, mlflow_server.uri)


def versions(client, name):
    return [feature.version for feature in features(client) if feature.name == name]


def test_a_new_definition_is_a_new_version_and_the_old_one_stays(client):
    first = add(client, "debt_ratio", RATIO, owner="ann")
    second = add(client, "debt_ratio", {**RATIO, "columns": ["debt", "assets"]}, owner="ben")
    assert (first.version, second.version) == (1, 2)
    assert resolve(client, ["debt_ratio:1"])[0].definition == RATIO
    assert resolve(client, ["debt_ratio"])[0].owner == "ben"


def test_the_same_definition_is_no_new_version(client):
    add(client, "same", RATIO, owner="ann")
    assert add(client, "same", dict(reversed(RATIO.items())), owner="ben").version == 1
    assert versions(client, "same") == [1]


def test_writers_at_the_same_time_never_share_a_version(client):
    def write(number):
        edges = {"kind": "bins", "columns": ["age"], "edges": [number]}
        return add(client, "raced", edges, owner="x").version

    with ThreadPoolExecutor(4) as pool:
        taken = sorted(pool.map(write, range(6)))
    assert taken == list(range(1, 7))
    stored = {
        feature.version: feature.definition["edges"]
        for feature in features(client)
        if feature.name == "raced"
    }
    assert sorted(map(tuple, stored.values())) == sorted((number,) for number in range(6))


def test_a_feature_knows_the_trainings_that_used_it(client):
    feature = add(client, "used", RATIO, owner="ann")
    cells = describe(pd.DataFrame({"used": [1.0, 2.0, None]}), ["used"])
    record_use(client, [feature], cells, "run-1")
    assert resolve(client, ["used"])[0].uses == {"run-1": cells["used"]}


def test_an_unknown_name_is_refused_with_the_nearest(client):
    add(client, "age_in_days", {"kind": "log", "columns": ["age"]}, owner="ann")
    with pytest.raises(BadInput, match="no stored feature 'age_in_day'; did you mean 'age_in_days'"):
        resolve(client, ["age_in_day"])


def test_an_unknown_version_is_refused_with_those_there_are(client):
    add(client, "only_one", RATIO, owner="ann")
    with pytest.raises(BadInput, match="'only_one' has no version 7; it has 1"):
        resolve(client, ["only_one:7"])


def test_a_name_twice_is_refused(client):
    add(client, "twice", RATIO, owner="ann")
    with pytest.raises(BadInput, match="'twice' is asked for twice"):
        resolve(client, ["twice", "twice:1"])


def test_nothing_is_stored_in_the_registry(client):
    before = {model.name for model in client.search_registered_models()}
    add(client, "no_model", RATIO, owner="ann")
    assert {model.name for model in client.search_registered_models()} == before
    assert client.get_experiment_by_name(EXPERIMENT) is not None


def test_the_command_adds_lists_and_shows(mlflow_server, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    path = tmp_path / "features.yaml"
    path.write_text(
        "- {name: wealth, kind: difference, columns: [assets, debt], description: what is left}\n"
    )
    assert command.main(["add", str(path), "--owner", "ann"]) == 0
    assert "wealth:1  difference(assets, debt)" in capsys.readouterr().out
    assert command.main(["show", "wealth", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["version"], shown["description"], shown["owner"]) == (1, "what is left", "ann")
    assert command.main(["list"]) == 0
    assert "wealth:1" in capsys.readouterr().out


def test_the_command_refuses_a_bad_definition_with_exit_code_2(mlflow_server, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    assert command.main(["add", '{"name": "x", "kind": "rato", "columns": ["a", "b"]}']) == 2
    assert "feature 'x' has the kind 'rato'" in capsys.readouterr().err
