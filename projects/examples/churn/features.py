"""Numbers, plan and embedding side by side, and the rows that fit, choose and judge."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.examples.churn.columns import BESIDE_NOTES, CHURN, EMBEDDING, NUMBERS, PLAN, PLAN_CODE
from projects.examples.churn.config import Config, DataKeys, ModelKeys, read_config

SCALER, ENCODER, NAMES = "scaler.pkl", "label_encoder.pkl", "feature_names.txt"
Parts = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, NDArray[Any], NDArray[Any], NDArray[Any]]


def prepare_features(
    frame: pd.DataFrame,
    models_path: str | Path,
    config: Config | Mapping[str, Any] | str | Path | None = None,
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Make the features, and write what makes them: `scaler.pkl`, `label_encoder.pkl`, `feature_names.txt`.

    Args:
        frame: With the columns of the checked table and `summary_embedding`.
        models_path: The folder to write to.
        config: The configuration, or its file; `model.scale_features` says whether numbers are scaled.

    Returns:
        The features, a row a customer: `age`, `tenure`, `spend_rate` (scaled by the training rows of
        split_data, so that no other row is learned from), `plan_type_encoded`, and the embedding's numbers as
        `"0"`, `"1"`, ...; and `churn`.

    Raises:
        BadInput: There are too few rows, or all customers did the same.
    """
    from sklearn.preprocessing import LabelEncoder, StandardScaler

    keys, folder = read_config(config), Path(models_path)
    folder.mkdir(parents=True, exist_ok=True)
    y = frame[CHURN].to_numpy(dtype=np.int64)
    encoder = LabelEncoder()
    plans = encoder.fit_transform(frame[PLAN].astype(str))
    vectors = pd.DataFrame(frame[EMBEDDING].tolist(), index=frame.index).rename(columns=str)
    X = pd.concat([frame[list(NUMBERS)].astype(float), vectors], axis=1)
    X.insert(len(NUMBERS), PLAN_CODE, plans)
    (folder / SCALER).unlink(missing_ok=True)
    if keys.model.scale_features:
        scaler = StandardScaler().fit(X.iloc[_rows(y, keys.data, keys.model)[0]][list(NUMBERS)])
        X[list(NUMBERS)] = scaler.transform(X[list(NUMBERS)])
        (folder / SCALER).write_bytes(pickle.dumps(scaler))
    (folder / ENCODER).write_bytes(pickle.dumps(encoder))
    (folder / NAMES).write_text("".join(f"{name}\n" for name in X.columns), encoding="utf-8")
    return X, y


def split_data(
    X: pd.DataFrame,
    y: NDArray[np.int64],
    data: DataKeys | Mapping[str, Any] | None = None,
    model: ModelKeys | Mapping[str, Any] | None = None,
) -> Parts:
    """Split into training, validation and test rows; the same seed gives the same split.

    Args:
        X: The features.
        y: Who left.
        data: The section `data` of the configuration.
        model: The section `model`.

    Returns:
        X_train, X_val, X_test, y_train, y_val, y_test.

    Raises:
        BadInput: There are too few rows, or all customers did the same.
    """
    data = data if isinstance(data, DataKeys) else DataKeys(**known_keys(DataKeys, data))
    model = model if isinstance(model, ModelKeys) else ModelKeys(**known_keys(ModelKeys, model))
    train, validation, test = _rows(y, data, model)
    return X.iloc[train], X.iloc[validation], X.iloc[test], y[train], y[validation], y[test]


def embedding_columns(names: "pd.Index[str] | list[str]") -> list[str]:
    """Return which features are the embedding's."""
    return [name for name in names if name not in BESIDE_NOTES]


def known_keys(section: type[DataKeys | ModelKeys], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the keys of a section that it knows; a whole configuration holds others."""
    return {key: value for key, value in (given or {}).items() if key in section.model_fields}


def _rows(y: NDArray[np.int64], data: DataKeys, model: ModelKeys) -> list[NDArray[np.intp]]:
    from sklearn.model_selection import train_test_split

    _check_split(y, data)
    at, seed = np.arange(len(y)), model.random_state
    rest, test = train_test_split(
        at, test_size=data.test_size, stratify=y if data.stratify else None, random_state=seed
    )
    share = data.validation_size / (1 - data.test_size)
    train, validation = train_test_split(
        rest, test_size=share, stratify=y[rest] if data.stratify else None, random_state=seed
    )
    return [np.sort(rows) for rows in (train, validation, test)]


def _check_split(y: NDArray[np.int64], data: DataKeys) -> None:
    if data.test_size + data.validation_size >= 1:
        raise BadInput(
            f"data.test_size {data.test_size:g} and data.validation_size {data.validation_size:g}"
            " leave no rows to learn from; make them smaller"
        )
    counts = np.bincount(y, minlength=2)
    if counts.min() < FEWEST:
        raise BadInput(
            f"{counts[1]} customers left and {counts[0]} stayed; at least {FEWEST} of each are wanted,"
            " so that all three parts have some"
        )


FEWEST = 10
"""Customers who left, and who stayed, below which a split says nothing."""
