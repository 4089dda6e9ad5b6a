"""Traffic counted in little memory."""

import numpy as np
import pyarrow as pa
import pytest

from monitoring.windows.traffic import Traffic, TrafficMeter


def metered(*parts: list[int | None], seconds: float = 10.0) -> Traffic:
    meter = TrafficMeter()
    for part in parts:
        meter.add(pa.chunked_array([pa.array(part, pa.int64())]))
    return meter.traffic(seconds)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_percentiles_are_right_within_a_hundredth(share):
    micros = np.random.default_rng(0).lognormal(8, 1.5, 50_000).astype(int)
    found = metered(micros[:1000].tolist(), micros[1000:].tolist())
    told = {0.5: found.p50_ms, 0.99: found.p99_ms}[share]
    assert told == pytest.approx(np.quantile(micros, share) / 1000, rel=0.011)


def test_rows_are_told_by_the_second():
    assert metered([900] * 50, [800] * 50, seconds=20.0).per_second == 5.0


def test_no_rows_have_no_percentiles():
    assert metered([]) == Traffic(0, 0.0, None, None)


def test_strange_latencies_count_as_rows():
    assert metered([None, -5, 0, 2**62]).rows == 4
