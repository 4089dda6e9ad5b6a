"""Groups are compared as counted by hand."""

import re

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.evaluation.fairness import as_metrics, as_table, fairness, in_words
from projects.evaluation.metrics import Answers
from projects.evaluation.subject import Subject

# Group a: 6 rows, truth 1 1 1 0 0 0, said 1 1 0 1 0 0; group b: 4 rows, truth 1 1 0 0, said 1 0 0 0.
TRUTH = np.array([1, 1, 1, 0, 0, 0, 1, 1, 0, 0])
SAID = np.array([1, 1, 0, 1, 0, 0, 1, 0, 0, 0])
GROUP = pd.DataFrame({"group": list("aaaaaabbbb")})


def answers(truth=TRUTH, said=SAID):
    return Answers(truth, said, np.column_stack([1 - said, said]).astype(float), (0, 1))


def subject(groups=GROUP):
    return Subject(None, "binary", (0, 1), pd.DataFrame({"x": np.zeros(len(groups))}), None, beside=groups)


FOUND = fairness(subject(), answers(), ["group"])[0]
A, B = FOUND.groups


def test_the_selection_rate_is_the_share_called_positive():
    assert (A.selection_rate, B.selection_rate) == (3 / 6, 1 / 4)


def test_the_true_positive_rate_is_of_the_truly_positive():
    assert (A.tpr, B.tpr) == (2 / 3, 1 / 2)


def test_the_false_positive_rate_is_of_the_truly_negative():
    assert (A.fpr, B.fpr) == (1 / 3, 0 / 2)


def test_the_precision_is_of_those_called_positive():
    assert (A.precision, B.precision) == (2 / 3, 1 / 1)


def test_demographic_parity_compares_the_selection_rates():
    assert FOUND.demographic_parity_difference == 3 / 6 - 1 / 4
    assert FOUND.demographic_parity_ratio == (1 / 4) / (3 / 6)


def test_equalised_odds_compares_the_rates_and_takes_the_larger_difference():
    assert FOUND.equalized_odds_difference == 1 / 3


def test_the_errors_are_compared():
    assert FOUND.error_difference == pytest.approx(2 / 6 - 1 / 4)


def test_small_groups_are_named():
    assert in_words(FOUND) == ["group: fewer than 30 rows of 'a', 'b'; their rates are mostly chance"]


def many(share_b):
    rng = np.random.default_rng(7)
    groups = pd.DataFrame({"group": ["a"] * 500 + ["b"] * 500})
    said = (rng.random(1000) < np.where(groups["group"] == "a", 0.5, share_b)).astype(int)
    return in_words(fairness(subject(groups), answers(said.copy(), said), ["group"])[0])


def test_a_large_gap_is_said_aloud():
    assert re.fullmatch(r"group: 2.\..% of 'b' are called positive, [45].\..% of 'a'", many(0.2)[0])


def test_a_small_gap_is_not():
    assert many(0.48) == []


def test_the_metrics_are_named_by_column_and_measure():
    names = as_metrics([FOUND])
    assert names["fairness.group.demographic_parity_difference"] == 0.25
    odd = fairness(subject(GROUP.rename(columns={"group": "a.b (%)"})), answers(), ["a.b (%)"])
    assert next(iter(as_metrics(odd))) == "fairness.a_b ___.demographic_parity_difference"


def test_a_group_without_positives_has_no_true_positive_rate():
    found = fairness(subject(), answers(truth=np.array([1, 1, 1, 0, 0, 0] + [0] * 4)), ["group"])[0]
    assert np.isnan(found.groups[1].tpr)
    assert found.equalized_odds_difference == pytest.approx(1 / 3 - 1 / 4)


def test_nobody_called_positive_has_no_ratio():
    found = fairness(subject(), answers(said=np.zeros(10, int)), ["group"])[0]
    assert found.demographic_parity_difference == 0
    assert np.isnan(found.demographic_parity_ratio)


def test_groups_of_a_regression_are_compared_by_error_and_bias():
    given = Answers(np.zeros(10), np.array([1.0] * 6 + [-2.0] * 4), None, None)
    found = fairness(subject(), given, ["group"])[0]
    assert [group.error for group in found.groups] == [1.0, 2.0]
    assert [group.bias for group in found.groups] == [1.0, -2.0]
    assert found.error_difference == 1.0
    assert np.isnan(found.demographic_parity_difference)


def test_people_without_a_group_are_a_group():
    groups = pd.DataFrame({"group": ["a"] * 5 + [None] * 5}, dtype=object)
    assert [one.name for one in fairness(subject(groups), answers(), ["group"])[0].groups] == [
        "a",
        "(missing)",
    ]


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match=r"groups names 'gruop', which is no column; did you mean 'group'\?"):
        fairness(subject(), answers(), ["gruop"])


def test_the_table_has_a_row_a_group():
    assert as_table([FOUND])["rows"].tolist() == [6, 4]
