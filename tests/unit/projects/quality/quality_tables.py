"""Tables written as Parquet for the quality tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def written(path: Path, columns: Mapping[str, Sequence[Any] | Any]) -> Path:
    pq.write_table(pa.table({name: pa.array(cells) for name, cells in columns.items()}), path)
    return path


def mixed(rows: int = 3000, seed: int = 3) -> dict[str, Any]:
    """A table with every kind of column and gaps in each."""
    rng = np.random.default_rng(seed)
    gaps = rng.random(rows) < 0.1
    amounts = np.round(rng.lognormal(3, 1, rows), 2)
    return {
        "amount": pd.array(amounts, dtype="Float64").to_numpy(dtype=float, na_value=np.nan),
        "count": [None if gap else int(value) for gap, value in zip(gaps, rng.poisson(3, rows), strict=True)],
        "signed": rng.integers(-50, 50, rows),
        "flag": [
            None if gap else bool(value) for gap, value in zip(gaps, rng.random(rows) < 0.3, strict=True)
        ],
        "city": [
            None if gap else f"city {at}" for gap, at in zip(gaps, rng.integers(0, 40, rows), strict=True)
        ],
        "note": [f"note {at} says {rng.integers(0, 10**9)}" for at in range(rows)],
        "day": (np.datetime64("2022-01-01") + rng.integers(0, 300, rows)).astype("datetime64[D]"),
        "target": np.where(rng.random(rows) < 0.2, "yes", "no").tolist(),
    }
