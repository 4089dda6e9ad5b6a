"""Columns become the matrix that a style of model learns from best, as the options ask."""

import pickle
import subprocess
import sys
import warnings

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from projects.errors import BadInput
from projects.pickled import own_classes_by_value
from projects.preparation import Inputs, custom_modules, preparation, rows_to_learn
from projects.requirement.model import Cleaning, FeatureSection

ROWS = 200
INPUTS = Inputs(("age", "pay"), ("city", "title"), ("since",), {"city": 3, "title": 90})
FUNCTION = "tests.unit.projects.transformers.feature_functions.doubled"


def table():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.integers(18, 80, ROWS).astype(float), "pay": rng.normal(9, 3, ROWS)})
    frame["city"] = pd.Series(rng.choice(["Rom", "Oslo", "Bern"], ROWS), dtype=object)
    frame["title"] = pd.Series([f"clerk {n % 90}" for n in range(ROWS)], dtype=object)
    frame["since"] = pd.Series([str(np.datetime64("2020-01-01") + n) for n in range(ROWS)], dtype=object)
    frame.loc[::10, ["age", "pay"]] = np.nan
    frame.loc[::12, "city"] = None
    return frame


FRAME = table()
Y = (FRAME["age"].fillna(0) > 40).to_numpy()


def made(features=None, cleaning=None, style="linear", inputs=INPUTS, **more):
    steps = preparation(
        inputs,
        features or FeatureSection(),
        cleaning or Cleaning(),
        style=style,
        task="binary",
        seed=1,
        **more,
    )
    return Pipeline(steps).fit(FRAME, Y)


def cells(pipeline, name, frame=FRAME):
    at = pipeline.get_feature_names_out().tolist().index(name)
    return pipeline.transform(frame)[:, at]


@pytest.mark.parametrize("style", ["linear", "trees", "distance"])
def test_the_matrix_is_dense_float64_without_gaps(style):
    matrix = made(style=style).transform(FRAME)
    assert isinstance(matrix, np.ndarray)
    assert matrix.dtype == np.float64
    assert np.isfinite(matrix).all()


@pytest.mark.parametrize(("strategy", "fill"), [("mean", "mean"), ("median", "median"), ("drop", "median")])
def test_a_gap_in_numbers_takes_the_statistic(strategy, fill):
    pipeline = made(cleaning=Cleaning(missing_strategy=strategy), style="trees")
    assert cells(pipeline, "numbers__pay")[0] == pytest.approx(getattr(FRAME["pay"], fill)())


def test_mode_takes_the_most_frequent_number_and_text():
    pipeline = made(
        cleaning=Cleaning(missing_strategy="mode"), features=FeatureSection(scaling_method="none")
    )
    assert cells(pipeline, "numbers__age")[0] == FRAME["age"].mode()[0]
    assert not [name for name in pipeline.get_feature_names_out() if "missing" in name and "city" in name]


@pytest.mark.parametrize(("strategy", "at"), [("forward_fill", -1), ("backward_fill", 0)])
def test_a_served_gap_takes_the_last_or_first_training_value(strategy, at):
    pipeline = made(cleaning=Cleaning(missing_strategy=strategy), style="trees")
    assert cells(pipeline, "numbers__pay", FRAME.head(1))[0] == FRAME["pay"].dropna().iloc[at]


def test_a_columns_own_strategy_wins():
    cleaning = Cleaning(columns={"pay": {"missing_strategy": "mean"}})
    pipeline = made(cleaning=cleaning, style="trees")
    assert cells(pipeline, "numbers_mean__pay")[0] == pytest.approx(FRAME["pay"].mean())
    assert cells(pipeline, "numbers__age")[0] == FRAME["age"].median()


def test_a_gap_in_texts_is_a_level_of_its_own():
    pipeline = made()
    assert cells(pipeline, "texts__city_(missing)").sum() == FRAME["city"].isna().sum()


def test_what_was_missing_is_told_by_a_column():
    pipeline = made(style="trees")
    assert cells(pipeline, "numbers__missingindicator_age").tolist() == FRAME["age"].isna().tolist()


