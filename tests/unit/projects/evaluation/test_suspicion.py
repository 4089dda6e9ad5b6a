"""What is too good or will not last is said aloud."""

import numpy as np
import pandas as pd
import pytest

from projects.evaluation.suspicion import drifting, one_column_rules, repeats, suspicion

RNG = np.random.default_rng(10)


def test_a_perfect_score_is_said_aloud():
    sentence = suspicion({"r2": 1.0}, {"a": 0.1, "b": 0.6, "c": 0.3}, 100)
    assert sentence == "r2 1.0000 is nearly perfect: see whether 'b' or 'c' gives the answer away"


def test_a_perfect_score_on_a_handful_of_rows_is_not():
    assert suspicion({"roc_auc": 1.0}, {"a": 1.0}, 30) is None


def test_one_column_that_is_the_model_is_said_aloud():
    sentence = one_column_rules({"a": 0.05, "leak": 0.9, "b": 0.05})
    assert sentence == "'leak' is 90% of the model: see whether it is known at the time of a prediction"


@pytest.mark.parametrize("weights", [{"a": 0.6, "b": 0.2, "c": 0.2}, {"a": 0.9, "b": 0.1}, {}])
def test_a_column_that_weighs_most_of_few_is_not(weights):
    assert one_column_rules(weights) is None


def rows(count):
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=count), "b": [None, "x"] * (count // 2)})
    return X, np.arange(count) % 2


def test_held_out_rows_that_were_learned_from_are_said_aloud():
    X, y = rows(80)
    copied, answers = pd.concat([X, X[60:65]], ignore_index=True), np.append(y, y[60:65])
    held, learned = np.arange(60, 80), [*range(60), *range(80, 85)]
    assert repeats(X, y, np.arange(60), held) is None
    assert (repeats(copied, answers, learned, held) or "").startswith(
        "5 of 20 held-out rows equal a row that was learned from: if they"
    )


def test_rows_alike_with_another_answer_are_no_copies():
    X, y = rows(20)
    twice = pd.concat([X, X], ignore_index=True)
    assert repeats(twice, np.append(y, 1 - y), np.arange(20), np.arange(20, 40)) is None


def test_columns_that_grow_along_the_table_drift():
    days = [f"2024-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(200)]
    X = pd.DataFrame(
        {
            "day": pd.Series(days, dtype=object),
            "noise": RNG.normal(size=200),
            "price": np.arange(200.0, 0, -1),
        }
    )
    X.loc[::9, "price"] = np.nan
    assert drifting(X, {"day": 0.5, "noise": 0.3, "price": 0.2}) == ["day", "price"]


def test_columns_that_do_not_matter_do_not_drift():
    assert drifting(pd.DataFrame({"a": np.arange(200.0)}), {"a": 0.001}) == []


def test_few_rows_and_constant_columns_do_not_drift():
    assert drifting(pd.DataFrame({"a": np.arange(20.0)}), {"a": 1.0}) == []
    assert drifting(pd.DataFrame({"a": np.ones(200), "b": [None] * 200}), {"a": 0.5, "b": 0.5}) == []
