"""News from the raw file to a served version by `mlflow run`, and to a better one as labels come."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from monitoring.retraining.journal import Decision, Journal
from projects.examples.news.prepare import prepare
from projects.text.versions import METADATA, load_model_version
from serving.lifecycle.database import Database
from serving.settings import load
from tests.conftest import REPO, pick_free_port, stop_group
from tests.service.gateway_fixtures import JSON
from tests.stack.conftest import House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

NAME, TARGET = "news", "category"
FIRST, LATER, BATCH = 40, 1300, 100
LONGEST_S = 900


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> Path:
    return shared_data / "text" / "news_aggregator_train.tsv.gz"


@pytest.fixture(scope="module")
def articles(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return pd.read_csv(prepare(raw, tmp_path_factory.mktemp("articles"), articles=LATER).path)


@pytest.fixture(scope="module")
def served(house: House, raw: Path, articles: pd.DataFrame) -> House:
    """Version 1, of the first forty articles, in Production: so few that more are better on any machine."""
    given = {"data": raw, "articles": FIRST, "stage": "Production", "gate": "macro F1 > 0.3",
             "tune_seconds": 0, "candidates": "logistic"}  # fmt: skip
    parts = [part for key, value in given.items() for part in ("-P", f"{key}={value}")]
    done = house.run(
        "mlflow", "run", ".", "--env-manager", "local", "-e", "news", *parts, timeout_s=LONGEST_S
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    house.gateway.wait_until(lambda: ask(house, articles.iloc[:1]).status == 200, 180)
    return house


@pytest.fixture
def labelled(served: House, articles: pd.DataFrame) -> House:
    """The house after twelve hundred articles were answered, and a person has said what each is about."""
    live(served, articles.iloc[FIRST:LATER])
    return served


@pytest.fixture
def journal(labelled: House) -> Iterator[Any]:
    """The monitor's decisions, while it runs."""
    served = labelled
    folder, log = served.var, served.var / "monitor.log"
    settings = {
        "monitor_port": pick_free_port(),
        "monitor_interval_s": 1,
        "gateway_port": served.gateway.port,
    }
    environ = served.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in settings.items()}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitoring", "loop"],
            cwd=REPO, env=os.environ | environ, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    yield lambda: Journal(Database(f"sqlite:///{folder}/penstock.db")).last(100, NAME)
    stop_group(process)


def ask(house: House, frame: pd.DataFrame) -> Any:
    records = frame.drop(columns=[TARGET]).to_dict("records")
    return house.gateway.predict(NAME, json.dumps({"dataframe_records": records}).encode())


def live(house: House, frame: pd.DataFrame) -> None:
    """Ask about articles, and tell at once what a person says."""
    for start in range(0, len(frame), BATCH):
        rows = frame.iloc[start : start + BATCH]
        answer = ask(house, rows)
        assert answer.status == 200, answer.body
        name = answer.headers["x-prediction-id"]
        told = [{"prediction_id": f"{name}-{i}", "label": each} for i, each in enumerate(rows[TARGET])]
        assert house.gateway.call("POST", "/feedback", json.dumps(told), JSON).status in (200, 202)


def decided(journal: Any, house: House) -> list[Decision]:
    deadline = time.monotonic() + LONGEST_S
    while not any(each.decision in ("registered", "not_better", "failed") for each in journal()):
        log = (house.var / "monitor.log").read_text()[-3000:]
        assert time.monotonic() < deadline, f"{journal()}\n{log}"
        time.sleep(0.5)
    return [each for each in journal() if each.decision != "wait"]


def test_the_gateway_answers_as_the_pipeline_does(served: House, articles: pd.DataFrame) -> None:
    mlflow.set_tracking_uri(served.mlflow_url)
    rows = articles.iloc[FIRST : FIRST + 50]
    expected = mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict(rows.drop(columns=[TARGET])).tolist()
    assert ask(served, rows).json() == {"predictions": expected}


def test_the_version_says_what_it_was_made_of(served: House) -> None:
    tags = served.client.get_model_version(NAME, "1").tags
    assert set(METADATA) - {"version", "timestamp"} <= set(tags)
    assert tags["configuration"] == "conservative"


def test_the_version_loads_as_a_classifier_of_articles(served: House, articles: pd.DataFrame) -> None:
    found = load_model_version(1, NAME, settings=load({"PENSTOCK_TRACKING_URI": served.mlflow_url}))
    rows = articles.iloc[FIRST : FIRST + 50]
    assert {"predictions": found.predict(rows).tolist()} == ask(served, rows).json()
    assert found.metadata["configuration"] == "conservative"


def test_its_policy_trains_again_by_200_articles_and_on_sundays(served: House) -> None:
    policy = json.loads(served.client.get_registered_model(NAME).tags["penstock.policy"])["monitoring"]
    assert policy["retrain"] == ["rows", "0 2 * * 0"]
    assert policy["retraining"]["new_rows"] == 200


def test_labelled_articles_make_a_better_version(served: House, journal: Any) -> None:
    story = decided(journal, served)
    assert [each.decision for each in story][:2] == ["retrain", "registered"], story
    assert "200 rows or more have been labelled" in story[0].reasons[0]
    assert "better beyond chance" in story[1].reasons[0]
    version = served.client.get_model_version(NAME, "2")
    assert version.current_stage == "Staging"
    first = served.client.get_model_version(NAME, "1").tags
    assert int(version.tags["dataset_size"]) >= int(first["dataset_size"]) + 200
    assert (first["configuration"], version.tags["configuration"]) == ("conservative", "enhanced")
