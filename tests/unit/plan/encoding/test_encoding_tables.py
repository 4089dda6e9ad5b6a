"""The encoder of each real table, clean and dirtied, makes the matrix that the fitted steps make."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from projects.preparation import Inputs, preparation
from projects.requirement.model import Cleaning, FeatureSection
from serving.plan.encoding.load import load_encoder
from serving.plan.encoding.write import write_encoder
from serving.plan.model import Column

TABLES = {
    "telco_customer_churn.csv": ("Churn", {}),
    "bank_semicolon.csv": ("y", {"sep": ";"}),
    "german_credit_named.csv": ("credit_risk", {}),
    "titanic_train.csv": ("Survived", {}),
    "credit_card_default.csv.gz": ("default.payment.next.month", {}),
    "bike_sharing_hour.csv.gz": ("cnt", {}),
    "cpu_act.tsv.gz": ("target", {"sep": "\t"}),
    "employee_salaries.csv.gz": ("current_annual_salary", {}),
}
REGRESSIONS = {"cnt", "target", "current_annual_salary"}
DIRT = ["  YES ", "no", "(missing)", "", "日本語 ß", "zzz", "2020-02-29", "2021-13-01", "Police-officer  III"]
RICH = FeatureSection(scaling_method="minmax", interactions="auto", selection="mutual_info")


def read(folder, name):
    target, options = TABLES[name]
    frame = pd.read_csv(folder / "tabular" / name, nrows=1200, **options)
    if "date_first_hired" in frame:
        frame["date_first_hired"] = pd.to_datetime(frame["date_first_hired"], format="%m/%d/%Y").astype(str)
    y = frame.pop(target).to_numpy()
    for column in frame.select_dtypes(exclude="number"):
        cells = frame[column].astype(object)
        frame[column] = pd.Series(cells.where(cells.notna(), None).tolist(), dtype=object)
    frame = frame.astype(dict.fromkeys(frame.select_dtypes("number"), "float64"))
    return frame, y.astype(float) if target in REGRESSIONS else y


def dirtied(frame):
    rng = np.random.default_rng(3)
    frame = frame.copy()
    for name in frame:
        is_text = frame[name].dtype == object
        frame.loc[rng.random(len(frame)) < 0.1, name] = None if is_text else np.nan
        if is_text:
            at = rng.random(len(frame)) < 0.1
            frame.loc[at, name] = rng.choice(DIRT, at.sum())
    return frame


@pytest.mark.parametrize("features", [FeatureSection(), RICH], ids=["defaults", "rich"])
@pytest.mark.parametrize("style", ["linear", "trees"])
@pytest.mark.parametrize("name", TABLES)
def test_a_tables_encoder_makes_the_steps_matrix(shared_data, name, style, features):
    frame, y = read(shared_data, name)
    dates = tuple(column for column in frame if column in ("dteday", "date_first_hired"))
    numbers = tuple(frame.select_dtypes("number"))
    texts = tuple(column for column in frame if column not in (*numbers, *dates))
    inputs = Inputs(numbers, texts, dates, {text: frame[text].nunique() for text in texts})
    task = "regression" if y.dtype == float else "binary"
    made = Pipeline(preparation(inputs, features, Cleaning(), style=style, task=task, seed=1)).fit(frame, y)
    columns = [Column(c, "double" if c in numbers else "string", required=False) for c in frame]
    document = json.dumps(write_encoder([step for _, step in made.steps], columns))
    encoder = load_encoder(json.loads(document), columns)
    for rows in (frame.head(300), dirtied(frame.tail(300))):
        wanted = np.asarray(made.transform(rows), dtype=np.float64)
        np.testing.assert_array_equal(encoder.encode(rows.astype(object).to_numpy().tolist()), wanted)
        np.testing.assert_array_equal(encoder.encode_columns([rows[c].to_numpy() for c in rows]), wanted)
