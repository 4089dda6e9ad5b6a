"""A plan answers as the fitted pipeline does, whatever the rows hold."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.plan.model import PlanInputError
from tests.unit.plan.plan_fixtures import CITIES, COLOURS, FAMILIES, KINDS, as_frame, fitted, table

CASES = [(family, kind) for family in FAMILIES for kind in KINDS]
NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=False, width=64),
    st.sampled_from([0.0, -0.0, 1e-300, 3.4e38, -3.5e38, 1e300, -1e308, 5e-324, 27.5]),
    st.integers(-(2**60), 2**60),
)
TEXTS = st.one_of(
    st.none(), st.just(math.nan), st.sampled_from([*CITIES, *COLOURS, "(missing)", ""]), st.text(max_size=4)
)
ROWS = st.lists(st.tuples(NUMBERS, TEXTS, NUMBERS, TEXTS), min_size=1, max_size=6)


@pytest.mark.parametrize(("family", "kind"), CASES)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_answers_as_the_pipeline_does_or_refuses_as_it_does(family, kind, rows):
    model = fitted(family, kind)
    try:
        with np.errstate(all="ignore"):
            wanted = model.pipeline.predict(as_frame(rows)).tolist()
    except ValueError:
        with pytest.raises(PlanInputError):
            model.plan.score(rows)
        return
    scores = model.plan.score(rows)
    if kind == "regression":
        np.testing.assert_allclose(scores.predictions, wanted, rtol=1e-9, atol=1e-9)
        return
    assert scores.predictions == wanted
    assert [type(label) for label in scores.predictions] == [type(label) for label in wanted]
    with np.errstate(all="ignore"):
        shares = model.pipeline.predict_proba(as_frame(rows))
    np.testing.assert_allclose(scores.probabilities, shares, atol=1e-9)


@pytest.mark.parametrize(("family", "kind"), [case for case in CASES if case[1] != "regression"])
def test_labels_turn_where_the_pipelines_do(family, kind):
    model = fitted(family, kind)
    rows = [(10.0, "Oslo", float(count), "red") for count in np.linspace(0, 50, 2001)]
    wanted = model.pipeline.predict(as_frame(rows)).tolist()
    assert len(set(wanted)) > 1
    assert model.plan.score(rows).predictions == wanted


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_one_row_at_a_time_scores_as_all_rows_at_once(family, kind):
    plan = fitted(family, kind).plan
    rows = table(40).to_numpy(dtype=object).tolist()
    together = plan.score(rows)
    apart = [plan.score([row]) for row in rows]
    if kind == "regression":
        assert [one.predictions[0] for one in apart] == pytest.approx(together.predictions, rel=1e-12)
    else:
        assert [one.predictions[0] for one in apart] == together.predictions
        assert [one.probabilities[0] for one in apart] == pytest.approx(
            np.array(together.probabilities), abs=1e-12
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_several_threads_get_the_answers_of_one(family):
    plan = fitted(family, "texts").plan
    rows = table(60).to_numpy(dtype=object).tolist()
    alone = [plan.score([row]).probabilities for row in rows]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda row: plan.score([row]).probabilities, rows * 20))
    assert together == alone * 20


@pytest.mark.parametrize("family", FAMILIES)
def test_null_and_nan_are_the_same_gap(family):
    plan = fitted(family, "texts").plan
    assert plan.score([(None, None, 3, None)]) == plan.score([(math.nan, math.nan, 3, math.nan)])


def test_true_counts_as_one_in_a_number_column():
    plan = fitted("linear", "regression").plan
    assert plan.score([(True, "Oslo", False, "red")]) == plan.score([(1.0, "Oslo", 0, "red")])


def test_a_number_in_a_text_column_counts_as_an_unseen_text():
    plan = fitted("linear", "texts").plan
    assert plan.score([(1, 5, 2, "red")]) == plan.score([(1, "never seen", 2, "red")])


def test_probabilities_are_none_for_a_regression():
    assert fitted("lightgbm", "regression").plan.score([(1, "Oslo", 2, "red")]).probabilities is None


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_infinity_is_refused_with_its_column_and_row(number):
    with pytest.raises(PlanInputError, match=r"column 'count' must be a finite number; row 1 has -?inf"):
        fitted("xgboost", "texts").plan.score([(1, "Oslo", 2, "red"), (1, "Oslo", number, "red")])


@pytest.mark.parametrize("cell", ["abc", [1], {}, 10**400])
def test_what_is_no_number_is_refused_with_its_column_and_row(cell):
    with pytest.raises(PlanInputError, match="column 'größe' must be a number; row 0 has"):
        fitted("linear", "texts").plan.score([(cell, "Oslo", 2, "red")])


def test_a_list_in_a_text_column_is_refused():
    with pytest.raises(PlanInputError, match=r"column 'city' must be text; row 0 has \['Oslo'\]"):
        fitted("linear", "texts").plan.score([(1, ["Oslo"], 2, "red")])


def test_a_row_of_another_length_is_refused():
    with pytest.raises(PlanInputError, match="row 0 must have 4 values, not 3"):
        fitted("linear", "texts").plan.score([(1, "Oslo", 2)])


def test_no_rows_are_refused():
    with pytest.raises(PlanInputError, match="at least one row is needed"):
        fitted("linear", "texts").plan.score([])


def test_a_number_beyond_float32_is_refused_where_the_model_reads_float32():
    with pytest.raises(PlanInputError, match="too large for a random forest"):
        fitted("random_forest", "texts").plan.score([(1e39, "Oslo", 2, "red")])
