"""How far estimated quality is from what outcomes then say, on real tables, models and shifts.

Beside the estimate stand what one would say without it: the held-out score (`held out`), the quality of the
window before, whose outcomes have come (`last`), and the expectation from the model's probabilities as they
are (`raw`). `estimate` has seen no outcome of the traffic; `corrected` those of the window before. `held` is
the share of windows whose measured value lies in the interval, of both. The last columns judge each window
by its promise: bad by its outcomes, by the corrected estimate, and by both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from monitoring.quality.answers import read_answers
from monitoring.quality.estimate import estimate
from monitoring.quality.expectation import expected
from monitoring.quality.measure import measure
from monitoring.quality.standard import Standard
from monitoring.quality.verdict import is_bad, is_estimate_bad

DATA = Path(__file__).parents[3] / "shared" / "data"
SHIFTS = ("none", "other rows", "more positives", "broken column")
WINDOWS, ROWS = 12, 1_000
WAYS = ("held out", "last", "raw", "estimate", "corrected")


@dataclass(frozen=True)
class Table:
    """A data set; `is_stream` where its rows are in time order."""

    name: str
    X: pd.DataFrame
    y: Any
    is_stream: bool = False


def main(*, full: bool = False) -> str:
    """Run all; `full` adds the credit table and two models a table."""
    models = ("boosting", "linear", "bayes") if full else ("boosting", "bayes")
    lines = [f"| data | model | shift | metric | {' | '.join(WAYS)} | held | bad: outcomes/estimate/both |",
             f"|{'---|' * 11}"]  # fmt: skip
    for table in tables(full=full):
        for model in ("linear",) if table.X.shape[1] == 1 else models:
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
    yield Table("news, 4 classes", news[[1]].rename(columns={1: "title"}), news[4].to_numpy(), is_stream=True)
    weather = pd.read_csv(DATA / "drift/weather_noaa.csv")
    yield Table("weather", weather.drop(columns="target"), weather["target"].to_numpy(), is_stream=True)
    power = pd.read_csv(DATA / "drift/elec2_capymoa.csv.gz")
    yield Table("electricity", power.drop(columns="class"), power["class"].to_numpy(), is_stream=True)


def _of_model(table: Table, name: str) -> Iterator[str]:
    X, y, rng = table.X, table.y, np.random.default_rng(0)
    order = np.arange(len(X)) if table.is_stream else rng.permutation(len(X))
    learned, held, rest = np.split(order, [int(0.3 * len(X)), int(0.45 * len(X))])
    model = _model(X, name).fit(X.iloc[learned], y[learned])
    reference = _scored(model, X.iloc[held], y[held])
    task = "binary" if len(np.unique(y)) == 2 else "multiclass"
    standard = Standard.of(reference, {"penstock.task": task})
    for shift in ("time",) if table.is_stream else SHIFTS:
        windows = [_scored(model, *each) for each in _windows(X.iloc[rest], y[rest], shift, rng)]
        for metric in ("accuracy", "roc_auc"):
            yield f"| {table.name} | {name} | {shift} | {metric} | {_row(windows, standard, metric)} |"


def _row(windows: list[pa.Table], standard: Standard, metric: str) -> str:
    assert standard.calibrator is not None
    assert standard.held_out is not None
    score = standard.held_out.metrics[metric].value
    as_said = replace(
        standard.calibrator, curves=((np.array([0.0, 1.0]),) * 2,) * len(standard.calibrator.curves)
    )
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    held, bad = [], []
    for before, window in zip(windows, windows[1:], strict=False):
        told = measure(window, task=standard.task, classes=standard.classes, seed=0)
        last = measure(before, task=standard.task, classes=standard.classes, seed=0)
        rows = window.drop_columns("label")
        blind, corrected = (estimate(rows, standard.calibrator, known=known) for known in (None, before))
        assert told and last and blind and corrected
        truth = told.values[metric]
        raw = expected(read_answers(rows, standard.classes), as_said)[metric]
        said = (score, last.values[metric], raw, blind.values[metric], corrected.values[metric])
        for way, value in zip(WAYS, said, strict=True):
            errors[way].append(abs(value - truth))
        held.append(
            [each.metrics[metric].low <= truth <= each.metrics[metric].high for each in (blind, corrected)]
        )
        judged = {"promised": (metric, score), "held_out": standard.held_out}
        bad.append([is_bad(told, **judged)[0], is_estimate_bad(corrected, **judged)[0]])
    shares = "/".join(f"{share:.2f}" for share in np.mean(held, axis=0))
    seen = np.array(bad)
    verdicts = f"{seen[:, 0].sum()}/{seen[:, 1].sum()}/{seen.all(axis=1).sum()} of {len(seen)}"
    return " | ".join([*(f"{np.mean(errors[way]):.3f}" for way in WAYS), shares, verdicts])


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
    shares = model.predict_proba(X)
    said = model.classes_[shares.argmax(axis=1)]
    return pa.table({"prediction": said, "probabilities": list(shares), "label": y})


def _model(X: pd.DataFrame, name: str) -> Any:
    if X.shape[1] == 1:
        return make_pipeline(
            make_column_transformer((TfidfVectorizer(min_df=2), X.columns[0])),
            LogisticRegression(max_iter=500),
        )
    numbers = X.select_dtypes("number").columns.tolist()
    words = [column for column in X if column not in numbers]
    if name == "boosting":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        return make_pipeline(
            make_column_transformer((codes, words), ("passthrough", numbers)),
            HistGradientBoostingClassifier(random_state=0),
        )
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    )
    return make_pipeline(columns, GaussianNB() if name == "bayes" else LogisticRegression(max_iter=500))


if __name__ == "__main__":
    print(main())  # noqa: T201
