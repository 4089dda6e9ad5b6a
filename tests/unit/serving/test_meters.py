"""A meter's flush leaves in the metrics what as many single observations would have left."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from serving.meters import Meter
from serving.metrics import declare


@given(st.lists(st.floats(0, 20), min_size=1, max_size=30))
def test_flushed_counts_equal_single_observations(seconds: list[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    meter, plain = Meter(declare(ours), "m", "1", "v"), declare(theirs)
    for value in seconds:
        meter.answered(200, 2, value)
        plain.request_seconds.labels("m", "1", "v").observe(value)
    meter.flush()
    meter.flush()
    assert _histogram(ours) == _histogram(theirs)
    count = ours.get_sample_value(
        "penstock_predictions_total", {"model": "m", "version": "1", "variant": "v"}
    )
    assert (count or 0) == 2 * len(seconds)


def _histogram(registry: CollectorRegistry) -> list[str]:
    lines = generate_latest(registry).decode().splitlines()
    return [
        line
        for line in lines
        if line.startswith("penstock_request_seconds_") and "_created" not in line and "_sum" not in line
    ]
