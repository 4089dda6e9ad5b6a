"""Ensembles are scikit-learn's own, fitted as scikit-learn would have."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import StackingClassifier, VotingClassifier

from projects.errors import BadInput
from projects.evaluation.metrics import BY_NAME as METRICS
from projects.learning.attempt import Conditions
from projects.learning.candidates.listing import BY_NAME
from projects.learning.configuration import starting
from projects.learning.ensemble import vote_of
from projects.learning.final import Fitting, Member
from projects.learning.trial import Tried
from projects.requirement.model import Ensembles, Tuning
from tests.unit.projects.learning.learning_fixtures import Bench, Clock, contest, ground, marked

TWO = (BY_NAME["logistic"], BY_NAME["decision_tree"])


def won(task="binary", candidates=TWO, place=None, **options):
    tuning = Tuning(seconds=600, trials=0)
    return contest(candidates, task, ensembles=Ensembles(**options), tuning=tuning, ground=place).run()


def refitted(winner, place):
    """The same ensemble, fitted by scikit-learn itself."""
    return clone(winner.pipeline).fit(place.X, place.y)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_a_vote_equals_scikit_learns_own(task, voting):
    place = ground(task)
    winner = won(task, place=place, method="voting", voting=voting)
    own = refitted(winner, place)
    assert isinstance(own, VotingClassifier)
    np.testing.assert_array_equal(winner.pipeline.predict(place.X_held), own.predict(place.X_held))
    if voting == "soft":
        said = winner.pipeline.predict_proba(place.X_held)
        np.testing.assert_allclose(said, own.predict_proba(place.X_held), atol=1e-12)


def test_a_vote_of_numbers_equals_scikit_learns_own():
    place = ground("regression")
    two = (BY_NAME["ridge"], BY_NAME["xgboost"])
    winner = won("regression", two, place, method="voting")
    own = refitted(winner, place)
    np.testing.assert_allclose(winner.pipeline.predict(place.X_held), own.predict(place.X_held), rtol=1e-6)


def test_weights_count_as_in_scikit_learns_own():
    place = ground()
    conditions = Conditions("binary", 2, METRICS["roc_auc"], seed=1)
    fitting = Fitting(place.X, place.y, place.rows.classes, place.prepare, conditions)
    made = fitting.vote([Member(starting(each, {}), None) for each in TWO], [0.9, 0.1])
    own = clone(made).fit(place.X, place.y)
    np.testing.assert_allclose(made.predict_proba(place.X_held), own.predict_proba(place.X_held), atol=1e-12)
    assert own.weights == [0.9, 0.1]


def test_members_of_one_style_share_their_preparation():
    trees = (BY_NAME["decision_tree"], BY_NAME["extra_trees"])
    first, second = won(candidates=trees, method="voting").pipeline.estimators_
    assert first.named_steps["columns"] is second.named_steps["columns"]


def test_a_vote_with_xgboost_answers_with_the_labels():
    winner = won(candidates=(BY_NAME["xgboost"], BY_NAME["logistic"]), method="voting")
    assert set(winner.answers.predictions) == {"no", "yes"}


def test_a_stack_equals_scikit_learns_own():
    place = ground()
    winner = won(place=place, method="stacking", cv=3)
    own = refitted(winner, place)
    assert isinstance(own, StackingClassifier)
    said = winner.pipeline.predict_proba(place.X_held)
    np.testing.assert_allclose(said, own.predict_proba(place.X_held), atol=1e-9)


def test_a_stack_has_the_meta_model_that_was_asked_for():
    winner = won("regression", (BY_NAME["ridge"], BY_NAME["knn"]), method="stacking", meta_model="lasso")
    assert type(winner.pipeline.final_estimator_).__name__ == "Lasso"
    assert winner.scores["r2"] > 0.5


def test_a_meta_model_for_another_task_is_refused():
    with pytest.raises(BadInput, match="the meta model ridge cannot do binary"):
        won(method="stacking", meta_model="ridge")


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_bagging_repeats_the_best_on_rows_drawn_anew(task):
    winner = won(task, (BY_NAME["decision_tree"],), method="bagging")
    assert type(winner.pipeline.named_steps["model"]).__name__.startswith("Bagging")
    assert len(winner.pipeline.named_steps["model"].estimators_) == 10
    assert winner.ranking[0].name == "bagging"


def test_members_are_those_that_were_named():
    trio = (*TWO, BY_NAME["naive_bayes"])
    winner = won(candidates=trio, method="voting", members=("naive_bayes", "logistic"))
    assert [part.name for part in winner.members] == ["naive_bayes", "logistic"]


def test_a_member_that_is_no_candidate_is_refused():
    with pytest.raises(BadInput, match="'svm' cannot be a member of the ensemble: it is none of the candid"):
        won(method="voting", members=("svm",))


def test_a_member_that_is_no_candidate_is_refused_before_anything_is_fitted():
    bench = Bench(Clock())
    with pytest.raises(BadInput, match=r"'on' cannot be a member of the ensemble: .* did you mean 'one'"):
        named(bench, marked("one", bench), members=("on",))
    assert bench.fits == []


def named(bench, *candidates, method="voting", members=("one", "two"), **given):
    asked = Ensembles(method=method, members=members)
    return contest(candidates, ensembles=asked, clock=bench.clock, **given).run()


@pytest.fixture
def bench():
    return Bench(Clock())


def test_a_named_member_is_not_pruned_by_its_rivals(bench):
    good, bad = marked("one", bench, defaults={"noise": 0.0}), marked("two", bench, cost=2)
    winner = named(bench, good, bad)
    assert [part.name for part in winner.members] == ["one", "two"]


def test_named_members_go_first_and_share_the_time(bench):
    cheap = marked("cheap", bench, seconds=10.0)
    winner = named(
        bench, cheap, marked("one", bench, seconds=4.0, cost=8), marked("two", bench, seconds=4.0, cost=9),
        tuning=Tuning(seconds=12, trials=0),
    )  # fmt: skip
    assert [part.name for part in winner.members] == ["one", "two"]
    assert winner.notices == ()


@pytest.mark.parametrize("method", ["voting", "stacking"])
def test_a_member_that_failed_is_left_out_and_the_best_stays_alone(bench, method):
    broken = marked("two", bench, cost=2, error=ValueError("bad"))
    winner = named(bench, marked("one", bench), broken, method=method)
    assert winner.name == "one"
    assert winner.notices[:2] == (
        "two is left out of the ensemble: ValueError: bad",
        f"{method} is left out, for 1 of the 2 that it needs at least can be a member: the best stays alone",
    )


def test_the_members_that_are_left_are_voted(bench):
    broken = marked("two", bench, cost=2, error=ValueError("bad"))
    winner = named(
        bench, marked("one", bench), broken, marked("three", bench, cost=3), members=("one", "two", "three")
    )
    assert [part.name for part in winner.members] == ["one", "three"]


def test_a_member_that_meets_no_clause_is_left_out_with_the_reason(bench):
    slow = marked("two", bench, cost=2, seconds=200.0)
    winner = named(bench, marked("one", bench), slow, bounds={"train_minutes": 2})
    assert winner.name == "one"
    assert winner.notices[0].startswith("two is left out of the ensemble: train_minutes")


def test_bagging_of_a_member_that_failed_leaves_the_best_alone(bench):
    broken = marked("two", bench, error=ValueError("bad"))
    winner = named(bench, marked("one", bench), broken, method="bagging", members=("two",))
    assert winner.name == "one"
    assert winner.notices[1].startswith("bagging is left out, for none can be a member")


def test_a_member_with_a_limit_of_rows_is_left_out_of_a_stack(bench):
    small = marked("two", bench, cost=2, most_rows=50)
    assert named(bench, marked("one", bench), small, method="stacking").name == "one"


def test_an_automatic_vote_is_kept_only_if_it_pays():
    winner = won(candidates=(*TWO, BY_NAME["extra_trees"]), method="auto")
    best_alone = max(
        each.validation.means["roc_auc"] for each in winner.ranking if each.validation and each.name != "vote"
    )
    assert winner.tuning.validation.means["roc_auc"] >= best_alone


def tried(number, answers):
    return Tried(number, starting(BY_NAME["ridge"], {"alpha": number}), "complete", answers=(answers,))


def greedy(*members, truth, **more):
    def gain(answers):
        return -float(np.mean((answers[0] - truth) ** 2))

    ranked = sorted(members, key=lambda each: gain(each.answers), reverse=True)
    return vote_of(ranked, gain, folds=1, **more)


def test_errors_that_cancel_are_voted_together():
    truth = np.zeros(50)
    found = greedy(tried(1, truth + 1.0), tried(2, truth - 1.0), truth=truth)
    assert found.weights == (0.5, 0.5)
    assert found.gain == 0


def test_a_member_that_does_not_help_has_no_weight():
    truth = np.linspace(0, 1, 50)
    found = greedy(tried(1, truth), tried(2, truth + 1.0), truth=truth)
    assert [each.number for each in found.members] == [1]


def test_members_that_cost_too_much_together_stay_apart():
    truth = np.zeros(50)
    found = greedy(
        tried(1, truth + 1.0), tried(2, truth - 1.0), truth=truth, may_join=lambda members: len(members) < 2
    )
    assert len(found.members) == 1
