"""Predictions, A/B tests, routes and what is told of them, on a real API, gateway and MLflow."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
import pytest

from penstock.services.identity import model_id
from tests.conftest import MlflowServer
from tests.service import gateway_models
from tests.service.platform_fixtures import Platform, run_platform

ROW = gateway_models.ROW
PREDICT, AB_TEST = "/api/ml/models/predict", "/api/ml/models/ab-test"
A, B = model_id("traffic_a", "1"), model_id("traffic_b", "1")
USERS = 400


@pytest.fixture(scope="module")
def platform(mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    for name, label in (("traffic_a", "yes"), ("traffic_a", "later"), ("traffic_b", "ja")):
        gateway_models.register(mlflow_server.uri, name, label=label)
    folder: Path = tmp_path_factory.mktemp("traffic")
    with run_platform(mlflow_server.uri, folder, with_jobs=False, with_gateway=True) as running:
        yield running


@pytest.fixture(scope="module")
def split(platform: Platform) -> str:
    """A test under way that gives A three of ten users."""
    wanted = {"model_a_id": A, "model_b_id": B, "test_name": "checkout", "split_ratio": 0.3}
    answer = platform.post(AB_TEST, wanted)
    assert answer.status == 200, answer.body
    return "checkout"


def predicted(platform: Platform, **asked: Any) -> Any:
    answer = platform.post(PREDICT, {"features": ROW} | asked)
    assert answer.status == 200, answer.body
    return answer.json()


def refused(platform: Platform, body: Any, path: str = PREDICT) -> tuple[int, str]:
    answer = platform.post(path, body)
    return answer.status, answer.json()["error"]["message"]


def test_a_prediction_is_what_pyfunc_says(platform: Platform) -> None:
    mlflow.set_tracking_uri(platform.uri)
    frame = pd.DataFrame([ROW])
    model = mlflow.pyfunc.load_model("models:/traffic_a/1")
    expected = model.get_raw_model().predict_proba(frame).tolist()
    answer = predicted(platform, model_id=A)
    assert (answer["status"], answer["model_id"]) == ("success", A)
    assert answer["prediction"] == list(model.predict(frame))
    assert answer["prediction_proba"] == pytest.approx([pytest.approx(row) for row in expected])


def test_a_version_that_nobody_promoted_is_called_by_its_id(platform: Platform) -> None:
    later = model_id("traffic_a", "2")
    answer = predicted(platform, model_id=later)
    assert (answer["model_id"], answer["prediction"]) == (later, ["later"])


def test_a_list_of_rows_has_a_prediction_each(platform: Platform) -> None:
    rows = [ROW, {"length": -3.0, "width": 0.1}]
    answer = predicted(platform, model_id=A, features=rows)
    assert (answer["prediction"], len(answer["prediction_proba"])) == (["yes", "no"], 2)


def test_the_gateways_sentence_reaches_the_caller(platform: Platform) -> None:
    status, sentence = refused(platform, {"model_id": A, "features": {"length": 1.0}})
    assert status == 422
    assert "width" in sentence


def test_an_unknown_id_is_not_found(platform: Platform) -> None:
    missing = model_id("traffic_a", "99")
    assert refused(platform, {"model_id": missing, "features": ROW}) == (
        404,
        f"there is no model with the id '{missing}'; `GET /api/ml/models/deployed` lists yours",
    )


def test_an_unknown_field_is_told_with_the_nearest_name(platform: Platform) -> None:
    assert refused(platform, {"model": A, "features": ROW})[1].endswith("did you mean 'model_id'?")


def test_a_user_meets_one_side_and_the_sides_share_as_asked(platform: Platform, split: str) -> None:
    said = {user: predicted(platform, ab_test_name=split, user_id=f"user-{user}") for user in range(USERS)}
    sides = Counter(answer["model_id"] for answer in said.values())
    assert set(sides) == {A, B}
    # Five standard deviations of a binomial: a right split leaves them once in two million runs.
    assert abs(sides[A] - 0.3 * USERS) < 5 * math.sqrt(0.3 * 0.7 * USERS)
    again = predicted(platform, ab_test_name=split, user_id="user-7")
    assert again["model_id"] == said[7]["model_id"]
    assert {answer["prediction"][0] for answer in said.values() if answer["model_id"] == B} == {"ja"}


def test_a_changed_split_is_followed_and_moves_no_other_user(platform: Platform, split: str) -> None:
    users = [f"mover-{at}" for at in range(60)]
    before = {user: predicted(platform, ab_test_name=split, user_id=user)["model_id"] for user in users}
    answer = platform.call("PUT", f"{AB_TEST}/{split}", {"split_ratio": 0.6})
    assert (answer.status, answer.json()["config"]["split_ratio"]) == (200, 0.6)
    after = {user: predicted(platform, ab_test_name=split, user_id=user)["model_id"] for user in users}
    moved = {(before[user], after[user]) for user in users}
    assert moved <= {(A, A), (B, B), (B, A)}
    assert (B, A) in moved


def test_the_same_test_twice_is_one_and_another_of_its_name_is_refused(
    platform: Platform, split: str
) -> None:
    ratio = platform.get(f"{AB_TEST}/{split}").json()["config"]["split_ratio"]
    same = {"model_a_id": A, "model_b_id": B, "test_name": split, "split_ratio": ratio}
    assert platform.post(AB_TEST, same).status == 200
    status, sentence = refused(platform, same | {"model_b_id": model_id("traffic_a", "2")}, AB_TEST)
    assert (status, sentence) == (409, f"the name '{split}' is taken; choose another")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"split_ratio": 1.5}, "split_ratio must be the share of model A, from 0 to 1, not 1.5"),
        ({"test_name": "a b"}, "test_name must be 1 to 60 letters"),
        ({"test_name": A}, "not look like an id"),
        ({"test_name": "../../etc"}, "test_name must be 1 to 60 letters"),
        ({"model_b_id": A}, "are the same version"),
        ({"test_name": "traffic_b"}, "the name 'traffic_b' is taken"),
        ({"model_b_id": "nobody"}, "there is no model with the id 'nobody'"),
    ],
)
def test_a_test_that_cannot_be_is_refused(platform: Platform, change: dict[str, Any], sentence: str) -> None:
    wanted = {"model_a_id": A, "model_b_id": B, "test_name": "other", "split_ratio": 0.5} | change
    assert sentence in refused(platform, wanted, AB_TEST)[1]


def test_figures_count_requests_errors_and_outcomes_of_each_side(platform: Platform, split: str) -> None:
    answers = [predicted(platform, ab_test_name=split, user_id=f"judged-{at}") for at in range(80)]
    outcomes = [{"prediction_id": each["prediction_id"], "label": "yes"} for each in answers]
    told = platform.post("/api/ml/feedback", {"outcomes": outcomes})
    assert told.json() == {"status": "success", "accepted": 80, "rejected": []}
    figures = platform.get(f"{AB_TEST}/{split}/figures").json()
    assert figures["a"]["requests"] + figures["b"]["requests"] >= 80
    assert (figures["a"]["failed"], figures["a"]["error_rate"]) == (0, 0)
    assert 0 < figures["a"]["p50_ms"] <= figures["a"]["p99_ms"]
    assert figures["a"]["quality"]["accuracy"]["value"] == 1.0
    assert figures["b"]["quality"]["accuracy"]["value"] == 0.0
    assert figures["a"]["labelled"] + figures["b"]["labelled"] == 80


def test_the_log_has_each_prediction_with_what_became_of_it(platform: Platform) -> None:
    answer = predicted(platform, model_id=A, user_id="logged")
    platform.post("/api/ml/feedback", {"prediction_id": answer["prediction_id"], "label": "no"})
    listed = platform.get(f"/api/ml/predictions?model_id={A}&limit=5")
    record = next(each for each in listed.json() if each["prediction_id"] == answer["prediction_id"])
    assert (record["features"], record["prediction"], record["label"]) == (ROW, "yes", "no")
    assert record["prediction_proba"] == pytest.approx(answer["prediction_proba"][0])
    assert (record["model_id"], record["variant"]) == (A, "it")


def test_pages_of_the_log_hold_each_prediction_once(platform: Platform) -> None:
    for _ in range(3):
        predicted(platform, model_id=A, features=[ROW, ROW, ROW])
    seen: list[str] = []
    path = f"/api/ml/predictions?model_id={A}&limit=4"
    cursor = ""
    while True:
        page = platform.get(path + (f"&cursor={cursor}" if cursor else ""))
        seen += [each["prediction_id"] for each in page.json()]
        if not (cursor := page.headers.get("x-next-cursor", "")):
            break
    whole = [
        each["prediction_id"] for each in platform.get(f"/api/ml/predictions?model_id={A}&limit=1000").json()
    ]
    assert seen == whole
    assert len(set(seen)) == len(seen) >= 9


def test_that_predictions_were_read_stands_in_the_audit(platform: Platform) -> None:
    platform.get(f"/api/ml/predictions?model_id={A}&limit=1")
    entries = platform.get("/api/ml/audit?limit=50").body.decode()
    assert "predictions.read" in entries


def test_a_route_is_set_read_changed_and_cleared(platform: Platform) -> None:
    route = {"variants": {"only": {"model": "traffic_b", "version": "1", "weight": 100}}}
    path = "/api/ml/routes/frontdoor"
    assert platform.call("PUT", path, route).status == 200
    shown = platform.get(path)
    assert shown.json()["route"]["variants"] == {"only": {"version": "1", "weight": 100}}
    tag = shown.headers["etag"]
    assert predicted(platform, ab_test_name="frontdoor")["model_id"] == B
    changed = {"variants": {"only": {"model": "traffic_a", "version": "2", "weight": 100}}}
    assert platform.call("PUT", path, changed, {"If-Match": tag}).status == 200
    assert platform.call("PUT", path, route, {"If-Match": tag}).status == 412
    assert [each["action"] for each in platform.get(f"{path}/history").json()["changes"]] == ["set", "set"]
    assert platform.call("DELETE", path).status == 200
    assert platform.get(path).status == 404


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        ({"variants": {}}, "must have 'variants'"),
        ({"variants": {"a": {"version": "1", "model": "traffic_a", "weight": 50}}}, "must sum to 100"),
        ({"variants": {"a": {"version": "9", "model": "traffic_a", "weight": 100}}}, "has no version 9"),
        ({"variants": {"a": {"stage": "Production", "model": "traffic_a", "weight": 100}}}, "in Production"),
    ],
)
def test_a_route_that_cannot_be_is_refused(platform: Platform, route: Any, sentence: str) -> None:
    answer = platform.call("PUT", "/api/ml/routes/broken", route)
    assert answer.status == 422
    assert sentence in answer.json()["error"]["message"]


def test_a_test_that_has_ended_is_called_no_more_and_its_winner_is_promoted(platform: Platform) -> None:
    wanted = {"model_a_id": A, "model_b_id": B, "test_name": "short", "split_ratio": 0.5}
    assert platform.post(AB_TEST, wanted).status == 200
    answer = platform.call("DELETE", f"{AB_TEST}/short?winner=b")
    assert answer.status == 200, answer.body
    config = answer.json()["config"]
    assert (config["status"], config["winner"]) == ("ended", B)
    assert platform.post(PREDICT, {"ab_test_name": "short", "features": ROW}).status == 404
    deployed = platform.get("/api/ml/models/deployed?name=traffic_b&status=production").json()["models"]
    assert [each["model_id"] for each in deployed] == [B]


def test_drift_of_a_model_that_nobody_watched_is_unknown(platform: Platform) -> None:
    report = platform.get("/api/ml/models/traffic_a/drift").json()
    assert (report["verdict"], report["source"]) == ("unknown", "none")
    assert report["links"]["mlflow"].endswith("/#/models/traffic_a")


def test_figures_of_success_are_told_and_exposed(platform: Platform) -> None:
    figures = platform.get("/api/ml/figures").json()
    assert figures["models"] == 2
    assert figures["predictions_served"] > 0
    assert figures["active_users"]["day"] == 1
    text = platform.get("/metrics").body.decode()
    assert f'penstock_api_requests_total{{code="200",method="POST",route="{PREDICT}"}}' in text
    assert "penstock_active_users" in text
    assert A not in text


def test_experiments_lead_into_mlflow(platform: Platform) -> None:
    assert platform.post("/api/ml/projects", {"name": "tracked"}).status < 300
    experiment = next(
        each
        for each in platform.get("/api/ml/experiments").json()["experiments"]
        if each["name"].endswith("/tracked")
    )
    client = platform.desk().client
    run = client.create_run(experiment["experiment_id"], run_name="one")
    for step in range(3):
        client.log_metric(run.info.run_id, "loss", 1 / (step + 1), step=step)
    path = f"/api/ml/experiments/{experiment['experiment_id']}/runs"
    assert [each["name"] for each in platform.get(path).json()["runs"]] == ["one"]
    shown = platform.get(f"/api/ml/runs/{run.info.run_id}").json()
    assert [point[:2] for point in shown["curves"]["loss"]["points"]] == [[0, 1.0], [1, 0.5], [2, 1 / 3]]
    assert shown["run"]["url"] == f"{platform.uri}/#{path[7:-5]}/runs/{run.info.run_id}"


@pytest.mark.parametrize(
    "path", ["/api/ml/experiments/999/runs", "/api/ml/runs/0f", "/api/ml/models/x/quality"]
)
def test_what_is_not_there_is_not_found(platform: Platform, path: str) -> None:
    assert platform.get(path).status == 404


def test_a_gateway_that_is_away_is_told_with_503(mlflow_server: MlflowServer, tmp_path: Path) -> None:
    with run_platform(mlflow_server.uri, tmp_path, with_jobs=False) as alone:
        answer = alone.post(PREDICT, {"model_id": A, "features": ROW})
    assert answer.status == 503
    assert json.loads(answer.body)["error"]["code"] == "gateway_away"
