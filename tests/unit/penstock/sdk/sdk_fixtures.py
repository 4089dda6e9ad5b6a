"""Small tables as notebooks have them: numbers, texts and gaps."""

import numpy as np
import pandas as pd


def shop(rows: int = 240, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Who bought: by size and city, with gaps and a column of texts that are numbers."""
    rng = np.random.default_rng(seed)
    size = rng.normal(10, 3, rows)
    city = rng.choice(["Köln", "Oslo"], rows)
    bought = np.where(size + 4 * (city == "Oslo") + rng.normal(0, 1, rows) > 12, "yes", "no")
    fee = [" " if at % 40 == 0 else f"{at % 7}.5" for at in range(rows)]
    frame = pd.DataFrame({"size": size, "city": city, "fee": fee})
    frame.loc[::17, ["size", "city"]] = None
    return frame, pd.Series(bought, name="bought")


def prices(rows: int = 240, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """What it cost: nearly a straight line, in thousands."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"area": rng.uniform(20, 200, rows), "city": rng.choice(["A", "B"], rows)})
    price = 1000 * (3 * frame["area"] + 50 * (frame["city"] == "A") + rng.normal(0, 5, rows))
    return frame, price.rename("price")
