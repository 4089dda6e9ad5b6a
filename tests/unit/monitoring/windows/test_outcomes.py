"""The outcomes of spans, found by what the predictions' ids say of their time."""

from pathlib import Path

import pyarrow as pa

from monitoring.lane import Span
from monitoring.windows.outcomes import meets, outcomes_of, times_of
from serving.prediction_log import layout, outcomes
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import new_prediction_id
from serving.prediction_log.scan import Scanner
from serving.prediction_log.segment import SegmentWriter

START_S = 1_785_542_400.0


def tell(folder: Path, *names: str, received_s: float = START_S + 9_000) -> None:
    writer = SegmentWriter(layout.outcomes_dir(folder), max_bytes=1 << 20, max_age_s=60.0)
    for name in names:
        writer.append(outcomes.encode(Outcome(name, "1", None, received_s, received_s)))
    writer.close()


def test_only_outcomes_of_predictions_of_the_spans_are_held(tmp_path):
    inside, outside = (
        new_prediction_id(lambda each=time_s: each) for time_s in (START_S + 5, START_S + 7_200)
    )
    tell(tmp_path, inside, f"{inside}-3", outside)
    found = outcomes_of(Scanner(tmp_path), [Span(START_S, START_S + 3600)])
    assert sorted(found["prediction_id"].to_pylist()) == [inside, f"{inside}-3"]


def test_ids_of_another_kind_are_held_whatever_their_time_is(tmp_path):
    tell(tmp_path, "order 17")
    assert outcomes_of(Scanner(tmp_path), [Span(START_S, START_S + 1)]).num_rows == 1


def test_no_spans_read_nothing(tmp_path):
    tell(tmp_path, new_prediction_id(lambda: START_S))
    assert outcomes_of(Scanner(tmp_path), []).num_rows == 0


def test_the_time_of_an_id_is_within_minutes_of_it():
    ids = pa.chunked_array([[new_prediction_id(lambda: START_S), "no id", "x"]])
    (time,) = times_of(ids)
    assert time.since_s <= START_S < time.until_s
    assert time.until_s - time.since_s < 240


def test_spans_that_touch_share_no_moment():
    assert meets(Span(0, 2), Span(1, 3))
    assert not meets(Span(0, 1), Span(1, 2))
