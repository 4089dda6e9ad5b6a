"""Trials on a cluster: the same search as in threads, and what is lost is done again."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from projects.compute.trials import OnCluster
from projects.learning.bench import Bench, Threads, Trial
from projects.learning.candidates.listing import BY_NAME
from projects.learning.clauses import Clauses
from projects.learning.configuration import starting
from projects.learning.log import Unheard
from projects.learning.matrices import Matrices, codes_of
from projects.learning.trial import never
from projects.requirement.model import Tuning
from tests.unit.projects.compute.cluster_fixtures import COMING_S, kill_one, two_for_long
from tests.unit.projects.learning.learning_fixtures import COLUMNS, contest, ground
from tests.unit.projects.learning.learning_fixtures import prepare as prepare_columns

NAMES = (BY_NAME["logistic"], BY_NAME["decision_tree"], BY_NAME["lightgbm"])


@pytest.fixture(scope="module")
def two():
    with two_for_long() as made:
        yield made


@pytest.fixture
def client(two):
    return two.client()


def at_bench(prepare=prepare_columns, **given):
    rows = ground(rows=300).rows
    made = contest(NAMES)._conditions()
    return Bench(Matrices(rows, codes_of(rows.y, rows.classes), prepare), replace(made, threads=1), **given)


def trial(candidate, number=1):
    return Trial(number, starting(candidate, {}), 3, never, time.monotonic() + 600, is_told=True)


def steps_that(do):
    """A preparation that does something to its worker first."""

    def prepare(style):
        do()
        return prepare_columns(style)

    return prepare


def end_process():
    os._exit(1)


def end_process_once(mark):
    def do():
        if not mark.exists():
            mark.touch()
            os._exit(1)

    return do


def slow():
    time.sleep(0.5)


@pytest.mark.parametrize("method", ["optuna", "random_search"])
def test_a_seed_gives_the_same_search_on_workers_as_in_threads(client, method):
    tuning = Tuning(method=method, seconds=600, trials=4, parallel=2)
    here, there = (
        contest(NAMES, tuning=tuning, runner=runner).run() for runner in (Threads(), OnCluster(client))
    )
    assert [each.parameters for each in there.trials] == [each.parameters for each in here.trials]
    assert [each.score for each in there.trials] == [each.score for each in here.trials]


def test_the_answers_of_a_trial_are_those_of_a_trial_here(client):
    bench, trials = at_bench(), [trial(NAMES[2], 1), trial(NAMES[1], 2)]
    here, there = (runner.run(bench, trials, Unheard()) for runner in (Threads(), OnCluster(client)))
    for one, other in zip(here, there, strict=True):
        assert [a.tolist() for a in one.answers] == [a.tolist() for a in other.answers]


def test_losses_are_told_as_they_are_here(client):
    class Heard(Unheard):
        def __init__(self):
            self.losses = []

        def loss(self, name, step, value):
            self.losses.append((name, step, value))

    here, there = Heard(), Heard()
    Threads().run(at_bench(), [trial(NAMES[2])], here)
    OnCluster(client).run(at_bench(), [trial(NAMES[2])], there)
    assert len(there.losses) > 5
    assert there.losses == here.losses


def test_what_workers_learned_of_the_matrices_is_known_here(client):
    bench, here = at_bench(), at_bench()
    OnCluster(client).run(bench, [trial(NAMES[1])], Unheard())
    Threads().run(here, [trial(NAMES[1])], Unheard())
    assert bench.matrices.widths == here.matrices.widths
    assert bench.matrices.seconds_a_row["trees"] > 0


def test_costs_that_a_worker_measured_are_known_here(client):
    rows = ground(rows=300).rows
    bench = at_bench(clauses=Clauses({"size_mb": 1e-9}, COLUMNS, rows.X, rows.task, 300))
    (tried,) = OnCluster(client).run(bench, [trial(NAMES[1])], Unheard())
    assert (tried.state, "size_mb" in tried.reason) == ("pruned", True)
    assert list(bench.clauses.known) == [tried.configuration.key]


def test_a_candidate_that_raises_ends_no_other(client):
    def make(_making, _parameters):
        raise ValueError("no such tree")

    broken = replace(NAMES[1], make=make)
    failed, fine = OnCluster(client).run(at_bench(), [trial(broken, 1), trial(NAMES[0], 2)], Unheard())
    assert (failed.state, failed.reason) == ("failed", "ValueError: no such tree")
    assert fine.is_complete


def test_a_trial_whose_worker_is_killed_is_done_again(client, tmp_path):
    bench = at_bench(steps_that(end_process_once(tmp_path / "ended")))
    (tried,) = OnCluster(client).run(bench, [trial(NAMES[1])], Unheard())
    assert (tmp_path / "ended").exists()
    assert tried.is_complete


def test_rows_that_were_lost_with_all_workers_are_sent_again(client):
    runner, bench = OnCluster(client), at_bench()
    runner.run(bench, [trial(NAMES[1])], Unheard())
    with suppress(TimeoutError):  # one of them is enough to come back
        client.restart_workers(list(client.scheduler_info(n_workers=-1)["workers"]), timeout=COMING_S)
    client.wait_for_workers(1, timeout=COMING_S)
    (tried,) = runner.run(bench, [trial(NAMES[1])], Unheard())
    assert tried.is_complete


@pytest.mark.slow
def test_a_trial_that_takes_every_worker_with_it_has_failed(client, monkeypatch):
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)  # Dask tries four by itself
    (tried,) = OnCluster(client).run(at_bench(steps_that(end_process)), [trial(NAMES[1])], Unheard())
    assert tried.state == "failed"
    assert "ended one after another, perhaps for want of memory" in tried.reason


def test_a_worker_that_is_killed_from_outside_costs_no_trial(client):
    bench = at_bench(steps_that(slow))
    killer = threading.Timer(0.4, kill_one, [client])
    killer.start()
    found = OnCluster(client).run(bench, [trial(NAMES[0], 1), trial(NAMES[1], 2)], Unheard())
    killer.join()
    assert [each.state for each in found] == ["complete", "complete"]
