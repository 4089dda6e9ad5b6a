"""Small fitted pipelines of every family, ensemble and task, as a training makes them."""

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier, XGBRegressor

from serving.plan.load import load_plan
from serving.plan.model import Column
from serving.plan.plan import Plan
from serving.plan.write import write_plan

COLUMNS = (
    Column("größe", "double", required=False),
    Column("city", "string", required=False),
    Column("count", "double", required=True),
    Column("colour", "string", required=True),
)
CITIES = ["Köln", "Oslo", "東京", "Lima", "Bern", "Rom"]
COLOURS = ["red", "green"]
KINDS = ("texts", "booleans", "whole", "multiclass", "regression")
CLASS_KINDS = KINDS[:4]
FAMILIES = ("logistic", "random_forest", "lightgbm", "xgboost")
"""The families that most versions are of."""


@dataclass(frozen=True)
class Fitted:
    pipeline: Any
    plan: Plan
    folder: Path


def table(rows: int = 240, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cities = rng.choice(CITIES, rows, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02]).astype(object)
    cities[::17] = None
    size = rng.normal(10, 4, rows)
    size[::11] = np.nan
    return pd.DataFrame(
        {
            "größe": size,
            "city": cities,
            "count": rng.integers(0, 50, rows) + rng.normal(0, 0.1, rows),
            "colour": rng.choice(COLOURS, rows).astype(object),
        }
    )


def truth(frame: pd.DataFrame, kind: str) -> Any:
    rng = np.random.default_rng(6)
    score = (
        frame["count"].to_numpy() + 8 * (frame["city"] == "Oslo").to_numpy() + rng.normal(0, 4, len(frame))
    )
    if kind == "regression":
        return score + 20
    if kind == "multiclass":
        return np.array(["low", "mid", "high"], dtype=object)[np.digitize(score, [15, 35])]
    labels = {"texts": np.array(["nein", "ja"], dtype=object), "booleans": np.array([False, True])}
    return labels.get(kind, np.array([3, 7]))[(score > 27).astype(int)]


def steps(*, is_scaled: bool = False) -> list[tuple[str, Any]]:
    """The steps before the model."""
    scaling = [("scale", StandardScaler())] if is_scaled else []
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), *scaling])
    texts = Pipeline(
        [
            ("impute", SimpleImputer(missing_values=pd.NA, strategy="constant", fill_value="(missing)")),
            (
                "encode",
                OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=4, sparse_output=False),
            ),
        ]
    )
    parts = [("numbers", numbers, ["größe", "count"]), ("texts", texts, ["city", "colour"])]
    return [("columns", ColumnTransformer(parts))]


def pipe(model: Any, *, is_scaled: bool = False) -> Pipeline:
    return Pipeline([*steps(is_scaled=is_scaled), ("model", model)])


def scaled(model: Any) -> Pipeline:
    return pipe(model, is_scaled=True)


def _xgb(**parameters: Any) -> Any:
    """XGBoost knows only the labels 0, 1, 2 ...: a vote of one encodes the others."""
    member = XGBClassifier(n_estimators=20, n_jobs=1, random_state=1, **parameters)
    return VotingClassifier([("xgboost", member)], voting="soft")


def _lgb() -> Any:
    return LGBMClassifier(n_estimators=20, n_jobs=1, verbosity=-1, random_state=1)


def _lgb_number() -> Any:
    return LGBMRegressor(n_estimators=20, n_jobs=1, verbosity=-1, random_state=1)


def _forest() -> Any:
    return RandomForestClassifier(20, random_state=1)


def _logistic() -> Any:
    return LogisticRegression(max_iter=1000)


