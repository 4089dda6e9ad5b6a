"""Closed windows as streams: what each lane answered between two moments, gathered in bounded memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.lane import Lane, Span
from monitoring.windows.lanes import MOST_LANES, by_lane
from monitoring.windows.sample import Sample
from monitoring.windows.traffic import Traffic, TrafficMeter
from serving.prediction_log.scan import Scanner, Wanted

SAMPLED = 20_000
"""Rows of a window that outcomes are looked up for; of more, so many are drawn."""

Take = Callable[[pa.Table], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """One lane's part of a closed window.

    Attributes:
        lane: Whose predictions.
        span: From when to when.
        traffic: How many, and how fast.
        sample: Rows drawn from it, all where there are few.
    """

    lane: Lane
    span: Span
    traffic: Traffic
    sample: pa.Table


def gather(scanner: Scanner, wanted: Wanted, *, take: Callable[[Lane], Take]) -> list[Gathered]:
    """Read a closed window once, all lanes together.

    Args:
        scanner: The log.
        wanted: Which predictions.
        take: Asked for each lane what its rows are given to, part by part.
    """
    meters: dict[Lane, TrafficMeter] = {}
    samples: dict[Lane, Sample] = {}
    takers: dict[Lane, Take] = {}
    for part in scanner.predictions(wanted):
        for lane, table in by_lane(part.table, wanted.model):
            if lane not in meters:
                if len(meters) == MOST_LANES:
                    continue
                meters[lane], samples[lane], takers[lane] = TrafficMeter(), Sample(SAMPLED), take(lane)
            meters[lane].add(table["latency_us"])
            samples[lane].add(table)
            takers[lane](table)
    span = Span(wanted.since_s, wanted.until_s)
    seconds = span.until_s - span.since_s
    return [
        Gathered(lane, span, meter.traffic(seconds), samples[lane].table()) for lane, meter in meters.items()
    ]


def row_times(scanner: Scanner, wanted: Wanted) -> dict[Lane, "np.ndarray[tuple[int], np.dtype[np.float64]]"]:
    """When each lane's predictions were answered, in seconds since 1970, rising."""
    found: dict[Lane, list[pa.Array]] = {}
    for part in scanner.predictions(wanted):
        for lane, table in by_lane(part.table, wanted.model):
            found.setdefault(lane, []).append(pc.cast(table["ts"], pa.int64()).combine_chunks())
    return {
        lane: np.sort(np.concatenate([each.to_numpy() for each in times])) / 1e6
        for lane, times in found.items()
    }


def has_any(scanner: Scanner, wanted: Wanted, ids: pa.Array) -> bool:
    """Whether any of the wanted predictions has one of these ids, or is a row of a request of one."""
    return any(
        pc.any(pc.is_in(part.table["prediction_id"], value_set=ids)).as_py()
        for part in scanner.predictions(wanted)
    )
