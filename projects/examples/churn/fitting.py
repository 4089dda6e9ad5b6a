"""XGBoost on numbers, plan and embedding: fitted with early stopping, judged on rows that it never saw."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.examples.churn.config import ModelKeys
from projects.examples.churn.features import known_keys


def train(
    X_train: pd.DataFrame,
    X_val: pd.DataFrame,
    y_train: NDArray[np.int64],
    y_val: NDArray[np.int64],
    model: ModelKeys | Mapping[str, Any] | None = None,
) -> Any:
    """Fit an XGBClassifier.

    Args:
        X_train: Features of the training rows.
        X_val: Of the validation rows, which end the fit.
        y_train: Who left of the training rows.
        y_val: Of the validation rows.
        model: The section `model` of the configuration.
    """
    from xgboost import XGBClassifier

    keys = model if isinstance(model, ModelKeys) else ModelKeys(**known_keys(ModelKeys, model))
    fitted = XGBClassifier(
        n_estimators=keys.n_estimators, max_depth=keys.max_depth, learning_rate=keys.learning_rate,
        early_stopping_rounds=keys.early_stopping_rounds, eval_metric="logloss", subsample=0.8,
        colsample_bytree=0.5, random_state=keys.random_state, n_jobs=1,
    )  # fmt: skip
    fitted.fit(X_train, y_train, eval_set=[(X_val, y_val)], verbose=False)
    return fitted


def evaluate(model: Any, X_test: pd.DataFrame, y_test: NDArray[np.int64]) -> dict[str, float]:
    """Return accuracy, precision, recall, F1, ROC AUC and log loss on test rows."""
    from sklearn import metrics as sk

    shares = model.predict_proba(X_test)[:, 1]
    said = (shares >= 0.5).astype(int)
    return {
        "accuracy": float(sk.accuracy_score(y_test, said)),
        "precision": float(sk.precision_score(y_test, said, zero_division=0.0)),
        "recall": float(sk.recall_score(y_test, said)),
        "f1": float(sk.f1_score(y_test, said)),
        "roc_auc": float(sk.roc_auc_score(y_test, shares)),
        "log_loss": float(sk.log_loss(y_test, shares)),
    }
