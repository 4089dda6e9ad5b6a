"""Small tables, fitted pipelines and answers to evaluate; each pipeline is fitted once a session."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from projects.evaluation.answers import Answers
from projects.evaluation.evaluate import evaluate
from projects.evaluation.findings import Report
from projects.evaluation.subject import Subject
from projects.requirement.model import Evaluation

CLASSES = {"binary": ("nein", "ja"), "multiclass": ("low", "mid", "high"), "regression": None}


def classes_of(task: str) -> tuple[Any, ...] | None:
    return None if task == "regression" else tuple(sorted(CLASSES[task]))


def table(rows: int = 600, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, rows)
    age[::13] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "count": rng.integers(0, 50, rows).astype(float),
            "city": rng.choice(np.array(["Köln", "Oslo", "東京", None], dtype=object), rows),
            "noise": rng.normal(size=rows),
        }
    )


def truth(frame: pd.DataFrame, task: str, seed: int = 4) -> Any:
    rng = np.random.default_rng(seed)
    score = (
        frame["count"].to_numpy() + 10 * (frame["city"] == "Oslo").to_numpy() + rng.normal(0, 5, len(frame))
    )
    if task == "regression":
        return score
    if task == "binary":
        return np.where(score > 38, "ja", "nein").astype(object)
    return np.array(["low", "mid", "high"], dtype=object)[np.digitize(score, [15, 35])]


def pipeline(model: Any) -> Pipeline:
    texts = Pipeline(
        [
            ("fill", SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value="(missing)")),
            ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    )
    numbers = SimpleImputer(strategy="median")
    columns = [("numbers", numbers, ["age", "count", "noise"]), ("texts", texts, ["city"])]
    return Pipeline([("columns", ColumnTransformer(columns)), ("model", model)])


def estimator(family: str, task: str) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor
    from xgboost import XGBClassifier, XGBRegressor

    few: dict[str, Any] = {"n_estimators": 30, "n_jobs": 1}
    if family == "linear":
        return LinearRegression() if task == "regression" else LogisticRegression(max_iter=2000)
    if family == "lightgbm":
        kind = LGBMRegressor if task == "regression" else LGBMClassifier
        return kind(verbosity=-1, num_leaves=7, random_state=1, **few)
    if task == "regression":
        return XGBRegressor(max_depth=3, **few)
    return VotingClassifier([("xgboost", XGBClassifier(max_depth=3, **few))], voting="soft")


@cache
def fitted(family: str, task: str) -> Any:
    frame = table()
    return pipeline(estimator(family, task)).fit(frame, truth(frame, task))


@cache
def out_of_fold(task: str) -> Answers:
    frame, classes = table(), np.array(classes_of(task))
    y = truth(frame, task)
    shares = cross_val_predict(pipeline(estimator("linear", task)), frame, y, cv=3, method="predict_proba")
    return Answers(y, classes[shares.argmax(axis=1)].astype(object), shares, tuple(classes.tolist()))


def subject(task: str, family: str = "lightgbm", *, rows: int = 400, **more: Any) -> Subject:
    held = table(rows, seed=8)
    return Subject(
        fitted(family, task),
        task,
        classes_of(task),
        held,
        truth(held, task, seed=9),
        family,
        "target",
        **more,
    )


@cache
def report(task: str, *, shap: bool = False) -> Report:
    return evaluate(subject(task), asked=Evaluation(shap=shap))