CLASSIFIERS = {
    "logistic": lambda: scaled(_logistic()),
    "ridge_classifier": lambda: scaled(RidgeClassifier()),
    "linear_svc": lambda: scaled(LinearSVC(random_state=1)),
    "svc_rbf": lambda: scaled(SVC()),
    "svc_linear": lambda: scaled(SVC(kernel="linear", break_ties=True)),
    "svc_poly": lambda: scaled(SVC(kernel="poly", coef0=0.5)),
    "svc_sigmoid": lambda: scaled(SVC(kernel="sigmoid")),
    "decision_tree": lambda: pipe(DecisionTreeClassifier(random_state=1)),
    "pruned_tree": lambda: pipe(DecisionTreeClassifier(max_leaf_nodes=7, random_state=1)),
    "random_forest": lambda: pipe(_forest()),
    "extra_trees": lambda: pipe(ExtraTreesClassifier(20, random_state=1)),
    "gradient_boosting": lambda: pipe(GradientBoostingClassifier(n_estimators=20, random_state=1)),
    "histogram": lambda: pipe(HistGradientBoostingClassifier(max_iter=20, random_state=1)),
    "adaboost": lambda: pipe(AdaBoostClassifier(n_estimators=20, random_state=1)),
    "adaboost_deep": lambda: pipe(
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=9, random_state=1)
    ),
    "knn": lambda: scaled(KNeighborsClassifier()),
    "knn_weighted": lambda: scaled(KNeighborsClassifier(7, weights="distance", algorithm="brute")),
    "knn_manhattan": lambda: scaled(KNeighborsClassifier(4, p=1, algorithm="ball_tree")),
    "naive_bayes": lambda: scaled(GaussianNB()),
    "lightgbm": lambda: pipe(_lgb()),
    "xgboost": lambda: pipe(_xgb()),
    "mlp": lambda: scaled(MLPClassifier((8, 4), max_iter=60, learning_rate_init=0.03, random_state=1)),
    "mlp_tanh": lambda: scaled(
        MLPClassifier((6,), activation="tanh", max_iter=1000, random_state=1, tol=1e-2)
    ),
    "soft_vote": lambda: VotingClassifier(
        [("a", scaled(_logistic())), ("b", pipe(_lgb())), ("c", pipe(_forest()))],
        voting="soft",
        weights=[2, 1, 0.5],
    ),
    "soft_vote_inside": lambda: scaled(
        VotingClassifier([("a", _logistic()), ("b", GaussianNB())], voting="soft")
    ),
    "hard_vote": lambda: VotingClassifier(
        [("a", scaled(_logistic())), ("b", pipe(_lgb())), ("c", scaled(SVC())), ("d", scaled(GaussianNB()))],
        voting="hard",
        weights=[1, 2, 1, 2],
    ),
    "stack": lambda: StackingClassifier(
        [("a", scaled(_logistic())), ("b", pipe(_lgb())), ("c", scaled(LinearSVC(random_state=1)))],
        final_estimator=_logistic(),
        cv=3,
    ),
    "stack_on_trees": lambda: pipe(
        StackingClassifier(
            [("a", _forest()), ("b", GaussianNB())], final_estimator=DecisionTreeClassifier(max_depth=3), cv=3
        )
    ),
    "bag": lambda: scaled(BaggingClassifier(_logistic(), 5, max_features=0.7, random_state=1)),
    "bag_of_trees": lambda: pipe(BaggingClassifier(n_estimators=8, max_features=0.7, random_state=1)),
    "bag_of_labels": lambda: scaled(BaggingClassifier(LinearSVC(random_state=1), 5, random_state=1)),
    "calibrated": lambda: CalibratedClassifierCV(scaled(SVC()), cv=3),
    "calibrated_isotonic": lambda: CalibratedClassifierCV(pipe(_lgb()), method="isotonic", cv=3),
    "calibrated_temperature": lambda: CalibratedClassifierCV(scaled(_logistic()), method="temperature", cv=3),
    "calibrated_forest": lambda: CalibratedClassifierCV(pipe(_forest()), method="temperature", cv=3),
    "calibrated_inside": lambda: scaled(CalibratedClassifierCV(LinearSVC(random_state=1), cv=3)),
}
BINARY = {
    "threshold": lambda: FixedThresholdClassifier(pipe(_lgb()), threshold=0.3, pos_label=None),
    "threshold_decision": lambda: FixedThresholdClassifier(
        scaled(LinearSVC(random_state=1)), threshold=0.2, response_method="decision_function"
    ),
    "tuned_threshold": lambda: TunedThresholdClassifierCV(
        scaled(_logistic()), scoring="balanced_accuracy", cv=3
    ),
    "exponential": lambda: pipe(
        GradientBoostingClassifier(loss="exponential", n_estimators=9, random_state=1)
    ),
}
REGRESSORS = {
    "linear": lambda: scaled(LinearRegression()),
    "ridge": lambda: scaled(Ridge()),
    "lasso": lambda: scaled(Lasso()),
    "elastic_net": lambda: scaled(ElasticNet(fit_intercept=False)),
    "svr": lambda: scaled(SVR()),
    "svr_linear": lambda: scaled(SVR(kernel="linear")),
    "decision_tree": lambda: pipe(DecisionTreeRegressor(random_state=1)),
    "random_forest": lambda: pipe(RandomForestRegressor(20, random_state=1)),
    "extra_trees": lambda: pipe(ExtraTreesRegressor(20, random_state=1)),
    "gradient_boosting": lambda: pipe(
        GradientBoostingRegressor(loss="huber", n_estimators=20, random_state=1)
    ),
    "histogram": lambda: pipe(HistGradientBoostingRegressor(max_iter=20, random_state=1)),
    "histogram_poisson": lambda: pipe(
        HistGradientBoostingRegressor(loss="poisson", max_iter=20, random_state=1)
    ),
    "adaboost": lambda: pipe(AdaBoostRegressor(n_estimators=20, random_state=1)),
    "knn": lambda: scaled(KNeighborsRegressor()),
    "knn_weighted": lambda: scaled(KNeighborsRegressor(7, weights="distance")),
    "lightgbm": lambda: pipe(_lgb_number()),
    "xgboost": lambda: pipe(XGBRegressor(n_estimators=20, n_jobs=1, random_state=1)),
    "mlp": lambda: scaled(
        MLPRegressor(hidden_layer_sizes=(8,), activation="logistic", max_iter=3000, random_state=1, tol=0.5)
    ),
    "vote": lambda: VotingRegressor([("a", scaled(Ridge())), ("b", pipe(_lgb_number()))], weights=[1, 3]),
    "stack": lambda: StackingRegressor([("a", scaled(Ridge())), ("b", pipe(_lgb_number()))], cv=3),
    "bag": lambda: scaled(BaggingRegressor(Ridge(), 5, max_features=0.7, random_state=1)),
    "bag_of_trees": lambda: pipe(BaggingRegressor(n_estimators=8, max_features=0.7, random_state=1)),
    "transformed_log": lambda: TransformedTargetRegressor(
        scaled(Ridge()), func=np.log1p, inverse_func=np.expm1, check_inverse=False
    ),
    "transformed_scale": lambda: TransformedTargetRegressor(
        pipe(_lgb_number()), transformer=StandardScaler()
    ),
}
CASES = [(name, kind) for name in CLASSIFIERS for kind in CLASS_KINDS]
CASES += [(name, "whole") for name in ("tuned_threshold", "exponential")]
CASES += [(name, kind) for name in ("threshold", "threshold_decision") for kind in ("booleans",)]
CASES += [(name, "regression") for name in REGRESSORS]


