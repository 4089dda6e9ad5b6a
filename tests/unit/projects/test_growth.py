"""The winner's score by rows, the receipt of a sample, and the fit on all rows but those held out."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from projects.growth import growth_of, on_all_rows
from projects.problem import read_problem
from tests.unit.projects.problem_fixtures import TARGETS, numbers, read_table

ROWS, SAMPLE = 600, 300


class Fits:
    """Fits a line, and remembers the rows that it was given."""

    def __init__(self, problem, seconds=0.0):
        self.problem, self.sizes, self.seconds, self.now = problem, [], seconds, 0.0

    def clock(self):
        return self.now

    def __call__(self, X, y):
        self.now += self.seconds
        self.X, self.y = X, y
        self.sizes.append(len(X))
        model = Ridge() if self.problem.target.classes is None else LogisticRegression()
        return Pipeline([*self.problem.prepare("linear"), ("model", model)]).fit(X, y)


@pytest.fixture
def sampled(tmp_path):
    def read(target="amount", **parameters):
        table = read_table(tmp_path, target, **({"sample_size": str(SAMPLE)} | parameters))
        return table, read_problem(table)

    return read


def held_keys(problem):
    return set(problem.features.frame["key"].iloc[problem.divided.test])


@pytest.mark.parametrize("target", TARGETS)
def test_the_fit_on_all_rows_sees_every_row_but_those_held_out(sampled, target):
    table, problem = sampled(target)
    fits = Fits(problem)
    _, rows = on_all_rows(fits, problem, table)
    held = held_keys(problem)
    assert len(held) == SAMPLE * 0.2
    assert set(fits.X["key"]) == set(numbers()["key"]) - held
    assert rows == ROWS - len(held)


def test_its_truth_is_that_of_the_same_rows(sampled):
    table, problem = sampled()
    fits = Fits(problem)
    on_all_rows(fits, problem, table)
    amounts = numbers().set_index("key")["amount"]
    np.testing.assert_allclose(fits.y, amounts.loc[fits.X["key"]])


def test_truths_stay_truths(sampled):
    frame = numbers()
    frame["bought"] = frame["bought"] == "true"
    table, problem = sampled("bought", frame=frame)
    assert problem.target.classes == (False, True)
    model, _ = on_all_rows(Fits(problem), problem, table)
    assert model.classes_.tolist() == [False, True]
    assert model.classes_.dtype == bool


def test_groups_of_held_out_rows_stay_out(sampled):
    table, problem = sampled(set="split.group_column=shop")
    fits = Fits(problem)
    on_all_rows(fits, problem, table)
    shops = numbers().set_index("key")["shop"]
    held = set(shops.loc[list(held_keys(problem))])
    assert set(shops.loc[fits.X["key"]]) == set(shops) - held


def test_rows_that_are_not_older_than_those_held_out_stay_out(sampled):
    table, problem = sampled(set="split.strategy=time; split.time_column=day")
    fits = Fits(problem)
    on_all_rows(fits, problem, table)
    days = numbers().set_index("key")["day"]
    first_held = min(days.loc[list(held_keys(problem))])
    assert max(days.loc[fits.X["key"]]) < first_held
    assert len(fits.X) == (days < first_held).sum()


def test_rows_with_gaps_stay_out_where_they_are_dropped(sampled):
    table, problem = sampled(set="cleaning.missing_strategy=drop")
    fits = Fits(problem)
    on_all_rows(fits, problem, table)
    assert not fits.X.isna().any().any()
    assert len(fits.X) > SAMPLE


def test_a_class_that_the_sample_has_not_is_left_out(sampled, tmp_path):
    frame = numbers()
    frame["bought"] = np.where(frame["size"] > 0, "yes", "no")
    table = read_table(tmp_path, "bought", frame=frame, sample_size=str(SAMPLE))
    outside = sorted(set(range(ROWS)) - set(table.frame.index))[:5]
    frame.loc[outside, "bought"] = "perhaps"
    table = read_table(tmp_path, "bought", frame=frame, sample_size=str(SAMPLE))
    problem = read_problem(table)
    fits = Fits(problem)
    _, rows = on_all_rows(fits, problem, table)
    assert set(fits.y) == {"no", "yes"}
    assert rows == ROWS - SAMPLE * 0.2 - 5


def test_a_regression_stays_one_though_the_sample_shows_few_numbers(sampled):
    table, problem = sampled("count", task="classification")
    fits = Fits(problem)
    on_all_rows(fits, problem, table)
    assert fits.y.dtype == np.int64
    assert set(fits.y) == set(problem.target.classes)


def test_an_error_is_told_with_its_own_sign(sampled):
    table, problem = sampled(metric="rmse")
    receipt = growth_of(Fits(problem), problem, table, seconds=30)
    assert all(point.score > 0 for point in receipt.points)
    assert "rmse by rows learned from: -" not in receipt.lines()[1]
    assert all(point["score"] > 0 for point in receipt.as_dict()["points"])
    assert receipt.loss is not None
    assert receipt.loss.estimate >= 0


def test_a_score_of_which_more_is_better_is_told_as_it_is(sampled):
    table, problem = sampled(metric="r2")
    receipt = growth_of(Fits(problem), problem, table, seconds=30)
    assert [point.score for point in receipt.points] == [point.score for point in receipt.curve.points]
    assert 0.9 < receipt.points[-1].score <= 1


def test_the_score_at_a_size_is_scikit_learns_own(sampled):
    from sklearn.metrics import root_mean_squared_error

    table, problem = sampled(metric="rmse")
    receipt = growth_of(Fits(problem), problem, table, seconds=30)
    rows, fits, wanted = problem.rows, Fits(problem), []
    for fit, score in rows.folds[:3]:
        model = fits(rows.X.iloc[fit].reset_index(drop=True), rows.y[fit])
        wanted.append(root_mean_squared_error(rows.y[score], model.predict(rows.X.iloc[score])))
    assert receipt.points[-1].rows == len(rows.folds[0][0])
    assert receipt.points[-1].score == pytest.approx(np.mean(wanted))
    assert receipt.points[-1].error == pytest.approx(np.std(wanted, ddof=1) / np.sqrt(3))


def grown(problem, table, *, a_fit, seconds):
    """Measure with fits that take so long each."""
    fits = Fits(problem, a_fit)
    return growth_of(fits, problem, table, seconds=seconds, clock=fits.clock), fits.sizes


def test_quick_fits_are_measured_at_three_sizes_though_the_time_is_up(sampled):
    table, problem = sampled(sample_size="full")
    receipt, sizes = grown(problem, table, a_fit=0.2, seconds=0)
    assert sizes == [point.rows for point in receipt.points] == [96, 192, 384]
    assert all(np.isnan(point.error) for point in receipt.points)


def test_slow_fits_are_begun_only_if_they_end_in_time(sampled):
    table, problem = sampled(sample_size="full")
    assert grown(problem, table, a_fit=2, seconds=3)[1] == [96]
    assert grown(problem, table, a_fit=2, seconds=7)[1] == [96, 192]


def test_every_size_is_measured_on_the_same_folds(sampled):
    table, problem = sampled(sample_size="full")
    assert grown(problem, table, a_fit=1, seconds=8)[1] == [96, 192, 384] * 2


def test_a_size_that_cannot_be_fitted_is_left_out(sampled):
    table, problem = sampled(sample_size="full")
    fits = Fits(problem)

    def fit(X, y):
        if len(X) < 150:
            raise RuntimeError("no library takes so few")
        return fits(X, y)

    receipt = growth_of(fit, problem, table, seconds=30)
    assert [point.rows for point in receipt.points] == [192, 384]


def test_a_size_without_a_row_of_some_class_is_left_out(sampled, tmp_path):
    frame = numbers()
    frame["level"] = np.where(frame.index < 6, 2, frame["bought"] == "true").astype(int)
    table = read_table(tmp_path, "level", frame=frame, folds="2")
    problem = read_problem(table)
    every = [point.rows for point in growth_of(Fits(problem), problem, table, seconds=30).points]
    drawn = [np.random.default_rng(7).permutation(fit) for fit, _ in problem.rows.folds[:3]]
    has_all = [len(set(problem.rows.y[rows[: every[0]]])) == 3 for rows in drawn]
    assert all(has_all)
    assert every[-1] == len(problem.rows.folds[0][0])


def test_a_loss_of_an_error_is_judged_as_a_share_of_it(sampled):
    table, problem = sampled(metric="rmse")
    receipt = growth_of(Fits(problem), problem, table, seconds=30)
    at_sample = -receipt.curve.law.at(SAMPLE)
    assert receipt.bound == pytest.approx(0.01 * at_sample)
    assert "sampling.max_loss 0.01 of the rmse itself" in receipt.lines()[-1]


def test_folds_by_time_are_measured_from_the_longest_on(sampled):
    table, problem = sampled(set="split.strategy=time; split.time_column=day", sample_size="full")
    longest = sorted(len(fit) for fit, _ in problem.rows.folds)[-3]
    assert growth_of(Fits(problem), problem, table, seconds=30).points[-1].rows == longest
