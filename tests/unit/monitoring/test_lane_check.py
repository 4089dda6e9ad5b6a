"""When a lane's quality is looked at again."""

import pyarrow as pa
import pytest

from monitoring.judging import NOTHING
from monitoring.lane import Lane, Span
from monitoring.lane_check import Quality
from monitoring.policy import NO_POLICY
from monitoring.windows.live import Window
from monitoring.windows.traffic import Traffic

NOON_S = 1_785_499_200.0


def window(newest_s: float) -> Window:
    """A hundred rows, one a second."""
    times = pa.array([round((newest_s - second) * 1e6) for second in range(99, -1, -1)], pa.int64())
    table = pa.table({"ts": times.cast(pa.timestamp("us", tz="UTC"))})
    span = Span(newest_s - 99, newest_s + 1)
    return Window(Lane("m", "1", "champion"), span, table, "id", Traffic(100, 1.0, 1.0, 1.0))


@pytest.mark.parametrize(("later_s", "holds"), [(0, True), (9, True), (10, False), (-3600, False)])
def test_it_holds_until_a_tenth_of_the_rows_is_new_or_the_clock_was_set_back(later_s, holds):
    by = (None, NO_POLICY, None)
    quality = Quality(NOTHING, NOON_S, 0, by)
    assert quality.holds(window(NOON_S + later_s), 0, by) == holds
