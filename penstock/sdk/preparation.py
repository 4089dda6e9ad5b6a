"""A table made ready in a notebook: cleaned, its columns selected, its rows split, its numbers scaled.

Each method is the pipelines' own step over a data frame; nothing given is changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
import pandas as pd

from penstock.sdk.given import TASKS, as_column, as_frame, check_finite, known_word, tell, whole
from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from projects.requirement.sections import (
    Cleaning,
    MissingStrategy,
    OutlierMethod,
    ScalingMethod,
    SelectionMethod,
    Splitting,
)

if TYPE_CHECKING:
    from projects.splitting import Divided

SCALING, SELECTION = get_args(ScalingMethod)[:3], get_args(SelectionMethod)[:5]
SHARES: Mapping[str, tuple[float, float]] = {"test_size": (0.01, 0.9), "validation_size": (0.0, 0.9)}


class DataPreparation:
    """Cleans, selects, splits and scales tables.

    Args:
        random_state: The same number gives the same selection and the same split.

    Attributes:
        cleaned_: What `clean_data` did last: gaps filled and outliers pulled in, by column.
        feature_importance_: What `select_features` found last, by column, the heaviest first.
        scaler_: What `scale_features` fitted last.

    >>> import pandas as pd
    >>> from penstock import DataPreparation
    >>> ages = pd.DataFrame({"age": [30.0, None, 40.0]})
    >>> DataPreparation().clean_data(ages, missing_strategy="mean")["age"].tolist()
    [30.0, 35.0, 40.0]
    """

    def __init__(self, random_state: int = 42) -> None:
        self.random_state = whole(random_state, "random_state", least=0)
        self.cleaned_: Any = None
        self.feature_importance_: dict[str, float] = {}
        self.scaler_: Any = None
        self._scaled: tuple[str, ...] = ()

    def clean_data(
        self,
        df: Any,
        missing_strategy: MissingStrategy = "mean",
        outlier_method: OutlierMethod = "iqr",
        outlier_threshold: float = 3.0,
        *,
        target_column: str | None = None,
        drop_duplicates: bool = False,
    ) -> pd.DataFrame:
        """Fill gaps, and pull outliers of numbers to a bound.

        Args:
            df: The table.
            missing_strategy: `mean` and `median` fill numbers, and all else with the most frequent value;
                `mode`, `forward_fill`, `backward_fill`; `drop` leaves out rows with gaps.
            outlier_method: `iqr` or `zscore`, or `none`.
            outlier_threshold: Where outliers begin: in interquartile ranges beyond the quartiles, or in
                standard deviations from the mean.
            target_column: A column that stays as it is; rows without it are left out.
            drop_duplicates: Whether rows that repeat another are left out.

        Returns:
            A cleaned copy, with the index of the rows that are left.

        Raises:
            BadInput: An option is not known, a number is infinite, or no row is left.
        """
        from projects.steps.filled_frame import fill_frame

        known_word(missing_strategy, get_args(MissingStrategy), "missing_strategy")
        known_word(outlier_method, get_args(OutlierMethod), "outlier_method")
        if not _is_number(outlier_threshold) or not 0 < outlier_threshold < np.inf:
            raise BadInput(f"outlier_threshold must be a number above 0, not {shown(outlier_threshold)}")
        frame = as_frame(df, what="the table")
        check_finite(frame, what="the table")
        if target_column is not None and target_column not in frame.columns:
            hint = did_you_mean(str(target_column), frame.columns)
            raise BadInput(f"there is no column '{target_column}' to keep; {hint}")
        cleaning = Cleaning(
            missing_strategy=missing_strategy,
            outlier_method=outlier_method,
            outlier_threshold=float(outlier_threshold),
            duplicates="drop" if drop_duplicates else "keep",
        )
        cleaned, self.cleaned_ = fill_frame(frame, cleaning, keep=target_column or "")
        if not len(cleaned):
            raise BadInput(
                "no row is left: each has a gap somewhere; choose another missing_strategy than drop, or"
                " leave the emptiest columns out"
            )
        _tell_of_empty(cleaned)
        return cleaned

    def select_features(
        self,
        X: Any,
        y: Any,
        method: Literal[
            "mutual_info", "correlation", "rfe", "tree_importance", "statistical"
        ] = "mutual_info",
        n_features: int = 10,
        *,
        task_type: Literal["auto", "classification", "regression"] = "auto",
    ) -> tuple[Any, list[str]]:
        """Keep the columns that matter most to the target.

        Args:
            X: The table.
            y: The target, one value a row.
            method: How columns are judged.
            n_features: How many are kept; all of them where there are fewer.
            task_type: What the target is; by default seen from its values.

        Returns:
            The kept columns, a frame for a frame and else an array, and their names, the heaviest first.

        Raises:
            BadInput: An option is not known, or X and y do not fit together.
        """
        from projects.transformers.select_columns import SelectColumns

        known_word(method, SELECTION, "method")
        known_word(task_type, ("auto", *TASKS), "task_type")
        frame = as_frame(X)
        check_finite(frame)
        target, rows = _target(as_column(y, len(frame)), task_type)
        chosen = SelectColumns(
            method,
            whole(n_features, "n_features", least=1),
            task="classification" if target.classes is not None else "regression",
            random_state=self.random_state,
        ).fit(_judged(frame.iloc[rows]), target.truth)
        weights = sorted(chosen.feature_importance_.items(), key=lambda pair: -pair[1])
        self.feature_importance_ = dict(weights)
        kept = set(chosen.get_feature_names_out())
        names = [name for name, _ in weights if name in kept]
        return _like(frame[names], X), names

    def split_data(
        self,
        X: Any,
        y: Any,
        test_size: float = 0.2,
        validation_size: float = 0.1,
        stratify: bool = True,
    ) -> tuple[Any, Any, Any, Any, Any, Any]:
        """Split rows into those to learn from, to validate on and to test on.

        Rows that are copies of others stay on one side. Rows without a target are in no part.

        Args:
            X: The table.
            y: The target, one value a row.
            test_size: The share of all rows to test on.
            validation_size: The share of all rows to validate on; 0 gives none.
            stratify: Whether each part has the classes' shares; a target of amounts is split at random.

        Returns:
            X_train, X_val, X_test, y_train, y_val, y_test, each in the order of the rows and of the kind
            that was given.

        Raises:
            BadInput: A share cannot be, or too few rows of a class are there.
        """
        asked = _splitting(test_size, validation_size, stratify=bool(stratify))
        frame = as_frame(X)
        column = as_column(y, len(frame))
        divided, rows = self._divided(frame, column, asked)
        parts = [rows[at] for at in (divided.train, divided.validation, divided.test)]
        tables = [_like(frame.iloc[at], X) for at in parts]
        truths = [column.iloc[at] if isinstance(y, pd.Series) else _cells(y, at) for at in parts]
        return cast("tuple[Any, Any, Any, Any, Any, Any]", (*tables, *truths))

    def scale_features(
        self, X: Any, method: Literal["standard", "minmax", "robust"] = "standard", fit: bool = True
    ) -> Any:
        """Scale the columns of numbers; all others stay as they are.

        Args:
            X: The table.
            method: `standard` gives each column mean 0 and deviation 1, `minmax` the range from 0 to 1,
                `robust` median 0 and interquartile range 1. It counts where the scaler is fitted.
            fit: Whether the scaler is fitted on these rows; else the one that was fitted last is used, as
                for rows to validate and to test on.

        Returns:
            A scaled copy, of the kind that was given.

        Raises:
            BadInput: No scaler was fitted, or the table has not the columns that it was fitted on.
        """
        from projects.column_parts import scaler

        known_word(method, SCALING, "method")
        frame = as_frame(X)
        check_finite(frame)
        if fit:
            self._scaled = tuple(name for name in frame.columns if _has_amounts(frame[name]))
            if not self._scaled:
                raise BadInput("X has no column of numbers to scale; give one at least")
            numbers = _doubles(frame, self._scaled)
            empty = dict.fromkeys(numbers.columns[numbers.isna().all()], 0.0)
            self.scaler_ = scaler(method).fit(numbers.fillna(empty))
        if self.scaler_ is None:
            raise BadInput("no scaler is fitted yet; call scale_features with fit=True on the training rows")
        for name in self._scaled:
            if name not in frame.columns:
                hint = did_you_mean(name, frame.columns)
                raise BadInput(f"the scaler was fitted on a column '{name}', which X has not; {hint}")
        made = frame.copy()
        made[list(self._scaled)] = self.scaler_.transform(_doubles(frame, self._scaled))
        return _like(made, X)

    def _divided(
        self, frame: pd.DataFrame, column: "pd.Series[Any]", asked: Splitting
    ) -> "tuple[Divided, Any]":
        from projects.repeats import digests_of, find_copies
        from projects.splitting import Marks, divide

        target, rows = _target(column, "auto")
        if missing := len(frame) - len(rows):
            tell(f"{counted(missing, 'row', 'is')} in no part: the target is missing")
        has_classes = target.classes is not None
        if asked.strategy == "random":
            target = replace(target, classes=None)
        digests = digests_of(_hashable(frame.iloc[rows]))
        copies = find_copies(digests, target.truth, has_classes=has_classes)
        return divide(target, asked, Marks(copies=copies), seed=self.random_state), rows


def _target(column: "pd.Series[Any]", task: Any) -> tuple[Any, Any]:
    from projects.target import read_target

    cells = column.rename("y").reset_index(drop=True)
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(cells.cat.categories.dtype if not cells.isna().any() else object)
    found = read_target(cells.to_frame(), "y", task)
    return found, found.rows


def _splitting(test_size: Any, validation_size: Any, *, stratify: bool) -> Splitting:
    for name, share in (("test_size", test_size), ("validation_size", validation_size)):
        low, high = SHARES[name]
        if not _is_number(share) or not low <= share <= high:
            raise BadInput(f"{name} must be a share of all rows from {low:g} to {high:g}, not {shown(share)}")
    if test_size + validation_size >= 1:
        raise BadInput(
            f"test_size {test_size:g} and validation_size {validation_size:g} leave no rows to learn from;"
            " let them sum to less than 1"
        )
    return Splitting(
        strategy="auto" if stratify else "random",
        test_size=float(test_size),
        validation_size=float(validation_size),
    )


def _judged(frame: pd.DataFrame) -> pd.DataFrame:
    """Return columns as the selection reads them: numbers, else texts."""
    columns = {}
    for name in frame.columns:
        cells = frame[name]
        is_number = pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_bool_dtype(cells.dtype)
        columns[name] = cells.astype("float64") if is_number else _as_texts(cells)
    return pd.DataFrame(columns).reset_index(drop=True)


def _as_texts(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    from projects.ingest.cells import as_texts

    if cells.dtype.kind == "M":
        cells = cells.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return as_texts(cells)


def _hashable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return columns whose cells can be digested: lists and mixtures by their texts."""
    odd = [name for name in frame.columns if frame[name].dtype == object]
    return frame.assign(**{name: frame[name].map(repr) for name in odd}) if odd else frame


def _tell_of_empty(frame: pd.DataFrame) -> None:
    empty = [name for name in frame.columns if frame[name].isna().all()]
    if empty:
        named = ", ".join(f"'{name}'" for name in empty[:5])
        more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
        what = "column holds" if len(empty) == 1 else "columns hold"
        tell(f"the {what} nothing that gaps could be filled from: {named}{more}; leave them out")


def _has_amounts(column: "pd.Series[Any]") -> bool:
    dtype = column.dtype
    is_number = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    return is_number and not pd.api.types.is_complex_dtype(dtype)


def _doubles(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    wanted = list(names)
    try:
        return frame[wanted].astype("float64")
    except (ValueError, TypeError) as error:
        raise BadInput(f"the columns that are scaled must hold numbers; {error}") from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _cells(y: Any, at: Any) -> Any:
    """Take cells of what is no series, in its own kind where that has places."""
    if isinstance(y, pd.DataFrame):
        return y.iloc[at]
    if isinstance(y, list | tuple):
        return [y[place] for place in at]
    return np.asarray(y)[at]


def _like(frame: pd.DataFrame, given: Any) -> Any:
    """Return a frame as what was given: an array for an array."""
    return frame.to_numpy() if isinstance(given, np.ndarray) else frame
