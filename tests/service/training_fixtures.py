"""Small tables that a training meets, and how a test runs one against a real server."""

from pathlib import Path

import numpy as np
import pandas as pd

QUICK = ("--tune-seconds", "1", "--tune-trials", "2", "--folds", "3")


def shop(rows: int = 300) -> pd.DataFrame:
    """Texts, numbers, truths, gaps, an id, a constant and a number column with blanks."""
    rng = np.random.default_rng(3)
    size = rng.normal(10, 4, rows)
    city = rng.choice(["Köln", "Oslo", "東京"], rows).astype(object)
    score = size + 5 * (city == "Oslo") + rng.normal(0, 1, rows)
    member = (rng.random(rows) > 0.5).astype(object)
    member[::9], city[::13] = None, None
    return pd.DataFrame(
        {
            "id": [f"row {n}" for n in range(rows)],
            "größe": size,
            "city": city,
            "member": member,
            "charges": [" " if n % 50 == 0 else f"{n % 7}.5" for n in range(rows)],
            "always": "same",
            "amount": score,
            "level": np.digitize(score, [8, 14]),
            "kept": np.where(score > 11, "ja", "nein"),
        }
    )


def write_shop(folder: Path, *targets: str) -> str:
    """Write the shop with one or more of its targets; return the path."""
    path = folder / "my shop.csv"
    others = [name for name in ("amount", "level", "kept") if name not in targets]
    shop().drop(columns=others).to_csv(path, index=False)
    return str(path)
