"""Runs found among many, against what MLflow itself says, on its SQL store."""

import math
import random
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from penstock.problems import BadRequest
from penstock.tracking.run_search import Runs, Wanted
from penstock.tracking.tracked import MOST_POINTS, curve

HOUR_MS = 3_600_000
NOW_MS = 1_800_000_000_000
STARTS = [NOW_MS - hours * HOUR_MS for hours in (0, 0, 0, 1, 2, 30, 31, 700, 9000)]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    folder: Path = tmp_path_factory.mktemp("tracking")
    made = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = made.create_experiment("ann/p", artifact_location=str(folder))
    for place, start in enumerate(STARTS):
        run = made.create_run(experiment, start_time=start, run_name=f"run-{place}")
        made.log_metric(run.info.run_id, "accuracy", 0.5 if place == 4 else place / 10)
        made.log_metric(run.info.run_id, "falling", 1000.0 * 3**-place)
        made.log_metric(run.info.run_id, "tied", float(place > 3))
        if place % 2:
            made.set_tag(run.info.run_id, "mlflow.parentRunId", "parent")
    return made


def names(client: MlflowClient, wanted: Wanted) -> list[str]:
    return [run.info.run_name for run in Runs(client, "1", wanted).found(NOW_MS)]


def test_pages_hold_every_run_once_newest_first(client: MlflowClient) -> None:
    seen, place = [], None
    while found := Runs(client, "1", Wanted(before=place, most=2)).found(NOW_MS):
        seen += [run.info.run_id for run in found]
        place = (found[-1].info.start_time, found[-1].info.run_id)
    expected = client.search_runs(["1"], order_by=["attributes.start_time DESC"])
    assert seen == [run.info.run_id for run in expected]


def test_parts_of_other_runs_can_be_left_out(client: MlflowClient) -> None:
    found = names(client, Wanted(most=50, is_nested=False))
    assert sorted(found) == ["run-0", "run-2", "run-4", "run-6", "run-8"]


def test_the_best_runs_are_those_that_mlflow_sorts_first(client: MlflowClient) -> None:
    for way in ("DESC", "ASC"):
        order = f"metrics.accuracy {way}"
        expected = client.search_runs(["1"], order_by=[order], max_results=3)
        found = Runs(client, "1", Wanted(order_by=order, most=3)).found(NOW_MS)
        values = [run.data.metrics["accuracy"] for run in found]
        assert values == [run.data.metrics["accuracy"] for run in expected]


@pytest.mark.parametrize("way", ["DESC", "ASC"])
@pytest.mark.parametrize("metric", ["accuracy", "falling", "tied"])
def test_thresholds_find_the_best_where_more_pass_than_are_looked_at(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, metric: str, way: str
) -> None:
    monkeypatch.setattr("penstock.tracking.run_search.PROBED", 3)
    order = f"metrics.{metric} {way}"
    found = Runs(client, "1", Wanted(order_by=order, most=2)).found(NOW_MS)
    expected = client.search_runs(["1"], order_by=[order], max_results=2)
    assert [run.data.metrics[metric] for run in found] == [run.data.metrics[metric] for run in expected]


class Counting(MlflowClient):
    """MLflow's client, which counts how often it searches."""

    searches = 0

    def search_runs(self, *args: Any, **more: Any) -> Any:
        self.searches += 1
        return super().search_runs(*args, **more)


@pytest.mark.parametrize("way", ["DESC", "ASC"])
def test_the_best_of_very_many_take_a_few_searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("penstock.tracking.run_search.PROBED", 16)
    client = Counting(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("many", artifact_location=str(tmp_path))
    rng = random.Random(5)
    values = [rng.random() for _ in range(150)]
    for at, value in enumerate(values):
        run = client.create_run(experiment, start_time=NOW_MS + at)
        client.log_metric(run.info.run_id, "score", value)
    found = Runs(client, experiment, Wanted(order_by=f"metrics.score {way}", most=4)).found(NOW_MS)
    assert [run.data.metrics["score"] for run in found] == sorted(values, reverse=way == "DESC")[:4]
    assert client.searches <= 5


@pytest.mark.parametrize("order", ["accuracy", "metrics.`a` DESC; DROP", "params.x", "metrics.a SIDEWAYS`"])
def test_an_order_that_there_is_not_is_told(client: MlflowClient, order: str) -> None:
    with pytest.raises(BadRequest, match=r"order_by must be 'metrics\.NAME DESC'"):
        names(client, Wanted(order_by=order))


def test_a_metric_that_nobody_logged_has_no_best(client: MlflowClient) -> None:
    assert names(client, Wanted(order_by="metrics.none DESC")) == []


def test_a_long_curve_keeps_its_ends() -> None:
    history = [Metric("loss", 1.0 / (step + 1), step, step) for step in range(3000)]
    found = curve(history)
    assert (len(found.points), found.count) == (MOST_POINTS, 3000)
    assert (found.points[0][0], found.points[-1][0]) == (0, 2999)


def test_values_that_are_no_numbers_are_no_points() -> None:
    history = [Metric("loss", value, step, step) for step, value in enumerate((1.0, math.nan, math.inf, 2.0))]
    assert [value for _, value, _ in curve(history).points] == [1.0, 2.0]
