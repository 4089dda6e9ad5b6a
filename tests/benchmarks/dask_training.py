"""Training on a Dask cluster of two processes of one thread, beside one process, on the same rows.

The search is the same list of trials: one after another here, two at a time there. The last fit is the same
model: by the library alone on one thread here, by its Dask interface there. Both sides take turns.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from projects.compute.boosters import OnWorkers
from projects.compute.cluster import cluster
from projects.compute.trials import OnCluster
from projects.evaluation.metrics import BY_NAME as METRICS
from projects.learning.attempt import Conditions
from projects.learning.bench import Bench, Runner, Threads, Trial
from projects.learning.candidates.candidate import Making
from projects.learning.candidates.listing import BY_NAME
from projects.learning.compare import rows_to_compare
from projects.learning.configuration import starting
from projects.learning.log import Unheard
from projects.learning.matrices import Matrices, codes_of
from projects.learning.trial import never
from projects.preparation import Inputs, preparation
from projects.requirement.model import Cleaning, Compute, FeatureSection

WIDTH = 20
NAMES = tuple(f"x{number}" for number in range(WIDTH))
LEAVES = (4, 6, 8, 11, 15, 20, 25, 31, 40, 48, 55, 63)
"""A trial each."""
WORKERS = 2


@dataclass(frozen=True)
class Sizes:
    """What is measured on.

    Attributes:
        compared: Rows of the search.
        fitted: Rows of the last fit.
        rounds: Of the last fit.
        times: How often.
    """

    compared: int
    fitted: int
    rounds: int
    times: int


def main(*, full: bool = False) -> str:
    """Measure; return a table."""
    sizes = Sizes(20_000, 1_000_000, 100, 5) if full else Sizes(8_000, 200_000, 100, 3)
    started = time.monotonic()
    with cluster(Compute(cluster="local", workers=WORKERS, threads=1), lambda _sentence: None) as client:
        assert client is not None
        begun = time.monotonic() - started
        lines = [f"two Dask workers of one thread beside one process; the cluster starts in {begun:.1f} s"]
        lines.append(f"{'':38} {'here':>8} {'there':>8} {'speed-up':>9}  spread of the ratio")
        lines.append(_line(
            f"search, {len(LEAVES)} trials, {sizes.compared:,} rows",
            partial(_search, Threads, 1, sizes), partial(_search, partial(OnCluster, client), WORKERS, sizes),
            sizes.times,
        ))  # fmt: skip
        X, y = _numbers(sizes.fitted)
        lines += [
            _line(
                f"last fit, {name}, {sizes.fitted:,} rows",
                partial(lambda name: _model(name, sizes).fit(X, y), name),
                partial(lambda name: OnWorkers(client)(_model(name, sizes), X, y, print), name),
                sizes.times,
            )
            for name in ("lightgbm", "xgboost")
        ]
    return "\n".join(lines)


def _line(what: str, here: Callable[[], Any], there: Callable[[], Any], times: int) -> str:
    """Measure both in turn, after one turn that does not count."""
    pairs = [(_seconds(here), _seconds(there)) for _ in range(times + 1)][1:]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = [one / other for one, other in pairs]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return f"{what:38} {mine:6.2f} s {theirs:6.2f} s {statistics.median(ratios):8.2f}x  {spread}"


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _numbers(rows: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(rows, WIDTH))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=rows) > 0).astype(np.int64)


def _model(name: str, sizes: Sizes) -> Any:
    candidate = BY_NAME[name]
    return candidate.make(Making("binary", 7, 1), {**candidate.defaults, "n_estimators": sizes.rounds})


def _prepare(style: Any) -> list[tuple[str, Any]]:
    inputs = Inputs(NAMES, (), (), {})
    return preparation(inputs, FeatureSection(), Cleaning(), style=style, task="binary", seed=1)


def _search(runner: Callable[[], Runner], at_once: int, sizes: Sizes) -> None:
    X, y = _numbers(sizes.compared)
    rows = rows_to_compare(
        pd.DataFrame(X, columns=list(NAMES)), y, "binary", (0, 1), folds=5, most_rows=sizes.compared, seed=3
    )
    conditions = Conditions("binary", 2, METRICS["roc_auc"], 7, 1, 10)
    bench = Bench(Matrices(rows, codes_of(rows.y, rows.classes), _prepare), conditions)
    until = time.monotonic() + 3600
    trials = [
        Trial(number, starting(BY_NAME["lightgbm"], {"num_leaves": leaves}), 5, never, until, is_told=False)
        for number, leaves in enumerate(LEAVES, start=1)
    ]
    ran = runner()
    for at in range(0, len(trials), at_once):
        ran.run(bench, trials[at : at + at_once], Unheard())


if __name__ == "__main__":
    print(main())
