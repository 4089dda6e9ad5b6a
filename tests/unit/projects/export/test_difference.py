"""How far two models' answers are apart."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from projects.export.proof import _difference

NUMBERS: Any = SimpleNamespace(classes=None)
LABELS: Any = SimpleNamespace(classes=["a", "b"])
NAN, INF = float("nan"), float("inf")
SAID = np.array(["a", "b"])


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([1.0, 200.0], [1.0, 100.0], 1.0),
        ([NAN, 2.0], [NAN, 2.5], 0.2),
        ([NAN, 2.0], [3.0, 2.0], math.inf),
        ([3.0, 2.0], [NAN, 2.0], math.inf),
        ([INF, 2.0], [INF, 2.0], 0.0),
        ([1.0, 2.0], [INF, 2.0], math.inf),
    ],
)
def test_numbers_are_apart_by_their_size_and_wholly_where_one_is_none(one, other, apart):
    assert _difference(NUMBERS, (np.array(one), None), (np.array(other), None)) == apart


def test_a_probability_that_is_none_is_wholly_apart_from_one():
    one, other = np.array([[0.5, 0.5], [NAN, NAN]]), np.full((2, 2), 0.5)
    assert _difference(LABELS, (SAID, one), (SAID, other)) == math.inf
    assert _difference(LABELS, (SAID, one), (SAID, one)) == 0.0


def test_no_probabilities_are_wholly_apart_from_some():
    some = np.full((2, 2), 0.5)
    assert _difference(LABELS, (SAID, None), (SAID, some)) == math.inf
    assert _difference(LABELS, (SAID, None), (SAID, None)) == 0.0
