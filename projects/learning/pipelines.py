"""A candidate with what prepares its columns: impute, scale where it helps, one-hot, estimate.

Texts are imputed with `missing_values=pd.NA`, which takes a JSON null (None) and a CSV blank (NaN) alike.
The one-hot matrix is dense: XGBoost would read the absent cells of a sparse one as missing.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from projects.features import Features
from projects.learning.candidates import Candidate, Parameters
from serving.plan.model import Task

MISSING_TEXT = "(missing)"


def build(
    candidate: Candidate,
    features: Features,
    task: Task,
    *,
    seed: int,
    threads: int,
    max_categories: int,
    parameters: Parameters | None = None,
) -> Pipeline:
    """Build an unfitted pipeline.

    Args:
        candidate: Which estimator.
        features: The columns.
        task: The task.
        seed: For everything random.
        threads: The most threads that fitting may use.
        max_categories: The most one-hot columns of a text column; the rarest texts share one.
        parameters: The estimator's, where they differ from the defaults.
    """
    scaling = [("scale", StandardScaler())] if candidate.is_scaled else []
    numbers = Pipeline([("impute", SimpleImputer(strategy="median", keep_empty_features=True)), *scaling])
    texts = Pipeline(
        [
            ("impute", SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value=MISSING_TEXT)),
            (
                "encode",
                OneHotEncoder(
                    handle_unknown="infrequent_if_exist", max_categories=max_categories, sparse_output=False
                ),
            ),
        ]
    )
    parts = [("numbers", numbers, features.names("double")), ("texts", texts, features.names("string"))]
    return Pipeline(
        [
            ("columns", ColumnTransformer([part for part in parts if part[2]])),
            ("model", candidate.make(task, seed, threads, {**candidate.defaults, **(parameters or {})})),
        ]
    )


@contextmanager
def fitting_quietly() -> Iterator[None]:
    """Hold back the libraries' notes while models are fitted: a fit cut short shows in its score."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        yield


def on_one_thread(pipeline: Pipeline) -> Pipeline:
    """Make a fitted pipeline predict on one thread: for few rows, starting threads is most of the work."""
    model = pipeline.named_steps["model"]
    if getattr(model, "n_jobs", None) is not None:
        model.set_params(n_jobs=1)
    return pipeline


def member(pipeline: Pipeline) -> Any:
    """Return the fitted estimator itself, without the vote that encodes its labels."""
    model = pipeline.named_steps["model"]
    return model.estimators_[0] if type(model).__name__ == "VotingClassifier" else model
