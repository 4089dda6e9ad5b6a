"""Outcomes in another spelling than the predictions are told right from wrong."""

import pyarrow as pa
import pytest

from monitoring.quality.answers import read_answers, task_of


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ([1, 0, 1], [True, False, False]),
        ([True, False, True], [1, 0, 0]),
        ([1, 0, 1], ["true", "false", "no"]),
    ],
)
def test_true_and_one_are_the_same_without_known_classes(said, truth):
    rows = pa.table({"prediction": said, "label": truth})
    answers = read_answers(rows, None)
    assert (answers.said == answers.truth).tolist() == [True, True, False]
    assert task_of(rows) == "binary"
