"""Sums behind curves stay sums: of numbers, of probabilities, of shares of a total."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving.plan.estimator import sigmoid, softmax
from serving.plan.explaining.parts import Parts, mean, placed

NUMBERS = st.floats(-30, 30, width=32)
BASES = arrays(np.float64, (2, 3), elements=NUMBERS)
EACH = arrays(np.float64, (2, 3, 4), elements=NUMBERS)


@given(base=BASES, each=EACH)
def test_a_softmaxs_parts_add_up_to_probabilities(base, each):
    parts = Parts(base, each).softmax()
    np.testing.assert_allclose(parts.base, softmax(base), atol=1e-12)
    np.testing.assert_allclose(parts.total, softmax(Parts(base, each).total), atol=1e-8)


@given(base=BASES, each=EACH)
def test_a_column_adds_nothing_to_all_classes_together(base, each):
    np.testing.assert_allclose(Parts(base, each).softmax().each.sum(axis=1), 0, atol=1e-9)


@given(
    base=arrays(np.float64, (2, 1), elements=NUMBERS), each=arrays(np.float64, (2, 1, 4), elements=NUMBERS)
)
def test_of_two_classes_the_softmax_is_the_sigmoid_in_proportion(base, each):
    two = Parts(np.hstack([0 * base, base]), np.concatenate([0 * each, each], axis=1))
    one = Parts(base, each).through(sigmoid).both_sides()
    np.testing.assert_allclose(two.softmax().total, one.total, atol=1e-8)
    np.testing.assert_allclose(two.softmax().each, one.each, atol=2e-5)


@given(base=BASES, each=EACH)
def test_a_curves_parts_add_up(base, each):
    parts = Parts(base, each)
    np.testing.assert_allclose(parts.through(np.arctan).total, np.arctan(parts.total), atol=1e-8)


def test_parts_that_cancel_out_take_the_curves_slope():
    parts = Parts(np.array([[0.0]]), np.array([[[3.0, -3.0]]])).through(sigmoid)
    np.testing.assert_allclose(parts.each[0, 0], [0.75, -0.75], atol=1e-6)


@given(
    base=arrays(np.float64, (2, 3), elements=st.floats(0, 1, width=32)),
    each=arrays(np.float64, (2, 3, 4), elements=st.floats(0, 1, width=32)),
)
def test_shares_of_a_total_add_up(base, each):
    parts = Parts(base, each)
    ends = parts.total
    wholes = ends.sum(axis=1, keepdims=True)
    wanted = np.divide(ends, wholes, out=np.full_like(ends, 1 / 3), where=wholes > 0)
    np.testing.assert_allclose(parts.shared_out().total, wanted, atol=1e-6)


def test_the_mean_weighs_members():
    one, two = Parts(np.array([[1.0]]), np.array([[[1.0]]])), Parts(np.array([[4.0]]), np.array([[[7.0]]]))
    both = mean([one, two], np.array([2.0, 1.0]))
    assert both.base.tolist() == [[2.0]]
    assert both.each.tolist() == [[[3.0]]]


def test_parts_of_some_columns_find_their_places_among_all():
    parts = placed(Parts(np.zeros((1, 1)), np.array([[[5.0, 6.0]]])), np.array([3, 1]), 4)
    assert parts.each.tolist() == [[[0.0, 6.0, 0.0, 5.0]]]


def test_probabilities_of_one_member_alone_are_not_all_probabilities():
    plain = Parts(np.zeros((1, 2)), np.zeros((1, 2, 1)))
    assert not mean([plain, plain.softmax()]).are_shares
    assert mean([plain.softmax()]).are_shares


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e8])
def test_extreme_scores_keep_probabilities_finite(scale):
    parts = Parts(np.zeros((1, 3)), scale * np.array([[[1.0, -2.0], [0.5, 0.5], [3.0, -3.0]]])).softmax()
    assert np.isfinite(parts.each).all()
    np.testing.assert_allclose(parts.total.sum(), 1, atol=1e-9)
