"""A table on disk, read as a training reads it, without a server."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from projects.requirement.read import read_requirement
from projects.rows import TableRows, read_rows


def numbers(rows: int = 600) -> pd.DataFrame:
    """A number for each row that no other row has, gaps, groups, days, and targets of each kind."""
    rng = np.random.default_rng(11)
    key, size = rng.permutation(rows) * 1.5 + 0.25, rng.normal(size=rows)
    gaps = rng.normal(size=rows)
    gaps[::7] = np.nan
    return pd.DataFrame(
        {
            "key": key,
            "size": size,
            "gaps": gaps,
            "shop": rng.choice([f"shop {n}" for n in range(12)], rows),
            "day": pd.date_range("2022-01-01", periods=rows).strftime("%Y-%m-%d")[rng.permutation(rows)],
            "amount": 10 * size + rng.normal(size=rows),
            "count": rng.integers(0, 40, rows),
            "bought": np.where(size + rng.normal(size=rows) > 0, "true", "false"),
            "level": np.digitize(size, [-1.0, 1.0]),
        }
    )


TARGETS = ("amount", "count", "bought", "level")


def read_table(
    folder: Path, target: str, *, frame: pd.DataFrame | None = None,
    say: Callable[[str], None] = lambda _: None, **parameters: str,
) -> TableRows:  # fmt: skip
    """Read a table with one target of several."""
    path = folder / "shop.parquet"
    held = numbers() if frame is None else frame
    held.drop(columns=[name for name in TARGETS if name != target and name in held]).to_parquet(path)
    asked = read_requirement(parameters={"data": str(path), "target": target, **parameters})
    return read_rows(asked, folder / "work", say)
