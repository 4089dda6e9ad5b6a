"""What the clock cut off decides nothing: neither rounds, nor the ranking, nor that there is a model."""

from dataclasses import replace

import numpy as np
import pytest

from projects.evaluation import ranking
from projects.evaluation.metrics import BY_NAME as METRICS
from projects.learning.attempt import Conditions, attempt
from projects.learning.candidates.listing import BY_NAME
from projects.learning.candidates.rounds import Rounds, Watched, answers_of
from projects.learning.configuration import starting
from projects.learning.matrices import Matrices, codes_of
from projects.learning.trial import evaluate
from projects.requirement.model import Tuning
from tests.unit.projects.learning.learning_fixtures import Bench, Clock, contest, ground, marked

BOOSTERS = ["lightgbm", "xgboost", "gradient_boosting"]


@pytest.fixture
def bench():
    return Bench(Clock())


@pytest.fixture(scope="module")
def matrices():
    place = ground()
    return Matrices(place.rows, codes_of(place.rows.y, place.rows.classes), place.prepare)


def conditions(**given):
    return Conditions("binary", 2, METRICS["roc_auc"], seed=1, **given)


def watched(name, bench, *, done, is_cut=True, **more):
    """A candidate of 100 rounds, whose watched fit ends after so many."""

    def fit(model, X, y, watch):
        model.fit(X, y)
        return Watched(done, done, (0.5,), lambda _rounds: answers_of(model, watch.X), is_cut=is_cut)

    rounds = Rounds("rounds", 1000, fit)
    return marked(name, bench, defaults={"noise": 0.0, "rounds": 100}, rounds=rounds, **more)


@pytest.mark.parametrize("name", BOOSTERS)
def test_a_fit_that_the_clock_ends_says_so(name, matrices):
    done = attempt(starting(BY_NAME[name], {}), matrices.fold("trees", 0), conditions(), deadline=0.0)
    assert done.is_cut


@pytest.mark.parametrize("name", BOOSTERS)
def test_a_fit_that_its_patience_ends_is_not_cut(name, matrices):
    assert not attempt(starting(BY_NAME[name], {}), matrices.fold("trees", 0), conditions()).is_cut


def test_what_made_its_usual_rounds_before_the_clock_ended_it_counts(bench, matrices):
    done = attempt(starting(watched("boost", bench, done=100), {}), matrices.fold("trees", 0), conditions())
    assert not done.is_cut


def test_a_configuration_that_was_cut_is_late_and_has_no_rounds(matrices):
    tried = evaluate(starting(BY_NAME["lightgbm"], {}), matrices, 3, conditions(), number=1, deadline=0.0)
    assert (tried.state, tried.rounds, len(tried.scores)) == ("late", None, 1)
    assert tried.reason == "the time was up before it had learned enough rounds"


def test_what_was_cut_loses_to_what_was_finished(bench):
    winner = contest(
        (watched("boost", bench, done=3), marked("sound", bench, cost=2)), clock=bench.clock
    ).run()
    assert winner.name == "sound"
    assert [each.name for each in winner.ranking] == ["sound", "boost"]
    assert winner.ranking[1].validation is None


def test_what_was_cut_and_is_alone_is_fitted_with_its_usual_rounds():
    place = ground()
    tuning = Tuning(seconds=1e-6, trials=0)
    winner = contest((BY_NAME["lightgbm"],), tuning=tuning, ground=place).run()
    assert winner.pipeline.named_steps["model"].n_estimators == 200
    assert winner.notices[0].startswith("no candidate went through all folds")


def test_a_plain_linear_model_goes_first_where_the_time_is_bounded():
    heard = []
    place = ground()

    def prepare(style):
        heard.append(style)
        return place.prepare(style)

    names = (BY_NAME["lightgbm"], BY_NAME["decision_tree"], BY_NAME["logistic"])
    winner = contest(
        names, tuning=Tuning(seconds=1e-6, trials=0, parallel=1), ground=replace(place, prepare=prepare)
    ).run()
    assert heard[0] == "linear"
    assert winner.name == "logistic"


def test_where_looks_are_slow_the_plain_model_is_looked_at_alone_and_completes(bench):
    names = [
        marked(name, bench, seconds=50.0, cost=at) for at, name in enumerate(("one", "two", "logistic"), 1)
    ]
    winner = contest(
        names, ground=ground(rows=9000), tuning=Tuning(seconds=100, trials=0), clock=bench.clock
    ).run()
    assert winner.name == "logistic"
    assert [each.name for each in winner.ranking if each.validation] == ["logistic"]


def growing():
    """Rows whose folds by time are fitted on ever more rows."""
    place = ground()
    edges = [(40, 80), (80, 120), (120, 160)]
    folds = tuple((np.arange(start), np.arange(start, stop)) for start, stop in edges)
    return replace(place, rows=replace(place.rows, folds=folds))


def test_a_configuration_is_reckoned_by_the_rows_of_its_mean_fold(bench):
    place = growing()
    folds = Matrices(place.rows, codes_of(place.rows.y, place.rows.classes), place.prepare)
    tried = evaluate(starting(marked("one", bench), {}), folds, 3, conditions(clock=bench.clock), number=1)
    assert (tried.rows, tried.fit_seconds) == (80, 1.0)


def test_folds_by_time_leave_the_search_its_seconds(bench):
    names = tuple(marked(f"m{at}", bench, cost=at + 1) for at in range(4))
    tuning = Tuning(seconds=60, trials=100, parallel=1)
    contest(names, ground=growing(), tuning=tuning, clock=bench.clock).run()
    reserve = 4 * 1.3 * 160 / 80
    assert bench.clock.now > 60 - reserve


def test_the_first_candidate_leaves_time_for_others(bench):
    names = (marked("first", bench, seconds=30.0), marked("second", bench, cost=2))
    winner = contest(names, tuning=Tuning(seconds=100, trials=0), clock=bench.clock).run()
    assert [each.name for each in winner.ranking if each.validation] != ["first"]
    assert bench.clock.now < 100


def test_what_was_given_up_ranks_after_what_was_scored_on_all_folds(bench):
    better = marked("better", bench, seconds=200.0, defaults={"noise": 0.0})
    names = (better, marked("sound", bench, cost=2))
    winner = contest(names, bounds={"train_minutes": 2}, clock=bench.clock).run()
    found = [(each.name, each.validation.scores["roc_auc"]) for each in winner.ranking]
    assert [(name, len(scores)) for name, scores in found] == [("sound", 3), ("better", 1)]
    assert found[1][1][0] > np.mean(found[0][1])


def test_one_fold_gives_no_lead_beyond_chance(bench):
    place = ground()
    place = replace(place, rows=replace(place.rows, folds=place.rows.folds[:1]))
    names = (marked("one", bench, defaults={"noise": 0.0}), marked("two", bench, cost=2))
    found = contest(names, ground=place, clock=bench.clock).run().ranking
    rows = [ranking.Ranked(each.name, each.validation.means["roc_auc"],
                           scores=each.validation.scores["roc_auc"]) for each in found]  # fmt: skip
    ahead = ranking.lead(rows, METRICS["roc_auc"], folds=len(rows[0].scores))
    assert np.isnan(ahead.half)
    assert not ahead.is_beyond_chance
