"""Counts agree with their nouns and verbs, in the module and in what a person reads."""

import dataclasses

import pytest

from projects.counted import agreeing, counted
from projects.evaluation.metrics import metric_for
from projects.learning.candidates.listing import BY_NAME
from projects.learning.configuration import starting
from projects.learning.log import Told, Unheard
from projects.learning.trial import Tried
from projects.progress import Progress
from projects.requirement.model import Tuning
from tests.unit.projects.learning.learning_fixtures import Bench, Clock, contest, marked


@pytest.mark.parametrize(
    ("number", "what", "said"),
    [(1, "row", "1 row"), (0, "row", "0 rows"), (12_345, "row", "12,345 rows"), (2, "copy", "2 copies"),
     (2, "day", "2 days"), (2, "class", "2 classes"), (3, "batch", "3 batches")],
)  # fmt: skip
def test_a_count_has_its_noun(number, what, said):
    assert counted(number, what) == said


@pytest.mark.parametrize(
    ("verb", "of_many"),
    [("is", "are"), ("was", "were"), ("has", "have"), ("repeats", "repeat"), ("counts", "count")],
)
def test_a_verb_agrees_with_its_count(verb, of_many):
    assert (agreeing(1, verb), agreeing(2, verb)) == (verb, of_many)
    assert counted(1, "row", verb) == f"1 row {verb}"
    assert counted(2, "row", verb) == f"2 rows {of_many}"


def test_a_candidate_of_one_fold_is_told_of_one_fold():
    said: list[str] = []
    tried = Tried(1, starting(BY_NAME["ridge"], {}), "complete", "", (2.0,), seconds=0.5, rows=9939)
    progress = Progress(total=1, write=said.append)
    Told(Unheard(), progress, metric_for("rmse", "regression")).candidate(tried)
    two = dataclasses.replace(tried, scores=(2.0, 2.0))
    Told(Unheard(), progress, metric_for("rmse", "regression")).candidate(two)
    assert "(1 fold of 9,939 rows, 0.5 s)" in said[0]
    assert "(2 folds of 9,939 rows, 0.5 s)" in said[1]


@pytest.mark.parametrize(("method", "what"), [("optuna", " and tuning the best"), ("none", "")])
def test_a_contest_of_one_candidate_says_what_it_does(method, what):
    said: list[str] = []
    bench = Bench(Clock())
    tuning = Tuning(seconds=50, trials=0, method=method)
    contest(
        (marked("one", bench),), tuning=tuning, clock=bench.clock, progress=Progress(3, write=said.append)
    ).run()
    told = "".join(said)
    assert f"comparing 1 candidate{what} (" in told or f"comparing 1 candidate{what} ..." in told
    assert "of 1 configuration, " in told
    assert "fitting one on 160 rows" in told
