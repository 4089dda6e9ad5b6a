"""A person's own function on the frame of columns: frame in, frame out, one row for one row."""

import importlib
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from projects.transformers.cells import as_texts, frame_of


class ApplyFunction(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Call a function that takes a DataFrame and returns one with the same rows in the same order.

    Its numbers and booleans become float64, all else texts. The columns that it returns for the training
    rows are those that it must return for all others.

    Args:
        function: Its dotted name, `module.function`. The module is imported where the pipeline is fitted;
            pickle the module by value if it is not installed where the pipeline is loaded.

    Attributes:
        function_: The function.
        columns_: The names of the columns that it returned.
        is_text_: Which of them are texts.
    """

    def __init__(self, function: str = "copy.copy") -> None:
        self.function = function

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Find the function and learn what columns it returns.

        Raises:
            ValueError: It is not there, raises, or returns anything but a frame of as many rows.
        """
        frame = frame_of(self, X, reset=True)
        self.function_ = _found(self.function)
        made = self._called(frame)
        self.columns_ = [str(name) for name in made.columns]
        self.is_text_ = [not _is_numeric(made.iloc[:, place]) for place in range(made.shape[1])]
        return self

    def transform(self, X: Any) -> Any:
        """Return the function's columns: a frame for a frame, an array for an array."""
        check_is_fitted(self)
        made = self._called(frame_of(self, X, reset=False))
        absent = [name for name in self.columns_ if name not in made.columns]
        if absent:
            raise ValueError(
                f"the feature function '{self.function}' gave the column {absent[0]!r} for the training rows"
                " and not now; it must return the same columns for all rows"
            )
        cells = {
            name: _as_text_cells(made[name]) if is_text else made[name].astype("float64").to_numpy()
            for name, is_text in zip(self.columns_, self.is_text_, strict=True)
        }
        frame = pd.DataFrame(
            {name: pd.Series(values, dtype=values.dtype) for name, values in cells.items()}
        ).set_axis(made.index)
        return frame if isinstance(X, pd.DataFrame) else frame.to_numpy()

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the function's columns."""
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        return np.array(self.columns_, dtype=object)

    def _called(self, frame: pd.DataFrame) -> pd.DataFrame:
        try:
            made = self.function_(frame.copy())
        except Exception as error:
            raise ValueError(
                f"the feature function '{self.function}' raised {type(error).__name__}: {error}"
            ) from error
        if not isinstance(made, pd.DataFrame):
            raise ValueError(  # noqa: TRY004 - all that a function does wrong is one kind of error
                f"the feature function '{self.function}' must return a DataFrame, not {type(made).__name__}"
            )
        if len(made) != len(frame):
            raise ValueError(
                f"the feature function '{self.function}' must return the rows that it got, one for one;"
                f" it got {len(frame)} and returned {len(made)}"
            )
        if not made.columns.is_unique:
            raise ValueError(f"the feature function '{self.function}' returned a column name twice")
        return made.rename(columns=str)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _found(dotted: str) -> Any:
    module_name, _, name = dotted.rpartition(".")
    if not module_name:
        raise ValueError(f"the feature function '{dotted}' must be named 'module.function'")
    try:
        function = getattr(importlib.import_module(module_name), name, None)
    except ImportError as error:
        raise ValueError(f"the feature function '{dotted}' cannot be imported: {error}") from error
    if not callable(function):
        raise ValueError(  # noqa: TRY004 - a name is wrong, not a type
            f"the module '{module_name}' has no function '{name}'"
        )
    return function


def _is_numeric(column: "pd.Series[Any]") -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)


def _as_text_cells(column: "pd.Series[Any]") -> Any:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.array([None if pd.isna(cell) else cell.isoformat() for cell in column], dtype=object)
    return as_texts(column.to_numpy(dtype=object))
