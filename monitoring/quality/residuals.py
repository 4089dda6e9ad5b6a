"""How far a regression's predictions will turn out to be off, learned from its held-out rows.

Small models of the absolute and of the squared error are fitted to the held-out rows' features and
predictions (NannyML calls this direct loss estimation), one on each four fifths of them; their mean is what
they say of other rows, and what they differ by is how sure that is (the grouped jackknife). If they say no
more of rows that they were not fitted on than the mean error does, there is no estimate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.quality.answers import numbers

FEWEST_ROWS = 200
FOLDS = 5
SIZE = {"max_iter": 60, "max_leaf_nodes": 8, "early_stopping": False}
"""Small, since what is learned is mostly noise."""
NOT_FEATURES = frozenset({"label", "prediction", "probabilities"})
POWERS = {"mae": 1, "mse": 2}


@dataclass(frozen=True, slots=True)
class Expected:
    """A mean loss of some rows.

    Attributes:
        value: The mean.
        spread: What chance takes what is measured away from it, as a standard deviation.
    """

    value: float
    spread: float


@dataclass(frozen=True, slots=True)
class Residuals:
    """What a regression's rows tell of its errors.

    Attributes:
        codes: The features that are read, and the codes of those that are texts.
        models: By metric, one a fold.
        noise: By metric, the standard deviation of a row's loss around what is said of it.
    """

    codes: Mapping[str, Mapping[str, int] | None]
    models: Mapping[str, tuple[Any, ...]]
    noise: Mapping[str, float]

    def expected(self, rows: pa.Table) -> dict[str, Expected]:
        """The mean losses of rows, by metric.

        Args:
            rows: Logged predictions with features, each with a finite prediction.
        """
        matrix = _matrix(_cells(rows), numbers(rows["prediction"]), self.codes)
        found = {}
        for name, models in self.models.items():
            with _one_thread():
                said = np.array([np.maximum(0.0, model.predict(matrix)).mean() for model in models])
            fits = np.sqrt((FOLDS - 1) / FOLDS * ((said - said.mean()) ** 2).sum())
            chance = self.noise[name] / np.sqrt(len(matrix))
            found[name] = Expected(float(said.mean()), float(np.hypot(fits, chance)))
        return found


def learned(reference: pa.Table, *, hidden: frozenset[str] = frozenset(), seed: int = 0) -> Residuals | str:
    """Fit to held-out rows.

    Args:
        reference: Features, prediction and label.
        hidden: Columns that the log does not hold as they were.
        seed: Of folds and fits.

    Returns:
        What was learned, or why nothing was as a sentence.
    """
    truth, said = numbers(reference["label"]), numbers(reference["prediction"])
    usable = np.isfinite(truth) & np.isfinite(said)
    if usable.sum() < FEWEST_ROWS:
        return (
            f"{int(usable.sum())} held-out rows with outcomes are too few to learn from where"
            f" predictions are off; {FEWEST_ROWS} are needed"
        )
    cells = {name: reference[name] for name in reference.column_names if name not in NOT_FEATURES | hidden}
    codes = {name: _codes(column) for name, column in cells.items() if _can_be_read(column.type)}
    matrix, losses = _matrix(cells, said, codes)[usable], np.abs(truth - said)[usable]
    fold = np.random.default_rng(seed).permutation(len(losses)) % FOLDS
    fitted = {name: _fitted(matrix, losses**power, fold, seed) for name, power in POWERS.items()}
    if not _says_more(fitted["mae"][1], losses):
        return "the rows tell nothing of how far their predictions are off: what is known is the mean alone"
    return Residuals(
        codes,
        {name: models for name, (models, _) in fitted.items()},
        {name: float(np.std(losses**power - fitted[name][1])) for name, power in POWERS.items()},
    )


def _fitted(matrix: Any, losses: Any, fold: Any, seed: int) -> tuple[tuple[Any, ...], Any]:
    """A model a fold, and what each says of the rows that it was not fitted on."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    models, said = [], np.zeros(len(losses))
    with _one_thread():
        for k in range(FOLDS):
            model = HistGradientBoostingRegressor(random_state=seed, **SIZE)
            models.append(model.fit(matrix[fold != k], losses[fold != k]))
            said[fold == k] = np.maximum(0.0, model.predict(matrix[fold == k]))
    return tuple(models), said


def _one_thread() -> Any:
    """Several threads that wait for each other are many times slower than one where the cores are shared."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp")


def _says_more(said: Any, losses: Any) -> bool:
    return bool(((said - losses) ** 2).mean() < losses.var())


def _cells(rows: pa.Table) -> dict[str, pa.ChunkedArray]:
    if "features" not in rows.column_names or not pa.types.is_struct(rows["features"].type):
        return {}
    column = rows["features"]
    return dict(zip([field.name for field in column.type], column.flatten(), strict=True))


def _matrix(cells: Mapping[str, pa.ChunkedArray], said: Any, codes: Mapping[str, Any]) -> Any:
    """Features and prediction as doubles, shape (rows, columns); what is not there is NaN."""
    return np.column_stack([_column(cells.get(name), len(said), codes[name]) for name in codes] + [said])


def _column(cells: pa.ChunkedArray | None, rows: int, codes: Mapping[str, int] | None) -> Any:
    if cells is None:
        return np.full(rows, np.nan)
    if codes is None:
        return numbers(cells)
    places = pc.index_in(_texts(cells), value_set=pa.array(list(codes), pa.string()))
    return np.asarray(pc.cast(places, pa.float64()).to_numpy(), dtype=np.float64)


def _codes(column: pa.ChunkedArray) -> Mapping[str, int] | None:
    """A text's code is its place by rising frequency; None for a column of numbers."""
    if not _is_text(column.type):
        return None
    counts = pc.value_counts(_texts(column).drop_null()).to_pylist()
    ranked = sorted(counts, key=lambda each: (each["counts"], each["values"]))
    return {each["values"]: place for place, each in enumerate(ranked)}


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_nested(column.type):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    return pc.cast(column, pa.string())


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _can_be_read(kind: pa.DataType) -> bool:
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return bool(is_number or _is_text(kind))
