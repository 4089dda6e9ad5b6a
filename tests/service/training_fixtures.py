"""Small tables that a training meets, and how a test runs a step against a real server."""

import contextlib
import importlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TARGETS = ("amount", "level", "kept")
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


def town(rows: int = 300) -> pd.DataFrame:
    """The shop with dates and with streets, of which there are many: both need transformers of our own."""
    rng = np.random.default_rng(4)
    frame = shop(rows)
    opened = pd.date_range("2023-01-02", periods=rows, freq="D").strftime("%Y-%m-%d").to_numpy()
    frame["opened"] = rng.permutation(opened)
    frame["street"] = [f"street {n}" for n in rng.integers(0, 90, rows)]
    frame.loc[::17, ["opened", "street"]] = None
    return frame


def write_town(folder: Path, target: str) -> str:
    """Write the town with one of its targets; return the path."""
    path = folder / "town.csv"
    town().drop(columns=[name for name in TARGETS if name != target]).to_csv(path, index=False)
    return str(path)


def run_step(name: str, *words: str) -> tuple[int, str, str]:
    """Run a step; return its exit code, and what it wrote to both streams."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = importlib.import_module(f"projects.steps.{name}").STEP.run(list(words))
    return code, out.getvalue(), err.getvalue()


def answer_of(name: str, *words: str) -> dict[str, Any]:
    """Run a step that is to succeed; return its JSON, which must stand alone."""
    code, out, err = run_step(name, *words, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found
