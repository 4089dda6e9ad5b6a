"""Copies of rows are found, and never learned from and scored on both."""

import time

import numpy as np
import pandas as pd
import pytest

from projects.growth import on_all_rows
from projects.learning.compare import rows_to_compare
from projects.problem import read_problem
from projects.repeats import count_repeats, digests_of, find_copies, held_whole
from projects.requirement.read import read_requirement
from projects.rows import clean_rows
from projects.sampling.rows_file import row_digests
from projects.steps.split import _divided
from tests.unit.projects.problem_fixtures import numbers, read_table

TARGETS = ("amount", "bought", "level")


def copied(rows=600, different=200):
    """The first rows of a table, several times over, in any order."""
    at = np.random.default_rng(4).permutation(np.arange(rows) % different)
    return numbers().iloc[at].reset_index(drop=True)


@pytest.fixture
def problem_of(tmp_path):
    def read(target, frame=None, **parameters):
        return read_problem(read_table(tmp_path, target, frame=frame, **parameters))

    return read


def rows_at(problem, at):
    return set(digests_of(problem.features.frame.iloc[at]).tolist())


@pytest.mark.parametrize("target", TARGETS)
def test_no_held_out_row_equals_a_row_that_is_learned_from(problem_of, target):
    problem = problem_of(target, copied())
    assert rows_at(problem, problem.learned).isdisjoint(rows_at(problem, problem.divided.test))
    assert len(problem.divided.test) == pytest.approx(120, abs=12)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("cv", ["auto", "kfold"])
def test_no_row_that_a_fold_scores_equals_one_that_it_fits(problem_of, target, cv):
    rows = problem_of(target, copied(), set=f"split.cv={cv}").rows
    digests = digests_of(rows.X)
    assert len(rows.folds) >= 5
    assert not any(np.isin(digests[score], digests[fit]).any() for fit, score in rows.folds)


def test_no_validation_row_equals_another_part_s(problem_of):
    problem = problem_of("level", copied(), set="split.validation_size=0.2")
    parts = [rows_at(problem, at) for at in (problem.divided.train, problem.divided.validation)]
    assert parts[0].isdisjoint(parts[1])


def test_it_is_said_how_many_repeat(problem_of):
    assert problem_of("amount", copied()).notices[-1] == (
        "400 of 600 rows repeat the columns of another: such rows are learned from, or held out, together, so"
        " that no score is of a row that was learned"
    )


def test_the_fit_on_all_rows_leaves_copies_of_held_out_rows_out(tmp_path):
    table = read_table(tmp_path, "amount", frame=copied(), sample_size="300")
    problem, seen = read_problem(table), []
    on_all_rows(lambda X, _: seen.append(set(digests_of(X).tolist())), problem, table)
    assert seen[0].isdisjoint(rows_at(problem, problem.divided.test))
    assert len(seen[0]) > len(rows_at(problem, problem.learned))


def test_classes_keep_their_shares_among_held_out_rows(problem_of):
    problem = problem_of("bought", copied())
    truth = problem.target.truth
    assert np.mean(truth[problem.divided.test] == "true") == pytest.approx(np.mean(truth == "true"), abs=0.05)


@pytest.mark.parametrize("how", ["group_column=shop", "time_column=day"])
def test_groups_and_times_go_before_copies(problem_of, how):
    problem = problem_of("amount", copied(), set=f"split.{how}")
    assert not problem.divided.has_whole_copies
    assert not any("repeat" in notice for notice in problem.notices)


def test_a_table_without_copies_is_split_as_ever(problem_of):
    assert not problem_of("amount").divided.has_whole_copies


def short_rows(rng, rows=4000):
    """Rows of two short columns, which equal one another by chance."""
    return pd.DataFrame({"a": rng.integers(0, 20, rows).astype(float), "b": rng.choice(list("xyz"), rows)})


