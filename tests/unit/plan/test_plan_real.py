"""On real tables a plan gives the model's own labels and numbers for every held-out row."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from serving.plan.load import load_plan
from serving.plan.model import Column
from serving.plan.parity import check
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import as_rows, build, steps

CLASSIFIERS = ("logistic", "svc_rbf", "random_forest", "gradient_boosting", "histogram", "adaboost", "knn",
               "naive_bayes", "lightgbm", "xgboost", "mlp", "bag_of_trees")  # fmt: skip
REGRESSORS = ("ridge", "svr", "extra_trees", "gradient_boosting", "adaboost", "knn", "xgboost", "mlp")


@pytest.fixture(scope="module")
def german(shared_data):
    frame = pd.read_csv(shared_data / "tabular" / "german_credit_named.csv")
    return tidy(frame), frame["credit_risk"].to_numpy()


@pytest.fixture(scope="module")
def cpu(shared_data):
    frame = pd.read_csv(shared_data / "tabular" / "cpu_act.tsv.gz", sep="\t", nrows=1500)
    return tidy(frame), frame["target"].to_numpy(dtype=float)


def tidy(frame):
    features = frame.drop(columns=[name for name in ("credit_risk", "target") if name in frame])
    is_number = features.dtypes.map(lambda kind: kind.kind in "if")
    return features.astype({name: float if is_number[name] else object for name in features})


def with_steps(name, kind, frame):
    """The model of that name behind steps for this table's columns."""
    made = build(name, kind)
    is_scaled = len(made[0].transformers[0][1].steps) == 2
    (_, own), *_ = steps(is_scaled=is_scaled)
    numbers = [name for name in frame if frame[name].dtype == float]
    texts = [name for name in frame if frame[name].dtype != float]
    both = zip(own.transformers, (numbers, texts), strict=True)
    parts = [(part, transformer, names) for (part, transformer, _), names in both]
    return Pipeline([("columns", ColumnTransformer([part for part in parts if part[2]])), made.steps[-1]])


def held_out_rows_agree(name, kind, table, folder):
    frame, target = table
    model, cut = with_steps(name, kind, frame), int(0.7 * len(frame))
    columns = [Column(name, "double" if frame[name].dtype == float else "string", True) for name in frame]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        model.fit(frame.iloc[:cut], target[:cut])
        held_out = frame.iloc[cut:]
        shares = model.predict_proba(held_out) if hasattr(model, "predict_proba") else None
        write_plan(model, columns, folder, task="regression" if kind == "regression" else "binary")
        check(load_plan(folder), as_rows(held_out), model.predict(held_out), shares)
    return np.unique(model.predict(held_out))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classes_of_real_rows_agree(german, tmp_path, name):
    assert len(held_out_rows_agree(name, "texts", german, tmp_path)) == 2


@pytest.mark.parametrize("name", REGRESSORS)
def test_numbers_of_real_rows_agree(cpu, tmp_path, name):
    assert len(held_out_rows_agree(name, "regression", cpu, tmp_path)) > 10