def build(name: str, kind: str) -> Any:
    """Make an unfitted model for one kind of target."""
    return (REGRESSORS if kind == "regression" else {**CLASSIFIERS, **BINARY})[name]()


@cache
def fit(name: str, kind: str) -> Any:
    """Fit a model once a session, on one thread."""
    model, frame = build(name, kind), table()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        return model.fit(frame, truth(frame, kind))


def write_and_load(name: str, kind: str, folder: Path) -> Fitted:
    """Write a fitted model's plan into a folder."""
    model = fit(name, kind)
    write_plan(model, COLUMNS, folder, task=task_of(kind))
    return Fitted(model, load_plan(folder), folder)


def frozen(model: Any) -> Any:
    """What calibrates a fitted pipeline without fitting it again."""
    return CalibratedClassifierCV(FrozenEstimator(model))


def task_of(kind: str) -> Any:
    return {"regression": "regression", "multiclass": "multiclass"}.get(kind, "binary")


def as_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[column.name for column in COLUMNS], dtype=object)
    return frame.astype({"größe": "float64", "count": "float64"})


def as_rows(frame: pd.DataFrame) -> list[list[object]]:
    cells = frame.astype(object).where(frame.notna(), None)
    return cells.to_numpy().tolist()


def as_columns(frame: pd.DataFrame) -> list[Any]:
    return [
        frame[column.name].to_numpy(dtype=np.float64)
        if column.type == "double"
        else frame[column.name].astype(object).where(frame[column.name].notna(), None).to_numpy()
        for column in COLUMNS
    ]