def test_rows_that_are_equal_by_chance_are_no_copies():
    rng = np.random.default_rng(1)
    X = short_rows(rng)
    likely = rng.random(len(X)) < np.where(X["a"] > 10, 0.9, 0.1)
    for truth in (likely, rng.random(len(X)) < 0.001, X["a"].to_numpy() + rng.normal(size=len(X))):
        assert find_copies(digests_of(X), truth, has_classes=truth.dtype == bool) is None


def test_a_few_copies_change_nothing_and_some_more_do():
    X = np.arange(1000.0)
    few, more = (np.append(X[count:], np.full(count, 999.0)) for count in (8, 50))
    assert find_copies(digests_of(pd.DataFrame({"x": few})), few, has_classes=False) is None
    found = find_copies(digests_of(pd.DataFrame({"x": more})), more, has_classes=False)
    assert count_repeats(found) == 50


def test_a_class_of_one_different_row_leaves_the_split_as_it_is():
    X = np.arange(400.0) // 2
    assert find_copies(digests_of(pd.DataFrame({"x": X})), X == 7, has_classes=True) is None
    assert find_copies(digests_of(pd.DataFrame({"x": X})), X % 7, has_classes=True) is not None


def test_a_row_of_very_many_copies_is_learned_from():
    of = np.concatenate([np.zeros(900, dtype=int), np.arange(1, 101)])
    is_held = held_whole(np.zeros(1000), of, 200, seed=1)
    assert not is_held[:900].any()
    assert is_held.sum() == 50


def test_without_copies_the_folds_are_scikit_learn_s():
    from sklearn.model_selection import KFold

    X, y = pd.DataFrame({"x": np.arange(3000.0)}), np.arange(3000.0)
    found = rows_to_compare(X, y, "regression", None, folds=5, most_rows=3000, seed=3).folds
    oracle = KFold(5, shuffle=True, random_state=3).split(X)
    assert all(
        np.array_equal(a, b)
        for ours, his in zip(found, oracle, strict=True)
        for a, b in zip(ours, his, strict=True)
    )


def test_the_file_s_rows_have_the_same_copies_as_the_frame(tmp_path):
    frame = copied().drop(columns=["bought", "level"]).assign(amount=lambda rows: rows["amount"])
    frame.to_parquet(tmp_path / "rows.parquet")
    inputs = [name for name in frame.columns if name != "amount"]
    ours = row_digests(tmp_path / "rows.parquet", inputs)
    oracle = frame.groupby(inputs, dropna=False).ngroup()
    assert (
        len(set(zip(ours.tolist(), oracle.tolist(), strict=True)))
        == oracle.nunique()
        == len(set(ours.tolist()))
    )


def test_the_three_files_of_a_split_share_no_row(tmp_path):
    copied().drop(columns=["bought", "level"]).to_parquet(tmp_path / "shop.parquet")
    asked = read_requirement(
        parameters={
            "data": str(tmp_path / "shop.parquet"),
            "target": "amount",
            "set": "split.validation_size=0.2",
        }
    )
    divided, rows = _divided(clean_rows(asked, tmp_path / "clean", lambda _: None), asked)
    amounts = copied()["amount"].to_numpy()[rows]
    parts = [set(amounts[at]) for at in (divided.train, divided.validation, divided.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 200


@pytest.mark.slow
def test_a_million_rows_take_seconds():
    rng = np.random.default_rng(1)
    at = rng.integers(0, 300_000, 1_000_000)
    X = pd.DataFrame({f"n{n}": rng.normal(size=300_000)[at] for n in range(20)})
    X["text"] = np.array([f"level {n}" for n in range(300_000)], dtype=object)[at]
    started = time.thread_time()
    found = find_copies(digests_of(X), at % 7, has_classes=True)
    is_held = held_whole(at % 7, found, 200_000, seed=1)
    assert time.thread_time() - started < 20
    assert abs(is_held.sum() - 200_000) < 2000
