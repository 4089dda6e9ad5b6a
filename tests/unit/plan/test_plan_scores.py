"""A plan answers as the fitted model does, whatever the rows hold."""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from serving.plan.model import PlanInputError, Scores
from tests.unit.plan.plan_fixtures import (
    CASES,
    CITIES,
    CLASSIFIERS,
    COLOURS,
    REGRESSORS,
    as_columns,
    as_frame,
    as_rows,
    table,
)

NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=False, width=64),
    st.sampled_from([0.0, -0.0, 1e-300, 3.4e38, -3.5e38, 1e300, -1e308, 5e-324, 27.5]),
    st.integers(-(2**60), 2**60),
)
TAME = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, 1e-300, 27.5, 12.0]))
TEXTS = st.one_of(
    st.none(), st.just(math.nan), st.sampled_from([*CITIES, *COLOURS, "(missing)", ""]), st.text(max_size=4)
)
WILD = ("logistic", "svc_rbf", "random_forest", "gradient_boosting", "histogram", "lightgbm", "xgboost")
"""Those that are tried with numbers of any size; the others' own answers overflow there."""

SOME = [(name, "texts") for name in CLASSIFIERS] + [(name, "regression") for name in REGRESSORS]
EDGES = as_rows(
    as_frame(
        [
            (size, city, count, "red")
            for size in (None, 0.0, -0.0, 1e-300, -7.5, 10.0, 1e9)
            for city in ("Oslo", "Rom", None, "never seen", "")
            for count in (math.nan, 27.4, 50, 2**40)
        ]
    )
)


def own_answers(model, frame):
    with np.errstate(all="ignore"), threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        shares = model.predict_proba(frame) if hasattr(model, "predict_proba") else None
        return model.predict(frame).tolist(), shares


def agree(scores, wanted, shares, kind):
    if kind == "regression":
        np.testing.assert_allclose(scores.predictions, wanted, rtol=1e-9, atol=1e-9)
        return
    assert scores.predictions == wanted
    assert [type(label) for label in scores.predictions] == [type(label) for label in wanted]
    if shares is None:
        assert scores.probabilities is None
    else:
        np.testing.assert_allclose(scores.probabilities, shares, atol=1e-9)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_answers_as_the_model_does(fitted, name, kind):
    model = fitted(name, kind)
    rows = EDGES + as_rows(table(200, seed=9))
    wanted, shares = own_answers(model.pipeline, as_frame(rows))
    agree(model.plan.score(rows), wanted, shares, kind)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_columns_score_as_rows_do(fitted, name, kind):
    plan, frame = fitted(name, kind).plan, table(90, seed=4)
    scores = plan.score(as_rows(frame))
    predictions, shares = plan.score_columns(as_columns(frame))
    agree(Scores(predictions.tolist(), shares), scores.predictions, scores.probabilities, kind)


@pytest.mark.parametrize(("name", "kind"), SOME)
@settings(max_examples=6, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])
@given(data=st.data())
def test_answers_as_the_model_does_or_refuses_as_it_does(fitted, name, kind, data):
    model = fitted(name, kind)
    numbers = NUMBERS if name in WILD else TAME
    rows = data.draw(st.lists(st.tuples(numbers, TEXTS, numbers, TEXTS), min_size=1, max_size=6))
    try:
        wanted, shares = own_answers(model.pipeline, as_frame(rows))
    except ValueError:
        with pytest.raises(PlanInputError):
            model.plan.score(rows)
        return
    agree(model.plan.score(rows), wanted, shares, kind)


@pytest.mark.parametrize("name", [name for name in CLASSIFIERS if "sigmoid" not in name])
def test_labels_turn_where_the_models_do(fitted, name):
    model = fitted(name, "multiclass")
    rows = [(10.0, "Oslo", float(count), "red") for count in np.linspace(0, 50, 1001)]
    wanted, _ = own_answers(model.pipeline, as_frame(rows))
    assert len(set(wanted)) > 1
    assert model.plan.score(rows).predictions == wanted


@pytest.mark.parametrize(("name", "kind"), SOME)
def test_one_row_at_a_time_scores_as_all_rows_at_once(fitted, name, kind):
    plan = fitted(name, kind).plan
    rows = as_rows(table(30))
    together = plan.score(rows)
    apart = [plan.score([row]) for row in rows]
    shares = None if together.probabilities is None else [one.probabilities[0] for one in apart]
    agree(
        Scores([one.predictions[0] for one in apart], shares),
        together.predictions,
        together.probabilities,
        kind,
    )


@pytest.mark.parametrize("name", ["logistic", "random_forest", "lightgbm", "xgboost", "stack", "knn", "mlp"])
def test_several_threads_get_the_answers_of_one(fitted, name):
    plan = fitted(name, "texts").plan
    rows = as_rows(table(60))
    alone = [plan.score([row]).probabilities for row in rows]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda row: plan.score([row]).probabilities, rows * 5))
    assert together == alone * 5


@pytest.mark.parametrize("name", list(CLASSIFIERS))
def test_null_and_nan_are_the_same_gap(fitted, name):
    plan = fitted(name, "texts").plan
    assert plan.score([(None, None, 3, None)]) == plan.score([(math.nan, math.nan, 3, math.nan)])


def test_true_counts_as_one_in_a_number_column(fitted):
    plan = fitted("ridge", "regression").plan
    assert plan.score([(True, "Oslo", False, "red")]) == plan.score([(1.0, "Oslo", 0, "red")])


def test_a_number_in_a_text_column_counts_as_an_unseen_text(fitted):
    plan = fitted("logistic", "texts").plan
    assert plan.score([(1, 5, 2, "red")]) == plan.score([(1, "never seen", 2, "red")])


def test_probabilities_are_none_for_a_regression(fitted):
    assert fitted("lightgbm", "regression").plan.score([(1, "Oslo", 2, "red")]).probabilities is None


def test_probabilities_are_none_for_a_hard_vote(fitted):
    assert fitted("hard_vote", "texts").plan.score([(1, "Oslo", 2, "red")]).probabilities is None


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinity_is_refused_with_its_column_and_row(fitted, number):
    with pytest.raises(PlanInputError, match=r"column 'count' must be a finite number; row 1 has -?inf"):
        fitted("xgboost", "texts").plan.score([(1, "Oslo", 2, "red"), (1, "Oslo", number, "red")])


@pytest.mark.parametrize("cell", ["abc", [1], {}, 10**400])
def test_what_is_no_number_is_refused_with_its_column_and_row(fitted, cell):
    with pytest.raises(PlanInputError, match="column 'größe' must be a number; row 0 has"):
        fitted("logistic", "texts").plan.score([(cell, "Oslo", 2, "red")])


def test_a_list_in_a_text_column_is_refused(fitted):
    with pytest.raises(PlanInputError, match=r"column 'city' must be text; row 0 has \['Oslo'\]"):
        fitted("logistic", "texts").plan.score([(1, ["Oslo"], 2, "red")])


def test_a_row_of_another_length_is_refused(fitted):
    with pytest.raises(PlanInputError, match="row 0 must have 4 values, not 3"):
        fitted("logistic", "texts").plan.score([(1, "Oslo", 2)])


def test_no_rows_are_refused(fitted):
    with pytest.raises(PlanInputError, match="at least one row is needed"):
        fitted("logistic", "texts").plan.score([])


def test_a_number_beyond_float32_is_refused_where_the_model_reads_float32(fitted):
    with pytest.raises(PlanInputError, match="too large for a model of trees"):
        fitted("random_forest", "texts").plan.score([(1e39, "Oslo", 2, "red")])
