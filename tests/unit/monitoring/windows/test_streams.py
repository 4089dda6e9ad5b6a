"""What of a live window is given to its lane's detector."""

import pyarrow as pa

from monitoring.lane import Lane, Span
from monitoring.windows.live import Window
from monitoring.windows.stream import Streams
from monitoring.windows.traffic import Traffic
from tests.unit.monitoring.drift.drift_frames import logged, referred, rows

REFERENCE = referred(rows(2_000, 0))
NOON_S = 1_785_499_200.0


def window(since_s: float, count: int, *, shift: float = 0.0) -> Window:
    """A row a second."""
    table = logged(rows(count, 1).assign(age=lambda frame: frame["age"] + shift))
    times = pa.array([round((since_s + second) * 1e6) for second in range(count)], pa.int64())
    table = table.append_column("ts", times.cast(pa.timestamp("us", tz="UTC")))
    span = Span(since_s, since_s + count)
    return Window(Lane("m", "1", "champion"), span, table, "id", Traffic(count, 1.0, 1.0, 1.0))


def test_after_the_clock_was_set_back_new_rows_are_looked_at_again():
    streams, back_s = Streams(), NOON_S - 86_400
    assert streams.update(window(NOON_S, 500), REFERENCE, frozenset()) is None
    assert streams.update(window(back_s, 100), REFERENCE, frozenset()) is None
    alarm = streams.update(window(back_s + 100, 500, shift=20.0), REFERENCE, frozenset())
    assert alarm is not None
    assert alarm.columns[0] == "age"


def test_rows_are_given_once():
    streams, same = Streams(), window(NOON_S, 10, shift=20.0)
    for _ in range(100):
        assert streams.update(same, REFERENCE, frozenset()) is None
