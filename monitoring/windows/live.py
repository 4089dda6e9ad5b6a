"""The newest predictions of each lane: what the gauges tell of, every round."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from monitoring.lane import Lane, Span
from monitoring.windows.lanes import MOST_LANES, by_lane, newest_id, seconds
from monitoring.windows.traffic import Traffic, TrafficMeter
from serving.prediction_log.newest import Newest
from serving.prediction_log.scan import Scanner, Wanted


@dataclass(frozen=True, slots=True)
class Window:
    """What one lane answered lately.

    Attributes:
        lane: Whose predictions.
        span: From when to when; where there were more rows than were taken, from the oldest one taken.
        table: The rows as the log has them, oldest first.
        newest: The newest prediction's id: the same id, the same window.
        traffic: How many there were, and how fast.
    """

    lane: Lane
    span: Span
    table: pa.Table
    newest: str
    traffic: Traffic

    @property
    def rows(self) -> int:
        """Predictions in the window."""
        return int(self.table.num_rows)


def live_windows(
    scanner: Scanner, model: str, span: Span, *, max_rows: int, known: Iterable[Lane] = ()
) -> list[Window]:
    """Read the newest predictions of each lane of a model, by version and variant.

    Files are read from the newest on, until every lane is full that is known or has shown itself among the
    newest rows; so a lane that is seen for the first time must be among them.

    Args:
        scanner: The log.
        model: The registered model's name.
        span: From when to when.
        max_rows: The most predictions of one lane to take.
        known: Lanes that were seen before.
    """
    newest = {lane: Newest(max_rows) for lane in known if lane.model == model}
    rest_s = float("inf")
    for part in scanner.predictions(Wanted(model, span.since_s, span.until_s)):
        if part.rest_until_s < rest_s:
            rest_s = part.rest_until_s
            if newest and all(each.is_complete_from(rest_s) for each in newest.values()):
                break
        for lane, table in by_lane(part.table, model):
            if lane in newest or len(newest) < MOST_LANES:
                newest.setdefault(lane, Newest(max_rows)).add(table)
    tables = ((lane, each.result()) for lane, each in newest.items())
    found = [_window(lane, table, span, max_rows) for lane, table in tables if table.num_rows]
    return sorted(found, key=lambda window: order(window.lane))


def _window(lane: Lane, table: pa.Table, span: Span, max_rows: int) -> Window:
    since_s = seconds(table["ts"][0]) if table.num_rows == max_rows else span.since_s
    meter = TrafficMeter()
    meter.add(table["latency_us"])
    traffic = meter.traffic(span.until_s - since_s)
    return Window(lane, Span(since_s, span.until_s), table, newest_id(table), traffic)


def order(lane: Lane) -> tuple[int, str, str]:
    """Versions by their number, then variants by name."""
    return (int(lane.version) if lane.version.isdigit() else 0, lane.version, lane.variant)
