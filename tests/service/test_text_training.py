"""`main` on tables with free text: what a version then holds, and what bad texts do."""

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.service.training_fixtures import answer_of, run_step

ROWS = 160
CHEAP = "features.text.configuration=conservative"
QUICK = ("--tune-seconds", "0", "--candidates", "logistic", "--folds", "2", "--name", "news")
THINGS = {"bank": ("shares", "profit", "interest"), "health": ("virus", "doctor", "vaccine")}
NASTY = {
    "empty": "",
    "missing": None,
    "number": 17,
    "repeated": "doctor " * 4000,
    "emoji": "🦠🦠 the doctor 👩‍⚕️ said",
    "right to left": "مرحبا بالعالم قال الطبيب",
    "mark-up": "<div onclick='x'><b>the doctor</b> &amp; <script>virus</script>",
    "no mark-up": "<" * 5000,
    "nulls": "the\x00doctor\ufeff",
    "wrong encoding": "the d\udcc3\udcb6ctor".encode("utf-8", "surrogateescape").decode("latin-1"),
}


@pytest.fixture(autouse=True)
def client(mlflow_server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    mlflow.set_tracking_uri(mlflow_server.uri)
    return MlflowClient(mlflow_server.uri)


def news(rows=ROWS):
    rng = np.random.default_rng(5)
    labels = rng.choice(list(THINGS), rows)
    texts = [
        f"the {rng.choice(THINGS[label])} of {chr(97 + n % 26)}{chr(97 + n // 26)} was seen by us today"
        for n, label in enumerate(labels)
    ]
    return pd.DataFrame({"note": texts, "size": rng.normal(size=rows), "topic": labels})


def write(folder, frame):
    path = folder / "news.parquet"
    frame.to_parquet(path)
    return str(path)


def trained(folder, frame, asked=CHEAP):
    return answer_of("main", "--data", write(folder, frame), "--target", "topic", *QUICK, "--set", asked)


def refused(folder, frame, asked):
    words = ("--data", write(folder, frame), "--target", "topic", *QUICK, "--set", asked)
    code, _, err = run_step("main", *words)
    assert code == 2, err
    return err.strip().splitlines()[-1].removeprefix("penstock: ")


@pytest.fixture(scope="module")
def version(mlflow_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("version")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
        patch.setenv("PENSTOCK_VAR_DIR", str(folder / "var"))
        found = trained(folder, news())
    return MlflowClient(mlflow_server.uri).get_model_version(found["name"], found["version"])


def file_of(client, version, name, folder):
    path = mlflow.artifacts.download_artifacts(
        artifact_uri=f"models:/{version.name}/{version.version}/{name}", dst_path=str(folder)
    )
    return Path(path)


def test_a_version_says_what_its_texts_became(version):
    assert version.tags["configuration"] == "conservative"
    assert int(version.tags["dataset_size"]) == ROWS * 4 // 5
    assert float(version.tags["f1_score"]) > 0.9


def test_conservative_texts_are_served_by_a_plan(version):
    assert version.tags["penstock.plan"] == "yes"


def test_the_choice_lies_beside_the_model_and_with_the_run(client, version, tmp_path):
    told = json.loads(file_of(client, version, "text_features.json", tmp_path).read_text())
    with_run = client.download_artifacts(version.run_id, "text_features.json", str(tmp_path / "run"))
    assert told == json.loads(Path(with_run).read_text())
    assert told["articles"][0]["parts"][:2] == ["tfidf", "domain"]


def test_the_card_tells_it(client, version, tmp_path):
    card = file_of(client, version, "model_card.md", tmp_path).read_text()
    assert "## Texts\n\n'note' becomes" in card


def test_free_text_matters_most_and_stays_text_in_the_reference(client, version, tmp_path):
    weights = json.loads(file_of(client, version, "importance.json", tmp_path).read_text())["columns"]
    assert weights["note"] > 0.8
    reference = pd.read_parquet(file_of(client, version, "reference.parquet", tmp_path))
    assert isinstance(reference["note"].iloc[0], str)


def test_nasty_texts_are_learned_from_and_answered(tmp_path, client):
    frame = news().astype({"note": object})
    for at, text in enumerate(NASTY.values()):
        frame.loc[at, "note"] = None if text is None else str(text)
    found = trained(tmp_path, frame)
    model = mlflow.pyfunc.load_model(f"models:/{found['name']}/{found['version']}")
    assert set(model.predict(frame.drop(columns="topic").head(len(NASTY)))) <= set(THINGS)


def test_ten_megabytes_of_text_are_read_in_part(tmp_path):
    frame = news()
    frame.loc[3, "note"] = "the doctor of ten million marks " * 320_000
    assert trained(tmp_path, frame)["scores"]["f1"] > 0.8


def test_the_same_articles_under_two_labels_are_no_error(tmp_path):
    frame = news()
    twice = frame.assign(topic=frame["topic"].map({"bank": "health", "health": "bank"}))
    assert trained(tmp_path, pd.concat([frame, twice], ignore_index=True))["version"]


def test_a_label_of_one_article_is_refused_by_its_name(tmp_path):
    frame = news()
    frame.loc[0, "topic"] = "sport"
    assert refused(tmp_path, frame, CHEAP) == (
        "class 'sport' of target 'topic' has 1 row: too few to learn from and to hold out; gather more, or"
        " leave its rows out"
    )


def test_rules_that_are_not_there_are_refused(tmp_path):
    said = refused(tmp_path, news(), f"{CHEAP}; features.text.rules=no_rules.yaml")
    assert "no_rules.yaml" in said


def test_a_column_that_is_not_there_is_refused(tmp_path):
    said = refused(tmp_path, news(), f"{CHEAP}; features.text.columns=[notes]")
    assert said.startswith("features.text names the column 'notes', which is not learned from; did you mean")


def test_texts_of_a_regression_are_read(tmp_path):
    frame = news()
    frame["topic"] = (frame["topic"] == "bank") * 10 + np.random.default_rng(3).normal(size=ROWS)
    words = ("--data", write(tmp_path, frame), "--target", "topic", *QUICK, "--set", CHEAP)
    found = answer_of("main", *[word if word != "logistic" else "ridge" for word in words])
    assert found["scores"]["r2"] > 0.8
