"""What there is to learn: what is left out and why, what is held out, and the folds."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.feature_store.feature import Feature
from projects.features import read_features
from projects.problem import read_problem
from tests.unit.projects.problem_fixtures import numbers, read_table


@pytest.fixture
def problem_of(tmp_path):
    def read(target="amount", frame=None, **parameters):
        return read_problem(read_table(tmp_path, target, frame=frame, **parameters))

    return read


def names(problem):
    return [column.name for column in problem.features.columns]


def test_a_copy_of_the_target_is_left_out_aloud(problem_of):
    problem = problem_of(frame=numbers().assign(total=lambda rows: rows["amount"]))
    assert "total" not in names(problem)
    assert problem.suspicions[0] == "LEAK certain, column 'total': it equals the target (left out)"


def test_a_copy_of_the_target_is_kept_and_said_if_asked(problem_of):
    frame = numbers().assign(total=lambda rows: rows["amount"])
    problem = problem_of(frame=frame, set="cleaning.leakage=flag")
    assert "total" in names(problem)
    assert problem.suspicions[0] == "LEAK certain, column 'total': it equals the target (kept; look at it)"


def test_a_copy_of_the_target_is_kept_where_no_other_column_can_be_learned_from(problem_of):
    frame = numbers()[["key", "size", "amount"]].assign(total=lambda rows: rows["amount"], always="same")
    problem = problem_of(frame=frame, set="features.drop=[size, key]")
    assert names(problem) == ["total"]
    assert problem.suspicions[0].endswith("it equals the target (kept; look at it)")


def test_without_leaks_and_other_columns_there_is_nothing_to_learn_from(problem_of):
    with pytest.raises(BadInput, match="no column is left to learn from: column 'key' is left out: as asked"):
        problem_of(frame=numbers()[["key", "amount"]], set="features.drop=[key]")


def test_columns_that_a_person_drops_or_groups_by_are_not_learned_from(problem_of):
    problem = problem_of(set="features.drop=[size]; split.group_column=shop")
    assert {"size", "shop"}.isdisjoint(names(problem))
    assert "shop" in problem.beside.columns


def test_a_constant_column_of_truths_is_told_as_false(problem_of):
    problem = problem_of(frame=numbers().assign(done="f").replace({"done": {"f": False}}))
    told = [notice for notice in problem.notices if "'done'" in notice]
    assert told == ["column 'done' is left out: it is constant (false in every row that has a value)"]


def test_groups_are_never_on_both_sides(problem_of):
    problem = problem_of(set="split.group_column=shop")
    shops = problem.beside["shop"]
    assert set(shops[problem.learned]).isdisjoint(shops[problem.divided.test])


def test_the_newest_rows_are_held_out(problem_of):
    problem = problem_of(set="split.strategy=time; split.time_column=day")
    days = problem.features.frame["day"].to_numpy()
    assert max(days[problem.learned]) < min(days[problem.divided.test])


def test_rows_of_gaps_are_dropped_from_those_learned_from_alone(problem_of):
    whole = problem_of()
    problem = problem_of(set="cleaning.missing_strategy=drop")
    gaps = problem.features.frame["gaps"].isna()
    assert not gaps[problem.learned].any()
    assert gaps[problem.divided.test].any()
    assert problem.divided.test.tolist() == whole.divided.test.tolist()


def test_validation_rows_are_the_one_fold(problem_of):
    problem = problem_of(set="split.validation_size=0.1")
    ((fit, score),) = problem.rows.folds
    assert (len(fit), len(score)) == (420, 60)


def test_at_most_so_many_rows_are_compared_on(problem_of):
    assert len(problem_of(compare_rows="200").rows.X) == 200
    assert len(problem_of(compare_rows="200", set="split.group_column=shop").rows.X) == 200


@pytest.mark.parametrize("cv", ["kfold", "stratified"])
def test_folds_of_classes_are_stratified_unless_plain_ones_are_asked_for(problem_of, cv):
    problem = problem_of("level", set=f"split.cv={cv}")
    shares = {tuple(np.bincount(problem.rows.y[score], minlength=3)) for _, score in problem.rows.folds}
    assert (len(shares) > 3) == (cv == "kfold")


def test_a_text_column_of_digits_stays_text_if_a_person_says_so(problem_of):
    frame = numbers().assign(zip=lambda rows: [f"{n % 30}" for n in range(len(rows))])
    problem = problem_of(frame=frame, set="cleaning.columns={zip: {type: text}}")
    assert problem.inputs.texts == ("shop", "zip")


def test_a_target_of_digits_is_classes_if_a_person_says_text(problem_of):
    frame = numbers().assign(count=lambda rows: rows["count"].astype(str))
    problem = problem_of("count", frame=frame, set="cleaning.columns={count: {type: text}}")
    assert problem.target.task == "multiclass"
    assert problem.target.classes[:2] == ("0", "1")


def test_a_column_that_has_gaps_in_the_table_may_have_them_in_a_request(problem_of, tmp_path):
    drawn = read_table(tmp_path, "amount", sample_size="300").frame.index
    aside = min(set(range(600)) - set(drawn))
    frame = numbers().assign(size=lambda rows: rows["size"].mask(rows.index == aside))
    problem = problem_of(frame=frame, sample_size="300")
    required = {column.name: column.required for column in problem.features.columns}
    assert not problem.features.frame["size"].isna().any()
    assert (required["size"], required["key"]) == (False, True)


def test_rows_without_a_target_are_counted(problem_of):
    frame = numbers().assign(amount=lambda rows: rows["amount"].mask(rows.index < 9))
    assert problem_of(frame=frame).notices[0] == "9 rows are left out: the target is missing"


def test_mape_of_a_target_with_zeros_is_refused(problem_of):
    with pytest.raises(BadInput, match="mape divides by the target, and 'count' has zeros; use rmse"):
        problem_of("count", metric="mape")


def test_ten_thousand_columns_are_sorted_in_seconds():
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.normal(size=(40, 10_000)), columns=[f"c{n}" for n in range(10_000)])
    assert len(read_features(wide).columns) == 10_000


def test_the_functions_of_the_store_are_asked_for_beside_those_that_are_named(tmp_path):
    definition = {"kind": "custom", "function": "my.ratio"}
    stored = Feature("ratio", 1, definition, "", "ada", 0, "run", {})
    table = read_table(tmp_path, "amount", set="features.custom=[my.sums, my.ratio]")
    problem = read_problem(table, [stored])
    assert problem.asked.features.custom == ("my.sums", "my.ratio")
    assert problem.definitions == []
