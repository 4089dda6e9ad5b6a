"""Encoding rows of the Telco table: the plan's encoder beside the fitted scikit-learn steps, in turn."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sklearn.pipeline import Pipeline

from projects.preparation import Inputs, preparation
from projects.requirement.model import Cleaning, FeatureSection
from serving.plan.encoding.load import load_encoder
from serving.plan.encoding.write import write_encoder
from serving.plan.model import Column

TABLES = Path(__file__).parents[3] / "shared" / "data" / "tabular"
CASES = (("telco_customer_churn.csv", "Churn", {}), ("employee_salaries.csv.gz", "current_annual_salary", {}))
ROUNDS = 7


def main(*, full: bool = False) -> str:
    """Time 1, 100 and 5,000 rows (50,000 too with `full`); return the table."""
    lines = [f"{'table, style':<28}{'rows':>7}{'steps us/row':>14}{'plan us/row':>13}{'ratio':>8}"]
    for name, target, options in CASES:
        for style in ("linear", "trees"):
            lines += _measured(name, target, options, style, (1, 100, 5_000, *((50_000,) if full else ())))
    return "\n".join(lines)


def _measured(name: str, target: str, options: dict, style: str, sizes: tuple[int, ...]) -> list[str]:
    frame = pd.read_csv(TABLES / name, **options)
    truth = frame.pop(target)
    frame = frame.drop(columns=[text for text in frame if frame[text].nunique() == len(frame)])
    numbers = tuple(frame.select_dtypes("number"))
    texts = tuple(column for column in frame if column not in numbers)
    for text in texts:
        frame[text] = pd.Series(frame[text].astype(object).where(frame[text].notna(), None), dtype=object)
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    task = "regression" if truth.dtype.kind == "f" else "binary"
    inputs = Inputs(numbers, texts, (), {text: frame[text].nunique() for text in texts})
    steps = preparation(inputs, FeatureSection(), Cleaning(), style=style, task=task, seed=1)  # type: ignore[arg-type]
    made = Pipeline(steps).fit(frame, truth)
    columns = [Column(c, "double" if c in numbers else "string", required=False) for c in frame]
    document = json.loads(json.dumps(write_encoder([step for _, step in made.steps], columns)))
    encoder = load_encoder(document, columns)
    lines = []
    for size in sizes:
        rows = pd.concat([frame] * (1 + size // len(frame))).head(size).reset_index(drop=True)
        plain = rows.astype(object).to_numpy().tolist()
        slow, fast = _in_turn(
            lambda rows=rows: made.transform(rows),
            lambda plain=plain: encoder.encode(plain),
            times=(1, max(1, 2000 // size)),
        )
        slow_us, fast_us = slow / size * 1e6, fast / size * 1e6
        label = f"{name.partition('_')[0]}, {style}"
        lines.append(f"{label:<28}{size:>7}{slow_us:>14.2f}{fast_us:>13.2f}{slow_us / fast_us:>7.0f}x")
    return lines


def _in_turn(
    one: Callable[[], object], other: Callable[[], object], *, times: tuple[int, int]
) -> tuple[float, float]:
    """Return the median seconds of each, called so many times a round."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, spent, calls in zip((one, other), seconds, times, strict=True):
            started = time.perf_counter()
            for _ in range(calls):
                work()
            spent.append((time.perf_counter() - started) / calls)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


if __name__ == "__main__":
    print(main())
