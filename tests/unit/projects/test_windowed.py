"""Windows of time are columns of the row, made only where they are asked for."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.requirement.model import Requirement
from projects.splitting import Marks
from projects.windowed import with_windows

ROWS = pd.DataFrame({"load": [1.0, 2.0, 3.0, 4.0], "place": ["a", "b", "a", "b"]})
LATEST_FIRST = Marks(times=np.array([4.0, 3.0, 2.0, 1.0]))


def asked(**values):
    return Requirement.model_validate(values)


def test_a_row_carries_the_rows_before_it_in_time():
    made, (said,) = with_windows(ROWS, asked(features={"windows": 2}), LATEST_FIRST)
    assert made["load_lag_1"].tolist()[:3] == [2.0, 3.0, 4.0]
    assert made["load_lag_2"].tolist()[:2] == [3.0, 4.0]
    assert np.isnan(made["load_lag_1"][3])
    assert said.startswith("each row carries 1 column of the 2 rows before it")


def test_a_group_has_a_past_of_its_own():
    marks = Marks(groups=np.array([0, 1, 0, 1]), times=np.arange(4.0))
    made, _ = with_windows(ROWS, asked(features={"windows": 1}), marks)
    assert made["load_lag_1"].tolist()[2:] == [1.0, 2.0]


def test_a_named_lstm_with_a_time_column_gets_windows():
    made, _ = with_windows(ROWS, asked(candidates=["lstm"]), LATEST_FIRST)
    assert [name for name in made if "_lag_" in name] == ["load_lag_1", "load_lag_2", "load_lag_3"]


def test_a_named_lstm_without_one_says_what_it_reads():
    made, (said,) = with_windows(ROWS, asked(candidates=["lstm"]), Marks())
    assert list(made) == list(ROWS)
    assert said == "the lstm reads the columns of a row as a sequence: no time column is named"


def test_others_are_left_as_they_are():
    made, said = with_windows(ROWS, asked(), LATEST_FIRST)
    assert list(made) == list(ROWS)
    assert said == []


def test_a_window_without_time_is_refused():
    with pytest.raises(BadInput, match=r"features\.windows needs split\.time_column"):
        with_windows(ROWS, asked(features={"windows": 2}), Marks())
