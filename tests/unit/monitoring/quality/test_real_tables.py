"""Estimates on real tables, beside what outcomes say."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from monitoring.quality.estimate import estimate
from monitoring.quality.figures import Estimate, Quality
from monitoring.quality.standard import Standard

TAGS = {"penstock.task": "binary"}


def answered(model: Any, X: pd.DataFrame, y: Any) -> pa.Table:
    shares = list(model.predict_proba(X))
    return pa.table({"prediction": model.predict(X), "probabilities": shares, "label": np.asarray(y)})


def seen(rows: pa.Table) -> float:
    return float(np.mean(rows["prediction"].to_numpy() == rows["label"].to_numpy()))


def estimated(rows: pa.Table, standard: Standard, known: pa.Table | None = None) -> Estimate:
    found = estimate(rows.drop_columns("label"), standard.calibrator, known=known)
    assert found is not None
    return found


def accuracy(found: Estimate | Quality) -> float:
    return found.metrics["accuracy"].value


@pytest.fixture(scope="module")
def telco(shared_data: Path) -> tuple[Standard, pa.Table]:
    """A linear model of churn, and its answers to rows of customers who came lately."""
    frame = pd.read_csv(shared_data / "tabular/telco_customer_churn.csv").drop(columns="customerID")
    frame["TotalCharges"] = pd.to_numeric(frame["TotalCharges"], errors="coerce")
    frame = frame.sample(frac=1, random_state=0)
    X, y = frame.drop(columns="Churn"), frame["Churn"]
    numbers = X.select_dtypes("number").columns.tolist()
    words = [column for column in X if column not in numbers]
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), words),
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=500)).fit(X[:2_500], y[:2_500])
    standard = Standard.of(answered(model, X[2_500:4_000], y[2_500:4_000]), TAGS)
    lately = (frame["tenure"] < 24).to_numpy()[4_000:]
    return standard, answered(model, X[4_000:][lately], y[4_000:][lately])


def test_other_customers_are_estimated_nearer_than_by_the_held_out_score(
    telco: tuple[Standard, pa.Table],
) -> None:
    standard, rows = telco
    assert standard.held_out is not None
    assert abs(accuracy(standard.held_out) - seen(rows)) > 0.05
    assert accuracy(estimated(rows, standard)) == pytest.approx(seen(rows), abs=0.025)


@pytest.fixture(scope="module")
def market(shared_data: Path) -> tuple[Standard, list[pa.Table]]:
    """A tree of electricity prices, and its answers in later weeks: the market has changed."""
    frame = pd.read_csv(shared_data / "drift/elec2_capymoa.csv.gz")
    X, y = frame.drop(columns="class"), frame["class"]
    model = DecisionTreeClassifier(max_depth=8, random_state=0).fit(X[:13_000], y[:13_000])
    standard = Standard.of(answered(model, X[13_000:18_000], y[13_000:18_000]), TAGS)
    starts = range(20_000, 44_000, 1_000)
    return standard, [answered(model, X[at : at + 1_000], y[at : at + 1_000]) for at in starts]


def test_a_changed_market_is_told_by_the_estimates_error(market: tuple[Standard, list[pa.Table]]) -> None:
    standard, weeks = market
    week = min(weeks, key=seen)
    blind, told = estimated(week, standard), estimated(week, standard, known=week)
    assert accuracy(blind) > seen(week) + 0.1
    assert told.error["accuracy"] == pytest.approx(accuracy(blind) - seen(week), abs=1e-9)


def test_outcomes_of_the_week_before_correct_the_next_estimate(
    market: tuple[Standard, list[pa.Table]],
) -> None:
    standard, weeks = market
    off = [
        [accuracy(estimated(week, standard, known)) - seen(week) for known in (None, before)]
        for before, week in pairwise(weeks)
    ]
    blind, corrected = np.abs(off).mean(axis=0)
    assert corrected < 0.75 * blind
