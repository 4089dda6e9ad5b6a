"""Only pipelines of the known shape are written; the others are named with their reason."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder

from serving.plan.load import load_plan
from serving.plan.model import Column, PlanUnsupported
from serving.plan.parity import check
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import as_frame, fitted, table

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": ["x", "y", "x", "y"]})
COLUMNS = (Column("a", "double", required=True), Column("b", "string", required=True))
TRUTH = np.array([0, 1, 0, 1])


def pipeline(numbers=(), estimator=None, encoder=None):
    texts = [("impute", SimpleImputer(missing_values=pd.NA, strategy="most_frequent"))]
    encoder = encoder or OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = [
        ("numbers", Pipeline([("impute", SimpleImputer()), *numbers]), ["a"]),
        ("texts", Pipeline([*texts, ("encode", encoder)]), ["b"]),
    ]
    return Pipeline([("columns", ColumnTransformer(parts)), ("model", estimator or LogisticRegression())])


def refused(made, tmp_path, match):
    with pytest.raises(PlanUnsupported, match=match):
        write_plan(made.fit(FRAME, TRUTH), COLUMNS, tmp_path, task="binary")


def test_an_unseen_text_sets_no_cell_when_it_is_ignored(tmp_path):
    made = pipeline().fit(FRAME, TRUTH)
    write_plan(made, COLUMNS, tmp_path, task="binary")
    plan = load_plan(tmp_path)
    assert (
        plan.encoder.encode([(2.0, "z")]).tolist()
        == made[0].transform(FRAME.head(1).assign(a=2.0, b="z")).tolist()
    )


@pytest.mark.parametrize("gap", [None, math.nan])
def test_a_gap_becomes_the_most_frequent_text(tmp_path, gap):
    made = pipeline().fit(FRAME, TRUTH)
    write_plan(made, COLUMNS, tmp_path, task="binary")
    assert load_plan(tmp_path).encoder.encode([(2.0, gap)]).tolist() == [[2.0, 1.0, 0.0]]


def test_an_unknown_estimator_is_refused(tmp_path):
    refused(
        pipeline(estimator=GaussianNB()), tmp_path, "the estimator GaussianNB cannot be a plan; LogisticRegr"
    )


def test_an_unknown_scaler_is_refused(tmp_path):
    made = pipeline(numbers=[("scale", MinMaxScaler())])
    refused(made, tmp_path, r"part 'numbers' \(SimpleImputer, MinMaxScaler\) cannot be written")


def test_a_sparse_encoder_is_refused(tmp_path):
    made = pipeline(encoder=OneHotEncoder(handle_unknown="ignore"))
    refused(made, tmp_path, "must make a dense matrix")


def test_an_encoder_that_refuses_the_unseen_is_refused(tmp_path):
    made = pipeline(encoder=OneHotEncoder(sparse_output=False))
    refused(made, tmp_path, "must take unseen categories and drop none")


def test_what_is_no_pipeline_is_refused(tmp_path):
    with pytest.raises(PlanUnsupported, match="only a pipeline of a ColumnTransformer and an estimator"):
        write_plan(LogisticRegression(), COLUMNS, tmp_path, task="binary")


def test_parity_accepts_the_pipelines_own_answers():
    model, rows = fitted("lightgbm", "multiclass"), table(30).to_numpy(dtype=object).tolist()
    frame = as_frame(rows)
    check(model.plan, rows, model.pipeline.predict(frame), model.pipeline.predict_proba(frame))


def test_parity_refuses_another_label():
    model, rows = fitted("lightgbm", "texts"), table(30).to_numpy(dtype=object).tolist()
    wrong = model.pipeline.predict(as_frame(rows))
    wrong[3] = "ja" if wrong[3] == "nein" else "nein"
    with pytest.raises(PlanUnsupported, match="for held-out row 3, the model"):
        check(model.plan, rows, wrong)


def test_parity_refuses_a_label_of_another_kind():
    model, rows = fitted("linear", "whole"), table(5).to_numpy(dtype=object).tolist()
    with pytest.raises(PlanUnsupported, match=r"the plan answers [37] for held-out row 0, the model [37]\.0"):
        check(model.plan, rows, model.pipeline.predict(as_frame(rows)).astype(float))


def test_parity_refuses_probabilities_that_are_off():
    model, rows = fitted("linear", "texts"), table(5).to_numpy(dtype=object).tolist()
    frame = as_frame(rows)
    with pytest.raises(PlanUnsupported, match=r"probabilities for held-out row \d are off by 2e-06"):
        check(model.plan, rows, model.pipeline.predict(frame), model.pipeline.predict_proba(frame) + 2e-6)


def test_parity_refuses_numbers_that_are_off():
    model, rows = fitted("linear", "regression"), table(5).to_numpy(dtype=object).tolist()
    with pytest.raises(PlanUnsupported, match="for held-out row"):
        check(model.plan, rows, model.pipeline.predict(as_frame(rows)) * 1.0001)
