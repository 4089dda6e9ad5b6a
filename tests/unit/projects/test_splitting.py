"""Rows are held out and folded as asked, and what cannot be is refused with what to do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.errors import BadInput
from projects.folding import make_folds
from projects.requirement.model import Splitting
from projects.splitting import Marks, as_times, divide, read_marks, strategy_of
from projects.target import Target

ROWS = 1000


def target(truth):
    cells = np.asarray(truth)
    classes = None if cells.dtype.kind == "f" else tuple(sorted(set(cells.tolist())))
    task = "regression" if classes is None else "binary" if len(classes) == 2 else "multiclass"
    return Target("y", cells, np.arange(len(cells)), task, classes, "")


LABELS = target(np.arange(ROWS) % 10 == 0)
AMOUNTS = target(np.linspace(0, 1, ROWS))
GROUPS = Marks(groups=np.arange(ROWS) // 7)
TIMES = Marks(times=np.random.default_rng(0).permutation(ROWS).astype(float))


def test_a_thousand_rows_give_seven_hundred_a_hundred_and_two_hundred():
    split = divide(LABELS, Splitting(test_size=0.2, validation_size=0.1), Marks(), seed=1)
    assert [len(split.train), len(split.validation), len(split.test)] == [700, 100, 200]


@pytest.mark.parametrize("marks", [Marks(), GROUPS, TIMES])
@pytest.mark.parametrize("of", [LABELS, AMOUNTS])
def test_every_row_is_on_one_side(of, marks):
    split = divide(of, Splitting(validation_size=0.2), marks, seed=3)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together.tolist()) == list(range(ROWS))


def test_a_stratified_split_keeps_the_share_of_each_class():
    split = divide(LABELS, Splitting(strategy="stratified"), Marks(), seed=1)
    assert LABELS.truth[split.test].mean() == pytest.approx(0.1)


def test_auto_goes_by_groups_or_time_where_a_column_of_them_is_named():
    assert strategy_of(Splitting(group_column="g"), LABELS, GROUPS) == "group"
    assert strategy_of(Splitting(time_column="t"), LABELS, TIMES) == "time"
    assert strategy_of(Splitting(), LABELS, Marks()) == "stratified"
    assert strategy_of(Splitting(), AMOUNTS, Marks()) == "random"


@pytest.mark.parametrize("of", [LABELS, AMOUNTS])
def test_no_group_is_on_both_sides(of):
    split = divide(of, Splitting(strategy="group", group_column="g", validation_size=0.1), GROUPS, seed=1)
    sides = [set(GROUPS.groups[at]) for at in (split.train, split.validation, split.test)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert len(split.test) == pytest.approx(200, abs=7)


def test_later_rows_are_held_out():
    split = divide(AMOUNTS, Splitting(strategy="time", time_column="t", validation_size=0.1), TIMES, seed=1)
    times = TIMES.times
    assert times[split.train].max() < times[split.validation].min()
    assert times[split.validation].max() < times[split.test].min()
    assert len(split.test) == 200


def test_rows_of_one_moment_stay_together():
    days = Marks(times=np.repeat([1.0, 2.0, 3.0], [500, 400, 100]))
    split = divide(AMOUNTS, Splitting(strategy="time", time_column="t"), days, seed=1)
    assert set(days.times[split.test]) == {3.0}


def test_rows_without_a_time_are_the_oldest():
    times = np.arange(ROWS, dtype=float)
    times[-10:] = np.nan
    split = divide(AMOUNTS, Splitting(strategy="time", time_column="t"), Marks(times=times), seed=1)
    assert set(range(990, 1000)) <= set(split.train.tolist())


@pytest.mark.parametrize(
    ("kind", "marks", "of"),
    [
        ("kfold", Marks(), AMOUNTS),
        ("stratified", Marks(), LABELS),
        ("group", GROUPS, LABELS),
        ("group", GROUPS, AMOUNTS),
    ],
)
def test_every_row_is_scored_on_once(kind, marks, of):
    folds = make_folds(of, Splitting(cv=kind, group_column="g"), marks, np.arange(ROWS), seed=1)
    assert len(folds) == 5
    assert sorted(np.concatenate([score for _, score in folds]).tolist()) == list(range(ROWS))


def test_group_folds_never_score_on_a_group_that_they_fitted_on():
    at = np.arange(0, ROWS, 2)
    for fit, score in make_folds(LABELS, Splitting(cv="group", group_column="g"), GROUPS, at, seed=1):
        assert not set(GROUPS.groups[at][fit]) & set(GROUPS.groups[at][score])


def test_time_folds_score_on_later_rows():
    at = np.arange(100, 900)
    folds = make_folds(AMOUNTS, Splitting(cv="time_series", time_column="t"), TIMES, at, seed=1)
    assert len(folds) == 5
    for fit, score in folds:
        assert TIMES.times[at][fit].max() < TIMES.times[at][score].min()


def test_stratified_folds_hold_the_share_of_each_class():
    for _, score in make_folds(LABELS, Splitting(), Marks(), np.arange(ROWS), seed=1):
        assert LABELS.truth[score].mean() == pytest.approx(0.1)


def test_there_are_as_many_folds_as_rows_of_the_rarest_class():
    few = target(np.arange(60) < 3)
    assert len(make_folds(few, Splitting(), Marks(), np.arange(60), seed=1)) == 3


def test_a_fold_by_time_without_every_class_is_left_out():
    late = target(np.arange(100) > 60)
    marks = Marks(times=np.arange(100, dtype=float))
    folds = make_folds(late, Splitting(cv="time_series", time_column="t"), marks, np.arange(100), seed=1)
    assert [len(fit) for fit, _ in folds] == [68, 84]


def test_a_class_that_comes_last_cannot_be_folded_by_time():
    last = target(np.arange(100) > 98)
    marks = Marks(times=np.arange(100, dtype=float))
    with pytest.raises(BadInput, match="no fold has rows of every class beside those of its time"):
        make_folds(last, Splitting(cv="time_series", time_column="t"), marks, np.arange(100), seed=1)


def test_a_class_that_comes_late_only_is_refused_with_its_name():
    late = target(np.arange(100) > 90)
    marks = Marks(times=np.arange(100, dtype=float))
    with pytest.raises(BadInput, match="class True of target 'y' has 0 rows before the held-out time"):
        divide(late, Splitting(strategy="time", time_column="t"), marks, seed=1)


def test_too_few_rows_are_refused():
    with pytest.raises(BadInput, match="19 rows with a target are too few; 20 are needed"):
        divide(target(np.arange(19.0)), Splitting(), Marks(), seed=1)


def test_a_class_of_one_row_is_refused():
    with pytest.raises(BadInput, match="class True of target 'y' has 1 row: too few"):
        divide(target(np.arange(30) == 3), Splitting(), Marks(), seed=1)


def test_one_group_alone_is_refused():
    with pytest.raises(BadInput, match="group_column 'shop' holds one group alone \\('x'\\)"):
        read_marks(pd.DataFrame({"shop": ["x"] * 5}), Splitting(group_column="shop"))


def test_a_time_column_that_is_no_date_is_refused_with_its_cell():
    frame = pd.DataFrame({"when": ["2024-01-01", "yesterday", "2024-01-03"]})
    with pytest.raises(BadInput, match=r"time_column 'when' must hold dates.*row 1 has 'yesterday'"):
        read_marks(frame, Splitting(time_column="when"))


def test_one_moment_alone_is_refused():
    with pytest.raises(BadInput, match="'when' must hold two different dates"):
        as_times(pd.Series(["2024-01-01"] * 3, name="when"))


def test_a_missing_column_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match="time_column 'dat' is not in the table; did you mean 'date'"):
        read_marks(pd.DataFrame({"date": [1]}), Splitting(time_column="dat"))


def test_dates_and_times_are_ordered_as_moments():
    times = as_times(pd.Series(["2024-03-01T00:00:00", "2023-12-31", None, "2024-03-01T00:00:01"]))
    assert np.argsort(times).tolist() == [1, 0, 3, 2]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 6), min_size=25, max_size=80), st.integers(0, 99), st.floats(0.05, 0.6))
def test_groups_of_any_size_never_straddle(groups, seed, share):
    marks, of = Marks(groups=np.array(groups)), target(np.linspace(0, 1, len(groups)))
    if len(set(groups)) < 2:
        return
    split = divide(of, Splitting(strategy="group", group_column="g", test_size=share), marks, seed=seed)
    assert not set(marks.groups[split.train]) & set(marks.groups[split.test])
    assert len(split.train) > 0
    assert len(split.test) > 0
