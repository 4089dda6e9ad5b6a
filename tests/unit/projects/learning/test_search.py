"""The search: its budget holds, a seed repeats it, and what fails is skipped with a reason."""

import pytest

from projects.errors import BadInput
from projects.learning.candidates.listing import BY_NAME
from projects.requirement.model import Ensembles, Tuning
from tests.unit.projects.learning.learning_fixtures import Bench, Clock, contest, ground, marked


@pytest.fixture
def bench():
    return Bench(Clock())


def run(bench, *candidates, **given):
    return contest(candidates, clock=bench.clock, **given).run()


def noises(bench):
    return {fit["noise"] for fit in bench.fits}


@pytest.mark.parametrize("method", ["optuna", "random_search", "grid_search"])
def test_the_budget_is_never_exceeded_by_more_than_one_fit(bench, method):
    tuning = Tuning(method=method, seconds=50, trials=1000)
    run(bench, marked("slow", bench, seconds=3.0, grid={"noise": tuple(range(100))}), tuning=tuning)
    assert 25 < bench.clock.now <= 50 + 3.0


def test_a_budget_of_one_second_still_gives_a_model(bench):
    winner = run(bench, marked("slow", bench, seconds=30.0), tuning=Tuning(seconds=1, trials=5))
    assert winner.scores["roc_auc"] > 0.5
    assert [fit["rows"] for fit in bench.fits] == [106, 160]


def test_candidates_that_the_time_does_not_reach_are_named(bench):
    candidates = (marked("first", bench, seconds=2.0), marked("second", bench, cost=2))
    winner = run(bench, *candidates, tuning=Tuning(seconds=4, trials=0))
    assert winner.name == "first"
    assert [(each.name, each.reason) for each in winner.ranking][-1] == ("second", "the time was up")


def test_no_seconds_compare_defaults_without_a_bound(bench):
    winner = run(bench, marked("slow", bench, seconds=500.0), tuning=Tuning(seconds=0, trials=50))
    assert winner.tuning.trials == 0
    assert winner.ranking[0].validation is not None


def test_no_method_tries_the_defaults_alone(bench):
    run(bench, marked("only", bench), tuning=Tuning(method="none", seconds=100))
    assert noises(bench) == {1.0}


def test_a_grid_is_gone_through_in_order(bench):
    tuning = Tuning(method="grid_search", seconds=600, trials=1, grid={"only": {"noise": (0.3, 0.2, 0.1)}})
    winner = run(bench, marked("only", bench), tuning=tuning)
    order = list(dict.fromkeys(fit["noise"] for fit in bench.fits))
    assert order[:4] == [1.0, 0.3, 0.2, 0.1]
    assert winner.tuning.parameters["noise"] == 0.1


def test_a_grid_combines_every_value_with_every_other():
    grid = {"decision_tree": {"max_depth": (2, 3), "min_samples_leaf": (5, 10, 20)}}
    tuning = Tuning(method="grid_search", seconds=600, grid=grid)
    assert contest((BY_NAME["decision_tree"],), tuning=tuning).run().tuning.trials == 6


@pytest.mark.parametrize("method", ["optuna", "random_search"])
def test_a_seed_repeats_a_search_that_its_trials_end(method):
    tuning = Tuning(method=method, seconds=600, trials=6)
    names = (BY_NAME["logistic"], BY_NAME["decision_tree"])
    first, second = (contest(names, tuning=tuning).run() for _ in range(2))
    assert first.tuning.parameters == second.tuning.parameters
    assert first.tuning.validation.means == second.tuning.validation.means


def test_optuna_finds_better_parameters(bench):
    winner = run(bench, marked("only", bench), tuning=Tuning(seconds=6000, trials=25))
    assert winner.tuning.parameters["noise"] < 0.3
    assert winner.tuning.trials == 25


def test_parallel_trials_try_as_many(bench):
    winner = run(bench, marked("only", bench), tuning=Tuning(seconds=6000, trials=7, parallel=3))
    assert winner.tuning.trials == 7


def test_parallel_trials_are_repeated_by_the_seed():
    tuning = Tuning(seconds=600, trials=6, parallel=2)
    names = (BY_NAME["logistic"], BY_NAME["decision_tree"])
    first, second = (contest(names, tuning=tuning).run() for _ in range(2))
    assert first.tuning.validation.means == second.tuning.validation.means


