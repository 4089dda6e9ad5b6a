"""How far estimated quality is from what outcomes then say, on real tables, models and shifts.

Beside the estimate stand what one would say without it: the held-out score (`held out`), the quality of the
window before, whose outcomes have come (`last`), and the expectation from the model's probabilities as they
are (`raw`). `estimate` has seen no outcome of the traffic; `corrected` those of the window before. `held` is
the share of windows whose measured value lies in the interval, of both. The last columns judge each window
by its promise: bad by its outcomes, by the corrected estimate, and by both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from monitoring.quality.answers import read_answers
from monitoring.quality.calibrator import Calibrator
from monitoring.quality.estimate import estimate
from monitoring.quality.expectation import expected
from monitoring.quality.figures import Estimate, Quality
from monitoring.quality.measure import measure
from monitoring.quality.standard import Standard
from monitoring.quality.verdict import is_bad, is_estimate_bad
from tests.conftest import SHARED_DATA as DATA

SHIFTS = ("none", "other rows", "more positives", "broken column")
WINDOWS, ROWS = 9, 1_000
OF_CLASSES, OF_NUMBERS = ("accuracy", "roc_auc"), ("mae", "rmse")
WAYS = ("held out", "last", "raw", "estimate", "corrected")


@dataclass(frozen=True)
class Table:
    """A data set; `is_stream` where its rows are in time order."""

    name: str
    X: pd.DataFrame
    y: Any
    task: Literal["binary", "multiclass", "regression"] = "binary"
    is_stream: bool = False


def main(*, full: bool = False) -> str:
    """Run all; `full` adds the credit table and two models a table."""
    models = ("boosting", "linear", "bayes") if full else ("boosting", "bayes")
    lines = [f"| data | model | shift | metric | {' | '.join(WAYS)} | held | bad: outcomes/estimate/both |",
             f"|{'---|' * 11}"]  # fmt: skip
    for table in tables(full=full):
        is_bayes = table.task == "binary"
        for model in ("linear",) if table.X.shape[1] == 1 else models if is_bayes else ("boosting", "linear"):
            lines += list(_of_model(table, model))
    return "\n".join(["Mean absolute errors of windows of 1,000 rows.", "", *lines])


def tables(*, full: bool) -> Iterator[Table]:
    bank = pd.read_csv(DATA / "tabular/bank_semicolon.csv", sep=";")
    yield Table("bank", bank.drop(columns="y"), bank["y"].to_numpy())
    telco = pd.read_csv(DATA / "tabular/telco_customer_churn.csv").drop(columns="customerID")
    telco["TotalCharges"] = pd.to_numeric(telco["TotalCharges"], errors="coerce")
    yield Table("telco", telco.drop(columns="Churn"), telco["Churn"].to_numpy())
    if full:
        credit = pd.read_csv(DATA / "tabular/credit_card_default.csv.gz")
        target = "default.payment.next.month"
        yield Table("credit", credit.drop(columns=["ID", target]), credit[target].to_numpy())
    news = pd.concat(
        pd.read_csv(DATA / f"text/news_aggregator_{part}", sep="\t", header=None, quoting=3)
        for part in (
            path.name.removeprefix("news_aggregator_") for path in sorted((DATA / "text").glob("news*"))
        )
    ).sort_values(7)
    yield Table(
        "news, 4 classes",
        news[[1]].rename(columns={1: "title"}),
        news[4].to_numpy(),
        "multiclass",
        is_stream=True,
    )
    weather = pd.read_csv(DATA / "drift/weather_noaa.csv")
    yield Table("weather", weather.drop(columns="target"), weather["target"].to_numpy(), is_stream=True)
    bike = pd.read_csv(DATA / "tabular/bike_sharing_hour.csv.gz")
    rides = bike.drop(columns=["instant", "dteday", "casual", "registered", "cnt"])
    yield Table("bike, in time", rides, bike["cnt"].to_numpy(dtype=float), "regression", is_stream=True)
    cpu = pd.read_csv(DATA / "tabular/cpu_act.tsv.gz", sep="\t")
    yield Table("cpu", cpu.drop(columns="target"), cpu["target"].to_numpy(dtype=float), "regression")
    power = pd.read_csv(DATA / "drift/elec2_capymoa.csv.gz")
    yield Table("electricity", power.drop(columns="class"), power["class"].to_numpy(), is_stream=True)


def _of_model(table: Table, name: str) -> Iterator[str]:
    X, y, rng = table.X, table.y, np.random.default_rng(0)
    order = np.arange(len(X)) if table.is_stream else rng.permutation(len(X))
    learned, held, rest = np.split(order, [int(0.3 * len(X)), int(0.45 * len(X))])
    model = _model(X, name, table.task).fit(X.iloc[learned], y[learned])
    reference = _scored(model, X.iloc[held], y[held])
    for column in X:
        reference = reference.append_column(column, pa.array(X.iloc[held][column], from_pandas=True))
    reference = reference.drop_columns("features")
    standard = Standard.of(reference, {"penstock.task": table.task})
    shifts = (
        ("time",) if table.is_stream else tuple(s for s in SHIFTS if table.task == "binary" or "pos" not in s)
    )
    for shift in shifts:
        windows = [_scored(model, *each) for each in _windows(X.iloc[rest], y[rest], shift, rng)]
        judged = [_judged(*each, standard) for each in pairwise(windows)]
        for metric in OF_NUMBERS if table.task == "regression" else OF_CLASSES:
            yield f"| {table.name} | {name} | {shift} | {metric} | {_row(judged, standard, metric)} |"


@dataclass(frozen=True)
class Judged:
    """What was said of a window in each way, and what its outcomes say."""

    told: Quality
    last: Quality
    raw: dict[str, float]
    blind: Estimate
    corrected: Estimate


def _judged(before: pa.Table, window: pa.Table, standard: Standard) -> Judged:
    told, last = (
        measure(rows, task=standard.task, classes=standard.classes, seed=0) for rows in (window, before)
    )
    rows, by = window.drop_columns("label"), standard.calibrator
    blind, corrected = (estimate(rows, by, known=known) for known in (None, before))
    raw = {}
    if isinstance(by, Calibrator):
        straight = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
        raw = expected(read_answers(rows, by.classes), replace(by, curves=(straight,) * len(by.curves)))
    if told is None or last is None or blind is None or corrected is None:
        raise RuntimeError("a window has too few rows")
    return Judged(told, last, raw, blind, corrected)


def _row(windows: list[Judged], standard: Standard, metric: str) -> str:
    if standard.held_out is None:
        raise RuntimeError("the held-out rows have no outcomes")
    promise = (metric, standard.held_out.metrics[metric].value)
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    held, bad = [], []
    for each in windows:
        truth = each.told.metrics[metric].value
        figures = [each.last.metrics[metric], each.blind.metrics[metric], each.corrected.metrics[metric]]
        last, blind, corrected = (figure.value for figure in figures)
        said = (promise[1], last, each.raw.get(metric, np.nan), blind, corrected)
        for way, value in zip(WAYS, said, strict=True):
            errors[way].append(abs(value - truth))
        held.append([(figure.low or 0) <= truth <= (figure.high or 0) for figure in figures[1:]])
        by_outcomes = is_bad(each.told, promised=promise, held_out=standard.held_out)
        by_estimate = is_estimate_bad(each.corrected, promised=promise, held_out=standard.held_out)
        bad.append([by_outcomes[0], by_estimate[0]])
    seen = np.array(bad)
    return " | ".join(
        [
            *(f"{np.mean(errors[way]):.3g}".replace("nan", "-") for way in WAYS),
            "/".join(f"{share:.2f}" for share in np.mean(held, axis=0)),
            f"{seen[:, 0].sum()}/{seen[:, 1].sum()}/{seen.all(axis=1).sum()} of {len(seen)}",
        ]
    )


def _windows(
    X: pd.DataFrame, y: Any, shift: str, rng: np.random.Generator
) -> Iterator[tuple[pd.DataFrame, Any]]:
    if shift == "time":
        size = min(ROWS, len(X) // 6)
        for start in range(0, len(X) - size + 1, size):
            yield X.iloc[start : start + size], y[start : start + size]
        return
    numbers = X.select_dtypes("number").columns
    weights = np.ones(len(X))
    if shift == "other rows":
        weights = np.exp(3 * X[numbers[0]].rank(pct=True).to_numpy())
    elif shift == "more positives":
        weights = np.where(y == np.unique(y)[1], 2.5, 1.0)
    for _ in range(WINDOWS):
        drawn = rng.choice(len(X), ROWS, p=weights / weights.sum())
        rows = X.iloc[drawn].copy()
        if shift == "broken column":
            rows[numbers[-1]] = np.nan
        yield rows, y[drawn]


def _scored(model: Any, X: pd.DataFrame, y: Any) -> pa.Table:
    features = pa.Table.from_pandas(X, preserve_index=False).to_struct_array()
    rows = {"prediction": model.predict(X), "label": y, "features": features}
    if hasattr(model, "predict_proba"):
        rows["probabilities"] = list(model.predict_proba(X))
    return pa.table(rows)


def _model(X: pd.DataFrame, name: str, task: str) -> Any:
    if X.shape[1] == 1:
        return make_pipeline(
            make_column_transformer((TfidfVectorizer(min_df=2), X.columns[0])),
            LogisticRegression(max_iter=500),
        )
    numbers = X.select_dtypes("number").columns.tolist()
    words = [column for column in X if column not in numbers]
    if name == "boosting":
        boosting = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return make_pipeline(
            make_column_transformer((codes, words), ("passthrough", numbers)),
            boosting(random_state=0),
        )
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    )
    if task == "regression":
        return make_pipeline(columns, Ridge())
    return make_pipeline(columns, GaussianNB() if name == "bayes" else LogisticRegression(max_iter=500))
