"""Frames as references keep them and as the log gives them."""

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.drift.base import Reference
from monitoring.drift.judge import judge
from monitoring.drift.profile import Profile, Profiler
from monitoring.drift.verdict import ColumnDrift, Drift


def rows(count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(40, 10, count),
            "income": rng.lognormal(10, 0.5, count) * (1 + shift),
            "plan": rng.choice(["basic", "plus"], count),
            "prediction": rng.choice([0, 1], count),
        }
    )


def referred(frame: pd.DataFrame, **options) -> Reference:
    return Reference.of(pa.Table.from_pandas(frame, preserve_index=False), **options)


def logged(frame: pd.DataFrame) -> pa.Table:
    features = pa.Table.from_pandas(frame.drop(columns="prediction", errors="ignore"), preserve_index=False)
    cells = {"features": features.to_struct_array()}
    if "prediction" in frame:
        cells["prediction"] = pa.array(frame["prediction"])
    return pa.table(cells)


def profiled(reference: Reference, *frames: pd.DataFrame, sample_rows: int = 100_000) -> Profile:
    profiler = Profiler(reference, sample_rows=sample_rows)
    for frame in frames:
        profiler.add(logged(frame))
    return profiler.profile()


def drift_of(reference: pd.DataFrame | Reference, *window: pd.DataFrame, **options) -> Drift:
    known = reference if isinstance(reference, Reference) else referred(reference)
    return judge(known, profiled(known, *window), drift_share=0.5, **options)


def column(drift: Drift, name: str) -> ColumnDrift:
    return next(each for each in drift.columns if each.name == name)