def test_fixed_parameters_are_not_tuned(bench):
    run(bench, marked("only", bench), fixed={"only": {"noise": 0.7}}, tuning=Tuning(seconds=99, trials=5))
    assert noises(bench) == {0.7}


def test_a_parameter_that_a_candidate_does_not_have_is_refused():
    with pytest.raises(BadInput, match=r"lightgbm has no parameter 'num_leafs'; did you mean 'num_leaves'"):
        contest((BY_NAME["lightgbm"],), fixed={"lightgbm": {"num_leafs": 3}}).run()


@pytest.mark.parametrize(
    ("error", "said"),
    [(RuntimeError("no luck"), "RuntimeError: no luck"), (MemoryError(), "it ran out of memory")],
)
def test_a_candidate_that_fails_is_skipped_with_the_reason(bench, error, said):
    winner = run(bench, marked("broken", bench, error=error), marked("sound", bench, cost=2))
    assert winner.name == "sound"
    assert [(each.name, each.reason) for each in winner.ranking if each.validation is None] == [
        ("broken", said)
    ]


def test_if_all_fail_the_reasons_are_told(bench):
    with pytest.raises(BadInput, match="no candidate could be fitted on these rows: broken: ValueError: bad"):
        run(bench, marked("broken", bench, error=ValueError("bad")))


def test_answers_that_are_not_finite_are_a_failure(bench):
    candidates = (marked("wild", bench, defaults={"noise": float("nan")}), marked("sound", bench, cost=2))
    winner = run(bench, *candidates)
    assert winner.ranking[-1].reason == "its answers are not finite"


def test_a_hopeless_candidate_is_given_up_after_a_fold(bench):
    run(bench, marked("good", bench, defaults={"noise": 0.0}), marked("bad", bench, cost=2))
    assert [fit["noise"] for fit in bench.fits].count(1.0) < 6


def test_a_candidate_learns_from_no_more_rows_than_it_can(bench):
    winner = run(bench, marked("small", bench, most_rows=50))
    assert {fit["rows"] for fit in bench.fits} == {50}
    assert winner.notices == ("small learns from 50 of 160 rows",)


def test_on_many_rows_each_candidate_is_first_looked_at_on_a_sample(bench):
    place = ground(rows=9000)
    names = [marked(name, bench, cost=at) for at, name in enumerate(("one", "two", "three"), 1)]
    run(bench, *names, ground=place, tuning=Tuning(seconds=1000, trials=0))
    assert [fit["rows"] for fit in bench.fits[:3]] == [2000, 2000, 2000]


def test_early_stopping_finds_the_number_of_rounds():
    winner = contest((BY_NAME["lightgbm"],), tuning=Tuning(seconds=60, trials=0, patience=5)).run()
    assert winner.pipeline.named_steps["model"].n_estimators == winner.tuning.parameters["n_estimators"] < 200
    assert len(winner.curves["lightgbm"]) > 5


def test_without_early_stopping_all_rounds_are_made():
    tuning = Tuning(seconds=60, trials=0, early_stopping=False)
    winner = contest((BY_NAME["lightgbm"],), tuning=tuning, ensembles=Ensembles(method="none")).run()
    assert winner.pipeline.named_steps["model"].n_estimators == 200


def test_fixed_rounds_are_all_made():
    winner = contest((BY_NAME["xgboost"],), "regression", fixed={"xgboost": {"n_estimators": 37}}).run()
    assert winner.pipeline.named_steps["model"].n_estimators == 37


class Heard:
    def __init__(self):
        self.candidates, self.trials, self.losses = [], [], []

    def candidate(self, tried):
        self.candidates.append(tried.name)

    def trial(self, tried):
        self.trials.append(tried.number)

    def loss(self, name, step, value):
        self.losses.append((name, step))


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "gradient_boosting", "mlp"])
def test_losses_are_heard_round_by_round(name):
    if name == "mlp":
        pytest.importorskip("torch")
    heard = Heard()
    fixed = {"mlp": {"max_epochs": 5}} if name == "mlp" else {}
    contest((BY_NAME[name],), log=heard, fixed=fixed).run()
    assert heard.losses[0][0] == name
    steps = [step for _, step in heard.losses]
    assert steps == sorted(steps)
    assert len(steps) >= 3


def test_candidates_and_trials_are_heard():
    heard = Heard()
    contest((BY_NAME["logistic"],), log=heard, tuning=Tuning(seconds=60, trials=3)).run()
    assert (heard.candidates, len(heard.trials)) == (["logistic"], 3)