@pytest.mark.parametrize("method", ["standard", "minmax", "robust", "none"])
def test_numbers_are_scaled_as_asked(method):
    pay = cells(made(FeatureSection(scaling_method=method)), "numbers__pay")
    filled = FRAME["pay"].fillna(FRAME["pay"].median())
    spread = {
        "standard": pay.std(),
        "minmax": np.ptp(pay),
        "robust": np.subtract(*np.quantile(pay, [0.75, 0.25])),
    }
    assert spread.get(method, 1.0) == pytest.approx(1.0)
    if method == "none":
        np.testing.assert_array_equal(pay, filled)


def test_trees_get_numbers_as_they_are():
    known = FRAME["pay"].notna()
    np.testing.assert_array_equal(cells(made(style="trees"), "numbers__pay")[known], FRAME["pay"][known])


@pytest.mark.parametrize("method", ["iqr", "zscore"])
def test_outliers_are_pulled_to_the_bound(method):
    cleaning = Cleaning(outlier_method=method, outlier_threshold=1.0)
    pipeline = made(cleaning=cleaning, style="trees")
    far = FRAME.head(2).assign(pay=[1e9, -1e9])
    assert np.abs(cells(pipeline, "numbers__pay", far)).max() < 50


def test_texts_of_many_levels_are_known_by_target_letters_and_count():
    parts = {name.split("__")[0] for name in made(style="trees").get_feature_names_out() if "title" in name}
    assert parts == {"by_target", "counts", "vectors"}


def test_linear_models_see_the_most_frequent_of_many_levels_too():
    names = made(FeatureSection(max_categories=5)).get_feature_names_out()
    assert len([name for name in names if name.startswith("texts__title")]) == 5


def test_spellings_of_a_level_are_one():
    pipeline = made()
    spelt = FRAME.head(1).assign(city=pd.Series([" OSLO "], dtype=object))
    assert cells(pipeline, "texts__city_Oslo", spelt)[0] == 1.0


def test_dates_become_parts_and_cycles_or_stay_texts():
    linear = made().get_feature_names_out().tolist()
    assert {"dates__since_month", "dates__since_age_days", "dates__since_sin_month"} <= set(linear)
    assert "dates__since_sin_month" not in made(style="trees").get_feature_names_out()
    assert not any(
        name.startswith("dates") for name in made(FeatureSection(dates="none")).get_feature_names_out()
    )


def test_pairs_become_products_ratios_differences_crosses():
    names = made(FeatureSection(interactions=(("age", "pay"), ("city", "title")))).get_feature_names_out()
    assert {
        "numbers__age * pay",
        "numbers__age / pay",
        "numbers__age - pay",
        "by_target__city & title",
    } <= set(names)


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        (("age", "pai"), "there is no column 'pai' for an interaction; did you mean 'pay'"),
        (("age", "city"), "'age' and 'city' must be of two columns of one kind: numbers, texts or dates"),
    ],
)
def test_a_pair_that_cannot_be_is_refused(pair, sentence):
    with pytest.raises(BadInput, match=sentence):
        made(FeatureSection(interactions=(pair,)))


@pytest.mark.parametrize("style", ["linear", "trees"])
def test_found_interactions_reach_the_model(style):
    y = np.where(FRAME["age"].fillna(40) * FRAME["pay"].fillna(9) > 400, 1, 0)
    steps = preparation(
        INPUTS, FeatureSection(interactions="auto"), Cleaning(), style=style, task="binary", seed=1
    )
    names = Pipeline(steps).fit(FRAME, y).get_feature_names_out()
    assert "more_numbers__age * pay" in names


def test_a_custom_functions_columns_reach_the_model():
    frame = FRAME.rename(columns={"age": "a"})
    inputs = Inputs(("a", "pay"), INPUTS.texts, INPUTS.dates, INPUTS.distinct)
    steps = preparation(
        inputs, FeatureSection(custom=(FUNCTION,)), Cleaning(), style="trees", task="binary", seed=1
    )
    names = Pipeline(steps).fit(frame, Y).get_feature_names_out().tolist()
    assert {"more_numbers__twice", "more_numbers__flag", "more_texts__when"} <= set(names)
    assert custom_modules(FeatureSection(custom=(FUNCTION,))) == (FUNCTION.rpartition(".")[0],)


