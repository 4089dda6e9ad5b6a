"""A bounded sample of rows that pass by."""

import numpy as np
import pyarrow as pa

from monitoring.drift.sample import RowSample


def passed(size: int, seed: int, *parts: range) -> RowSample:
    sample = RowSample(size, np.random.default_rng(seed))
    for part in parts:
        numbers = np.array(part, dtype=float)
        sample.add({"x": numbers, "t": pa.array([str(i) for i in part])}, len(part))
    return sample


def test_few_rows_all_stay_in_their_order():
    frame = passed(100, 0, range(30), range(30, 60)).frame()
    assert frame["x"].tolist() == list(map(float, range(60)))
    assert frame["t"].tolist() == [str(i) for i in range(60)]


def test_many_rows_leave_exactly_the_size():
    frame = passed(50, 0, range(1_000), range(1_000, 1_010), range(1_010, 5_000)).frame()
    assert len(frame) == 50
    assert [str(int(x)) for x in frame["x"]] == frame["t"].tolist()


def test_every_row_is_as_likely_to_stay():
    kept = np.concatenate([passed(20, seed, range(150), range(150, 200)).frame()["x"] for seed in range(400)])
    counts = np.histogram(kept, bins=4, range=(0, 200))[0]
    assert abs(counts - 2_000).max() < 150


def test_merged_samples_are_a_sample_of_all_rows():
    left, right = passed(40, 0, range(3_000)), passed(40, 1, range(3_000, 4_000))
    left.merge(right)
    kept = left.frame()["x"]
    assert len(kept) == 40
    assert 20 <= (kept < 3_000).sum() < 40


def test_a_merged_sample_of_few_rows_is_whole():
    left = passed(100, 0, range(10))
    left.merge(passed(100, 1, range(10, 20)))
    assert left.frame()["x"].tolist() == list(map(float, range(20)))
