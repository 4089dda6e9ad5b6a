"""What is too good or will not last is said aloud."""

import numpy as np
import pandas as pd
import pytest

from projects.evaluation.suspicion import drifting, one_column_rules, repeats, suspicion
from projects.split import Split

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


def held_out(learned, held):
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"a": rng.normal(size=learned + held), "b": [None, "x"] * ((learned + held) // 2)})
    y = np.arange(learned + held) % 2
    return Split(X[:learned], y[:learned], X[learned:].reset_index(drop=True), y[learned:])


def test_held_out_rows_that_were_learned_from_are_said_aloud():
    parts = held_out(60, 20)
    copied = Split(
        pd.concat([parts.X_train, parts.X_held[:5]]),
        np.append(parts.y_train, parts.y_held[:5]),
        parts.X_held,
        parts.y_held,
    )
    assert repeats(parts) is None
    assert (repeats(copied) or "").startswith(
        "5 of 20 held-out rows equal a row that was learned from: if they"
    )


def test_rows_alike_with_another_answer_are_no_copies():
    parts = held_out(60, 20)
    assert repeats(Split(parts.X_held, 1 - parts.y_held, parts.X_held, parts.y_held)) is None


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
