"""Tables made ready: each method against the library's own answer, and each misuse with its sentence."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from penstock import DataPreparation
from projects.errors import BadInput


@pytest.fixture
def prep():
    return DataPreparation()


def blobs(rows=1000):
    X, y = make_classification(rows, 8, n_informative=3, weights=[0.8], random_state=0)
    return pd.DataFrame(X, columns=[f"c{at}" for at in range(8)]), pd.Series(y, name="y")


def test_gaps_are_filled_and_outliers_pulled_by_default(prep):
    frame = pd.DataFrame({"age": [30.0, None, 40.0, 35.0, 33.0, 900.0]})
    cleaned = prep.clean_data(frame)["age"]
    assert cleaned.isna().sum() == 0
    assert cleaned.max() < 100
    assert prep.cleaned_.pulled == {"age": 1}


def test_the_target_is_left_alone_when_it_is_named(prep):
    frame = pd.DataFrame({"x": [1.0, None], "y": [7.0, 9.0]})
    assert prep.clean_data(frame, target_column="y")["y"].tolist() == [7.0, 9.0]


@pytest.mark.parametrize(
    ("frame", "options", "sentence"),
    [
        (
            {"x": [1.0]},
            {"missing_strategy": "meen"},
            r"missing_strategy must be one of .* did you mean 'mean'",
        ),
        ({"x": [1.0]}, {"outlier_method": "z"}, "outlier_method must be one of iqr, zscore, none"),
        ({"x": [1.0]}, {"outlier_threshold": 0}, "outlier_threshold must be a number above 0, not 0"),
        ({"x": [1.0, np.inf]}, {}, "column 'x' of the table must hold finite numbers; row 1 has inf"),
        ({"x": [None]}, {"missing_strategy": "drop"}, "no row is left: each has a gap somewhere"),
        ({"x": []}, {}, "the table has no rows"),
        ({}, {}, "the table has no columns"),
        ({"x": [1.0]}, {"target_column": "z"}, "there is no column 'z' to keep"),
    ],
)
def test_what_cannot_be_cleaned_is_told(prep, frame, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        prep.clean_data(pd.DataFrame(frame), **options)


def test_two_columns_of_one_name_are_refused(prep):
    with pytest.raises(BadInput, match="two columns called 'a'; rename one of them"):
        prep.clean_data(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_column_of_gaps_alone_is_warned_of(prep):
    with pytest.warns(UserWarning, match="holds nothing that gaps could be filled from: 'void'"):
        prep.clean_data(pd.DataFrame({"x": [1.0], "void": [None]}))


def test_shares_are_of_all_rows(prep):
    parts = prep.split_data(*blobs(), test_size=0.2, validation_size=0.1)
    assert [len(part) for part in parts] == [700, 100, 200] * 2


def test_parts_hold_every_row_once_with_its_target(prep):
    X, y = blobs()
    train, val, test, *truths = prep.split_data(X, y)
    assert sorted([*train.index, *val.index, *test.index]) == list(X.index)
    for part, truth in zip((train, val, test), truths, strict=True):
        pd.testing.assert_series_equal(truth, y.loc[part.index])


def test_classes_keep_their_shares(prep):
    X, y = blobs()
    *_, y_train, y_val, y_test = prep.split_data(X, y)
    for part in (y_train, y_val, y_test):
        assert part.mean() == pytest.approx(y.mean(), abs=0.01)


def test_amounts_are_split_at_random(prep):
    X, _ = blobs(100)
    parts = prep.split_data(X, X["c0"] * 3)
    assert [len(part) for part in parts[:3]] == [70, 10, 20]


def test_no_validation_rows_where_none_are_wanted(prep):
    parts = prep.split_data(*blobs(100), validation_size=0)
    assert [len(part) for part in parts[:3]] == [80, 0, 20]


def test_arrays_give_arrays_and_lists_lists(prep):
    X, y = blobs(100)
    parts = prep.split_data(X.to_numpy(), y.tolist())
    assert isinstance(parts[0], np.ndarray)
    assert isinstance(parts[3], list)


def test_a_seed_gives_the_same_split():
    X, y = blobs(200)
    first, again = (DataPreparation(random_state=5).split_data(X, y)[2].index for _ in range(2))
    assert first.equals(again)
    assert not first.equals(DataPreparation(random_state=6).split_data(X, y)[2].index)


def test_rows_without_a_target_are_in_no_part_and_warned_of(prep):
    X, y = blobs(100)
    y = y.astype(float).where(y.index > 4)
    with pytest.warns(UserWarning, match="5 rows are in no part: the target is missing"):
        parts = prep.split_data(X, y)
    assert sum(map(len, parts[:3])) == 95


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"test_size": 20}, "test_size must be a share of all rows from 0.01 to 0.9, not 20"),
        ({"test_size": 0.6, "validation_size": 0.4}, "leave no rows to learn from"),
        ({"validation_size": "x"}, "validation_size must be a share of all rows"),
    ],
)
def test_shares_that_cannot_be_are_told(prep, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        prep.split_data(*blobs(100), **options)


def test_a_target_of_another_length_is_told(prep):
    X, y = blobs(100)
    with pytest.raises(BadInput, match="X has 100 rows and y has 99; give one value a row"):
        prep.split_data(X, y[:-1])


@pytest.mark.parametrize("method", ["mutual_info", "correlation", "rfe", "tree_importance", "statistical"])
def test_the_columns_that_matter_are_kept_heaviest_first(prep, method):
    X, y = blobs(400)
    X["noise"] = np.random.default_rng(1).normal(size=400)
    kept, names = prep.select_features(X, y, method=method, n_features=3)
    assert list(kept.columns) == names
    assert len(names) == 3
    assert "noise" not in names
    weights = [prep.feature_importance_[name] for name in names]
    assert weights == sorted(weights, reverse=True)


def test_texts_and_gaps_can_be_selected(prep):
    X, y = blobs(300)
    X["told"] = np.where(y == 1, "yes", "no")
    X.loc[::7, ["c1", "told"]] = None
    assert prep.select_features(X, y, n_features=1)[1] == ["told"]


def test_more_features_than_there_are_keep_all(prep):
    assert len(prep.select_features(*blobs(100), n_features=50)[1]) == 8


def test_an_unknown_method_is_told_with_the_nearest(prep):
    with pytest.raises(BadInput, match="did you mean 'correlation'"):
        prep.select_features(*blobs(100), method="corelation")


@pytest.mark.parametrize(
    ("method", "oracle"), [("standard", StandardScaler), ("minmax", MinMaxScaler), ("robust", RobustScaler)]
)
def test_numbers_are_scaled_as_scikit_learn_does(prep, method, oracle):
    X, _ = blobs(50)
    X.loc[3, "c0"] = np.nan
    scaled = prep.scale_features(X.assign(name="a"), method=method)
    np.testing.assert_allclose(scaled[X.columns], oracle().fit_transform(X))
    assert (scaled["name"] == "a").all()


def test_later_rows_are_scaled_by_what_was_fitted(prep):
    X, _ = blobs(50)
    prep.scale_features(X[:40])
    np.testing.assert_allclose(
        prep.scale_features(X[40:], fit=False), StandardScaler().fit(X[:40]).transform(X[40:])
    )


def test_scaling_by_nothing_fitted_is_told(prep):
    with pytest.raises(BadInput, match="no scaler is fitted yet; call scale_features with fit=True"):
        prep.scale_features(blobs(50)[0], fit=False)


def test_a_missing_scaled_column_is_told(prep):
    X, _ = blobs(50)
    prep.scale_features(X)
    with pytest.raises(BadInput, match="fitted on a column 'c0', which X has not"):
        prep.scale_features(X.drop(columns="c0"), fit=False)


def test_a_column_of_gaps_alone_is_scaled_without_a_word(prep):
    scaled = prep.scale_features(pd.DataFrame({"x": [1.0, 3.0], "void": [np.nan, np.nan]}))
    assert scaled["x"].tolist() == [-1.0, 1.0]
    assert scaled["void"].isna().all()
