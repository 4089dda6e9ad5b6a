"""The folds that models are compared on, as a training makes them."""

from typing import Any, Literal

import numpy as np

from penstock.sdk.given import known_word, tell
from penstock.sdk.table import Table
from projects.errors import BadInput
from projects.folding import make_folds
from projects.hints import shown
from projects.learning.compare import Rows
from projects.repeats import digests_of, find_copies
from projects.requirement.model import Splitting
from projects.splitting import Marks

Strategy = Literal["auto", "kfold", "stratified", "time_series"]
STRATEGIES = ("auto", "kfold", "stratified", "time_series")
FEWEST, MOST = 2, 20
FEWEST_ROWS = 10


def fold(table: Table, cv: Any, strategy: Strategy, *, seed: int, most_rows: int) -> Rows:
    """Fold the rows of a table.

    Args:
        table: The rows.
        cv: The number of folds, a splitter of scikit-learn's, or pairs of positions.
        strategy: `auto` holds every class's share in each fold; `time_series` takes the rows in their order.
        seed: The same seed gives the same folds.
        most_rows: Of more rows a sample is folded, with a warning; the latest ones for `time_series`.

    Raises:
        BadInput: The rows cannot be folded so.
    """
    known_word(strategy, STRATEGIES, "cv_strategy")
    if len(table.frame) < FEWEST_ROWS:
        raise BadInput(f"{len(table.frame)} rows are too few to compare models on; {FEWEST_ROWS} are needed")
    if hasattr(cv, "split") and not isinstance(cv, str | bytes):
        pairs: Any = cv.split(table.frame, table.target.truth)
    elif isinstance(cv, int | np.integer) and not isinstance(cv, bool):
        return _by_number(table, int(cv), strategy, seed=seed, most_rows=most_rows)
    elif np.iterable(cv) and not isinstance(cv, str | bytes):
        pairs = cv
    else:
        raise BadInput(
            f"cv must be a number of folds from {FEWEST} to {MOST} or a splitter of scikit-learn's, not"
            f" {shown(cv)}"
        )
    return _rows(table, pairs)


def _by_number(table: Table, folds: int, strategy: Strategy, *, seed: int, most_rows: int) -> Rows:
    if not FEWEST <= folds <= MOST:
        raise BadInput(f"cv must be a number of folds from {FEWEST} to {MOST}, not {folds}")
    rows = len(table.frame)
    if rows > most_rows:
        tell(f"models are compared on a sample of {most_rows:,} of {rows:,} rows; set max_rows for more")
        drawn = np.random.default_rng(seed).permutation(rows)[:most_rows]
        table = table.take(np.arange(rows)[-most_rows:] if strategy == "time_series" else np.sort(drawn))
    at = np.arange(len(table.frame))
    if strategy == "time_series":
        marks = Marks(times=at.astype(np.float64))
        splitting = Splitting(folds=folds, cv="time_series", strategy="time")
    else:
        has_classes = table.classes is not None
        copies = find_copies(digests_of(table.frame), table.target.truth, has_classes=has_classes)
        marks, splitting = Marks(copies=copies), Splitting(folds=folds, cv=strategy)
    return _rows(table, make_folds(table.target, splitting, marks, at, seed=seed))


def _rows(table: Table, pairs: Any) -> Rows:
    folds = tuple((np.asarray(fit), np.asarray(score)) for fit, score in pairs)
    if not folds or any(not len(fit) or not len(score) for fit, score in folds):
        raise BadInput("cv must give pairs of positions, to fit on and to score on, none of them empty")
    return Rows(table.frame, table.target.truth, folds, table.target.task, table.classes)
