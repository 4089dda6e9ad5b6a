"""A uniform sample in bounded memory."""

import numpy as np
import pyarrow as pa

from monitoring.windows.sample import Sample
from serving.prediction_log.record import Record
from serving.prediction_log.tables import to_table


def rows(first: int, count: int) -> pa.Table:
    cells = [[float(number)] for number in range(first, first + count)]
    said = [1] * count
    return to_table([Record("id", 0.0, "m", "1", "a", False, None, None, ("x",), cells, said, None, 9)])


def drawn(sample: Sample) -> np.ndarray:
    return np.sort(sample.table()["features"].combine_chunks().field("x").to_numpy())


def test_few_rows_are_all_kept():
    sample = Sample(100)
    sample.add(rows(0, 60))
    assert drawn(sample).tolist() == list(range(60))


def test_of_many_rows_so_many_are_kept_from_everywhere():
    sample = Sample(1_000)
    for part in range(100):
        sample.add(rows(part * 500, 500))
    found = drawn(sample)
    assert (len(found), sample.seen) == (1_000, 50_000)
    assert len(set(found)) == 1_000
    counts, _ = np.histogram(found, bins=10, range=(0, 50_000))
    assert counts.min() > 60
    assert counts.max() < 140
