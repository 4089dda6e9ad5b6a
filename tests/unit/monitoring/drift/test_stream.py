"""The detector between reports: shifts are found soon, and false alarms are as rare as stated."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitoring.drift.base import Reference
from monitoring.drift.stream import Stream, bound
from tests.unit.monitoring.drift.drift_frames import logged, referred, rows

REFERENCE = referred(rows(5_000, 0))


def fed(stream: Stream, *frames: pd.DataFrame):
    alarm = None
    for frame in frames:
        alarm = stream.update(logged(frame))
    return alarm


def test_rows_like_the_reference_do_not_alarm():
    assert fed(Stream(REFERENCE), *(rows(500, seed) for seed in range(1, 41))) is None


def test_a_shift_of_half_a_deviation_is_found_within_five_hundred_rows():
    stream = Stream(REFERENCE)
    alarm = fed(stream, *(rows(100, seed).assign(age=lambda f: f["age"] + 5) for seed in range(1, 6)))
    assert alarm.columns == ("age",)
    assert 0 < alarm.rows <= 500
    assert alarm.ratio >= 1


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("age", lambda f: (f["age"] - 40) * 2 + 40),
        ("age", lambda f: f["age"].where(np.arange(len(f)) % 2 == 0)),
        ("plan", lambda f: np.where(np.arange(len(f)) % 4 < 3, "plus", f["plan"])),
        ("plan", lambda f: np.where(np.arange(len(f)) % 2, "gold", f["plan"])),
        ("prediction", lambda f: 1),
    ],
    ids=["spread", "gaps", "shares", "unseen", "prediction"],
)
def test_each_kind_of_shift_is_found(name, change):
    alarm = fed(Stream(REFERENCE), *(rows(500, seed).assign(**{name: change}) for seed in (1, 2)))
    assert alarm.columns == (name,)


def test_an_alarm_ends_soon_after_the_drift():
    stream = Stream(REFERENCE)
    assert fed(stream, rows(500, 1).assign(age=lambda f: f["age"] + 10)) is not None
    assert fed(stream, *(rows(500, seed) for seed in (2, 3))) is None


def test_false_alarms_are_no_more_frequent_than_stated():
    """Many references, as each one's own error of sampling counts; half the rate's rows in each run."""
    rate, alarms, taken = 20_000, 0, 0
    for seed in range(40):
        stream = Stream(referred(rows(400, seed)), rows_per_false_alarm=rate)
        for batch in range(25):
            taken += 400
            if stream.update(logged(rows(400, 1_000 + 50 * seed + batch))):
                alarms += 1
                break
    assert alarms <= taken / rate + 2 * math.sqrt(taken / rate)


def test_the_bound_is_siegmunds():
    reach = 2 * 0.5 * (bound(0.5, 10_000) + 1.166)
    assert (math.exp(reach) - reach - 1) / (2 * 0.5**2) == pytest.approx(10_000, rel=1e-6)


def test_the_bound_keeps_its_rate_on_normal_rows():
    rng, height = np.random.default_rng(0), bound(0.5, 500)
    lengths = []
    for _ in range(300):
        total, length = 0.0, 0
        while total < height:
            total, length = max(0.0, total + rng.normal() - 0.5), length + 1
        lengths.append(length)
    assert np.mean(lengths) == pytest.approx(500, rel=0.2)


def test_hidden_columns_do_not_alarm():
    stream = Stream(REFERENCE, hidden=frozenset({"age"}))
    assert fed(stream, rows(500, 1).assign(age=1e6)) is None


def test_no_rows_change_nothing():
    stream = Stream(REFERENCE)
    assert stream.update(logged(rows(10, 1)).slice(0, 0)) is None


def test_a_reference_without_columns_never_alarms():
    empty = Reference.of(pa.table({"age": pa.array([None], pa.float64())}))
    assert Stream(empty).update(logged(rows(500, 1))) is None
