"""Steps learned chunk by chunk equal scikit-learn's own fit on the same rows."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder

from projects.beyond_memory import chunks
from projects.beyond_memory.levels import folds_of
from projects.beyond_memory.parts import FOLDS
from tests.unit.projects.beyond_memory.streamed_fixtures import all_rows, fitted, last_fit, streamed


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 700)


def prepared(tmp_path, target, candidate, **parameters):
    table, problem = streamed(tmp_path, target, **parameters)
    assert table.decision.is_streamed
    folder = tmp_path / "kept"
    folder.mkdir()
    made = last_fit(table, problem, fitted(problem, candidate), tmp_path).prepared(folder)
    return table, problem, made


def places(pipeline, *without):
    names = enumerate(pipeline.get_feature_names_out())
    return {name: place for place, name in names if not any(word in name for word in without)}


@pytest.mark.parametrize(
    "more",
    [
        "",
        "; cleaning.outlier_method=iqr; features.scaling_method=robust",
        "; cleaning.outlier_method=zscore; cleaning.missing_strategy=mean; features.scaling_method=minmax",
        "; cleaning.missing_strategy=mode; features.max_categories=3",
    ],
)
@pytest.mark.parametrize("target", ["amount", "bought", "level"])
def test_served_rows_become_what_a_fit_on_all_rows_makes_of_them(tmp_path, target, more):
    linear = "ridge" if target == "amount" else "logistic"
    table, problem, made = prepared(tmp_path, target, linear, set=f"sampling.memory=1MB{more}")
    X, labels, _ = all_rows(table, problem)
    whole = Pipeline(fitted(problem, linear, X, labels).steps[:-1])
    mine = Pipeline(made.steps)
    held = problem.features.frame.iloc[problem.divided.test]
    mine_at, at = places(mine, "by_target", "vector"), places(whole, "by_target", "vector")
    assert list(mine_at) == list(at)
    assert len(at) > 8
    np.testing.assert_allclose(
        mine.transform(held)[:, list(mine_at.values())],
        whole.transform(held)[:, list(at.values())],
        rtol=1e-11,
        atol=1e-11,
    )


def test_target_means_for_served_rows_equal_those_of_all_rows(tmp_path):
    table, problem, made = prepared(tmp_path, "bought", "lightgbm")
    X, labels, _ = all_rows(table, problem)
    whole = Pipeline(fitted(problem, "lightgbm", X, labels).steps[:-1])
    held = problem.features.frame.iloc[problem.divided.test]
    mine = Pipeline(made.steps)
    mine_at, at = places(mine, "vector"), places(whole, "vector")
    assert list(mine_at) == list(at)
    np.testing.assert_allclose(
        mine.transform(held)[:, list(mine_at.values())],
        whole.transform(held)[:, list(at.values())],
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("target", ["amount", "bought", "level"])
def test_a_row_learns_the_target_mean_of_the_other_folds(tmp_path, target):
    table, problem, made = prepared(tmp_path, target, "lightgbm")
    X, _, codes = all_rows(table, problem)
    every = list(made_chunks(table, problem))
    folds = np.concatenate([folds_of(chunk.positions, FOLDS, problem.asked.seed) for chunk in every])
    kind = {"amount": "continuous", "bought": "binary", "level": "multiclass"}[target]
    encoder = TargetEncoder(target_type=kind, cv=PredefinedSplit(folds))
    wanted = encoder.fit_transform(X[["agent"]].to_numpy(dtype=object), codes)
    names = list(Pipeline(made.steps).get_feature_names_out())
    at = [place for place, name in enumerate(names) if name.startswith("by_target__agent")]
    found = np.concatenate([made.matrix(chunk) for chunk in every])[:, at]
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


def made_chunks(table, problem):
    from projects.beyond_memory.chunks import LearnedRows
    from projects.growth import learnable

    return LearnedRows(problem, table, learnable(problem, table)).chunks()


def test_a_row_is_not_among_its_own_others(tmp_path):
    table, problem, made = prepared(tmp_path, "bought", "lightgbm")
    X, labels, _ = all_rows(table, problem)
    whole = Pipeline(fitted(problem, "lightgbm", X, labels).steps[:-1])
    names = list(whole.get_feature_names_out())
    at = names.index("counts__agent")
    found = np.concatenate([made.matrix(chunk) for chunk in made_chunks(table, problem)])[:, at]
    np.testing.assert_allclose(found, np.log(X.groupby("agent")["agent"].transform("size")), rtol=1e-12)


def test_levels_beyond_the_bound_are_let_go_aloud(tmp_path, monkeypatch):
    monkeypatch.setattr("projects.beyond_memory.levels.MOST_LEVELS", 100)
    monkeypatch.setattr("projects.beyond_memory.parts.LevelTable.__init__.__defaults__", (100,))
    table, problem, made = prepared(tmp_path, "bought", "lightgbm")
    assert all(np.isfinite(made.matrix(chunk)[:, -1]).all() for chunk in made_chunks(table, problem))
    assert any("'agent' has more texts than 100: the rarest" in said for said in made.said)


def test_what_stays_as_the_sample_made_it_is_told(tmp_path):
    _, _, made = prepared(tmp_path, "bought", "lightgbm")
    assert "what becomes of 'agent' by TextVectors is learned on the sample" in made.said
