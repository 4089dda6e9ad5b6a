"""A search is written into MLflow while it goes on, and never waits for a server that is away."""

import threading

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from projects.learning.candidates.listing import BY_NAME
from projects.learning.configuration import Configuration
from projects.learning.trial import Tried
from projects.search_log import MOST_FAILURES, SearchLog
from projects.tracking import Tracker


def tried(number=1, state="complete", scores=(0.8, 0.9), reason=""):
    configuration = Configuration(BY_NAME["logistic"], {"C": 1.0}, "default")
    return Tried(number, configuration, state, reason, scores=scores, seconds=0.5)


@pytest.fixture(scope="module")
def client(mlflow_server):
    return MlflowClient(mlflow_server.uri)


@pytest.fixture
def tracker(client):
    run = client.create_run("0")
    yield Tracker(client, run.info.run_id, "0")
    client.set_terminated(run.info.run_id)


def nested(client, tracker):
    found = client.search_runs(["0"], f"tags.`mlflow.parentRunId` = '{tracker.run_id}'")
    return sorted(found, key=lambda run: run.info.start_time)


def test_candidates_and_trials_are_ended_runs_with_means_and_deviations(client, tracker):
    with SearchLog(tracker, "roc_auc").writing() as log:
        log.candidate(tried())
        log.trial(tried(number=7, scores=(0.6,), state="pruned", reason="behind the median"))
    first, second = nested(client, tracker)
    assert first.data.metrics["cv_roc_auc"] == pytest.approx(0.85)
    assert first.data.metrics["cv_roc_auc_std"] == pytest.approx(0.05)
    assert (first.info.run_name, second.info.run_name) == ("logistic", "logistic trial 7")
    assert second.data.tags["penstock.error"] == "pruned: behind the median"
    assert second.info.status == "FINISHED"
    assert "cv_roc_auc_std" not in second.data.metrics


def test_one_that_broke_is_a_failed_run(client, tracker):
    with SearchLog(tracker, "roc_auc").writing() as log:
        log.candidate(tried(state="failed", scores=(), reason="it ran out of memory"))
    (run,) = nested(client, tracker)
    assert run.info.status == "FAILED"
    assert run.data.tags["penstock.error"] == "failed: it ran out of memory"
    assert "cv_roc_auc" not in run.data.metrics


def test_losses_are_curves_of_the_parent(client, tracker):
    with SearchLog(tracker, "roc_auc").writing() as log:
        for step in range(1500):
            log.loss("mlp", step, 1 / (step + 1))
    history = client.get_metric_history(tracker.run_id, "loss/mlp")
    assert len(history) == 1500
    assert sorted((point.step, point.value) for point in history)[2] == (2, pytest.approx(1 / 3))


class Away:
    """A server that is away, and how often it was asked."""

    run_id, experiment_id, asked = "run", "0", 0

    def nested(self, *_, **__):
        self.asked += 1
        raise MlflowException("Max retries exceeded")

    curves = nested


def test_a_server_that_is_away_is_asked_a_few_times_and_the_rest_is_counted():
    away = Away()
    with SearchLog(away, "roc_auc").writing() as log:
        for number in range(40):
            log.trial(tried(number=number))
        log.loss("mlp", 1, 0.5)
    assert (away.asked, log.lost) == (MOST_FAILURES, 41)


def test_entries_that_are_refused_do_not_end_the_others(client, tracker):
    wrong = tried()
    object.__setattr__(wrong, "costs", {"x" * 300: 1.0})
    with SearchLog(tracker, "roc_auc").writing() as log:
        for each in (wrong, tried(number=2), wrong, tried(number=3)):
            log.candidate(each)
    assert log.lost == 2
    assert sum("cv_roc_auc" in run.data.metrics for run in nested(client, tracker)) == 2


def test_who_hands_in_never_waits():
    released = threading.Event()

    class Slow(Away):
        def nested(self, *_, **__):
            released.wait(120)

    with SearchLog(Slow(), "roc_auc").writing() as log:
        for number in range(1000):
            log.trial(tried(number=number))
        released.set()
    assert log.lost == 0


def test_more_parameters_than_a_batch_takes_are_all_logged(client, tracker):
    tracker.parameters({f"p{n}": n for n in range(230)})
    assert len(client.get_run(tracker.run_id).data.params) == 230


def test_a_parameter_that_is_there_already_stays(client, tracker):
    client.log_param(tracker.run_id, "data", "as mlflow run has it")
    tracker.parameters({"data": "other", "new": "x" * 900})
    params = client.get_run(tracker.run_id).data.params
    assert (params["data"], len(params["new"])) == ("as mlflow run has it", 500)


def test_a_note_is_cut_to_what_a_tag_takes(client, tracker):
    tracker.note(["x" * 5000, "y" * 5000])
    assert len(client.get_run(tracker.run_id).data.tags["mlflow.note.content"]) == 8000


def test_metrics_that_are_not_finite_are_left_out(client, tracker):
    tracker.metrics({"good": 1.0, "bad": float("nan")})
    tracker.curves([Metric("loss/x", 0.5, 0, 1)])
    assert set(client.get_run(tracker.run_id).data.metrics) == {"good", "loss/x"}
