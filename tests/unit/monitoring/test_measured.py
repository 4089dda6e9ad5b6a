"""Which closed window tells of a lane's quality until newer outcomes come."""

import pyarrow as pa
import pytest

from monitoring import measured as module
from monitoring.history import Entry, History
from monitoring.judging import Found
from monitoring.lane import Lane, Span
from monitoring.measured import NewestMeasured
from monitoring.quality.figures import Figure, Quality
from serving.lifecycle.database import Database

LANE = Lane("churn", "3", "champion")


@pytest.fixture
def history(tmp_path) -> History:
    return History(Database(f"sqlite:///{tmp_path}/penstock.db"))


def remember(held: NewestMeasured, hour: int, outcomes: int, lane: Lane = LANE) -> None:
    quality = Quality("binary", {"accuracy": Figure(0.6)}, 500, outcomes, outcomes)
    rows = pa.table({"prediction": [1.0] * 500, "probabilities": [None] * 500, "label": [1.0] * 500})
    held.remember(lane, Span(hour * 3600.0, (hour + 1) * 3600.0), Found(quality=quality, is_bad=True), rows)


def labelled(held: NewestMeasured) -> int:
    found = held.of(LANE, "binary")
    assert found is not None
    assert found.found.quality is not None
    return found.found.quality.labelled


def test_a_window_of_too_few_outcomes_does_not_take_the_place_of_one_that_was_judged(history):
    held = NewestMeasured(history)
    remember(held, 1, 400)
    remember(held, 2, 29)
    assert labelled(held) == 400
    remember(held, 3, 30)
    assert labelled(held) == 30


def test_the_first_window_that_could_be_judged_counts_although_it_is_older(history):
    held = NewestMeasured(history)
    remember(held, 2, 5)
    remember(held, 1, 400)
    assert labelled(held) == 400


def test_of_the_history_too_the_newest_that_could_be_judged_counts(history):
    for hour, outcomes in ((1, 300), (2, 200), (3, 5)):
        span = Span(hour * 3600.0, (hour + 1) * 3600.0)
        history.record(Entry(LANE, span, 0.0, 500, labelled=outcomes, quality={"accuracy": 0.6}))
    assert labelled(NewestMeasured(history)) == 200


def test_lanes_that_were_not_asked_for_lately_leave_when_memory_is_full(history, monkeypatch):
    held = NewestMeasured(history)
    remember(held, 1, 400)
    monkeypatch.setattr(module, "MOST_BYTES", 3 * held.held(LANE).known.nbytes)
    others = [LANE._replace(version=str(number)) for number in (4, 5, 6)]
    for lane in others:
        remember(held, 1, 400, lane)
    assert [held.held(lane) is not None for lane in (LANE, *others)] == [False, True, True, True]
