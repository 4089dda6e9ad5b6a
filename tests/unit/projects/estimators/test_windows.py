"""Windows of time are columns of the row, and the LSTM reads them as steps."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from projects.estimators.sequence import SequenceRegressor
from projects.estimators.windows import lag_columns, steps_in_order, steps_of


@pytest.fixture
def needs_torch():
    pytest.importorskip("torch")


def hours(rows=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"moment": rng.permutation(rows), "shop": rng.choice(["a", "b"], rows), "sold": rng.normal(size=rows)}
    )


@pytest.mark.parametrize("group", [None, "shop"])
def test_lags_are_what_duckdb_says(group):
    frame = hours()
    over = f"{f'partition by {group}' if group else ''} order by moment"
    query = f"select lag(sold, 1) over ({over}) a, lag(sold, 2) over ({over}) b from frame order by moment"
    expected = duckdb.sql(query).df()
    found = lag_columns(
        frame, ["sold"], window=2, time=frame["moment"], group=None if group is None else frame[group]
    )
    in_order = found.iloc[np.argsort(frame["moment"].to_numpy())]
    assert list(found.columns) == ["sold_lag_1", "sold_lag_2"]
    np.testing.assert_array_equal(in_order.to_numpy(), expected.to_numpy())


def test_lags_keep_the_frames_own_order_and_index():
    frame = hours().set_index(pd.Index(range(100, 160)))
    assert list(lag_columns(frame, ["sold"], window=1, time=frame["moment"]).index) == list(frame.index)


def test_steps_go_from_the_oldest_to_the_newest_and_repeat_other_columns():
    names = ["x", "shop", "x_lag_1", "x_lag_2", "y_lag_2", "y_lag_1"]
    assert steps_of(names).tolist() == [[3, 4, 1], [2, 5, 1], [0, -1, 1]]


def test_without_lags_there_are_no_windows():
    assert steps_of(["x", "y", "lag_1", "x_lag_0", "x_lag_one"]) is None


@pytest.mark.parametrize(
    ("columns", "expected"), [(3, [[0], [1], [2]]), (5, [[0, 1], [2, 3], [4, -1]]), (1, [[0]])]
)
def test_columns_are_read_in_order_with_several_a_step_where_there_are_many(columns, expected):
    assert steps_in_order(columns, 4).tolist() == expected


def wave(rows=500):
    past = np.lib.stride_tricks.sliding_window_view(np.sin(np.arange(rows + 4) / 3), 5)
    names = ["v_lag_4", "v_lag_3", "v_lag_2", "v_lag_1"]
    return pd.DataFrame(past[:, :4], columns=names).assign(noise=0.5), past[:, 4]


@pytest.mark.usefixtures("needs_torch")
def test_the_lstm_reads_the_windows_that_the_names_say():
    X, y = wave()
    net = SequenceRegressor(hidden_size=8, max_epochs=60, learning_rate=0.02, random_state=0).fit(X, y)
    assert net.reads_ == "windows of 4 steps of 2 columns"
    assert net.steps_.tolist() == [[0, 4], [1, 4], [2, 4], [3, 4]]
    assert net.score(X, y) > 0.98


@pytest.mark.usefixtures("needs_torch")
def test_steps_can_be_given_where_columns_have_no_names():
    X, y = wave()
    steps = [[0, 4], [1, 4], [2, 4], [3, 4]]
    options = {"hidden_size": 8, "max_epochs": 5, "random_state": 0}
    by_steps = SequenceRegressor(**options, steps=steps).fit(X.to_numpy(), y)
    by_names = SequenceRegressor(**options).fit(X, y)
    assert (by_steps.predict(X.to_numpy()) == by_names.predict(X)).all()


@pytest.mark.usefixtures("needs_torch")
def test_without_windows_it_says_that_it_reads_the_columns_as_a_sequence():
    X, y = wave()
    net = SequenceRegressor(hidden_size=4, max_epochs=1, max_steps=3).fit(X.to_numpy(), y)
    assert net.reads_ == "the row's 5 columns as a sequence of 3 steps"


@pytest.mark.usefixtures("needs_torch")
@pytest.mark.parametrize("steps", [[[0, 9]], [0, 1], [[0.5]]])
def test_steps_that_are_no_places_are_refused(steps):
    with pytest.raises(ValueError, match="steps must be lists of equal length of columns' places below 5"):
        SequenceRegressor(steps=steps).fit(wave()[0].to_numpy(), wave()[1])


@pytest.mark.usefixtures("needs_torch")
def test_a_place_that_stands_for_nothing_has_no_weight():
    X, y = wave()
    net = SequenceRegressor(hidden_size=4, max_epochs=2, steps=[[0, -1], [1, 4]]).fit(X.to_numpy(), y)
    assert (net.input_weights_[0, 1] == 0).all()
    other = X.to_numpy().copy()
    other[:, 3] += 100
    np.testing.assert_array_equal(net.predict(other), net.predict(X.to_numpy()))