def test_stored_definitions_reach_the_model():
    stored = [{"name": "pay per year", "kind": "ratio", "columns": ["pay", "age"]}]
    assert "numbers__pay per year" in made(stored=stored).get_feature_names_out()


def test_a_stored_definition_of_a_column_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match=r"stored feature 'x' needs the column 'agee'.*did you mean 'age'"):
        made(stored=[{"name": "x", "kind": "log", "columns": ["agee"]}])


@pytest.mark.parametrize("style", ["linear", "trees", "distance"])
def test_only_the_selected_columns_reach_the_model(style):
    pipeline = made(FeatureSection(selection="statistical", n_features=2), style=style)
    kept = set(pipeline.named_steps["select"].get_feature_names_out())
    assert "age" in kept
    assert len(kept) == 2
    gone = set(INPUTS.names) - kept
    assert not [name for name in pipeline.get_feature_names_out() for column in gone if column in name]


def test_drop_learns_from_complete_rows_alone():
    mask = rows_to_learn(FRAME, INPUTS, Cleaning(missing_strategy="drop"))
    assert mask.tolist() == FRAME.notna().all(axis=1).tolist()
    assert rows_to_learn(FRAME, INPUTS, Cleaning()).all()
    one = Cleaning(columns={"age": {"missing_strategy": "drop"}})
    assert rows_to_learn(FRAME, INPUTS, one).tolist() == FRAME["age"].notna().tolist()


def test_drop_that_leaves_no_row_is_refused_with_the_emptiest_column():
    gaps = FRAME.assign(pay=np.nan)
    with pytest.raises(BadInput, match="'drop' leaves no row: each has a gap somewhere, most in 'pay'"):
        rows_to_learn(gaps, INPUTS, Cleaning(missing_strategy="drop"))


@pytest.mark.parametrize("style", ["linear", "trees"])
def test_steps_are_cloned_pickled_and_cross_validated(style):
    options = FeatureSection(selection="mutual_info", interactions="auto")
    steps = preparation(INPUTS, options, Cleaning(), style=style, task="binary", seed=1)
    pipeline = Pipeline([*steps, ("model", LogisticRegression(max_iter=20))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert cross_val_score(clone(pipeline), FRAME, Y, cv=3, error_score="raise").min() > 0
        fitted = pipeline.fit(FRAME, Y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(FRAME), fitted.predict(FRAME))


def test_the_same_seed_gives_the_same_matrix():
    np.testing.assert_array_equal(made(style="trees").transform(FRAME), made(style="trees").transform(FRAME))


def test_a_pipeline_pickled_by_value_loads_without_the_project(tmp_path):
    options = FeatureSection(selection="mutual_info", interactions="auto")
    pipeline = made(options, stored=[{"name": "log pay", "kind": "log", "columns": ["pay"]}])
    with own_classes_by_value():
        content = cloudpickle.dumps((pipeline, FRAME, pipeline.transform(FRAME)))
    (tmp_path / "pipeline.pkl").write_bytes(content)
    code = f"""
import pickle, sys
sys.modules["projects"] = sys.modules["serving"] = None
pipeline, frame, wanted = pickle.load(open({str(tmp_path / "pipeline.pkl")!r}, "rb"))
print((pipeline.transform(frame) == wanted).all())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr


def test_trees_keep_few_columns_however_many_texts_there_are():
    names = tuple(f"t{n}" for n in range(10))
    frame = pd.DataFrame(
        {name: pd.Series([f"{name} {n % 80}" for n in range(2000)], dtype=object) for name in names}
    )
    inputs = Inputs((), names, (), dict.fromkeys(names, 80))
    steps = preparation(inputs, FeatureSection(), Cleaning(), style="trees", task="binary", seed=1)
    matrix = Pipeline(steps).fit_transform(frame, np.arange(2000) % 2)
    assert isinstance(steps[-1][1], ColumnTransformer)
    assert matrix.shape[1] <= 60
