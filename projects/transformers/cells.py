"""What a transformer takes: a DataFrame or an array, checked as scikit-learn checks it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

Numbers = NDArray[np.float64]
Texts = NDArray[np.object_]


def numbers_of(estimator: Any, X: Any, *, reset: bool) -> Numbers:
    """Return the columns as a float64 matrix in which NaN is missing; `reset` while fitting."""
    matrix: Numbers = validate_data(
        estimator, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", copy=True
    )
    return matrix


def texts_of(estimator: Any, X: Any, *, reset: bool, fewest_rows: int = 1) -> Texts:
    """Return the columns as an object matrix of str and None; `reset` while fitting."""
    matrix = validate_data(
        estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan", ensure_min_samples=fewest_rows
    )
    return as_texts(matrix)


def as_texts(cells: Any) -> Texts:
    """Return an object array of str and None: what is no text is written as one, what is missing is None."""
    known = np.asarray(cells, dtype=object)
    is_text = np.frompyfunc(lambda cell: type(cell) is str, 1, 1)(known).astype(bool)
    if is_text.all():
        return known
    texts = known.copy()
    missing = pd.isna(known)
    texts[missing] = None
    others = ~is_text & ~missing
    texts[others] = [str(cell) for cell in known[others]]
    return texts


def frame_of(estimator: Any, X: Any, *, reset: bool) -> pd.DataFrame:
    """Return a frame of float64 and object columns; a column of an array is named `x` and its place."""
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        if len(X) == 0 or X.shape[1] == 0:  # scikit-learn's own sentence
            validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
        return X
    matrix = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
    if matrix.dtype.kind not in "fiub":
        matrix = _as_numbers_if_all_are(matrix)
    return pd.DataFrame(matrix, columns=[f"x{place}" for place in range(matrix.shape[1])])


def _as_numbers_if_all_are(matrix: Any) -> Any:
    try:
        return matrix.astype(np.float64)
    except (TypeError, ValueError):
        return matrix
